"""From lazy to rich by theory, and the hump that label noise makes.

Caption: Gradient flow by mean-field theory (lines) and drawn networks of infinite width (points; exact reduction, start
orthogonal to the teacher, D in the title). Left: test loss (line, filled) and train loss (dashed) for output scales
alpha from rich to lazy, to tau = 10^4: the train loss hardly changes, the test loss falls later and later, and ends
higher. Middle: the linear power alpha^2 V, the part of the test loss that makes its hump, for growing data. The
true target has no linear part and V starts at zero, so all of it is V = kappa R N R^T: the labels of a finite sample
leak into the mean weight as noise N. Right: the height of the hump against kappa, beside the law 1/kappa of independent
noise. alpha, eps, kappa and m0 are this package's choices.
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
    curvature: float = 0.3
    teacher_overlap: float = 0.2
    samples_per_dim: float = 3.0  # kappa of the left panel
    scales: tuple[float, ...] = (0.5, 2.0, 8.0, 32.0)  # alpha
    last: float = 1e4  # tau
    output_scale: float = 4.0  # alpha of the other panels
    data: tuple[float, ...] = (1.5, 3.0, 6.0, 12.0, 24.0)  # kappa
    paths: int = 184
    grid_points: int = 40
    scrambles: int = 6  # with two, Student's factor makes the printed error useless
    dim: int = 50  # D of the runs
    runs: int = 16  # at kappa = 3; with less data they scatter more
    margin: float = 0.15  # of the test loss at this D; it starts at .72 to .75
    runs_last: float = 300.0  # tau
    key: int = 0


SIZES = {
    "full": {
        "paths": 2640,
        "grid_points": 72,
        "scrambles": 4,
        "dim": 200,
        "runs": 20,
        "runs_last": 1000.0,
        "margin": 0.06,
    }
}
NAMES = ("train_loss", "test_loss", "linear_power")


def _times(parameters):
    return np.append(0.0, np.geomspace(0.05, parameters.last, 59))


def _read(parameters):
    """Times of the runs: every fourth of the theory's."""
    times = _times(parameters)
    return times[(times > 0) & (times <= parameters.runs_last)][::4]


def steps(parameters):
    by_alpha = [(alpha, parameters.samples_per_dim) for alpha in parameters.scales]
    by_kappa = [(parameters.output_scale, kappa) for kappa in parameters.data]
    return {
        "alpha": lambda: _theory(parameters, by_alpha),
        "kappa": lambda: _theory(parameters, by_kappa),
        "runs alpha": lambda: _runs(parameters, by_alpha),
        "runs kappa": lambda: _runs(parameters, by_kappa),
    }


def _problem(parameters, alpha, kappa):
    from grok_theory.lazy_rich import QuadraticCommittee

    return QuadraticCommittee(alpha, parameters.curvature, kappa, parameters.teacher_overlap)


def _theory(parameters, pairs):
    from grok_theory.lazy_rich import DMFT, solve

    method = DMFT(paths=parameters.paths, grid_points=parameters.grid_points, scrambles=parameters.scrambles)
    found = [solve(_problem(parameters, *pair), _times(parameters), method=method) for pair in pairs]
    return {
        **{name: np.array([solution[name] for solution in found]) for name in NAMES},
        "error": np.array([solution.numerical_error["test_loss"] for solution in found]),
    }


def _runs(parameters, pairs):
    import jax

    from grok_theory.lazy_rich import ExactReduction, simulate

    method = ExactReduction(tolerance=1e-4, orthogonal_start=True)
    found = [
        simulate(
            _problem(parameters, *pair),
            _read(parameters),
            dim=parameters.dim,
            runs=round(parameters.runs * np.clip(3 / pair[1], 0.5, 2)),
            key=jax.random.key(parameters.key),
            method=method,
        )
        for pair in pairs
    ]
    return {f"{name} {n}": np.asarray(ensemble[name]) for n, ensemble in enumerate(found) for name in NAMES}


def draw(parameters, data):
    import matplotlib as mpl
    import matplotlib.pyplot as plt

    figure, (losses, powers, heights) = plt.subplots(1, 3, figsize=(7, 2.6), width_ratios=(1.5, 1.2, 1))
    times, read = _times(parameters)[1:], _read(parameters)
    lines = {"test_loss": ("-", "o", 1.3), "train_loss": ("--", "s", 0.8)}
    for number, (alpha, color) in enumerate(zip(parameters.scales, _colors(mpl, parameters.scales), strict=True)):
        for name, (style, marker, width) in lines.items():
            label = rf"$\alpha$ = {alpha:g}" if name == "test_loss" else None
            losses.plot(times, data["alpha"][name][number, 1:], style, color=color, lw=width, label=label)
            points = data["runs alpha"][f"{name} {number}"].mean(0)
            losses.plot(read, points, marker, color=color, ms=2.2, mfc=color if marker == "o" else "white", mew=0.6)
    losses.set(xscale="log", yscale="log", xlabel=r"$\tau$", ylabel="mean squared error", ylim=(1e-3, 2))
    losses.set_title(f"$\\kappa$ = {parameters.samples_per_dim:g}, D = {parameters.dim}; dashed: train")
    losses.legend(loc="lower right")
    colors = _colors(mpl, parameters.data)
    for number, (kappa, color) in enumerate(zip(parameters.data, colors, strict=True)):
        power = data["kappa"]["linear_power"][number]
        powers.plot(times, power[1:], color=color, label=rf"$\kappa$ = {kappa:g}")
        powers.plot(read, data["runs kappa"][f"linear_power {number}"].mean(0), "o", color=color, ms=2.2)
        heights.plot(kappa, power.max(), "o", color=color)
    powers.set(xscale="log", yscale="log", xlabel=r"$\tau$", ylabel=r"linear power $\alpha^2 V$")
    powers.set_ylim(bottom=1e-3)
    powers.set_title(rf"$\alpha$ = {parameters.output_scale:g}")
    kappas = np.array(parameters.data)
    last = data["kappa"]["linear_power"][-1].max()
    heights.plot(kappas, last * kappas[-1] / kappas, color="0.5", lw=0.8, label=r"$1/\kappa$")
    heights.set(xscale="log", yscale="log", xlabel=r"$\kappa$ = P/D", ylabel="height of the hump")
    heights.set_xticks(kappas, [f"{kappa:g}" for kappa in kappas])
    heights.xaxis.minorticks_off()
    heights.yaxis.set_minor_formatter("")
    heights.legend(loc="lower left")
    powers.set_xlim(right=parameters.last * 3000)
    powers.set_xticks(10.0 ** np.arange(-1, np.log10(parameters.last) + 1, 2))
    powers.legend(loc="upper right", handlelength=0.8)
    return figure


def _colors(mpl, values):
    return mpl.colormaps["cividis"](np.linspace(0, 0.9, len(values)))


def claims(parameters, data):
    from grok_theory.observables import crossing_time

    times, test = _times(parameters)[1:], data["alpha"]["test_loss"]
    # The time at which the last rise or plateau is left: 90 % of the way from the maximum to the end is still to come.
    levels = test[:, -1] + 0.9 * (test.max(1) - test[:, -1])
    fallen = [
        float(crossing_time(times[np.argmax(curve) :], curve[1:][np.argmax(curve) :], level).time)
        for curve, level in zip(test, levels, strict=True)
    ]
    height = data["kappa"]["linear_power"].max(1)
    product = height * np.array(parameters.data)
    return [
        Claim(
            "The test loss leaves its plateau later, and ends higher, the larger alpha is",
            np.all(np.diff(fallen) > 0) and np.all(np.diff(test[:, -1]) > 0),
            ", ".join(
                f"alpha = {a:g}: tau = {t:.3g}, end {e:.3f}"
                for a, t, e in zip(parameters.scales, fallen, test[:, -1], strict=True)
            ),
        ),
        Claim(
            "The hump falls with the data, at the largest kappa as 1/kappa to 25 %",
            np.all(np.diff(height) < 0) and abs(product[-1] / product[-2] - 1) < 0.25,
            ", ".join(f"kappa = {k:g}: {h:.4f}" for k, h in zip(parameters.data, height, strict=True)),
        ),
        *_judged(parameters, data),
    ]


def _judged(parameters, data):
    """The verdicts of `compare` on the test loss of the runs, one for each line drawn."""
    from grok_theory import Absolute

    at, loss = np.searchsorted(_times(parameters), _read(parameters)), "test_loss"
    sweeps = (("alpha", "alpha", parameters.scales), ("kappa", "kappa", parameters.data))
    for step, word, values in sweeps:
        for number, value in enumerate(values):
            verdict = verdicts.judged_differences(
                "tau",
                _read(parameters),
                {loss: data[step][loss][number, at]},
                {loss: data[f"runs {step}"][f"{loss} {number}"]},
                margin={loss: Absolute(parameters.margin)},
                errors={loss: data[step]["error"][number, at]},
            )
            text = f"{word} = {value:g}: the test loss of runs of D = {parameters.dim} is the theory's, to"
            yield verdicts.verdict_claim(f"{text} {parameters.margin:g}", verdict, loss)
