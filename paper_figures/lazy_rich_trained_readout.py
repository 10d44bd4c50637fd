"""Training the readouts too: the same passage from lazy to rich, and the same parts of its loss.

Caption: Train loss (dashed, hollow), test loss and its three parts of explicit networks with fixed (top) and with
trained readouts (bottom), for a rich and a lazy output scale, from the same data and starts. Lines in the top row:
mean-field theory of this very descent (thousands of steps, on the corrected grid of a flow); points: runs, with one
standard error. Training the readouts adds their own kernel (it doubles the linear part) and does not remove the
delay, and the hump is linear power there too. There is no theory of trained readouts here: the lines below join the
runs. Descent on all weights by automatic differentiation, exact test loss; D, P, N, eps and the learning rate are
this package's choices.
"""

from dataclasses import dataclass

import numpy as np

from paper_figures import committees
from paper_figures.figure import Claim
from paper_figures.verdicts import extrapolated

PAPER = "Kumar, Bordelon, Gershman & Pehlevan 2023"
FIGURES = ("11",)
STATES = {}
WING = "lazy_rich"


@dataclass(frozen=True)
class Parameters:
    dim: int = 20  # D (ours)
    samples_per_dim: float = 6.0  # P / D (ours)
    width: int = 60  # N (ours)
    scales: tuple[float, ...] = (1.0, 8.0)  # alpha
    curvature: float = 0.25  # eps (ours)
    learning_rate: float = 0.03  # eta_hat (ours)
    last: float = 48.0  # last tau
    points: int = 40  # times read
    runs: int = 6
    dims: tuple[int, int] = (16, 32)  # D of the runs with fixed readouts that are extrapolated
    judged_runs: int = 100  # at each; of infinite width
    paths: int = 184
    grid_points: int = 40
    scrambles: int = 4
    margin: float = 0.12  # of the theory against the extrapolated runs; losses start at .75
    key: int = 0  # number of the random key


SIZES = {
    "full": {
        "dim": 60, "width": 400, "runs": 8, "dims": (40, 80), "judged_runs": 200, "paths": 672, "scrambles": 9,
        "margin": 0.06,
    },
}  # fmt: skip


def _steps(parameters):
    last = round(parameters.last / parameters.learning_rate)
    return np.unique(np.append(0, np.geomspace(1, last, parameters.points)).astype(int))


def _times(parameters):
    return _steps(parameters) * parameters.learning_rate


def _descent(parameters):
    from grok_theory import GradientDescent

    return GradientDescent(parameters.learning_rate)


def _problem(parameters, scale):
    from grok_theory.lazy_rich import QuadraticCommittee

    return QuadraticCommittee(scale, parameters.curvature, parameters.samples_per_dim).dressed(parameters.dim)


def steps(parameters):
    made = {}
    for scale in parameters.scales:
        made[f"theory {scale:g}"] = lambda scale=scale: committees.predicted(
            _problem(parameters, scale), _steps(parameters), committees.method_of(parameters), _descent(parameters)
        )
        for dim in parameters.dims:
            made[f"runs {scale:g} D={dim}"] = lambda scale=scale, dim=dim: _reduced(parameters, scale, dim)
        for trained in (False, True):
            name = f"alpha={scale:g}, {'trained' if trained else 'fixed'}"
            made[name] = lambda scale=scale, trained=trained: _train(parameters, scale, trained)
    return made


def _reduced(parameters, scale, dim):
    import jax

    return committees.drawn(
        _problem(parameters, scale),
        _steps(parameters),
        dynamics=_descent(parameters),
        dim=dim,
        runs=parameters.judged_runs,
        key=jax.random.fold_in(jax.random.key(parameters.key), dim),
    )


def _train(parameters, scale, trained):
    import jax

    from grok_theory.lazy_rich import ExplicitNetwork

    return committees.drawn(
        _problem(parameters, scale),
        _steps(parameters),
        dynamics=_descent(parameters),
        dim=parameters.dim,
        width=parameters.width,
        runs=parameters.runs,
        key=jax.random.key(parameters.key),
        method=ExplicitNetwork(train_readout=trained, orthogonal_start=True),
    )


def draw(parameters, data):
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(2, len(parameters.scales), figsize=(7, 4.4), sharex=True, sharey=True)
    times = _times(parameters)
    for row, word in zip(axes, ("fixed", "trained"), strict=True):
        for ax, scale in zip(row, parameters.scales, strict=True):
            runs = data[f"alpha={scale:g}, {word}"]
            theory = data[f"theory {scale:g}"]
            for name, color in {**committees.COLORS, "train_loss": "0.5"}.items():
                full, label = name != "train_loss", name.replace("_", " ")
                told = theory[name] if word == "fixed" else runs[name].mean(0)
                width = (1.2 if full else 0.9) if word == "fixed" else 0.6
                ax.plot(times, told, color=color, lw=width, ls="-" if full else "--", label=label)
                committees.mark(ax, times, runs[name], color=color, full=full)
            ax.set(xscale="log", xlim=(parameters.learning_rate, None), ylim=(0, None))
            ax.set_title(f"{word} readouts, $\\alpha$ = {scale:g}, D = {parameters.dim}, N = {parameters.width}")
        row[0].set_ylabel("mean squared error")
    for ax in axes[1]:
        ax.set_xlabel(r"time [$\tau$]")
    axes[0, 0].legend(loc="upper right")
    return figure


def claims(parameters, data):
    from grok_theory.observables import grokking_delay

    def delay(scale, trained):
        step = {name: values.mean(0) for name, values in data[f"alpha={scale:g}, {trained}"].items()}
        half = {"train_threshold": committees.HALF, "test_threshold": committees.HALF}
        return grokking_delay(_times(parameters), step["train_loss"], step["test_loss"], **half)

    def power(step):
        values = step["linear_power"].mean(0)
        return values.max(), values[-1]

    made = []
    for scale in parameters.scales:
        problem, dynamics = _problem(parameters, scale), _descent(parameters)
        small, large = (data[f"runs {scale:g} D={dim}"] for dim in parameters.dims)
        ideal = extrapolated(small, large, parameters.dims)
        what = f"alpha = {scale:g}, fixed readouts, descent: {committees.named(parameters)}"
        theory = committees.line(problem, _steps(parameters), data[f"theory {scale:g}"], dynamics)
        runs = committees.points(problem, _steps(parameters), ideal, dynamics)
        margin = committees.margins(theory, train=parameters.margin, test=parameters.margin)
        made.append(committees.agreement_claim(what, theory, runs, margin))
    rich, lazy = ([delay(scale, trained) for trained in ("fixed", "trained")] for scale in parameters.scales)
    powers = [power(step) for name, step in data.items() if name.startswith("alpha=")]
    return [
        *made,
        Claim(
            "With trained readouts too, the lazy network's delay is more than its time to fit",
            lazy[1].delay > lazy[1].train_time,
            f"trained: fits at {lazy[1].train_time:.3g}, delay {lazy[1].delay:.3g}; "
            f"fixed: fits at {lazy[0].train_time:.3g}, delay {lazy[0].delay:.3g}",
        ),
        Claim(
            "The lazy network's delay is more than five times the rich one's, with either kind of readout",
            all(late.delay > 5 * soon.delay for late, soon in zip(lazy, rich, strict=True)),
            f"fixed {rich[0].delay:.3g} and {lazy[0].delay:.3g}, trained {rich[1].delay:.3g} and {lazy[1].delay:.3g}",
        ),
        Claim(
            "With either kind of readout linear power, of which the target has none, rises above .04 and is given "
            "back: below half of its greatest value at the end",
            all(most > 0.04 and last < 0.5 * most for most, last in powers),
            "greatest and last: " + "; ".join(f"{most:.3f}, {last:.3f}" for most, last in powers),
        ),
    ]
