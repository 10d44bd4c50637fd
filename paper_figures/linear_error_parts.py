"""Three errors of a network without noise: what it cannot represent, has not seen, and has over-fitted.

Caption: ReLU teacher with 20 units, no label noise, ReLU student with trained output weights, fitted exactly to P =
50 samples. Approximation: what the best weights miss. Null space: the part of the best weights that no sample shows.
Over-fitting: the error inside the space that the samples show. Left: all three, their sum (dashed; the test loss up
to a cross term that vanishes for width <= P) and the test loss (black). Crosses: what a linear student over-fits of
Gaussian label noise whose variance is approximation plus null-space error, isotropic inputs, as many weights as the
network has units (`+`: drawn; line through them: theory for N -> inf): what cannot be represented or is not seen acts
as noise. Right: approximation and null-space error, and their sum, which has no peak. Means over drawn data sets;
medians at widths where a mean has no finite variance (within two of P).
"""

from dataclasses import dataclass

import numpy as np

from paper_figures.figure import Claim
from paper_figures.verdicts import judged_over, verdict_claim

PAPER = "Advani & Saxe 2017"
FIGURES = ("9A", "9B")
STATES = {}
WING = "linear"


@dataclass(frozen=True)
class Parameters:
    samples: int = 50
    dim: int = 15
    teacher_width: int = 20
    widths: tuple[int, ...] = (5, 10, 20, 30, 40, 45, 50, 55, 60, 80, 100, 150, 200, 300)
    trials: int = 200  # 500 in the paper
    margin: float = 0.2  # relative difference of over-fitting errors that would matter
    key: int = 0


SIZES = {"quick": {"widths": (10, 50, 150), "trials": 100, "margin": 0.4}, "full": {"trials": 500}}


def steps(parameters):
    return {"parts": lambda: _parts(parameters), "linear": lambda: _linear(parameters)}


def _heavy(parameters):
    """Widths at which the smallest eigenvalue is so near to zero that an error has no finite variance."""
    return np.abs(np.array(parameters.widths) - parameters.samples) <= 2


def _middle(parameters, values):
    """Mean over data sets, the median where the mean says nothing: values are (width, trial)."""
    return np.where(_heavy(parameters), np.median(values, axis=1), np.mean(values, axis=1))


def _widest(parameters):
    """The widest student; a narrower one has its first units: one teacher, blocks of one matrix of moments."""
    import jax

    from grok_theory import linear

    return linear.RandomFeatures.draw(
        dim=parameters.dim,
        width=max(parameters.widths),
        samples=parameters.samples,
        teacher_width=parameters.teacher_width,
        snr=float("inf"),
        key=jax.random.key(parameters.key),
    )


def _linear(parameters):
    """What a linear student over-fits of label noise, drawn and in theory, in units of the noise variance."""
    from grok_theory import linear

    widths = np.array(parameters.widths)[~_heavy(parameters)]
    drawn, told = [], []
    for width in widths:
        # A teacher of weights zero leaves what is over-fitted alone.
        told.append(float(linear.limits(linear.TeacherStudent(parameters.samples / width, 0.0)).test_loss) - 1)
        random = np.random.default_rng([parameters.key, width, 1])
        rows = []
        for _ in range(3 * parameters.trials):
            x = random.standard_normal((parameters.samples, width))
            w = np.linalg.lstsq(x, random.standard_normal(parameters.samples), rcond=None)[0]
            rows.append(w @ w)
        drawn.append(rows)
    drawn, told = np.array(drawn), np.array(told)
    # Nearer to P the mean is decided by single small eigenvalues; with a handful of units the drawn ones scatter most.
    away = (np.abs(widths / parameters.samples - 1) > 0.3) & (widths > 5)
    theory, runs = {"over_fitting": told[away]}, {"over_fitting": drawn[away].T}
    said = judged_over("width", widths[away], theory, runs, margin=parameters.margin)
    return {"width": widths, "drawn": drawn, "told": told, **said}


def _parts(parameters):
    from grok_theory.linear.features import moments

    widest = _widest(parameters)
    exact = moments(widest)
    power, teacher, readout = float(exact.power), np.asarray(widest.teacher), np.asarray(widest.readout)
    names = ("approximation", "null", "over", "cross", "total")
    rows = {name: [] for name in names}
    for width in parameters.widths:
        features, overlap = np.asarray(widest.features)[:width], np.asarray(exact.overlap)[:width]
        covariance = np.asarray(exact.covariance)[:width, :width]
        best = np.linalg.lstsq(covariance, overlap, rcond=1e-12)[0]
        missed = max(1 - overlap @ best / power, 0.0)
        random = np.random.default_rng([parameters.key, width])
        found = []
        for _ in range(parameters.trials):
            x = random.standard_normal((parameters.samples, parameters.dim))
            hidden = np.maximum(x @ features.T, 0)
            y = np.maximum(x @ teacher.T, 0) @ readout
            left, scale, right = np.linalg.svd(hidden, full_matrices=False)
            fitted = ((y @ left) / scale) @ right
            unseen = best - right.T @ (right @ best)
            over = fitted - (best - unseen)
            cost = lambda a, b: a @ covariance @ b / power  # noqa: B023, E731
            total = 1 + (fitted @ covariance @ fitted - 2 * fitted @ overlap) / power
            found.append([missed, cost(unseen, unseen), cost(over, over), -2 * cost(over, unseen), total])
        for name, column in zip(names, np.array(found).T, strict=True):
            rows[name].append(column)
    return {name: np.array(values) for name, values in rows.items()}


def _parts_of(parameters, data):
    return {name: _middle(parameters, values) for name, values in data["parts"].items()}


def _noise(parameters, parts):
    """Variance of the linear teacher's noise at the widths that are drawn: approximation and null-space error."""
    return (parts["approximation"] + parts["null"])[~_heavy(parameters)]


def draw(parameters, data):
    import matplotlib.pyplot as plt

    parts, linear, widths = _parts_of(parameters, data), data["linear"], np.array(parameters.widths)
    figure, (left, right) = plt.subplots(1, 2, figsize=(7.0, 2.9), layout="constrained")
    rows = (
        ("C0", "approximation", "approximation"),
        ("C2", "null", "null space"),
        ("C1", "over", "over-fitting"),
    )
    for color, name, word in rows:
        shown = np.where(parts[name] > 1e-6, parts[name], np.nan)
        left.plot(widths, shown, "o-", color=color, label=word, markersize=3)
        if name != "over":
            right.plot(widths, shown, "o-", color=color, label=word, markersize=3)
    left.plot(widths, parts["total"], color="k", lw=1.6, label="test loss")
    total = parts["approximation"] + parts["null"] + parts["over"]
    left.plot(widths, total, color="0.5", ls="--", label="sum of the three")
    noise = _noise(parameters, parts)
    for side in (linear["width"] < parameters.samples, linear["width"] > parameters.samples):
        at = linear["width"][side]
        left.plot(at, (noise * linear["told"])[side], color="C3", lw=0.8)
        left.plot(at, (noise * linear["drawn"].mean(axis=1))[side], "+", color="C3", markersize=7)
    left.plot([], [], "+-", color="C3", lw=0.8, markersize=7, label="linear, noise")
    right.plot(widths, parts["approximation"] + parts["null"], color="0.4", ls="--", label="their sum")
    for ax in (left, right):
        ax.axvline(parameters.samples, color="0.6", ls=":", lw=0.8)
        ax.set(xscale="log", xlabel="width")
    left.set(yscale="log", ylabel="error [teacher power]", ylim=(1e-3, 300), title="A  With over-fitting")
    left.legend(ncols=2, loc="upper right", fontsize=6)
    right.set(ylabel="error [teacher power]", ylim=(0, None), title="B  Without")
    right.legend()
    return figure


def claims(parameters, data):
    parts, widths = data["parts"], np.array(parameters.widths)
    middle = _parts_of(parameters, data)
    narrow = widths <= parameters.samples
    total = middle["approximation"] + middle["null"] + middle["over"]
    off = np.abs(total / middle["total"] - 1)[~_heavy(parameters)]
    noise, linear = _noise(parameters, middle), data["linear"]
    over = middle["over"][~_heavy(parameters)]
    ratio = noise * linear["told"] / over
    both = middle["approximation"] + middle["null"]
    return [
        Claim(
            "Over-fitting peaks at width = P",
            widths[np.argmax(middle["over"])] == parameters.samples,
            f"median {middle['over'].max():.2f}",
        ),
        verdict_claim(
            "What a linear student over-fits of drawn noise is the theory's, at widths above 5 and 30 % off P",
            linear,
            "over_fitting",
        ),
        Claim(
            "What a network cannot represent it over-fits like noise: within a factor 1.5 of the linear teacher",
            bool(np.all(np.abs(np.log(ratio)) < np.log(1.5))),
            ", ".join(f"{w}: {r:.2f}" for w, r in zip(linear["width"], ratio, strict=True)),
        ),
        Claim(
            "Approximation and null-space error together have no peak at P: it is over-fitting alone",
            both[np.argmax(middle["over"])] < 1.5 * min(both[0], both[-1]),
            f"{both[0]:.3f} at width {widths[0]}, {both[np.argmax(middle['over'])]:.3f} at the peak, "
            f"{both[-1]:.3f} at {widths[-1]}",
        ),
        Claim(
            "The approximation error falls with the width, the null-space error grows beyond P",
            bool(np.all(np.diff(middle["approximation"]) < 0)) and bool(np.all(middle["null"][~narrow] > 1e-3)),
            ", ".join(f"{w}: {v:.3f}" for w, v in zip(widths[~narrow], middle["null"][~narrow], strict=True)),
        ),
        Claim(
            "The sum of the three is the test loss: the cross term is below 3 % at every width beyond P",
            off.max() < 0.03 and np.abs(parts["cross"][~narrow]).max() > 1e-9,
            f"largest share {off.max():.1%}",
        ),
    ]
