"""Spectrum of the data: the Marchenko-Pastur law beside drawn matrices.

Caption: Eigenvalues of X X^T for Gaussian inputs (bars: drawn matrices) and the law they follow when the number of
weights N and of samples P = alpha N are large (lines). Below alpha = 1 a share 1 - alpha of all directions sees no
data at all (the spike at zero, its mass in the legend). At alpha = 1 the gap between zero and the smallest eigenvalue
closes: directions that are learned arbitrarily slowly, and the reason for the peak of double descent.
"""

from dataclasses import dataclass

import numpy as np

from paper_figures.figure import Claim

PAPER = "Advani & Saxe 2017"
FIGURES = ("2",)
STATES = {}
WING = "linear"


@dataclass(frozen=True)
class Parameters:
    ratios: tuple[float, ...] = (0.25, 1.0, 4.0)  # alpha = samples / weights
    dim: int = 400  # N, weights
    draws: int = 10  # matrices a ratio
    bins: int = 40
    key: int = 0  # number of the random key


SIZES = {"quick": {"dim": 100, "draws": 4}, "full": {"dim": 1000, "draws": 10, "bins": 60}}


def steps(parameters):
    return {f"alpha={ratio:g}": lambda ratio=ratio: _spectrum(parameters, ratio) for ratio in parameters.ratios}


def _spectrum(parameters, ratio):
    from grok_theory.numerics.spectra import marchenko_pastur_density, spectral_edges

    random = np.random.default_rng([parameters.key, round(1000 * ratio)])
    samples = round(ratio * parameters.dim)
    size = (parameters.draws, parameters.dim, samples)
    inputs = random.standard_normal(size) / np.sqrt(parameters.dim)
    small = inputs @ inputs.transpose(0, 2, 1) if ratio >= 1 else inputs.transpose(0, 2, 1) @ inputs
    low, high = (float(edge) for edge in spectral_edges(ratio))
    # Dense at the edges, where the density is steep; a touch off zero, where it diverges at alpha = 1.
    grid = low + (high - low) * np.sin(np.linspace(1e-3, np.pi / 2, 800)) ** 2
    density = np.asarray(marchenko_pastur_density(grid, ratio))
    return {"eigenvalues": np.linalg.eigvalsh(small).ravel(), "grid": grid, "density": density, "edges": [low, high]}


def draw(parameters, data):
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, len(parameters.ratios), figsize=(7, 2.2))
    for index, (ax, ratio) in enumerate(zip(axes, parameters.ratios, strict=True)):
        step = data[f"alpha={ratio:g}"]
        low, high = step["edges"]
        bins = np.linspace(low, high, parameters.bins + 1)
        share = min(1.0, ratio)
        counts, _ = np.histogram(step["eigenvalues"], bins)
        heights = share * counts / step["eigenvalues"].size / np.diff(bins)
        ax.stairs(heights, bins, fill=True, color=f"C{index}", alpha=0.35, label="drawn")
        ax.plot(step["grid"], step["density"], color=f"C{index}", label="law")
        top = 1.35 * np.max(heights[1:])
        if ratio < 1:
            ax.vlines(0, 0, top / 1.1, color="0.25", lw=2, label=f"mass {1 - ratio:g} at 0")
        ax.set(title=rf"$\alpha$ = {ratio:g}", xlabel="eigenvalue $l$", ylim=(0, top), xlim=(-0.06 * high, 1.04 * high))
        ax.legend(loc="upper right")
    axes[0].set_ylabel(r"density $\rho(l)$")
    return figure


def claims(parameters, data):
    def distance(ratio):
        """Kolmogorov distance between the drawn eigenvalues and the bulk of the law."""
        step = data[f"alpha={ratio:g}"]
        drawn = np.sort(step["eigenvalues"])
        pieces = np.diff(step["grid"]) * (step["density"][1:] + step["density"][:-1]) / 2
        law = np.interp(drawn, step["grid"], np.concatenate([[0.0], np.cumsum(pieces)]) / pieces.sum())
        return np.abs(law - (np.arange(drawn.size) + 0.5) / drawn.size).max()

    distances = {ratio: distance(ratio) for ratio in parameters.ratios}
    gaps = {ratio: data[f"alpha={ratio:g}"]["edges"][0] for ratio in parameters.ratios}
    # Eigenvalues repel: their distribution function is off by about one eigenvalue of a draw, not by its square root
    # (at alpha < 1 a draw has alpha N of them); the rest is the drawn line.
    allowed = {ratio: 0.01 + 1 / (min(1.0, ratio) * parameters.dim) for ratio in parameters.ratios}
    return [
        Claim(
            "The drawn spectra follow the law: distribution functions differ by less than one eigenvalue and 0.01",
            all(distances[ratio] < allowed[ratio] for ratio in parameters.ratios),
            ", ".join(f"alpha={ratio:g}: {value:.4f} of {allowed[ratio]:.4f}" for ratio, value in distances.items()),
        ),
        Claim(
            "The gap to the smallest eigenvalue closes at alpha = 1 and only there",
            all((gap == 0) == (ratio == 1) for ratio, gap in gaps.items()),
            ", ".join(f"alpha={ratio:g}: {gap:.4f}" for ratio, gap in gaps.items()),
        ),
    ]
