"""What data bring: nats of bias that a small test loss still needs, against the number of training points.

Caption: Hypotheses from a Gaussian process (kernel exp(-|x - x'|^2/2) in three dimensions) that fit n training points
of sin(x_1 + x_2/2), tested on other points. Left: nats I = -ln P(test loss <= eps) against n, for four losses eps; each
further point takes some of them away. Lines: the exact law, as deep as one likes; circles: counts of drawn hypotheses,
where at least a hundred of them fall below eps. Right: the law itself at three n against the drawn losses at their
quantiles from 0.02 to 0.9; dotted: one draw of all, below which they say nothing.
"""

from dataclasses import dataclass

import numpy as np

from paper_figures.figure import Claim

PAPER = "beyond the paper"
FIGURES = ()
STATES = {}
WING = "bounds"
SHARES = np.array([0.02, 0.05, 0.1, 0.3, 0.5, 0.7, 0.9])
FEWEST = 100  # draws below a loss for its share to be a point


@dataclass(frozen=True)
class Parameters:
    points: tuple[int, ...] = (0, 2, 5, 10, 20, 40, 60, 90, 120)  # training points
    shown: tuple[int, ...] = (5, 20, 60)  # right
    tests: int = 60
    losses: tuple[float, ...] = (0.01, 0.05, 0.2, 0.5)  # eps
    ridge: float = 1e-6  # variance of label noise
    draws: int = 200_000
    key: int = 0


SIZES = {"full": {"draws": 2_000_000}}


def steps(parameters):
    return {"law": lambda: _law(parameters), "draws": lambda: _draws(parameters)}


def _posterior(parameters, points):
    """Mean and covariance on the test points by plain linear algebra, and what is wanted there."""
    random = np.random.default_rng(parameters.key)
    x = random.standard_normal((parameters.tests + max(parameters.points), 3))
    wanted = np.sin(x[:, 0] + x[:, 1] / 2)
    kernel = np.exp(-np.sum((x[:, None] - x[None]) ** 2, axis=-1) / 2)
    test, seen = slice(0, parameters.tests), slice(parameters.tests, parameters.tests + points)
    blocks = kernel[seen, seen], wanted[seen], kernel[test, seen], kernel[test, test], wanted[test]
    inner = np.linalg.solve(blocks[0] + parameters.ridge * np.eye(points), np.column_stack([blocks[1], blocks[2].T]))
    return blocks, blocks[2] @ inner[:, 0], blocks[3] - blocks[2] @ inner[:, 1:]


def _law(parameters):
    from grok_theory.bounds import inductive_bias, loss_law

    bits, quantiles = [], []
    for points in parameters.points:
        blocks, mean, covariance = _posterior(parameters, points)
        law = loss_law(mean, (covariance + covariance.T) / 2, blocks[-1])
        bits.append(law.information(np.array(parameters.losses)))
        if points in parameters.shown:
            quantiles.append(law.quantile(np.concatenate([[1e-12, 1e-9, 1e-6, 1e-4, 1e-3, 0.01], SHARES])))
    # The verb on kernels finds mean and covariance by itself.
    whole, _ = inductive_bias(*blocks, np.array(parameters.losses), ridge=parameters.ridge)
    return {"nats": np.array(bits), "quantiles": np.array(quantiles), "verb": np.asarray(whole)}


def _draws(parameters):
    random = np.random.default_rng(parameters.key + 1)
    shares, quantiles = [], []
    for points in parameters.points:
        blocks, mean, covariance = _posterior(parameters, points)
        values, vectors = np.linalg.eigh((covariance + covariance.T) / 2)
        root = vectors * np.sqrt(np.clip(values, 0, None))
        losses = []
        for first in range(0, parameters.draws, 50_000):
            count = min(50_000, parameters.draws - first)
            drawn = mean + random.standard_normal((count, parameters.tests)) @ root.T
            losses.append(np.mean((drawn - blocks[-1]) ** 2, axis=1))
        losses = np.concatenate(losses)
        shares.append([np.mean(losses <= eps) for eps in parameters.losses])
        if points in parameters.shown:
            quantiles.append(np.quantile(losses, SHARES))
    return {"shares": np.array(shares), "quantiles": np.array(quantiles)}


def draw(parameters, data):
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(7, 2.8))
    law, drawn = data["law"], data["draws"]
    for i, eps in enumerate(parameters.losses):
        left.plot(parameters.points, law["nats"][:, i], f"C{i}-", label=f"loss {eps:g}")
        counted = drawn["shares"][:, i] * parameters.draws >= FEWEST
        left.plot(
            np.array(parameters.points)[counted], -np.log(drawn["shares"][counted, i]), f"C{i}o", ms=4, mfc="none"
        )  # fmt: skip
    left.set(xlabel="training points", ylabel="$I$, nats", ylim=(0, None))
    left.legend(fontsize=6)
    shares = np.concatenate([[1e-12, 1e-9, 1e-6, 1e-4, 1e-3, 0.01], SHARES])
    for i, points in enumerate(parameters.shown):
        right.plot(law["quantiles"][i], shares, f"C{i}-", label=f"{points} points")
        right.plot(drawn["quantiles"][i], SHARES, f"C{i}o", ms=4, mfc="none")
    right.axhline(1 / parameters.draws, color="gray", ls=":", lw=0.8)
    right.set(xlabel="test loss", ylabel="share below", xscale="log", yscale="log")
    right.legend(fontsize=6)
    return figure


def claims(parameters, data):
    from scipy.stats import binom

    law, drawn = data["law"], data["draws"]
    nats, counts = law["nats"], np.round(drawn["shares"] * parameters.draws)
    # Counts against the law, two-sided and corrected for how many are looked at; no count is left out.
    expected = np.exp(-nats)
    below = np.minimum(binom.cdf(counts, parameters.draws, expected), binom.sf(counts - 1, parameters.draws, expected))
    least = float(2 * below.min() * below.size)
    empty, full = parameters.points.index(0), -1
    brought = nats[empty, 1] - nats[full, 1]
    deepest = float(nats.max())
    apart = float(np.max(np.abs(law["verb"] - nats[-1])))
    return [
        Claim(
            "From kernels or from mean and covariance, it is the same number.",
            apart < 1e-6,
            f"{apart:.1g} nats apart",
        ),
        Claim(
            "Every count of drawn hypotheses is one that the law allows (1 % in all).",
            least > 0.01,
            f"{below.size} counts, corrected p = {min(least, 1):.2g}",
        ),
        Claim(
            "More points never take nats away, at any loss.",
            np.all(np.diff(nats, axis=0) < 1e-9),
            f"the deepest event is {deepest:.1f} nats, one of all draws {np.log(parameters.draws):.1f}",
        ),
        Claim(
            f"{parameters.points[-1]} points bring most of what a loss of {parameters.losses[1]:g} needs.",
            brought > 0.5 * nats[empty, 1],
            f"{brought:.1f} of {nats[empty, 1]:.1f} nats",
        ),
    ]
