"""Three errors of a network without noise: what it cannot represent, has not seen, and has over-fitted.

Caption: ReLU teacher with 20 units, no label noise, ReLU student with trained output weights, fitted exactly to P =
50 samples. Approximation: what the best weights miss. Null space: the part of the best weights that no sample shows.
Over-fitting: the error inside the space that the samples show; it peaks where width equals P. Medians over drawn data
sets. The sum (dashed) is the test error up to a cross term that vanishes for width <= P and is small, not zero,
beyond.
"""

from dataclasses import dataclass

import numpy as np

from paper_figures.figure import Claim

PAPER = "Advani & Saxe 2017"
FIGURES = ("9A",)
STATES = {"9A": "P: means instead of medians, and no linear teacher with noise of equal variance"}
WING = "linear"


@dataclass(frozen=True)
class Parameters:
    samples: int = 50
    dim: int = 15
    teacher_width: int = 20
    widths: tuple[int, ...] = (5, 10, 20, 30, 40, 45, 50, 55, 60, 80, 100, 150, 200, 300)
    trials: int = 200  # 500 in the paper
    key: int = 0


SIZES = {"quick": {"widths": (10, 50, 150), "trials": 40}, "full": {"trials": 500}}


def steps(parameters):
    return {"parts": lambda: _parts(parameters)}


def _parts(parameters):
    import jax

    from grok_theory import linear
    from grok_theory.linear.features import moments

    # A narrower student has the first units of the widest: one teacher, and its moments are blocks of one matrix.
    widest = linear.RandomFeatures.draw(
        dim=parameters.dim,
        width=max(parameters.widths),
        samples=parameters.samples,
        teacher_width=parameters.teacher_width,
        snr=float("inf"),
        key=jax.random.key(parameters.key),
    )
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


def draw(parameters, data):
    import matplotlib.pyplot as plt

    parts = {name: np.median(values, axis=1) for name, values in data["parts"].items()}
    figure, ax = plt.subplots(figsize=(3.4, 2.8))
    for color, name, word in (
        ("C0", "approximation", "approximation"),
        ("C2", "null", "null space"),
        ("C1", "over", "over-fitting"),
    ):
        shown = np.where(parts[name] > 1e-6, parts[name], np.nan)
        ax.plot(parameters.widths, shown, "o-", color=color, label=word)
    ax.plot(parameters.widths, parts["total"], color="k", lw=1.6, label="test error")
    total = parts["approximation"] + parts["null"] + parts["over"]
    ax.plot(parameters.widths, total, color="0.5", ls="--", label="sum of the three")
    ax.axvline(parameters.samples, color="0.6", ls=":", lw=0.8)
    ax.set(xscale="log", yscale="log", xlabel="width", ylabel="error [teacher power]", ylim=(1e-3, 100))
    ax.legend(ncols=2, loc="upper right")
    return figure


def claims(parameters, data):
    parts, widths = data["parts"], np.array(parameters.widths)
    over = np.median(parts["over"], axis=1)
    narrow = widths <= parameters.samples
    identity = np.abs(parts["approximation"] + parts["null"] + parts["over"] + parts["cross"] - parts["total"])
    scale = 1 + parts["over"]
    cross = np.abs(np.mean(parts["cross"], axis=1))
    return [
        Claim(
            "The four parts add up to the test error exactly",
            (identity / scale).max() < 1e-9,
            f"largest defect {(identity / scale).max():.1e}",
        ),
        Claim(
            "Over-fitting peaks at width = P", widths[np.argmax(over)] == parameters.samples, f"median {over.max():.2f}"
        ),
        Claim(
            "The null-space error is zero up to width P and grows beyond",
            parts["null"][narrow].max() < 1e-12 and np.all(np.median(parts["null"], axis=1)[~narrow] > 1e-3),
            ", ".join(
                f"{w}: {v:.3f}" for w, v in zip(widths[~narrow], np.median(parts["null"], axis=1)[~narrow], strict=True)
            ),
        ),
        Claim(
            "The cross term is zero up to width P; beyond it is small but not zero",
            np.abs(parts["cross"][narrow]).max() < 1e-9 and cross[~narrow].max() < 0.1,
            f"largest mean beyond P: {cross[~narrow].max():.4f}",
        ),
    ]
