"""Told before the runs: the band and the date of real networks, and what then happened.

Caption: (a) A two-layer network of 160 neurons learns a quadratic from 5 samples per input dimension (laziness 1,
curvature 0.1, D = 80) by full-batch descent with rate 0.2. The bands (one run's whole curve with probability 90 %,
dark: at one step alone) and the interval of the step at which each loss falls below 0.2 (bars below) were computed
first, from the dynamical mean-field theory and runs of half the dimension. Then networks were trained, all weights, by
automatic differentiation (lines with points). (b) Linear students with weight decay that start far away, 16 settings:
the time at which the test loss has fallen half its way (in logarithms), as told from theory alone with an interval of
90 %, and as it was in two runs of each. On the diagonal it was told right.
"""

from dataclasses import dataclass

import numpy as np

from paper_figures.figure import Claim

PAPER = "ours"
FIGURES = ()
STATES = {}
WING = "forecast"
LOSSES = ("train_loss", "test_loss")
LEVEL = 0.9


@dataclass(frozen=True)
class Parameters:
    output_scale: float = 1.0
    curvature: float = 0.1
    samples_per_dim: float = 5.0
    dim: int = 80
    width: int = 160
    learning_rate: float = 0.2  # tau a step
    last: int = 3000  # steps
    points: int = 40  # steps that are looked at
    threshold: float = 0.2  # of both losses
    runs: int = 3
    decays: tuple[float, ...] = (1e-4, 3e-4, 1e-3, 3e-3)  # of panel b
    starts: tuple[float, ...] = (1e4, 1e5)  # squared starting weights over noise
    loads: tuple[float, ...] = (0.5, 0.8)  # samples per weight
    linear_dim: int = 200
    linear_runs: int = 2
    key: int = 0


SIZES = {"full": {"dim": 120, "width": 240, "runs": 8, "linear_runs": 5}}


def steps(parameters):
    return {
        "told": lambda: _told(parameters),
        "happened": lambda: _happened(parameters),
        "linear": lambda: _linear(parameters),
    }


def _problem(parameters):
    from grok_theory.lazy_rich import QuadraticCommittee

    return QuadraticCommittee(parameters.output_scale, parameters.curvature, parameters.samples_per_dim)


def _setting(parameters):
    from grok_theory import GradientDescent

    steps = np.unique(np.round(np.geomspace(1, parameters.last, parameters.points)))
    size = {"dim": parameters.dim, "width": parameters.width}
    return _problem(parameters), steps, {"dynamics": GradientDescent(parameters.learning_rate), **size}


def _told(parameters):
    from grok_theory.lazy_rich import Interpolated, forecast

    problem, at, size = _setting(parameters)
    told = forecast(problem, at, draws=24, method=Interpolated(parameters.dim // 2), level=LEVEL, **size)
    kept = {"steps": at}
    for name in LOSSES:
        when = told.crossing(name, parameters.threshold)
        kept |= {f"whole {name}": np.array(told[name]), f"alone {name}": np.array(told.pointwise[name])}
        kept |= {f"middle {name}": told.middle[name], f"scatter {name}": told.scatter[name]}
        kept |= {f"draws {name}": told.draws[name], f"starts {name}": told.starts[name]}
        kept[f"when {name}"] = np.array([when.low, when.median, when.high])
    factor = told.delay(parameters.threshold, parameters.threshold).factor
    assert factor is not None
    return kept | {"factor": np.array([factor.low, factor.median, factor.high])}


def _happened(parameters):
    import jax

    from grok_theory.lazy_rich import ExplicitNetwork, simulate

    problem, at, size = _setting(parameters)
    key = jax.random.key(parameters.key)
    runs = simulate(problem, at, runs=parameters.runs, key=key, method=ExplicitNetwork(), **size)
    return {name: np.asarray(runs[name]) for name in LOSSES}


def _linear(parameters):
    """Settings of panel b: (low, median, high) of the time that was told, and when each run got there."""
    import jax

    from grok_theory import linear

    times, told, came = np.geomspace(0.1, 1e5, 160), [], []
    for i, (decay, inr, load) in enumerate(_settings(parameters)):
        problem = linear.TeacherStudent(load, snr=100.0, inr=inr, weight_decay=decay)
        band = linear.forecast(problem, times, dim=parameters.linear_dim, curves=["test_loss"], level=LEVEL)
        median = band["test_loss"].median
        half = float(np.sqrt(median[0] * median[-1]))
        when = band.crossing("test_loss", half)
        told.append([when.low, when.median, when.high])
        key = jax.random.fold_in(jax.random.key(parameters.key), i)
        runs = linear.simulate(problem, times, dim=parameters.linear_dim, runs=parameters.linear_runs, key=key)
        came.append([_first_below(times, run, half) for run in np.asarray(runs["test_loss"])])
    return {"told": np.array(told), "came": np.array(came)}


def _settings(parameters):
    return [(decay, inr, load) for load in parameters.loads for inr in parameters.starts for decay in parameters.decays]


def _first_below(x, values, threshold):
    """Where a curve first falls below, read between points by straight lines of its logarithm; inf if it never does."""
    below = int(np.argmax(values < threshold))
    if below == 0:
        return x[0] if values[0] < threshold else np.inf
    first, second = np.log(values[below - 1 : below + 1] / threshold)
    return x[below - 1] + (x[below] - x[below - 1]) * first / (first - second)


def _forecast(parameters, told):
    """The Forecast whose arrays `_told` kept."""
    from grok_theory import Forecast
    from grok_theory.results.forecast import Band

    problem, at, size = _setting(parameters)
    parts = {
        part: {name: told[f"{part} {name}"] for name in LOSSES} for part in ("draws", "starts", "middle", "scatter")
    }
    bands = {part: {name: Band(*told[f"{part} {name}"]) for name in LOSSES} for part in ("whole", "alone")}
    return Forecast(
        problem,
        at,
        bands["whole"],
        "step",
        level=LEVEL,
        pointwise=bands["alone"],
        made_from="runs",
        count=len(parts["starts"]["test_loss"]),
        **parts,
        **size,
    )


def _ensemble(parameters, happened):
    from grok_theory import Ensemble

    problem, at, size = _setting(parameters)
    return Ensemble(problem, at, {name: happened[name] for name in LOSSES}, "step", size["dynamics"])


def _times(parameters, data):
    at = data["told"]["steps"]
    return {name: [_first_below(at, run, parameters.threshold) for run in data["happened"][name]] for name in LOSSES}


def draw(parameters, data):
    import matplotlib.pyplot as plt

    from grok_theory import plot

    figure, (left, right) = plt.subplots(1, 2, figsize=(7, 3.0), width_ratios=(1.7, 1))
    told, runs = _forecast(parameters, data["told"]), _ensemble(parameters, data["happened"])
    came = _times(parameters, data)
    for color, name, height in (("C0", "train_loss", 2.2e-3), ("C1", "test_loss", 1.3e-3)):
        word = name.replace("_", " ")
        plot.band(told, name, runs, ax=left, color=color, label=f"{word}, told before")
        low, median, high = np.minimum(data["told"][f"when {name}"], parameters.last)
        left.plot([low, high], [height, height], color=color, lw=4, alpha=0.4, solid_capstyle="butt")
        left.plot(median, height, "|", color=color, ms=8, mew=1.5)
        left.plot(came[name], [height] * parameters.runs, "o", color="0.15", ms=2.5, zorder=4)
    left.axhline(parameters.threshold, color="0.6", lw=0.6, ls=":")
    left.set(xscale="log", yscale="log", ylim=(1e-3, 2), xlabel="step", ylabel="loss")
    _, median, _ = data["told"]["when test_loss"]
    handles, labels = left.get_legend_handles_labels()
    left.legend(*zip(*dict(zip(labels, zip(handles, labels))).values()), loc="lower left", bbox_to_anchor=(0, 0.12))
    left.set_title(f"(a) networks: told step {median:.0f}, it was {', '.join(f'{t:.0f}' for t in came['test_loss'])}")
    times, happened = data["linear"]["told"], data["linear"]["came"]
    for i, (low, median, high) in enumerate(times):
        right.plot([low, high], [median, median], color="C1", lw=3, alpha=0.35, solid_capstyle="butt")
        right.plot(happened[i], [median] * happened.shape[1], "o", color="0.15", ms=2.2)
    ends = [times.min() / 1.5, times.max() * 1.5]
    right.plot(ends, ends, color="0.6", lw=0.6, zorder=0)
    right.set(xscale="log", yscale="log", xlabel=r"time that it took [$\tau$]", ylabel=r"time that was told [$\tau$]")
    right.set_title("(b) linear students with decay")
    return figure


def claims(parameters, data):
    from scipy.stats import binom

    from grok_theory import applies

    told, came = data["told"], _times(parameters, data)
    judged = applies(_forecast(parameters, told), _ensemble(parameters, data["happened"]))
    made = [
        Claim(
            "(a) nothing in the trained networks speaks against the forecast (`applies`, both losses, 99 %)",
            judged.verdict == "applies",
            f"{judged.verdict}: {judged.reason}",
        )
    ]
    for name in LOSSES:
        low, median, high = told[f"when {name}"]
        inside = sum(low <= time <= high for time in came[name])
        # One of few runs may lie outside 90 %; two of three would in 3 of 100 series.
        made.append(
            Claim(
                f"(a) the {name.replace('_', ' ')} falls below {parameters.threshold:g} at the steps that were told",
                binom.cdf(inside, parameters.runs, LEVEL) > 0.03,
                f"told {median:.0f} ({low:.0f} to {high:.0f}); came {', '.join(f'{time:.0f}' for time in came[name])}",
            )
        )
    low, median, high = told["factor"]
    factors = np.array(came["test_loss"]) / np.array(came["train_loss"])
    made.append(
        Claim(
            "(a) the networks generalize at least four times later than they fit, as told",
            factors.min() > 4 and low > 2,
            f"told {median:.1f} times ({low:.1f} to {high:.1f}); came {factors.min():.1f} to {factors.max():.1f}",
        )
    )
    times, happened = data["linear"]["told"], data["linear"]["came"]
    inside = int(((happened >= times[:, :1]) & (happened <= times[:, 2:])).sum())
    widths = times[:, 2] / times[:, 0]
    chance = binom.cdf(inside, happened.size, LEVEL)
    return [
        *made,
        Claim(
            "(b) of all runs as many lie in the interval of 90 % as chance lets (1 % one-sided), which is never wider "
            "than a factor of 3",
            chance > 0.01 and widths.max() < 3,
            f"{inside} of {happened.size}; times from {times[:, 1].min():.0f} to {times[:, 1].max():.0f} tau, widths x"
            f"{widths.min():.2f} to x{widths.max():.2f}",
        ),
    ]
