"""Training in time below, at and above as many hidden units as samples.

Caption: A ReLU student with a fixed random first layer and trained output weights learns a noisy ReLU teacher from P
samples; widths below P, at P and at 2P. Lines: theory of the Gaussian features with the same covariance; points: mean
of 50 trained networks with simultaneous 99 % bands; hollow: times at which networks of this size no longer follow the
limit. Narrow: the test loss ends a little above its best value. Width P: it rises for as long as one trains. Width
2P: it rises less and stops, though the train loss vanishes. Dotted: the best stopping time of the theory; dashed: the
variance of the label noise.
"""

import dataclasses
from dataclasses import dataclass

import numpy as np

from paper_figures.figure import Claim
from paper_figures.verdicts import judged, until, verdict_claim

PAPER = "Advani & Saxe 2017"
FIGURES = ("7F",)
STATES = {}
WING = "linear"


@dataclass(frozen=True)
class Parameters:
    samples: int = 150  # P; 300 in the paper
    dim: int = 50  # inputs
    teacher_width: int = 20
    snr: float = 5.0
    widths: tuple[float, ...] = (0.5, 1.0, 2.0)  # in units of P
    first: float = 1e-4  # tau
    last: float = 1e2  # tau
    times: int = 25
    runs: int = 50  # as in the paper
    margin: float = 0.12  # relative difference of mean test losses that would matter
    key: int = 0


SIZES = {
    "full": {"samples": 300, "times": 49, "margin": 0.08},
}


def steps(parameters):
    return {f"width {w:g} P": lambda w=w: _curves(parameters, w) for w in parameters.widths}


def _curves(parameters, width):
    import jax

    from grok_theory import linear

    widest = linear.RandomFeatures.draw(
        dim=parameters.dim,
        width=round(max(parameters.widths) * parameters.samples),
        samples=parameters.samples,
        teacher_width=parameters.teacher_width,
        snr=parameters.snr,
        key=jax.random.key(parameters.key),
    )
    # A narrower student has the first units of the widest: one teacher for all.
    features = np.asarray(widest.features)[: round(width * parameters.samples)]
    problem = dataclasses.replace(widest, features=features)
    times = np.geomspace(parameters.first, parameters.last, parameters.times)
    theory = linear.solve(problem, times)
    key = jax.random.fold_in(jax.random.key(parameters.key), features.shape[0])
    runs = linear.simulate(problem, times, runs=parameters.runs, key=key)
    result = {"times": times, "noise": np.asarray(problem.noise) ** 2}
    for name in ("train_loss", "test_loss"):
        result |= {name: theory[name], f"runs {name}": runs[name], f"valid {name}": runs.is_valid(name)}
    # At width P single small eigenvalues decide the mean of late times: it is judged until then.
    end = parameters.last if width != 1 else 1.0
    return result | judged(until(theory, end), until(runs, end), margin=parameters.margin, curves=["test_loss"])


def draw(parameters, data):
    import matplotlib.pyplot as plt
    from scipy import stats

    figure, axes = plt.subplots(1, len(parameters.widths), figsize=(7, 2.5), sharey=True)
    level = stats.t.ppf(1 - 0.005 / parameters.times, parameters.runs - 1) / np.sqrt(parameters.runs)
    for ax, width in zip(np.atleast_1d(axes), parameters.widths, strict=True):
        d = data[f"width {width:g} P"]
        unit = float(d["noise"])
        for color, name, word in (("C0", "train_loss", "train"), ("C1", "test_loss", "test")):
            ax.plot(d["times"], d[name] / unit, color=color, label=f"{word}, theory")
            mean, spread = d[f"runs {name}"].mean(0) / unit, d[f"runs {name}"].std(0, ddof=1) / unit
            valid = d[f"valid {name}"]
            ax.errorbar(d["times"], mean, level * spread, fmt="none", ecolor=color, elinewidth=0.8, alpha=0.6)
            ax.plot(d["times"][valid], mean[valid], "o", color=color, label=f"{word}, networks")
            ax.plot(d["times"][~valid], mean[~valid], "o", color=color, mfc="white")
        ax.axhline(1.0, color="0.4", ls="--", lw=0.8)
        ax.axvline(d["times"][np.argmin(d["test_loss"])], color="0.4", ls=":", lw=1.0)
        ax.set(xscale="log", yscale="log", ylim=(3e-3, 60), xlabel=r"time $t$ [$\tau$]")
        ax.set(title=f"width {width:g} P")
    np.atleast_1d(axes)[0].set_ylabel("error [noise variance]")
    np.atleast_1d(axes)[0].legend(loc="lower left", fontsize=6)
    return figure


def claims(parameters, data):
    found = [
        verdict_claim(
            f"Width {width:g} P: networks follow the test loss of the theory"
            + (" until t = 1" if width == 1 else " at every time"),
            data[f"width {width:g} P"],
            "test_loss",
        )
        for width in parameters.widths
    ]
    rise = {
        width: np.median(np.log(d["runs test_loss"][:, -1] / d["runs test_loss"].min(axis=1)))
        for width, d in ((w, data[f"width {w:g} P"]) for w in parameters.widths)
    }
    shown = ", ".join(f"width {w:g} P: {np.exp(r):.2f}" for w, r in rise.items())
    most = max(rise, key=lambda w: rise[w])
    return [
        *found,
        Claim("Over-training costs the median network most at width P", most == 1.0, f"factor at the end: {shown}"),
    ]
