"""Small data: a lazy network fits first and finds the feature later.

Caption: Two-bit parity (the product of two of 20 signs) from 100 samples, GELU network with trained readouts, gradient
flow without weight decay, infinite width (lines) and networks of width 256 (points), for three richnesses.
Accuracy on training (dashed) and test inputs; alignment of the tangent kernel with the labels; coherence of the
samples' gradients; share of the weights' power in the two relevant directions (0.1 at the start, and for all time
where the kernel is frozen). At small richness the training set is fitted long before the test accuracy rises: grokking.
All settings are this package's choice.
"""

from dataclasses import dataclass

import numpy as np

from paper_figures import verdicts
from paper_figures.figure import Claim

PAPER = "beyond the paper"
FIGURES = ()
STATES = {}
WING = "lazy_rich"


@dataclass(frozen=True)
class Parameters:
    dim: int = 20
    samples: int = 100
    fresh: int = 400  # test inputs
    richness: tuple[float, ...] = (0.1, 1.0, 10.0)
    count: int = 512  # particles of a flow
    scrambles: int = 8
    width: int = 256
    runs: int = 24
    margin: float = 0.15  # of the losses of networks of this width; they start at 1
    first: float = 0.3  # tau
    last: float = 1000.0  # tau
    points: int = 28
    train_threshold: float = 0.95  # accuracy
    test_threshold: float = 0.85  # accuracy
    data_seed: int = 0
    key: int = 0


SIZES = {"full": {"count": 4096, "width": 1024, "margin": 0.1}}

_NAMES = ("train_loss", "test_loss", "alignment", "coherence", "feature_overlap", "kernel_movement")


def _problem(parameters, richness):
    import jax

    from grok_theory.kernels import Activation
    from grok_theory.lazy_rich import MeanFieldNetwork

    random = np.random.default_rng(parameters.data_seed)
    inputs = random.choice([-1.0, 1.0], size=(parameters.samples + parameters.fresh, parameters.dim))
    targets = inputs[:, 0] * inputs[:, 1]
    train, fresh = slice(None, parameters.samples), slice(parameters.samples, None)
    relevant = np.eye(parameters.dim)[:, :2]
    return MeanFieldNetwork(
        inputs[train], targets[train], richness, Activation(jax.nn.gelu), inputs[fresh], targets[fresh], relevant
    )


def _times(parameters):
    return np.geomspace(parameters.first, parameters.last, parameters.points)


def steps(parameters):
    return {f"theory {g:g}": lambda g=g: _theory(parameters, g) for g in parameters.richness} | {
        f"runs {g:g}": lambda g=g: _runs(parameters, g) for g in parameters.richness
    }


def _accuracy(parameters, output, problem):
    """Shares of right signs over (..., sample, output): training and test."""
    wanted = np.concatenate([problem.targets, problem.test_targets])
    right = np.asarray(output)[..., 0] * wanted > 0
    return {"train": right[..., : parameters.samples].mean(-1), "test": right[..., parameters.samples :].mean(-1)}


def _theory(parameters, richness):
    from grok_theory.lazy_rich import Particles, solve

    problem = _problem(parameters, richness)
    method = Particles(count=parameters.count, scrambles=parameters.scrambles, tolerance=1e-4)
    found = solve(problem, _times(parameters), method=method)
    accuracy = _accuracy(parameters, found.fields["output"].values, problem)
    errors = {f"error {name}": np.asarray(found.numerical_error[name]) for name in _NAMES[:2]}
    return accuracy | {name: np.asarray(found[name]) for name in _NAMES} | errors


def _runs(parameters, richness):
    import jax

    from grok_theory.lazy_rich.mean_field import simulate_mean_field

    problem, key = _problem(parameters, richness), jax.random.key(parameters.key)
    call = {"width": parameters.width, "runs": parameters.runs, "key": key, "tolerance": 1e-4}
    found = simulate_mean_field(problem, _times(parameters), **call)
    accuracy = _accuracy(parameters, found.fields["output"].values, problem)
    return accuracy | {name: found[name] for name in _NAMES}


def draw(parameters, data):
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(2, 2, figsize=(7, 4.2), layout="constrained", sharex=True)
    times = _times(parameters)
    panels = (
        ("test", "accuracy"),
        ("alignment", "alignment"),
        ("coherence", "coherence"),
        ("feature_overlap", "feature overlap"),
    )
    for ax, (name, label) in zip(axes.flat, panels, strict=True):
        for number, g in enumerate(parameters.richness):
            color, theory, runs = f"C{number}", data[f"theory {g:g}"], data[f"runs {g:g}"]
            ax.plot(times, theory[name], color=color, label=rf"$\gamma_0$ = {g:g}")
            ax.plot(times[::2], runs[name].mean(0)[::2], "o", ms=2.5, color=color)
            if name == "test":
                ax.plot(times, theory["train"], color=color, ls="--", lw=0.9)
        ax.set(xscale="log", ylabel=label)
    axes[1, 0].set(xlabel=r"time $\tau$")
    axes[1, 1].set(xlabel=r"time $\tau$")
    axes[0, 0].set(ylim=(0.45, 1.02))
    axes[0, 1].legend(loc="upper left")
    return figure


def _delay(parameters, data, richness):
    from grok_theory.observables import grokking_delay

    step = data[f"theory {richness:g}"]
    return grokking_delay(
        _times(parameters), step["train"], step["test"], train_threshold=parameters.train_threshold,
        test_threshold=parameters.test_threshold, rising=True,
    )  # fmt: skip


def _judged(parameters, data, richness):
    """What `compare` says of the losses of the networks."""
    from grok_theory import Absolute

    theory, runs = data[f"theory {richness:g}"], data[f"runs {richness:g}"]
    names = _NAMES[:2]
    step = verdicts.judged_differences(
        "tau", _times(parameters), {name: theory[name] for name in names}, {name: runs[name] for name in names},
        margin=dict.fromkeys(names, Absolute(parameters.margin)),
        errors={name: theory[f"error {name}"] for name in names},
    )  # fmt: skip
    for name in names:
        text = f"Richness {richness:g}: networks of width {parameters.width} have the theory's {name.replace('_', ' ')}"
        yield verdicts.verdict_claim(f"{text}, to {parameters.margin:g}", step, name)


def claims(parameters, data):
    delays = [_delay(parameters, data, g) for g in parameters.richness]
    lazy, rich = delays[0], delays[-1]
    overlap = [float(data[f"theory {g:g}"]["feature_overlap"][-1]) for g in parameters.richness]
    worst = max(
        float(np.max(np.abs(data[f"runs {g:g}"]["test"].mean(0) - data[f"theory {g:g}"]["test"])))
        for g in parameters.richness
    )
    return [
        Claim("The laziest network shown fits at least twice as early as it generalizes",
              lazy.test_time > 2 * lazy.train_time or lazy.censored, str(lazy)),
        Claim("The richest generalizes as soon as it fits (within a factor 1.5 of time), and far sooner",
              rich.test_time < 1.5 * rich.train_time and rich.test_time < lazy.train_time, str(rich)),
        Claim("The richer, the more of the weights points along the feature", np.all(np.diff(overlap) > 0),
              ", ".join(f"{g:g}: {o:.3f}" for g, o in zip(parameters.richness, overlap, strict=True))),
        Claim(f"Networks of width {parameters.width} follow the test accuracy to 0.1", worst < 0.1,
              f"worst {worst:.3f}"),
        *(claim for g in parameters.richness for claim in _judged(parameters, data, g)),
    ]  # fmt: skip
