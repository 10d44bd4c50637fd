"""The spectrum of the starting kernel: printed and corrected constants beside the measured.

Caption: Eigenvalues of the tangent kernel of the wide start over Gaussian inputs. Points: eigenvalues measured by
Monte Carlo as <K phi phi'> / <phi phi> of the three kinds of eigenfunctions; solid: the corrected eigenvalues, 1/D, 2
eps^2/D^2 and (eps^2/D)(1 + 2/D); dashed: the printed ones, 2 eps/D^2 and (1/D)(1 + 2/D). Only the corrected ones add
up to the kernel's trace, 1 + eps^2 (1 + 2/D).
"""

from dataclasses import dataclass

import numpy as np

from paper_figures.figure import Claim

PAPER = "beyond the paper"
FIGURES = ()
STATES = {}
WING = "lazy_rich"


@dataclass(frozen=True)
class Parameters:
    dim: int = 10  # D
    curvatures: tuple[float, ...] = (0.1, 0.2, 0.5, 1.0)  # eps
    samples: int = 400_000  # pairs of inputs
    key: int = 0  # number of the random generator


SIZES = {"quick": {"samples": 100_000}, "full": {"samples": 10_000_000}}
KINDS = ("linear", "traceless_quadratic", "radial")


def steps(parameters):
    return {"measured": lambda: _measure(parameters)}


def _measure(parameters):
    random = np.random.default_rng(parameters.key)
    dim = parameters.dim
    x, z = random.standard_normal((2, parameters.samples, dim)) / np.sqrt(dim)
    s = np.sum(x * z, axis=1)

    radial = np.sum(x**2, axis=1) * np.sum(z**2, axis=1)
    # The reproducing kernel of each kind: its eigenfunctions at x times those at z, summed over the kind.
    kinds = {"linear": s, "traceless_quadratic": s**2 - radial / dim, "radial": radial}
    norms = {"linear": 1 / dim, "traceless_quadratic": 2 / dim**2, "radial": (1 + 2 / dim)}
    counts = {"linear": dim, "traceless_quadratic": dim * (dim + 1) / 2 - 1, "radial": 1}
    values, errors = [], []
    for eps in parameters.curvatures:
        # Pairs (x, z) and (x, -z): the odd part of the kernel is pure noise for even functions, and the reverse.
        parts = {"linear": s, "traceless_quadratic": eps**2 * s**2, "radial": eps**2 * s**2}
        seen = {kind: parts[kind] * kinds[kind] / norms[kind] / counts[kind] for kind in KINDS}
        values.append([seen[kind].mean() for kind in KINDS])
        errors.append([seen[kind].std() / np.sqrt(parameters.samples) for kind in KINDS])
    return {"values": np.array(values), "errors": np.array(errors)}


def _lines(parameters, eps):
    """(corrected, printed) eigenvalues of the three kinds."""
    from grok_theory.lazy_rich import kernel_spectrum

    dim = parameters.dim
    corrected = [mode.eigenvalue for mode in kernel_spectrum(eps, dim)]
    return corrected, [1 / dim, 2 * eps / dim**2, (1 / dim) * (1 + 2 / dim)]


def draw(parameters, data):
    import matplotlib.pyplot as plt

    figure, ax = plt.subplots(figsize=(3.4, 2.6))
    grid = np.geomspace(min(parameters.curvatures) / 1.3, max(parameters.curvatures) * 1.3, 40)
    lines = np.array([_lines(parameters, float(eps)) for eps in grid])
    for i, kind in enumerate(KINDS):
        color, label = f"C{i}", kind.replace("_", " ")
        ax.errorbar(
            parameters.curvatures,
            data["measured"]["values"][:, i],
            2.6 * data["measured"]["errors"][:, i],
            fmt="o",
            color=color,
        )
        ax.plot(grid, lines[:, 0, i], color=color, label=label)
        if kind != "linear":
            ax.plot(grid, lines[:, 1, i], color=color, ls="--", lw=1)
    ax.set(xscale="log", yscale="log", xlabel=r"curvature $\epsilon$", ylabel="eigenvalue")
    ax.legend(loc="lower right")
    ax.set_title(f"D = {parameters.dim}; dashed: as printed")
    return figure


def claims(parameters, data):
    measured, errors = data["measured"]["values"], data["measured"]["errors"]
    lines = np.array([_lines(parameters, eps) for eps in parameters.curvatures])
    ours = np.abs(measured - lines[:, 0]) / errors
    theirs = (np.abs(measured - lines[:, 1]) / errors)[:, 1:]
    return [
        Claim(
            "The corrected eigenvalues are met within 4 standard errors",
            ours.max() < 4,
            f"largest deviation {ours.max():.1f}",
        ),
        Claim(
            "The printed ones are missed by more than 100 standard errors at the smallest curvature",
            theirs[0].min() > 100,
            f"{theirs[0].min():.0f} and more",
        ),
    ]
