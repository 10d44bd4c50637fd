"""Labels along the kernel's eigenvectors: what the start's kernel sees is learned soon.

Caption: A lazy committee trained on targets that are the j-th eigenvector of the tangent kernel of the start, on the
training inputs; test targets are its extension by the kernel. Left: train loss (dashed) and test loss over its start
(solid). Right: the time at which the train loss has halved against the index, with the time of pure kernel descent
(line). Targets along small eigenvalues are fitted late and generalize badly, after a passing improvement. Centred,
infinite width, gradient flow; D, P, alpha, eps are this package's choices.
"""

from dataclasses import dataclass

import numpy as np

from paper_figures.figure import Claim

PAPER = "Kumar, Bordelon, Gershman & Pehlevan 2023"
FIGURES = ("5",)
STATES = {"5": "P: other sizes"}
WING = "lazy_rich"


@dataclass(frozen=True)
class Parameters:
    dim: int = 20  # D (ours)
    samples_per_dim: float = 5.0  # P / D (ours)
    output_scale: float = 8.0  # alpha (ours)
    curvature: float = 0.25  # eps (ours)
    indices: tuple[int, ...] = (0, 5, 15, 30, 60, 90)  # j, 0 is the largest eigenvalue
    last: float = 1e3  # last tau
    points: int = 60  # times read, evenly in the logarithm
    runs: int = 3
    tolerance: float = 1e-4  # of the flow
    key: int = 0  # number of the random key


SIZES = {"quick": {"indices": (0, 90), "runs": 2, "points": 40}, "full": {"dim": 40, "runs": 10}}


def _times(parameters):
    return np.append(0, np.geomspace(1e-2, parameters.last, parameters.points))


def steps(parameters):
    return {f"j={index}": lambda index=index: _train(parameters, index) for index in parameters.indices}


def _train(parameters, index):
    import jax

    from grok_theory.lazy_rich import ExactReduction, FrozenKernel, KernelEigenvector, QuadraticCommittee, simulate

    problem = QuadraticCommittee(parameters.output_scale, parameters.curvature, parameters.samples_per_dim)
    labels = KernelEigenvector(index, parameters.curvature)
    common = {"dim": parameters.dim, "runs": parameters.runs, "key": jax.random.key(parameters.key)}
    method = ExactReduction(labels=labels, tolerance=parameters.tolerance)
    runs = simulate(problem, _times(parameters), **common, method=method)
    frozen = simulate(problem, _times(parameters), **common, method=FrozenKernel(labels=labels))
    return {
        "train_loss": runs["train_loss"].mean(0),
        "test_share": (runs["test_loss"] / runs["test_loss"][:, :1]).mean(0),
        "frozen": frozen["train_loss"].mean(0),
    }


def _half_time(parameters, curve):
    from grok_theory.observables import crossing_time

    return float(crossing_time(_times(parameters), curve, 0.375).time)


def draw(parameters, data):
    import matplotlib as mpl
    import matplotlib.pyplot as plt

    figure, (losses, times) = plt.subplots(1, 2, figsize=(7, 2.6))
    colors = mpl.colormaps["cividis"](np.linspace(0, 0.92, len(parameters.indices)))
    for index, color in zip(parameters.indices, colors, strict=True):
        step = data[f"j={index}"]
        losses.plot(_times(parameters)[1:], step["test_share"][1:], color=color, label=f"j = {index}")
        losses.plot(_times(parameters)[1:], step["train_loss"][1:] / 0.75, color=color, ls="--", lw=0.8)
        times.plot(index, _half_time(parameters, step["train_loss"]), "o", color=color)
    frozen = [_half_time(parameters, data[f"j={index}"]["frozen"]) for index in parameters.indices]
    times.plot(parameters.indices, frozen, color="0.4", lw=1, label="kernel of the start")
    losses.set(xscale="log", yscale="log", xlabel=r"time $\tau$", ylabel="loss / loss at the start", ylim=(1e-3, 3))
    losses.legend(loc="lower left")
    losses.set_title(f"D = {parameters.dim}, P/D = {parameters.samples_per_dim:g}; dashed train, solid test")
    times.set(yscale="log", xlabel="index j of the eigenvector", ylabel=r"train loss halves at $\tau$")
    times.set_title(f"$\\alpha$ = {parameters.output_scale:g}, $\\epsilon$ = {parameters.curvature:g}")
    times.legend(loc="upper left")
    return figure


def claims(parameters, data):
    half = [_half_time(parameters, data[f"j={index}"]["train_loss"]) for index in parameters.indices]
    shares = [data[f"j={index}"]["test_share"][-1] for index in parameters.indices]
    return [
        Claim(
            "The time to fit grows with the index of the eigenvector",
            np.all(np.diff(half) > 0),
            ", ".join(f"{j}: {t:.3g}" for j, t in zip(parameters.indices, half, strict=True)),
        ),
        Claim(
            "The first eigenvector generalizes (test loss below 1 % of its start), the last does not (above half)",
            shares[0] < 0.01 and shares[-1] > 0.5,
            ", ".join(f"{j}: {s:.2g}" for j, s in zip(parameters.indices, shares, strict=True)),
        ),
    ]
