"""Too few samples: never; more: late; many: at once.

Caption: Train loss (dashed, hollow), test loss and its three parts for the paper's numbers of training samples.
Lines: mean-field theory; points: drawn networks of infinite width with one standard error; diamonds: their test loss
extrapolated to infinite D, of which the theory speaks. Late at P = 120 these are low by .07 still: losses of D = 15,
30 and 60 lie .15, .11 and .07 below the theory, slower than the 1/D by which they are extrapolated. With few samples
the network fits and never generalizes; with more it generalizes long after it has fitted; with many, test and train
loss fall together. Centred, gradient flow. The paper's D and eps are not known; this D makes its three numbers of
samples do what its figure shows.
"""

from dataclasses import dataclass

import numpy as np

from paper_figures import committees
from paper_figures.figure import Claim

PAPER = "Kumar, Bordelon, Gershman & Pehlevan 2023"
FIGURES = ("9",)
STATES = {}
WING = "lazy_rich"


@dataclass(frozen=True)
class Parameters:
    samples: tuple[int, ...] = (50, 120, 500)  # P, as in the paper
    dims: tuple[int, int] = (15, 30)  # D (ours); at the smaller one P is smaller too
    output_scale: float = 1.0  # alpha (ours)
    curvature: float = 0.25  # eps (ours)
    last: float = 300.0  # last tau
    points: int = 40  # times read, evenly in the logarithm
    runs: int = 100
    paths: int = 184
    grid_points: int = 40
    scrambles: int = 4
    margin_test: float = 0.12  # losses start at .75
    margins_train: tuple[float, ...] = (0.25, 0.15, 0.1)  # of each P: few samples scatter
    key: int = 0  # number of the random key


SIZES = {
    "full": {
        "runs": 400,
        "paths": 672,
        "grid_points": 48,
        "scrambles": 9,
        "margin_test": 0.1,
        "margins_train": (0.15, 0.08, 0.05),
    },
}


def _times(parameters):
    return np.append(0, np.geomspace(3e-2, parameters.last, parameters.points))


def _problem(parameters, samples):
    from grok_theory.lazy_rich import QuadraticCommittee

    dim = parameters.dims[-1]
    return QuadraticCommittee(parameters.output_scale, parameters.curvature, samples / dim).dressed(dim)


def steps(parameters):
    made = {}
    for samples in parameters.samples:
        problem = _problem(parameters, samples)
        made |= committees.theory_and_runs(f"P={samples}", problem, _times(parameters), parameters)
    return made


def _gathered(parameters, data, samples):
    return committees.gathered(f"P={samples}", _problem(parameters, samples), _times(parameters), parameters, data)


def draw(parameters, data):
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, len(parameters.samples), figsize=(7, 2.7), sharey=True)
    for ax, samples in zip(axes, parameters.samples, strict=True):
        theory, runs, ideal = _gathered(parameters, data, samples)
        committees.sketch_parts(ax, theory, runs, ideal)
        ax.set(xscale="log", xlabel=r"time [$\tau$]", ylabel="", ylim=(0, 1.25), xlim=(0.03, None))
        ax.set_title(f"P = {samples}, D = {parameters.dims[-1]}, $\\epsilon$ = {parameters.curvature:g}")
    axes[0].set_ylabel("mean squared error")
    axes[-1].legend(loc="upper right", ncols=1)
    return figure


def claims(parameters, data):
    made, ratios = [], []
    for samples, loose in zip(parameters.samples, parameters.margins_train, strict=True):
        theory, runs, ideal = _gathered(parameters, data, samples)
        margin = committees.margins(theory, train=loose, test=parameters.margin_test)
        made.append(committees.agreement_claim(f"P = {samples}: {committees.named(parameters)}", theory, ideal, margin))
        ratios.append([_delay(theory), _delay(runs)])
    few, middle, many = np.array(ratios)
    listed = "delay over time to fit, theory and mean of the runs: " + "; ".join(
        f"P = {p}: {t:.3g}, {r:.3g}" for p, (t, r) in zip(parameters.samples, ratios, strict=True)
    )
    return [
        *made,
        Claim(
            "By theory and by runs: the fewest samples are fitted and never generalize (the test loss does not halve), "
            "the middle ones come late (more than the time to fit), the most at once (less than half of it)",
            np.isinf(few).all() and np.isfinite(middle).all() and middle.min() > 1 and many.max() < 0.5,
            listed,
        ),
    ]


def _delay(result):
    """The delay over the time to fit, each at half of the starting loss; inf where the test loss stays above it."""
    from grok_theory.observables import grokking_delay

    train, test = (np.mean(np.atleast_2d(result[name]), axis=0) for name in ("train_loss", "test_loss"))
    found = grokking_delay(result.x, train, test, train_threshold=committees.HALF, test_threshold=committees.HALF)
    return float("inf" if found.censored else found.delay / found.train_time)
