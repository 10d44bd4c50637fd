"""Modular addition with a plain network: grokking without weight decay.

Caption: Full-batch gradient descent of a two-layer network of squares, 2p-N-p, on addition modulo p: p = 23, N = 100,
90 % of the pairs, learning rate 100, no momentum, no decay, as in the paper. The training pairs are fitted long
before the others are answered; the mean squared weight, 1 at the start, dips and then rises while they are. The test
loss first rises to .06, and crosses that level downwards where its accuracy takes off. The paper's scale of output
and loss is not known: here f = W2 (W1 x)^2 / N from standard normal weights, and descent of half the mean square over
pairs and answers, which makes its epochs come out. Lines: mean over runs, shaded: their range. Float32.
"""

from dataclasses import dataclass

import numpy as np

from paper_figures.figure import Claim
from paper_figures.modular_networks import Squares, train_squares

PAPER = "Kumar, Bordelon, Gershman & Pehlevan 2023"
FIGURES = ("2a", "2b")
STATES = {}
WING = "lazy_rich"


@dataclass(frozen=True)
class Parameters:
    modulus: int = 23  # p
    share: float = 0.9  # of all pairs trained on
    width: int = 100  # N
    learning_rate: float = 100.0
    steps: int = 6000
    reads: int = 60
    runs: int = 3
    key: int = 0  # number of the random generator


SIZES = {"quick": {"steps": 4000, "reads": 40, "runs": 1}, "full": {"steps": 10_000, "reads": 100, "runs": 20}}


def steps(parameters):
    return {"training": lambda: _train(parameters)}


def _train(parameters):
    task = Squares(parameters.modulus, parameters.share, parameters.width, parameters.learning_rate)
    return train_squares(task, 1.0, _read(parameters), parameters.runs, parameters.key)


def _read(parameters):
    return np.arange(parameters.reads + 1) * (parameters.steps // parameters.reads)


def draw(parameters, data):
    import matplotlib.pyplot as plt

    step, read = data["training"], _read(parameters)
    figure, (accuracy, loss) = plt.subplots(1, 2, figsize=(7, 2.6))
    for ax, name, color in (
        (accuracy, "train_accuracy", "C0"),
        (accuracy, "test_accuracy", "C1"),
        (accuracy, "weight_norm", "C2"),
        (loss, "train_loss", "C0"),
        (loss, "test_loss", "C1"),
    ):
        runs = step[name]
        ax.plot(read, runs.mean(0), color=color, label=name.replace("weight_norm", "squared weight").split("_")[0])
        ax.fill_between(read, runs.min(0), runs.max(0), color=color, alpha=0.2, lw=0)
    accuracy.set(xlabel="epoch", ylabel="accuracy; mean squared weight", ylim=(0, 1.03))
    accuracy.legend(loc="center right")
    accuracy.set_title(f"p = {parameters.modulus}, N = {parameters.width}, {parameters.share:.0%} of the pairs")
    loss.axhline(0.06, color="0.5", ls=":", lw=0.8)
    loss.set(xlabel="epoch", ylabel="mean squared error", ylim=(0, 0.08))
    loss.legend(loc="upper right")
    return figure


def claims(parameters, data):
    step, read = data["training"], _read(parameters)
    fitted = _first(read, step["train_accuracy"].mean(0) > 0.99)
    answered = _first(read, step["test_accuracy"].mean(0) > 0.9)
    test = step["test_loss"].mean(0)
    above = np.flatnonzero(test > 0.06)
    crossed = read[above[-1] + 1] if above.size and above[-1] + 1 < read.size else np.inf
    norm = step["weight_norm"].mean(0)
    at = [int(np.searchsorted(read, when)) for when in (fitted, answered)]
    return [
        Claim(
            "The training pairs are known (99 %) within 1500 to 2500 epochs, the others (90 %) within 3000 to 4000",
            1500 <= fitted <= 2500 and 3000 <= answered <= 4000,
            f"{fitted:.0f} and {answered:.0f}",
        ),
        Claim(
            "The test loss rises above .06 and crosses it for good between the two times, while fewer than a third "
            "of the unseen pairs are known",
            fitted <= crossed < answered and step["test_accuracy"].mean(0)[np.searchsorted(read, crossed)] < 1 / 3,
            f"largest {test[read > 500].max():.3f}, crosses at {crossed:.0f}",
        ),
        Claim(
            "The weight norm is larger when it answers than when it had fitted",
            norm[at[1]] > 1.02 * norm[at[0]],
            f"{norm[at[0]]:.3f} when fitted and {norm[at[1]]:.3f} when answering",
        ),
    ]


def _first(read, reached):
    return float(read[np.argmax(reached)]) if reached.any() else np.inf
