"""What the test loss is made of: the hump of grokking is linear power.

Caption: Test loss of a committee (N = 500) and its three exact parts: the network misses the mean of the target
(variance), its quadratic form points elsewhere (misalignment), it spends output on a linear function that the target
does not have (linear power); lines: mean-field theory, points: drawn networks of the paper's D and P with one
standard error. The network fits with the linear function first: its power is the hump, and at a small curvature
(right) the train loss (hollow) rests on a plateau meanwhile. Diamonds: the test loss of the runs extrapolated to D =
infinity, where the theory speaks. Not centred, as in the paper; its teacher has a squared norm of .931 D, which its
starting losses tell. Crosses: losses of the paper's run.
"""

from dataclasses import dataclass

import numpy as np

from paper_figures import committees
from paper_figures.figure import Claim

PAPER = "Kumar, Bordelon, Gershman & Pehlevan 2023"
FIGURES = ("4",)
STATES = {}
WING = "lazy_rich"


@dataclass(frozen=True)
class Parameters:
    dim: int = 100  # D
    samples: int = 550  # P
    width: int = 500  # N
    output_scale: float = 1.0  # alpha
    curvatures: tuple[float, ...] = (0.25, 0.05)  # eps; the first is the paper's
    teacher: float = 0.931  # squared norm of the teacher over D
    published_runs: int = 8  # of that size
    dims: tuple[int, int] = (20, 40)  # D of the runs that are extrapolated
    runs: int = 100  # at each
    epochs: int = 20_000  # last epoch; one is 1/D of tau
    points: int = 48  # epochs read, evenly in the logarithm
    paths: int = 184
    grid_points: int = 40
    scrambles: int = 4
    margin_test: float = 0.12  # of the theory against the extrapolated runs; losses start at .64
    margin_train: float = 0.12
    key: int = 0  # number of the random key


SIZES = {
    "full": {
        "published_runs": 48, "dims": (50, 100), "runs": 300, "paths": 672, "grid_points": 48, "scrambles": 9,
        "margin_test": 0.05, "margin_train": 0.03,
    },
}  # fmt: skip
# Epoch: train loss, test loss, variance, misalignment, linear power of the paper's run at its base setting.
PUBLISHED = {
    0: (0.502, 0.551, 0.116, 0.433, 0.002),
    110: (0.344, 0.577, 0.078, 0.428, 0.071),
    524: (0.0784, 0.389, 0.0004, 0.335, 0.053),
    2508: (0.0090, 0.148, 0.002, 0.132, 0.014),
    11999: (0.00077, 0.0260, 0.0014, 0.0221, 0.0026),
}


def _problem(parameters, curvature):
    """In this wing's units the teacher's norm makes alpha larger, and the unit of the losses smaller."""
    from grok_theory.lazy_rich import from_training_code

    script = from_training_code(
        dim=parameters.dim,
        samples=parameters.samples,
        width=parameters.width,
        output_scale=parameters.output_scale,
        curvature=curvature,
        learning_rate=parameters.width / parameters.output_scale**2,
        teacher_norm=np.sqrt(parameters.teacher * parameters.dim),
        centred=False,
    )
    return script.problem.dressed(parameters.dim)


def _epochs(parameters):
    listed = [epoch for epoch in PUBLISHED if epoch <= parameters.epochs]
    return np.unique(np.append(listed, np.round(np.geomspace(1, parameters.epochs, parameters.points))))


def _times(parameters):
    return _epochs(parameters) / parameters.dim


def steps(parameters):
    made = {}
    for eps in parameters.curvatures:
        problem, name = _problem(parameters, eps), f"eps={eps:g}"
        made |= committees.theory_and_runs(name, problem, _times(parameters), parameters, width=parameters.width)
    return made | {"paper's size": lambda: _published_size(parameters)}


def _published_size(parameters):
    import jax

    return committees.drawn(
        _problem(parameters, parameters.curvatures[0]),
        _times(parameters),
        dim=parameters.dim,
        width=parameters.width,
        runs=parameters.published_runs,
        key=jax.random.key(parameters.key),
    )


def _gathered(parameters, data, eps):
    return committees.gathered(f"eps={eps:g}", _problem(parameters, eps), _times(parameters), parameters, data)


def draw(parameters, data):
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, len(parameters.curvatures), figsize=(7, 2.9), sharey=True, squeeze=False)
    for number, (ax, eps) in enumerate(zip(axes[0], parameters.curvatures, strict=True)):
        theory, runs, ideal = _gathered(parameters, data, eps)
        runs = data["paper's size"] if number == 0 else runs
        committees.sketch_parts(ax, theory, runs, ideal)
        if number == 0:
            epochs = np.array([epoch for epoch in PUBLISHED if 0 < epoch <= parameters.epochs])
            rows = np.array([PUBLISHED[epoch] for epoch in epochs]).T / parameters.teacher**2
            for row, color in zip(rows, ("0.5", "black", *list(committees.COLORS.values())[1:]), strict=True):
                ax.plot(epochs / parameters.dim, row, "x", color=color, ms=5, mew=1.0, zorder=4)
        ax.set(
            xscale="log", xlabel=rf"time [$\tau$] ({parameters.dim} epochs)", ylim=(0, 1), xlim=(0.03, None), ylabel=""
        )
        size = parameters.dim if number == 0 else parameters.dims[-1]
        ax.set_title(f"$\\epsilon$ = {eps:g}, D = {size}, P/D = {parameters.samples / parameters.dim:g}")
    axes[0, 0].set_ylabel("mean squared error")
    axes[0, 0].legend(loc="upper right", ncols=2)
    return figure


def claims(parameters, data):
    made = []
    for eps in parameters.curvatures:
        theory, _, ideal = _gathered(parameters, data, eps)
        margin = committees.margins(theory, train=parameters.margin_train, test=parameters.margin_test)
        made.append(committees.agreement_claim(f"eps = {eps:g}: {committees.named(parameters)}", theory, ideal, margin))
    return made + _published(parameters, data) + _hump(parameters, data)


def _published(parameters, data):
    """Whether the paper's losses could be those of one more run: Student's prediction interval, Bonferroni over all."""
    from scipy.stats import t

    runs, epochs = data["paper's size"], _epochs(parameters)
    listed = [epoch for epoch in PUBLISHED if epoch <= parameters.epochs]
    factor = t.isf(0.005 / (5 * len(listed)), parameters.published_runs - 1) * np.sqrt(
        1 + 1 / parameters.published_runs
    )
    worst, words = 0.0, []
    for epoch in listed:
        at = int(np.searchsorted(epochs, epoch))
        for name, value in zip(committees.CURVES, PUBLISHED[epoch], strict=True):
            here = np.log(runs[name][:, at] * parameters.teacher**2)
            # The last printed digit of a small number is worth a few per cent.
            digit = 0.5 * 10.0 ** -(len(f"{value}") - 2) / value
            score = max(abs(np.log(value) - here.mean()) - digit, 0) / (here.std(ddof=1) + 1e-3)
            worst = max(worst, score)
            if name == "test_loss":
                words.append(f"{epoch}: {np.exp(here.mean()):.3g} +- {100 * here.std(ddof=1):.0f} % ({value:g})")
    return [
        Claim(
            "The paper's train loss, test loss and three parts at five epochs lie where one more run would lie",
            worst < factor,
            f"worst {worst:.2f} standard deviations, {factor:.2f} allowed; test loss of our runs (the paper's) at "
            + ", ".join(words),
        )
    ]


def _hump(parameters, data):
    eps = min(parameters.curvatures)
    test, power = (data[f"theory eps={eps:g}"][name] for name in ("test_loss", "linear_power"))
    runs = data[f"runs eps={eps:g} D={parameters.dims[-1]}"]
    peak = int(np.argmax(test))
    found = runs["test_loss"][:, peak] - runs["test_loss"][:, 0]
    drawn = runs["linear_power"][:, peak].mean()
    return [
        Claim(
            f"At eps = {eps:g} the test loss rises, by theory and by runs, and linear power is more than the whole "
            "rise",
            test[peak] - test[0] > 0.02 and found.mean() > 0.01 and power[peak] > test[peak] - test[0] < drawn,
            f"theory: rise {test[peak] - test[0]:.3f}, linear power {power[peak]:.3f}; runs: rise {found.mean():.3f} "
            f"+- {found.std(ddof=1) / np.sqrt(len(found)):.3f}, linear power {drawn:.3f}",
        ),
    ]
