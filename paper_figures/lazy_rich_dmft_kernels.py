"""The memory of learning: correlation and response functions of the mean-field theory as pictures.

Caption: Two-time functions of gradient flow (alpha = 2, eps = 0.3, kappa = 3, m0 = 0.1, DMFT). Top: correlations of the
common weight (the linear function the network should not have), of the odd weight beside its mean (noise along the
teacher), and of the private weights, C(tau, tau'), linear colour scale.
The common weight is a transient: largest on the plateau, half forgotten when the feature is learned. Bottom: responses
R(tau, tau'), what is left at tau of a unit kick to the weights at tau'; they vanish before the kick. A kick to the
common weight is erased within a few tau, because the samples resist it; odd and private kicks last, and those from
before the feature is learned are amplified with it.
"""

from dataclasses import dataclass

import numpy as np

from paper_figures.figure import Claim

PAPER = "beyond the paper"
FIGURES = ()
STATES = {}
WING = "lazy_rich"
MODES = ("common", "odd", "private")


@dataclass(frozen=True)
class Parameters:
    output_scale: float = 2.0
    curvature: float = 0.3
    samples_per_dim: float = 3.0
    teacher_overlap: float = 0.1
    last: float = 100.0  # tau
    paths: int = 672
    grid_points: int = 48


SIZES = {
    "quick": {"paths": 64, "grid_points": 16},
    "full": {"paths": 2640, "grid_points": 72},
}


def steps(parameters):
    return {"kernels": lambda: _kernels(parameters)}


def _kernels(parameters):
    from grok_theory.lazy_rich import DMFT, QuadraticCommittee, solve

    problem = QuadraticCommittee(
        parameters.output_scale, parameters.curvature, parameters.samples_per_dim, parameters.teacher_overlap
    )
    method = DMFT(paths=parameters.paths, grid_points=parameters.grid_points, scrambles=1)
    # As many times as other DMFT figures read: the quick sizes then share one compiled march.
    solution = solve(problem, np.append(0.0, np.geomspace(0.05, parameters.last, 59)), method=method)
    nodes = np.asarray(solution.fields["correlation_odd"].coordinates["tau"])
    rate = 2.0 / (parameters.output_scale * parameters.samples_per_dim)
    found = {"nodes": nodes}
    for mode in MODES:
        found[f"correlation {mode}"] = np.asarray(solution.fields[f"correlation_{mode}"].values)
        kicks = rate * _weights_of_kicks(nodes)
        found[f"response {mode}"] = np.asarray(solution.fields[f"response_{mode}"].values) / kicks[None, :]
    return found


def _weights_of_kicks(nodes):
    """The time that a force at each node stands for: a response of the flow carries it."""
    from grok_theory.lazy_rich.dmft.grids import backward_difference_grid, growth_ratio

    more = nodes[-1] + np.cumsum((nodes[-1] - nodes[-2]) * growth_ratio(nodes) ** np.arange(1, 13))
    return backward_difference_grid(np.append(nodes, more), 3).quadrature[-1, : len(nodes)]


def draw(parameters, data):
    import matplotlib.pyplot as plt
    from matplotlib.colors import Normalize, TwoSlopeNorm

    kernels = data["kernels"]
    nodes = kernels["nodes"][1:]
    edges = np.sqrt(nodes[:-1] * nodes[1:])
    edges = np.concatenate([[nodes[0] ** 2 / edges[0]], edges, [nodes[-1]]])
    figure, rows = plt.subplots(2, 3, figsize=(7, 4.4), sharex=True, sharey=True)
    for row, kind, sign in zip(rows, ("correlation", "response"), ("C", "R"), strict=True):
        for ax, mode in zip(row, MODES, strict=True):
            values = kernels[f"{kind} {mode}"][1:, 1:]
            high = np.quantile(np.abs(values[np.isfinite(values)]), 0.995)
            if values.min() < -0.02 * high:
                shown = {"norm": TwoSlopeNorm(0.0, -high, high), "cmap": "RdBu_r"}
            else:
                shown = {"norm": Normalize(0.0, high)}
            # On the diagonal a response is that of the half of a step.
            picture = np.ma.masked_where(np.triu(np.ones_like(values)) > 0, values) if sign == "R" else values
            image = ax.pcolormesh(edges, edges, picture.T, rasterized=True, **shown)
            figure.colorbar(image, ax=ax, pad=0.02)
            ax.set(xscale="log", yscale="log", title=rf"${sign}$, {mode}")
    for ax in rows[1]:
        ax.set_xlabel(r"$\tau$")
    for ax in rows[:, 0]:
        ax.set_ylabel(r"$\tau'$")
    return figure


def claims(parameters, data):
    kernels = data["kernels"]
    causal = max(np.abs(np.triu(kernels[f"response {mode}"], 1)).max() for mode in MODES)
    spectra = [np.linalg.eigvalsh(kernels[f"correlation {mode}"]) for mode in MODES]
    smallest = min(spectrum[0] / spectrum[-1] for spectrum in spectra)
    common = np.diag(kernels["correlation common"])
    peak = int(np.argmax(common))
    return [
        Claim("Responses vanish exactly before the kick", causal == 0.0, f"largest {causal:g}"),
        Claim(
            "Correlations are positive semidefinite, to the tolerance 1e-6 of a row",
            smallest > -1e-6,
            f"smallest over largest eigenvalue {smallest:.1e}",
        ),
        Claim(
            "The common weight's power rises to a hump and falls again to less than two thirds",
            0 < peak < len(common) - 1 and common[-1] < 0.67 * common[peak],
            f"peak {common[peak]:.4f} at tau = {kernels['nodes'][peak]:.2g}, end {common[-1]:.4f}",
        ),
    ]
