"""What of the free parameters a log can tell, and what it sees of those that it cannot tell apart.

A direction of u in which the information is below `FLAT` leaves a factor of e^3 open: the log does not tell it. Where
two parameters share it, the combination that stays the same along it is looked for among sums and products of simple
powers, then at the power that the direction itself has, and believed where the likelihood stays the same when both are
moved far.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .fitted import SeenTogether
from .likelihood import Likelihood
from .profile import INFORMED, Frame, interval, most_likely

FLAT = 0.1  # information
PART = 0.05  # of a direction's square, from where on a parameter is in it
TELLS = 0.5  # change of the log likelihood that a parameter moved alone must make, or nothing is seen of it at all
ALIKE = 0.1  # change of the log likelihood that is none
POWERS = (1.0, -1.0, 2.0, 0.5, -2.0, -0.5)  # b^p a that are looked at
MOVED, MOST_MOVED = 0.4, 1.5  # by how much u is moved for the proof: more where the log tells little of either alone


def unseen(frame: Frame) -> list[tuple[int, ...]]:
    """The flat directions: the parameters in each, the one that is most in it first."""
    values, vectors = np.linalg.eigh(frame.information)
    found = []
    for value, vector in zip(values, vectors.T, strict=True):
        if value < FLAT:
            order = np.argsort(-(vector**2), kind="stable")
            found.append(tuple(int(i) for i in order if vector[i] ** 2 > PART))
    return found


class Combination(NamedTuple):
    """a + b, or a b^power."""

    power: float | None

    def said(self, a: str, b: str) -> str:
        if self.power is None:
            return f"{a} + {b}"
        size = abs(self.power)
        by = "*" if self.power > 0 else "/"
        return f"{a}^2 {by} {b}" if size == 0.5 else f"{a} {by} {b}" if size == 1 else f"{a} {by} {b}^{size:g}"

    def value(self, a: float, b: float) -> float:
        if self.power is None:
            return a + b
        return a**2 * b ** (2 * self.power) if abs(self.power) == 0.5 else a * b**self.power

    def b_for(self, total: float, a: float) -> float:
        """The b that keeps the combination."""
        if self.power is None:
            return total - a
        own = np.sqrt(total) if abs(self.power) == 0.5 else total
        return float((own / a) ** (1 / self.power))


def combination(likelihood: Likelihood, u: np.ndarray, pair: tuple[int, int]) -> Combination | None:
    """The combination of two parameters along which the likelihood does not change; None where none is found."""
    one, other = (likelihood.free[i] for i in pair)
    middle = _inner(likelihood, u, pair)
    a, b = one.value(middle[pair[0]]), other.value(middle[pair[1]])
    top, found = likelihood(middle), None
    least = ALIKE
    information = likelihood.information(middle, INFORMED)[np.ix_(pair, pair)]
    told = max(float(np.min(np.diagonal(information))), 1e-300)
    farther = float(np.clip(np.sqrt(6 * TELLS / told), MOVED, MOST_MOVED))
    powers = [(power, MOVED) for power in POWERS] + [(_own_power(information), farther)]
    for at, (power, step) in enumerate([(None, MOVED), *(powers if min(a, b) > 0 else ())]):
        if at > len(POWERS) and found is not None:
            break  # simple powers are simpler to read, and say as much
        tried = Combination(power)
        total = tried.value(a, b)
        if not np.isfinite(total):
            continue
        change, alone = 0.0, np.inf
        for sign in (-1, 1):
            moved = middle.copy()
            moved[pair[0]] += sign * step
            new = one.value(moved[pair[0]])
            partner = tried.b_for(total, new)
            if not other.low <= partner <= other.high:
                change = np.inf
                break
            alone = min(alone, abs(likelihood(moved) - top))
            moved[pair[1]] = other.u(partner)
            change = max(change, abs(likelihood(moved) - top))
            moved[pair[0]] = middle[pair[0]]
            alone = min(alone, abs(likelihood(moved) - top))
        if change < least and alone > TELLS:
            least, found = change, tried
    return found


def _own_power(information: np.ndarray) -> float:
    """The p for which a b^p stays the same where the likelihood changes least; to two digits, as it is read."""
    values, vectors = np.linalg.eigh(information)
    along = vectors[:, 0]
    if values[0] == values[1] or np.min(along**2) < PART:
        return 1.0
    return float(f"{-along[0] / along[1]:.2g}")


def _inner(likelihood: Likelihood, u: np.ndarray, pair: tuple[int, int]) -> np.ndarray:
    """A point of the ridge away from zeros, where sums and products differ: unequal shares of the sum."""
    one, other = (likelihood.free[i] for i in pair)
    a, b = one.value(u[pair[0]]), other.value(u[pair[1]])
    if min(a, b) > 0.05 * max(a, b):
        return u
    moved, total = u.copy(), a + b
    moved[pair[0]], moved[pair[1]] = one.u(0.6 * total), other.u(0.4 * total)
    return moved if likelihood(moved) > likelihood(u) - ALIKE else u


def seen_together(likelihood: Likelihood, u: np.ndarray, flat: tuple[int, ...], drop: float) -> SeenTogether | None:
    """What a log tells of two parameters that it cannot tell apart; None where no combination is found.

    Near zero a parameter may be all of a flat direction though another goes with it, so each is tried as its partner.
    """
    rest = [i for i in range(len(u)) if i not in flat]
    for partner in (*flat[1:], *rest):
        found = _of_pair(likelihood, u, (min(flat[0], partner), max(flat[0], partner)), drop)
        if found is not None:
            return found
    return None


def _of_pair(likelihood: Likelihood, u: np.ndarray, pair: tuple[int, int], drop: float) -> SeenTogether | None:
    found = combination(likelihood, u, pair)
    if found is None:
        return None
    one, other = (likelihood.free[i] for i in pair)
    a, b = one.value(u[pair[0]]), other.value(u[pair[1]])
    total = found.value(a, b)
    fixed = other.low if found.power is None and other.ends else b
    first = found.value(1.0, fixed) if found.power is not None else None
    start = total - fixed if found.power is None else _a_for(total, first, found.power)
    rest = [i for i in range(len(u)) if i != pair[1]]
    held = likelihood.held(pair[1], other.u(fixed))
    began = u[rest].copy()
    began[rest.index(pair[0])] = one.u(start)
    best = most_likely(held, held.inside(began), around=0)
    low, high = interval(Frame(held, best), rest.index(pair[0]), drop)
    values = [found.value(one.value(end), fixed) for end in (best[rest.index(pair[0])], low, high)]
    return SeenTogether(
        found.said(one.name, other.name), (one.name, other.name), values[0], min(values[1:]), max(values[1:])
    )


def _a_for(total: float, unit: float | None, power: float) -> float:
    share = total / float(unit or 1.0)
    return float(np.sqrt(share)) if abs(power) == 0.5 else share
