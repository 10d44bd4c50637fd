"""From lazy to rich: the network generalizes where its linearisation never does.

Caption: Left: train and test loss of a committee (N = 500 neurons, exact dynamics) beside the same network linearised
around its start, which is kernel regression with the tangent kernel of the start; dotted, where that regression ends.
The network first follows its linearisation, fits the training set, and generalizes when it leaves it. Middle: the
squared weight norm rises while the test loss falls, so it is not a falling norm that makes it generalize. Right: the
alignment of the tangent kernel with the target grows, which the linearised network cannot do. Time in the paper's
epochs (learning rate eta0 N / alpha^2); D, P, N and eps are this package's choices, since the paper's figure does not
state them.
"""

from dataclasses import dataclass

import numpy as np

from paper_figures.figure import Claim

PAPER = "Kumar, Bordelon, Gershman & Pehlevan 2023"
FIGURES = ("1b", "1c")
STATES = {}
WING = "lazy_rich"


@dataclass(frozen=True)
class Parameters:
    dim: int = 100  # D, input dimensions (ours)
    samples: int = 550  # P (ours)
    width: int = 500  # N, neurons (ours)
    output_scale: float = 1.0  # alpha
    curvature: float = 0.25  # eps (ours)
    paper_learning_rate: float = 1.0  # eta0: one epoch is eta0 / D of tau
    epochs: int = 30_000  # last epoch shown
    points: int = 60  # epochs read, evenly in the logarithm
    runs: int = 2
    key: int = 0  # number of the random key


SIZES = {"quick": {"dim": 40, "samples": 140, "runs": 1, "epochs": 12_000}, "full": {"runs": 10}}


def _converted(parameters):
    from grok_theory.lazy_rich import from_paper

    return from_paper(
        output_scale=parameters.output_scale,
        curvature=parameters.curvature,
        dim=parameters.dim,
        samples=parameters.samples,
        paper_learning_rate=parameters.paper_learning_rate,
        centred=False,
    )


def _epochs(parameters):
    return np.append(0, np.geomspace(10, parameters.epochs, parameters.points))


def steps(parameters):
    return {
        "network": lambda: _train(parameters, linearised=False),
        "linearised": lambda: _train(parameters, linearised=True),
    }


def _train(parameters, linearised):
    import jax

    from grok_theory.lazy_rich import ExactReduction, FrozenKernel, simulate

    converted = _converted(parameters)
    epochs = _epochs(parameters)
    # The last time of the linearised run stands for "for ever": kernel regression without ridge.
    times = converted.times(np.append(epochs, 1e9) if linearised else epochs)
    runs = simulate(
        converted.problem,
        times,
        dim=parameters.dim,
        width=parameters.width,
        runs=parameters.runs,
        key=jax.random.key(parameters.key),
        method=FrozenKernel() if linearised else ExactReduction(),
    )
    return {"epochs": epochs, **runs.curves}


def draw(parameters, data):
    import matplotlib.pyplot as plt

    network, linearised = data["network"], data["linearised"]
    epochs = network["epochs"][1:]
    figure, (losses, norm, alignment) = plt.subplots(1, 3, figsize=(7, 2.3), width_ratios=(1.5, 1, 1))
    for name, color, word in (("train_loss", "C0", "train"), ("test_loss", "C1", "test")):
        losses.plot(epochs, network[name].mean(0)[1:], color=color, label=f"{word}, network")
        losses.plot(epochs, linearised[name].mean(0)[1:-1], color=color, ls="--", lw=1, label=f"{word}, linearised")
    end = linearised["test_loss"].mean(0)[-1]
    losses.axhline(end, color="0.4", ls=":", lw=1, label="test, kernel regression")
    losses.set(xscale="log", yscale="log", xlabel="epoch", ylabel="mean squared error", ylim=(1e-4, 1.5))
    losses.legend(loc="lower left")
    norm.plot(epochs, network["weight_norm"].mean(0)[1:], color="C2")
    norm.set(xscale="log", xlabel="epoch", ylabel=r"squared weight norm $|W|^2/(ND)$", ylim=(0, None))
    alignment.plot(epochs, network["alignment"].mean(0)[1:], color="C3", label="network")
    alignment.plot(epochs, linearised["alignment"].mean(0)[1:-1], color="C3", ls="--", lw=1, label="linearised")
    alignment.set(xscale="log", xlabel="epoch", ylabel="kernel alignment $A_K$", ylim=(0, None))
    alignment.legend(loc="upper left")
    title = f"D = {parameters.dim}, P = {parameters.samples}, N = {parameters.width}"
    scales = f"$\\alpha$ = {parameters.output_scale:g}, $\\epsilon$ = {parameters.curvature:g}"
    figure.suptitle(f"{title}, {scales} (D, P, N, $\\epsilon$: ours)", x=0.01, ha="left", fontsize=8)
    return figure


def claims(parameters, data):
    network, linearised = data["network"], data["linearised"]
    test, norm = network["test_loss"].mean(0), network["weight_norm"].mean(0)
    end = linearised["test_loss"].mean(0)[-1]
    falling = test < 0.7 * test[0]
    first = int(np.argmax(falling))
    alignment = network["alignment"].mean(0)
    return [
        Claim(
            "The network ends below a third of the test loss where kernel regression ends",
            test[-1] < end / 3,
            f"network {test[-1]:.4f}, kernel regression {end:.4f}",
        ),
        Claim(
            "The weight norm goes up, not down, while the test loss falls",
            norm[-1] > 1.5 * norm[0] and norm[first] > norm[0],
            f"|W|^2/(ND) from {norm[0]:.2f} to {norm[-1]:.2f}, test loss from {test[0]:.3f} to {test[-1]:.4f}",
        ),
        Claim(
            "The kernel's alignment with the target grows at least fivefold",
            alignment[-1] > 5 * alignment[0],
            f"{alignment[0]:.4f} to {alignment[-1]:.4f}",
        ),
    ]
