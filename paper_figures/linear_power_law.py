"""Power-law data: learning curves of regression on correlated inputs, in time and in samples.

Caption: Inputs whose variances fall as i^-a (a = 1.5) and a target whose power falls as i^-b (b = 1.8), label noise of
variance .25. Left: excess test loss in time for several numbers of samples n; lines: theory; points: mean of drawn
regressions. All follow the curve of infinite data, a power of time -(b-1)/a (dashed), until the samples are used up;
then the noise is fitted and the error rises. Right: excess error against n, noiseless and trained for ever (falls as
n^-(b-1), dashed), and with noise: trained for ever, and stopped at the best time.
"""

from dataclasses import dataclass

import numpy as np

from paper_figures.figure import Claim
from paper_figures.verdicts import judged_apart, verdict_claim

PAPER = "beyond the paper"
FIGURES = ()
STATES = {}
WING = "linear"


@dataclass(frozen=True)
class Parameters:
    modes: int = 2000
    variance_power: float = 1.5  # a: variance of mode i is i^-a
    target_power: float = 1.8  # b: power of the target in mode i is i^-b
    noise: float = 0.5  # standard deviation
    samples: tuple[int, ...] = (20, 80, 320)  # n of the left panel
    least: float = 5.0  # n of the right panel, from
    most: float = 500.0  # to
    points: int = 16
    first: float = 0.1  # n t, from
    last: float = 1e5  # to
    times: int = 41
    runs: int = 64
    margin: float = 0.1  # relative difference of mean test losses that would matter
    key: int = 0


SIZES = {"full": {"modes": 4000, "runs": 400, "points": 40, "margin": 0.05}}


def steps(parameters):
    runs = {f"n={count}": lambda count=count: _runs(parameters, count) for count in parameters.samples}
    return {"theory": lambda: _theory(parameters), **runs}


def _problem(parameters, samples, noise):
    from grok_theory import linear

    i = np.arange(1.0, parameters.modes + 1)
    a, b = parameters.variance_power, parameters.target_power
    return linear.CorrelatedInputs(i**-a, i ** ((a - b) / 2), samples, noise)


def _clock(parameters):
    return np.geomspace(parameters.first, parameters.last, parameters.times)  # n t


def _runs(parameters, count):
    import jax

    from grok_theory import linear

    problem, times = _problem(parameters, count, parameters.noise), _clock(parameters) / count
    key = jax.random.fold_in(jax.random.key(parameters.key), count)
    runs, theory = linear.simulate(problem, times, runs=parameters.runs, key=key), linear.solve(problem, times)
    found = judged_apart(theory, runs, margin={"test_loss": parameters.margin})
    return {"line": theory["test_loss"], "runs": runs["test_loss"], **found}


def _theory(parameters):
    from grok_theory import linear

    i, clock = np.arange(1.0, parameters.modes + 1), _clock(parameters)
    l, power = i**-parameters.variance_power, i**-parameters.target_power
    infinite_data = np.exp(-2 * np.outer(clock, l)) @ power
    counts = np.geomspace(parameters.least, parameters.most, parameters.points)
    noiseless, for_ever, stopped = [], [], []
    for count in counts:
        problem = _problem(parameters, count, parameters.noise)
        noiseless.append(linear.limits(_problem(parameters, count, 0.0)).test_loss)
        for_ever.append(linear.limits(problem).test_loss - parameters.noise**2)
        stopped.append(np.min(linear.solve(problem, clock / count)["test_loss"]) - parameters.noise**2)
    return {
        "infinite data": infinite_data,
        "counts": counts,
        "noiseless": np.array(noiseless),
        "for ever": np.array(for_ever),
        "stopped": np.array(stopped),
    }


def draw(parameters, data):
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(7, 2.7), sharey=True)
    theory, clock, unit = data["theory"], _clock(parameters), parameters.noise**2
    a, b = parameters.variance_power, parameters.target_power
    left.plot(clock, theory["infinite data"], color="k", lw=1.0, label="infinite data")
    for index, count in enumerate(parameters.samples):
        step = data[f"n={count}"]
        left.plot(clock, step["line"] - unit, color=f"C{index}", label=f"$n$ = {count}")
        few, runs = slice(None, None, 2), step["runs"] - unit
        error = runs.std(0, ddof=1) / np.sqrt(parameters.runs)
        left.errorbar(clock[few], runs.mean(0)[few], error[few], fmt="o", color=f"C{index}", elinewidth=0.8)
    guide = clock[(clock > 3) & (clock < 300)]
    left.plot(guide, 0.35 * guide ** (-(b - 1) / a), color="0.5", ls="--", lw=0.9)
    left.text(
        60, 0.035, rf"$t^{{-(b-1)/a}} = t^{{-{(b - 1) / a:.2f}}}$", color="0.35", fontsize=6.5, ha="right", va="top"
    )
    counts = theory["counts"]
    rows = (
        ("C4", "for ever", "noise, for ever"),
        ("C3", "stopped", "noise, best stop"),
        ("k", "noiseless", "no noise"),
    )
    for color, name, word in rows:
        right.plot(counts, theory[name], "o-", ms=2.5, color=color, label=word)
    right.plot(counts, 0.6 * theory["noiseless"][0] * (counts / counts[0]) ** (1 - b), color="0.5", ls="--", lw=0.9)
    middle = np.sqrt(counts[0] * counts[-1])
    right.text(
        middle,
        0.35 * theory["noiseless"][0] * (middle / counts[0]) ** (1 - b),
        rf"$n^{{-(b-1)}} = n^{{-{b - 1:.2g}}}$",
        color="0.35",
        fontsize=6.5,
        ha="right",
    )
    left.set(xscale="log", yscale="log", ylim=(5e-3, 3), ylabel="excess test loss")
    left.set(xlabel="time $n t$ [1 / largest variance]")
    right.set(xscale="log", xlabel="training samples $n$")
    left.legend()
    right.legend()
    return figure


def claims(parameters, data):
    theory = data["theory"]
    counts, wanted = theory["counts"], 1 - parameters.target_power
    few = counts <= parameters.modes / 25  # where the end of the spectrum is not felt
    slope = np.polyfit(np.log(counts[few]), np.log(theory["noiseless"][few]), 1)[0]
    ratio = theory["stopped"] / theory["for ever"]
    return [
        Claim(
            "Without noise the error falls with samples as a power -(b-1), within .1",
            abs(slope - wanted) < 0.1,
            f"fitted {slope:.3f} over n up to {counts[few][-1]:.0f}, said {wanted:.3g}",
        ),
        Claim(
            "With noise, the best stop is better than training for ever at every n",
            ratio.max() < 1,
            f"ratio of excess errors {ratio.min():.2f} to {ratio.max():.2f}",
        ),
        *(
            verdict_claim(f"n = {n}: drawn regressions have the theory's test loss", data[f"n={n}"], "test_loss")
            for n in parameters.samples
        ),
    ]
