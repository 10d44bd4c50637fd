"""Labels along the kernel's eigenvectors: what the start's kernel sees is learned soon, the rest late and badly.

Caption: A lazy committee trained on targets that are the j-th eigenvector of the tangent kernel of the start, on the
training inputs; test targets are its extension by the kernel. Left three: train (dashed) and test loss (solid) over
their starts for the paper's j = 1, 70 and 100 of P = 100; grey: pure kernel descent, the theory of the lazy network,
which generalizes to such targets at once. The first is learned at once; the others are fitted when the kernel says,
late, and the further down the spectrum the more the network has left its kernel by then: the last one never
generalizes. Right: the time at which the train loss has halved against the index, with that of kernel descent (line).
Centred, infinite width, gradient flow; D, alpha, eps are this package's choices.
"""

from dataclasses import dataclass

import numpy as np

from paper_figures.figure import Claim

PAPER = "Kumar, Bordelon, Gershman & Pehlevan 2023"
FIGURES = ("5",)
STATES = {"5": "S: sizes of the paper are not known; at ours the 70th is late, but with its train loss"}
WING = "lazy_rich"


@dataclass(frozen=True)
class Parameters:
    dim: int = 20  # D (ours)
    samples: int = 100  # P
    output_scale: float = 64.0  # alpha (ours)
    curvature: float = 0.25  # eps (ours)
    shown: tuple[int, ...] = (1, 70, 100)  # j, as in the paper: 1 is the largest eigenvalue
    others: tuple[int, ...] = (10, 21, 40, 85)  # j of the right panel
    last: float = 1e4  # last tau
    points: int = 60  # times read, evenly in the logarithm
    runs: int = 4
    tolerance: float = 1e-3  # of the flow
    key: int = 0  # number of the random key


SIZES = {"full": {"others": (5, 10, 21, 30, 40, 55, 85), "runs": 20}}


def _times(parameters):
    return np.append(0, np.geomspace(1e-2, parameters.last, parameters.points))


def _indices(parameters):
    return sorted({*parameters.shown, *parameters.others})


def steps(parameters):
    return {f"j={index}": lambda index=index: _train(parameters, index) for index in _indices(parameters)}


def _train(parameters, index):
    import jax

    from grok_theory.lazy_rich import ExactReduction, FrozenKernel, KernelEigenvector, QuadraticCommittee, simulate

    kappa = parameters.samples / parameters.dim
    problem = QuadraticCommittee(parameters.output_scale, parameters.curvature, kappa)
    labels = KernelEigenvector(index - 1, parameters.curvature)
    common = {"dim": parameters.dim, "runs": parameters.runs, "key": jax.random.key(parameters.key)}
    method = ExactReduction(labels=labels, tolerance=parameters.tolerance)
    runs = simulate(problem, _times(parameters), **common, method=method)
    frozen = simulate(problem, _times(parameters), **common, method=FrozenKernel(labels=labels))
    return {
        "train": runs["train_loss"] / runs["train_loss"][:, :1],
        "test": runs["test_loss"] / runs["test_loss"][:, :1],
        "frozen": frozen["train_loss"] / frozen["train_loss"][:, :1],
        "frozen test": frozen["test_loss"] / frozen["test_loss"][:, :1],
    }


def _half_time(parameters, curve):
    from grok_theory.observables import crossing_time

    return float(crossing_time(_times(parameters), curve, 0.5).time)


def draw(parameters, data):
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, len(parameters.shown) + 1, figsize=(7, 2.3))
    times = _times(parameters)
    for ax, index in zip(axes, parameters.shown, strict=False):
        step = data[f"j={index}"]
        for name, color, style in (("train", "C0", "--"), ("test", "C1", "-")):
            mean, error = step[name].mean(0), step[name].std(0, ddof=1) / np.sqrt(parameters.runs)
            ax.plot(times[1:], mean[1:], color=color, ls=style, label=name)
            ax.fill_between(times[1:], (mean - error)[1:], (mean + error)[1:], color=color, alpha=0.25, lw=0)
        ax.plot(times[1:], step["frozen"].mean(0)[1:], color="0.5", lw=0.7, label="kernel, train")
        ax.set(xscale="log", xlabel=r"time [$\tau$]", ylim=(0, 1.2), title=f"j = {index}")
        ax.set_xticks([1e-1, 1e1, 1e3])
    axes[0].set_ylabel("loss / its start")
    axes[0].legend(loc="upper right")
    indices = _indices(parameters)
    half = [_half_time(parameters, data[f"j={index}"]["train"].mean(0)) for index in indices]
    frozen = [_half_time(parameters, data[f"j={index}"]["frozen"].mean(0)) for index in indices]
    axes[-1].plot(indices, frozen, color="0.4", lw=1, label="kernel")
    axes[-1].plot(indices, half, "o", color="C0", ms=3.5, label="network")
    axes[-1].set(yscale="log", xlabel="index j", ylabel=r"train loss halves at $\tau$")
    axes[-1].legend(loc="upper left")
    return figure


def claims(parameters, data):
    indices = _indices(parameters)
    half = np.array([_half_time(parameters, data[f"j={index}"]["train"].mean(0)) for index in indices])
    frozen = np.array([_half_time(parameters, data[f"j={index}"]["frozen"].mean(0)) for index in indices])
    first, middle, last = (data[f"j={index}"] for index in parameters.shown)
    ends = np.array([data[f"j={index}"]["test"].mean(0)[-1] for index in indices])
    early = _half_time(parameters, first["test"].mean(0)), _half_time(parameters, middle["test"].mean(0))
    return [
        Claim(
            "The train loss halves when kernel descent says, to 10 %, over a thousandfold range of times",
            bool(np.abs(half / frozen - 1).max() < 0.1 and half[-1] > 1000 * half[0]),
            ", ".join(f"{j}: {h:.3g} ({f:.3g})" for j, h, f in zip(indices, half, frozen, strict=True)),
        ),
        Claim(
            "The final test loss, which is zero for the kernel, grows with the index: below 1 % of its start for the "
            "first, below "
            "10 % for the 70th, above a quarter for the last, though all are fitted (train loss below 1 %)",
            bool(np.all(np.diff(ends) > -0.005))
            and first["test"].mean(0)[-1] < 0.01
            and middle["test"].mean(0)[-1] < 0.1
            and last["test"].mean(0)[-1] > 0.25
            and max(step["train"].mean(0)[-1] for step in (first, middle, last)) < 0.01,
            ", ".join(f"{j}: {end:.2g}" for j, end in zip(indices, ends, strict=True)),
        ),
        Claim(
            f"j = {parameters.shown[1]} is learned more than a hundred times later than j = {parameters.shown[0]}",
            early[1] > 100 * early[0],
            f"test loss halves at tau = {early[0]:.3g} and {early[1]:.3g}",
        ),
        Claim(
            f"The test loss of j = {parameters.shown[2]} passes a least value and rises again, more than twofold",
            last["test"].mean(0)[-1] > 2 * last["test"].mean(0).min(),
            f"least {last['test'].mean(0).min():.2g}, at the end {last['test'].mean(0)[-1]:.2g}",
        ),
    ]
