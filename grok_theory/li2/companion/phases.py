"""Phases of training with corrupted labels, read off the two accuracies."""

from __future__ import annotations

from enum import StrEnum

from ...checks import check_between

FITTED = 0.9
PARTIAL = 1.05  # less the label noise: the train accuracy above which inversion is partial


class Phase(StrEnum):
    """What a network did with corrupted labels; thresholds as we read them, see `phase`.

    Attributes
    ----------
    COEXISTENCE : str
        It generalises and memorises the corrupted labels.
    PARTIAL_INVERSION : str
        It generalises and predicts some corrupted samples as they should be.
    FULL_INVERSION : str
        It generalises and predicts all of them as they should be.
    MEMORIZATION : str
        It fits and does not generalise.
    FORGETTING : str
        It does neither.

    References
    ----------
    Doshi et al., arXiv 2310.13061.

    Examples
    --------
    >>> from grok_theory.li2.companion import phase
    >>> print(phase(1.0, 0.2, 0.1).value, phase(1.0, 0.95, 0.1).value)
    memorization coexistence
    """

    COEXISTENCE = "coexistence"
    PARTIAL_INVERSION = "partial_inversion"
    FULL_INVERSION = "full_inversion"
    MEMORIZATION = "memorization"
    FORGETTING = "forgetting"


def phase(train_accuracy: float, test_accuracy: float, label_noise: float) -> Phase:
    """Phase of a training with corrupted labels, from its two accuracies.

    Test >= .9: coexistence if train >= .9, partial inversion if train >= 1.05 - xi, else full inversion; below:
    memorization if train >= .9, else forgetting. Evaluated in this order, so for xi < .15 the partial window is empty.
    Full inversion leaves train at 1 - xi (and what redrawn labels hit by luck). The paper also speaks of a "confusion"
    phase without a threshold we could read.

    Parameters
    ----------
    train_accuracy : float
        In [0, 1], against the labels trained on, the corrupted ones included.
    test_accuracy : float
        In [0, 1].
    label_noise : float
        xi in [0, 1], the share of labels redrawn.

    Returns
    -------
    Phase
        One of five.

    Raises
    ------
    BadValue
        For an argument outside [0, 1].

    Examples
    --------
    >>> phase(0.66, 0.99, 0.35).value
    'full_inversion'
    """
    for name, value in (("train_accuracy", train_accuracy), ("test_accuracy", test_accuracy)):
        check_between(name, value, 0.0, 1.0, "Pass a share of samples.")
    check_between("label_noise", label_noise, 0.0, 1.0, "Pass the share of labels redrawn, for example 0.35.")
    fitted = float(train_accuracy) >= FITTED
    if float(test_accuracy) < FITTED:
        return Phase.MEMORIZATION if fitted else Phase.FORGETTING
    if fitted:
        return Phase.COEXISTENCE
    return Phase.PARTIAL_INVERSION if float(train_accuracy) >= PARTIAL - float(label_noise) else Phase.FULL_INVERSION
