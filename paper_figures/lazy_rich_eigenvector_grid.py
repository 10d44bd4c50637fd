"""Samples against eigenvector: where labels along the kernel's modes are learned soon, late, or never.

Caption: The committee trained on the j-th eigenvector of its starting kernel, for growing numbers of samples P and
indices j. Left: test loss at the end over its start. Middle: when the test loss has halved (grey: never within the
record). Right: curves of one P (test solid, train dashed). Low modes are learned at once, the next ones late, and more
samples move the border of what is not learned (to a tenth of the start) to higher j. Centred, infinite width, flow; all
values are ours. There is no theory of these labels here.
"""

from dataclasses import dataclass

import numpy as np

from paper_figures.figure import Claim
from paper_figures.networks import fall_time

PAPER = "Kumar, Bordelon, Gershman & Pehlevan 2023"
FIGURES = ("19",)
STATES = {"19": "S: the paper's values of P and j are not known"}
WING = "lazy_rich"


@dataclass(frozen=True)
class Parameters:
    dim: int = 12  # D
    samples: tuple[int, ...] = (24, 60, 144)  # P
    indices: tuple[int, ...] = (1, 14, 24)  # j; 1 is the largest eigenvalue
    output_scale: float = 32.0  # alpha
    curvature: float = 0.25  # eps
    last: float = 2000.0  # last tau
    points: int = 40
    runs: int = 6
    key: int = 0


SIZES = {"full": {"dim": 20, "samples": (50, 100, 200, 400), "indices": (1, 10, 20, 30, 50), "runs": 20}}


def _times(parameters):
    return np.append(0, np.geomspace(1e-2, parameters.last, parameters.points))


def steps(parameters):
    return {
        f"P={samples} j={index}": lambda samples=samples, index=index: _train(parameters, samples, index)
        for samples in parameters.samples
        for index in parameters.indices
    }


def _train(parameters, samples, index):
    import jax

    from grok_theory.lazy_rich import ExactReduction, KernelEigenvector, QuadraticCommittee, simulate

    labels = KernelEigenvector(index - 1, parameters.curvature)
    runs = simulate(
        QuadraticCommittee(parameters.output_scale, parameters.curvature, samples / parameters.dim),
        _times(parameters),
        dim=parameters.dim,
        runs=parameters.runs,
        key=jax.random.key(parameters.key),
        method=ExactReduction(labels=labels, tolerance=1e-3),
    )
    return {name: (runs[f"{name}_loss"] / runs[f"{name}_loss"][:, :1]).mean(0) for name in ("train", "test")}


def _grids(parameters, data):
    times, end, late, fit = _times(parameters), [], [], []
    for samples in parameters.samples:
        for index in parameters.indices:
            step = data[f"P={samples} j={index}"]
            train, test = (fall_time(times, step[name]) for name in ("train", "test"))
            end.append(step["test"][-1])
            late.append(test)
            fit.append(train)
    shape = (len(parameters.samples), len(parameters.indices))
    return tuple(np.array(each).reshape(shape) for each in (end, late, fit))


def draw(parameters, data):
    import matplotlib as mpl
    import matplotlib.pyplot as plt

    figure, (losses, times_at, curves) = plt.subplots(1, 3, figsize=(7, 2.5))
    end, late, _ = _grids(parameters, data)
    for ax, values, word, norm in (
        (losses, end, "final test loss / start", mpl.colors.LogNorm(1e-3, 2)),
        (times_at, np.ma.masked_invalid(late), r"test loss halves at [$\tau$]", mpl.colors.LogNorm(0.03, 1000)),
    ):
        ax.set_facecolor("0.75")
        image = ax.pcolormesh(values, norm=norm, cmap="viridis")
        ax.set_xticks(np.arange(len(parameters.indices)) + 0.5, [str(j) for j in parameters.indices])
        ax.set_yticks(np.arange(len(parameters.samples)) + 0.5, [str(p) for p in parameters.samples])
        ax.minorticks_off()
        ax.set(xlabel="index j", ylabel="samples P")
        figure.colorbar(image, ax=ax, label=word)
    times = _times(parameters)[1:]
    for index, color in zip(parameters.indices, ("C0", "C1", "C2", "C3", "C4"), strict=False):
        step = data[f"P={parameters.samples[1]} j={index}"]
        curves.plot(times, step["test"][1:], color=color, label=f"j = {index}")
        curves.plot(times, step["train"][1:], color=color, ls="--", lw=0.8)
    curves.set(xscale="log", xlabel=r"time [$\tau$]", ylabel="loss / its start", ylim=(0, 1.2))
    curves.set_title(f"P = {parameters.samples[1]}")
    curves.legend()
    return figure


def claims(parameters, data):
    end, late, fit = _grids(parameters, data)
    listed = "; ".join(
        f"P = {p}: " + ", ".join(f"{e:.2g} ({d:.2g})" for e, d in zip(*rows, strict=True))
        for p, *rows in zip(parameters.samples, end, late, strict=True)
    )
    learned = (end < 0.1).sum(1)
    return [
        Claim(
            "At every P the final test loss grows with j, and so does the time to fit",
            bool(np.all(np.diff(end, axis=1) > -0.02) and np.all(np.diff(fit, axis=1) > 0)),
            f"final test loss over its start (tau at which it halves), along j: {listed}",
        ),
        Claim(
            "More samples: more modes are learned (test loss below a tenth of its start), each further at every P",
            bool(np.all(np.diff(learned) >= 0) and learned[-1] > learned[0] and np.all(np.diff(end, axis=0) < 0)),
            ", ".join(
                f"P = {p}: {n} of {len(parameters.indices)}" for p, n in zip(parameters.samples, learned, strict=True)
            ),
        ),
    ]
