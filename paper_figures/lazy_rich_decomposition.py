"""What the test loss is made of: the hump of grokking is linear power.

Caption: Test loss (black) of a committee of infinite width and its three exact parts: the network misses the mean of
the target (variance), its quadratic form points elsewhere (misalignment), it spends output on a linear function that
the target does not have (linear power). The small curvature on the left makes the network fit with the linear function
first: its power is the hump, and the train loss (dashed) rests on a plateau meanwhile. Not centred, as in the paper;
D, P are this package's choices.
"""

from dataclasses import dataclass

import numpy as np

from paper_figures.figure import Claim

PAPER = "Kumar, Bordelon, Gershman & Pehlevan 2023"
FIGURES = ("4",)
STATES = {"4": "P: runs only, no line of the theory"}
WING = "lazy_rich"


@dataclass(frozen=True)
class Parameters:
    dim: int = 60  # D (ours)
    samples_per_dim: float = 5.5  # P / D (ours)
    output_scale: float = 1.0  # alpha
    curvatures: tuple[float, ...] = (0.05, 0.25)  # eps
    last: float = 1e3  # last tau
    points: int = 60  # times read, evenly in the logarithm
    runs: int = 4
    key: int = 0  # number of the random key


SIZES = {"quick": {"dim": 20, "runs": 2, "points": 40}, "full": {"dim": 200, "runs": 8}}
PARTS = {"variance": "C0", "misalignment": "C2", "linear_power": "C1"}


def _times(parameters):
    return np.append(0, np.geomspace(1e-2, parameters.last, parameters.points))


def steps(parameters):
    return {f"eps={eps:g}": lambda eps=eps: _train(parameters, eps) for eps in parameters.curvatures}


def _train(parameters, eps):
    import jax

    from grok_theory.lazy_rich import QuadraticCommittee, simulate

    runs = simulate(
        QuadraticCommittee(parameters.output_scale, eps, parameters.samples_per_dim, centred=False),
        _times(parameters),
        dim=parameters.dim,
        runs=parameters.runs,
        key=jax.random.key(parameters.key),
    )
    return {name: runs[name].mean(0) for name in ("train_loss", "test_loss", *PARTS)}


def draw(parameters, data):
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, len(parameters.curvatures), figsize=(7, 2.5), sharey=True)
    times = _times(parameters)[1:]
    for ax, eps in zip(axes, parameters.curvatures, strict=True):
        step = data[f"eps={eps:g}"]
        ax.plot(times, step["test_loss"][1:], color="black", label="test loss")
        for name, color in PARTS.items():
            ax.plot(times, step[name][1:], color=color, label=name.replace("_", " "))
        ax.plot(times, step["train_loss"][1:], color="0.5", ls="--", lw=1, label="train loss")
        ax.set(xscale="log", xlabel=r"time $\tau$", ylim=(0, 1.05))
        ax.set_title(f"$\\epsilon$ = {eps:g}, $\\alpha$ = {parameters.output_scale:g}, D = {parameters.dim}")
    axes[0].set_ylabel("mean squared error")
    axes[-1].legend(loc="upper right")
    return figure


def claims(parameters, data):
    steps = [data[f"eps={eps:g}"] for eps in parameters.curvatures]
    defect = max(np.abs(sum(step[name] for name in PARTS) / step["test_loss"] - 1).max() for step in steps)
    small = steps[int(np.argmin(parameters.curvatures))]
    peak = int(np.argmax(small["test_loss"]))
    rise = small["test_loss"][peak] - small["test_loss"][0]
    power = small["linear_power"][peak]
    return [
        Claim("The three parts add up to the test loss", defect < 1e-13, f"largest relative defect {defect:.1e}"),
        Claim(
            "At the smallest eps the test loss has a hump, and its linear power is more than the whole rise",
            rise > 0.02 and power > rise,
            f"rise {rise:.3f}, linear power at the peak {power:.3f}",
        ),
        Claim(
            "The linear power is gone at the end",
            small["linear_power"][-1] < 0.1 * small["linear_power"].max(),
            f"{small['linear_power'].max():.3f} at most, {small['linear_power'][-1]:.4f} at the end",
        ),
    ]
