"""The numbered figures of the four papers, and why some of them have none here.

`ROWS` is the list this folder is held to: a test walks it, and fails where a row has neither a figure file that names
it (`FIGURES`) nor a reason below.
"""

from __future__ import annotations

import re
from typing import NamedTuple


class Row(NamedTuple):
    """One figure or panel of a paper."""

    paper: str  # key of PAPERS
    number: str  # with its panel, no blank: "3a"
    shows: str

    @property
    def figure(self) -> str:
        """The whole figure: "3" of "3a"."""
        return digits(self.number)


PAPERS = {
    "advani": "Advani & Saxe 2017, arXiv 1710.03667",
    "kumar": "Kumar, Bordelon, Gershman & Pehlevan 2023, arXiv 2310.06110",
    "tian": "Tian 2025, arXiv 2509.21519",
    "halder": "Halder & Pehlevan 2025",
}

_WIDTH = "ReLU teacher and student, readout trained: best early stop and over-training against width"

ROWS = [
    Row("advani", "1", "train error, test error and oracle level against time; estimation and approximation error"),
    Row("advani", "2", "Marchenko-Pastur density at several loads; final test error against samples"),
    Row("advani", "3", "test and train curves below, at and above one sample per input"),
    Row("advani", "4", "the same: effect of the start's scale (INR)"),
    Row("advani", "5", "best stopping time against SNR and load; early stop against ridge against nothing"),
    Row("advani", "6", "deep linear networks: depth and scale of the start"),
    Row("advani", "7A", _WIDTH),
    Row("advani", "7B", _WIDTH),
    Row("advani", "7C", _WIDTH),
    Row("advani", "7D", _WIDTH),
    Row("advani", "7E", "spectra of the hidden layer at widths below, at and at twice the number of samples"),
    Row("advani", "7F", "average training dynamics at several widths"),
    Row("advani", "8", "both layers trained: scale of the start against test error"),
    Row("advani", "9A", "approximation, null-space and over-fitting error, their sum, an equivalent noisy teacher"),
    Row("advani", "9B", "approximation and null-space error and their sum against width"),
    Row("advani", "10", "real digits and random labels"),
    Row("kumar", "1b", "network against its linearisation: loss, and the level of kernel regression"),
    Row("kumar", "1c", "the same: weight norm and alignment while the test loss falls"),
    Row("kumar", "2a", "addition mod 23 without decay: accuracy with weight norm"),
    Row("kumar", "2b", "addition mod 23 without decay: loss"),
    Row("kumar", "2c", "addition mod 23 over the output scale"),
    Row("kumar", "3a", "sweep of the output scale"),
    Row("kumar", "3b", "sweep of the curvature"),
    Row("kumar", "3e", "map of the time to grok"),
    Row("kumar", "4", "loss with its decomposition"),
    Row("kumar", "5", "labels along the j-th eigenvector of the kernel"),
    Row("kumar", "6a", "network on digits: accuracy over the output scale"),
    Row("kumar", "6b", "one-layer transformer on modular addition over output scale and decay"),
    Row("kumar", "7a", "sweep of the output scale, beside that of the start's scale"),
    Row("kumar", "7b", "sweep of the start's scale"),
    Row("kumar", "7c", "collapse on output scale times squared start scale"),
    Row("kumar", "7d", "relative change of the parameters against that product"),
    Row("kumar", "7e", "the same"),
    Row("kumar", "7f", "final loss against that product"),
    Row("kumar", "8", "tanh teacher and student 5-100-100-5 over the output scale"),
    Row("kumar", "9", "too few, middling and many samples: curves and decompositions"),
    Row("kumar", "10", "a start near the solution"),
    Row("kumar", "11", "trained readouts: losses and decomposition"),
    Row("kumar", "12", "one-layer transformer on modular addition: more output scales and decays"),
    Row("kumar", "13", "momentum and AdamW"),
    Row("kumar", "14", "a multi-index target"),
    Row("kumar", "15", "Hermite targets and activations of order 2, 3 and 4"),
    Row("kumar", "16", "loss against accuracy on modular addition"),
    Row("kumar", "17", "the delay as an effect of the threshold"),
    Row("kumar", "18", "what of the delay remains at any threshold"),
    Row("kumar", "19", "grid over the number of samples and the eigenvector of the labels"),
    Row("tian", "3", "stages of training: accuracy, loss, back-propagated gradient, weight steps, Gram matrices"),
    Row("tian", "5", "test accuracy over order and share of pairs, four families of groups"),
    Row("tian", "6", "generalising and memorising solutions against samples, over learning rates"),
    Row("tian", "7", "energy of hidden nodes at three learning rates"),
    Row("tian", "8", "Adam and Muon over width"),
    Row("tian", "9", "2, 3 and 4 layers of ReLU: curves and bottom features"),
    Row("tian", "10", "accuracy of real weights on four cyclic groups"),
    Row("tian", "11", "the same with complex weights"),
    Row("tian", "12", "readout solved by ridge regression at every step"),
    Row("tian", "13", "the same for Z_23"),
    Row("tian", "14", "zero readout at the start, several shares: Z_41"),
    Row("tian", "15", "zero readout at the start, several shares: Z_89"),
    Row("tian", "16", "zero readout at the start, several shares: Z_127"),
    Row("tian", "17", "zero readout, three layers of ReLU with a residual path"),
    Row("halder", "1", "error against the number of answers at finite temperature, judges that overshoot"),
    Row("halder", "2", "error against the number of answers at zero temperature, several training set sizes"),
    Row("halder", "3", "recorded answers of a language model and a judge against the number of answers"),
    Row("halder", "4", "the same against temperature"),
    Row("halder", "5", "task difficulty"),
]  # fmt: skip

# Of each row without a figure, in one sentence, why there is none: {("kumar", "19"): "..."}. Every row has one now.
REASONS: dict[tuple[str, str], str] = {}


def key_of(paper: str) -> str:
    """The key of the paper that a text names, or nothing.

    >>> key_of("Tian 2025"), key_of("beyond the paper")
    ('tian', '')
    """
    return next((key for key in PAPERS if key in paper.lower()), "")


def digits(number: str) -> str:
    """The figure of a panel: "3" of "3a"."""
    return re.match(r"\d*", number)[0]  # type: ignore[index]


def covers(number: str, row: str) -> bool:
    """Whether `number`, a figure or a panel, takes in the row: "3" stands for the whole figure.

    >>> covers("3", "3a"), covers("3a", "3a"), covers("3a", "3b"), covers("1", "10")
    (True, True, False, False)
    """
    number, row = number.lower(), row.lower()
    return number == row or number == digits(row)
