"""A general two-layer network from lazy to rich: particles, and trained networks of growing width.

Caption: Left: train (dashed) and test loss of a tanh network with trained readouts on 20 samples of a single-index
target in 5 dimensions, in the limit of infinite width, for three values of the richness; points: mean of trained
networks of width 256, bars their standard error. Right: at richness 1, the scatter of the test loss between networks
(circles) and the distance of their mean from the theory (squares, bars 95 %) against width, both the greatest over
time; lines of slope -1/2 and -1. All settings are this package's choice.
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
    dim: int = 5
    samples: int = 20
    fresh: int = 100  # test inputs
    richness: tuple[float, ...] = (0.1, 1.0, 10.0)
    widths: tuple[int, ...] = (64, 256, 1024, 4096)
    runs: tuple[int, ...] = (64, 64, 32, 12)
    shown_width: int = 256
    shown_runs: int = 16
    margins: tuple[float, float] = (0.02, 0.01)  # of the test loss: width shown, largest width; it starts at 0.6
    count: int = 4096  # particles of a flow
    last: float = 100.0  # tau
    points: int = 24
    data_seed: int = 1
    key: int = 0


SIZES = {"full": {"widths": (64, 256, 1024, 4096, 16384), "runs": (256, 256, 128, 64, 16), "count": 16384}}


def _problem(parameters, richness):
    from grok_theory.lazy_rich import MeanFieldNetwork

    random = np.random.default_rng(parameters.data_seed)
    inputs = random.normal(size=(parameters.samples + parameters.fresh, parameters.dim))
    targets = np.tanh(2 * inputs[:, 0])
    train, fresh = slice(None, parameters.samples), slice(parameters.samples, None)
    return MeanFieldNetwork(inputs[train], targets[train], richness, "tanh", inputs[fresh], targets[fresh])


def _times(parameters):
    return np.geomspace(0.05, parameters.last, parameters.points)


def steps(parameters):
    theory = {f"theory {g:g}": lambda g=g: _theory(parameters, g) for g in sorted({*parameters.richness, 1.0})}
    shown = {
        f"runs {g:g}": lambda g=g: _runs(parameters, g, parameters.shown_width, parameters.shown_runs)
        for g in parameters.richness
    }
    sizes = zip(parameters.widths, parameters.runs, strict=True)
    return theory | shown | {f"width {n}": lambda n=n, runs=runs: _runs(parameters, 1.0, n, runs) for n, runs in sizes}


def _theory(parameters, richness):
    from grok_theory.lazy_rich import Particles, solve

    found = solve(_problem(parameters, richness), _times(parameters), method=Particles(count=parameters.count))
    return {name: np.asarray(found[name]) for name in ("train_loss", "test_loss")} | {
        f"{name}_error": np.asarray(found.numerical_error[name]) for name in ("train_loss", "test_loss")
    }


def _runs(parameters, richness, width, runs):
    import jax

    from grok_theory.lazy_rich import simulate

    key = jax.random.fold_in(jax.random.key(parameters.key), width)
    found = simulate(_problem(parameters, richness), _times(parameters), width=width, runs=runs, key=key)
    return {name: found[name] for name in ("train_loss", "test_loss")}


def _laws(parameters, data):
    """Scatter and bias of the test loss at every width, with the error of the bias: where the scatter is largest."""
    theory = data["theory 1"]["test_loss"]
    at = int(np.argmax(data[f"width {parameters.widths[0]}"]["test_loss"].std(0)))
    rows = [data[f"width {n}"]["test_loss"][:, at] for n in parameters.widths]
    scatter = np.array([row.std(ddof=1) for row in rows])
    bias = np.array([row.mean() for row in rows]) - theory[at]
    return scatter, bias, 1.96 * scatter / np.sqrt([len(row) for row in rows])


def draw(parameters, data):
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(7, 2.8), layout="constrained", width_ratios=(1.35, 1))
    times = _times(parameters)
    for number, g in enumerate(parameters.richness):
        theory, runs, color = data[f"theory {g:g}"], data[f"runs {g:g}"], f"C{number}"
        left.plot(times, theory["test_loss"], color=color, label=rf"$\gamma_0$ = {g:g}")
        left.plot(times, theory["train_loss"], color=color, ls="--", lw=0.9)
        for name in ("test_loss", "train_loss"):
            mean, error = runs[name].mean(0), runs[name].std(0, ddof=1) / np.sqrt(len(runs[name]))
            left.errorbar(times[::2], mean[::2], error[::2], fmt="o", ms=2.5, lw=0.8, color=color)
    left.set(xscale="log", yscale="log", xlabel=r"time $\tau$", ylabel="loss", ylim=(1e-4, 1.5))
    left.legend(loc="lower left", title=f"points: width {parameters.shown_width}", title_fontsize=7)
    widths = np.array(parameters.widths, float)
    scatter, bias, error = _laws(parameters, data)
    right.loglog(widths, scatter, "o", color="C0", label="scatter")
    right.loglog(widths, scatter[0] * np.sqrt(widths[0] / widths), color="C0", lw=0.8, label="slope -1/2")
    right.errorbar(widths, np.abs(bias), np.stack([np.minimum(error, 0.9 * np.abs(bias)), error]), fmt="s", ms=3,
                   color="C1", label="|mean - theory|")  # fmt: skip
    right.loglog(widths, np.abs(bias[0]) * widths[0] / widths, color="C1", lw=0.8, ls=":", label="slope -1")
    right.set(
        xlabel="width N", ylabel="test loss", ylim=(min(np.abs(bias).min(), scatter.min()) / 3, 4 * scatter.max())
    )
    right.legend(loc="upper right", ncols=2, fontsize=6)
    return figure


def claims(parameters, data):
    scatter, bias, error = _laws(parameters, data)
    widths = np.array(parameters.widths, float)
    power = np.polyfit(np.log(widths), np.log(scatter), 1)[0]
    # ln of a standard deviation from n runs is known to 1 / sqrt(2 (n - 1)).
    spread = np.sqrt(1 / (2 * (np.array(parameters.runs) - 1)))
    centred = np.log(widths) - np.log(widths).mean()
    tolerance = 3 * np.sqrt(np.sum((centred * spread) ** 2)) / np.sum(centred**2)
    judged = [(g, f"runs {g:g}", parameters.shown_width, parameters.margins[0]) for g in parameters.richness]
    judged.append((1.0, f"width {parameters.widths[-1]}", parameters.widths[-1], parameters.margins[1]))
    final = [data[f"theory {g:g}"]["test_loss"][-1] for g in parameters.richness]
    return [
        Claim("Scatter between networks falls as the root of width (slope within three errors of -1/2)",
              abs(power + 0.5) < tolerance, f"slope {power:.3f}, allowed {tolerance:.3f}"),
        Claim("At the largest width the mean of the runs is the theory, within 1.5 times its 95 % band",
              abs(bias[-1]) < 1.5 * error[-1], f"{bias[-1]:.2e}, band {error[-1]:.1e}"),
        *(_judged(parameters, data, *each) for each in judged),
        Claim("The richest network ends with the lowest test loss", np.argmin(final) == len(final) - 1,
              ", ".join(f"{g:g}: {f:.4f}" for g, f in zip(parameters.richness, final, strict=True))),
    ]  # fmt: skip


def _judged(parameters, data, richness, name, width, margin):
    """What `compare` says of the test loss of networks of a width."""
    from grok_theory import Absolute

    theory, loss = data[f"theory {richness:g}"], "test_loss"
    step = verdicts.judged_differences(
        "tau", _times(parameters), {loss: theory[loss]}, {loss: data[name][loss]}, margin={loss: Absolute(margin)},
        errors={loss: theory[f"{loss}_error"]},
    )  # fmt: skip
    return verdicts.verdict_claim(
        f"Richness {richness:g}: the test loss of networks of width {width} is the theory's, to {margin:g}",
        step,
        loss,
    )
