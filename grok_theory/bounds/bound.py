"""What a bound says, beside the gap it is about."""

from collections.abc import Sequence

import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array

from .. import reports
from ..checks import check_non_negative, is_traced
from ..errors import BadValue
from ..pytrees import record

HIGH_PROBABILITY, IN_EXPECTATION, ESTIMATE = "high probability", "in expectation", "estimate"
VACUOUS = 0.999  # of what the loss alone says


@record(static=("name", "kind", "assumptions"))
class Bound:
    """An upper bound on test loss minus train loss, and what is known of its truth.

    `value`, `gap`, `assumptions_hold` and `vacuous` are arrays under `jax.vmap`, one entry a problem.

    Parameters
    ----------
    name : str
        What the bound is called in a table.
    value : Array or float
        The bound, in units of the loss.
    gap : Array or float
        The true test loss minus train loss of the same loss and machine; nan where it was not given.
    assumptions_hold : Array or bool
        Whether the promise applies.
    vacuous : Array or bool
        Whether the range of the loss alone says as much: value >= 0.999 (range - train loss).
    kind : {'high probability', 'in expectation', 'estimate'}
        "high probability" (may fail in a share 1 - confidence of training sets), "in expectation" (about the mean gap
        over training sets, not one gap), or "estimate" (promises nothing).
    assumptions : tuple[str, ...]
        What must hold, in short sentences.

    Examples
    --------
    >>> import jax; jax.config.update("jax_enable_x64", True)
    >>> import numpy as np
    >>> from grok_theory.bounds import norm_bound
    >>> bound = norm_bound(np.eye(100), 2.0, cap=1.0, train_loss=0.1, test_loss=0.2)
    >>> print(f"{bound.value:.2f} {bound.gap:.1f} {bool(bound.vacuous)}")
    1.30 0.1 True
    """

    name: str
    value: Array | float
    gap: Array | float
    assumptions_hold: Array | bool
    vacuous: Array | bool
    kind: str
    assumptions: tuple[str, ...]

    @property
    def violated(self) -> Array | bool:
        """Whether the gap exceeds the value (False where the gap is nan). One draw proves nothing in expectation."""
        return self.gap > self.value

    def __str__(self) -> str:
        return table([self])


def make_bound(
    name: str,
    value: Array | float,
    *,
    kind: str,
    assumptions: tuple[str, ...],
    holds: ArrayLike,
    loss_range: ArrayLike,
    train_loss: ArrayLike,
    test_loss: ArrayLike,
) -> Bound:
    """A Bound with gap and vacuity filled in; an unknown train loss counts as zero for vacuity only."""
    value, train = jnp.asarray(value, float), jnp.asarray(train_loss, float)
    # An estimate of the gap may be negative; a bound below zero, or none at all, is no bound.
    wrong = jnp.isnan(value) if kind == ESTIMATE else ~(value >= 0)
    if not is_traced(wrong) and bool(jnp.any(wrong)):
        raise BadValue(
            f"{name} comes out as {float(value[wrong].ravel()[0])}, but a bound must be zero or positive: its "
            "arguments are too far apart for float64. Pass them in other units."
        )
    value = jnp.where(wrong, jnp.nan, value)
    room = loss_range - jnp.where(jnp.isnan(train), 0.0, train)
    # An unbounded loss leaves infinite room, and an infinite bound says nothing of it.
    vacuous = (value >= VACUOUS * room) | ~jnp.isfinite(value)
    return Bound(name, value, jnp.asarray(test_loss, float) - train, jnp.asarray(holds), vacuous, kind, assumptions)


def check_loss(name: str, value: ArrayLike, loss_range: ArrayLike, remedy: str) -> None:
    """Refuse a loss below zero or above its range; nan means unknown and passes."""
    if is_traced(value) or is_traced(loss_range):
        return
    known = np.nan_to_num(np.asarray(value, float), nan=0.0)
    check_non_negative(name, known, remedy)
    if np.any(known > np.asarray(loss_range) * (1 + 1e-9)):
        raise BadValue(
            f"{name} is {known.max():.6g}, but the loss of this bound lies between 0 and "
            f"{np.max(np.asarray(loss_range)):.6g}. {remedy}"
        )


def table(bounds: Sequence[Bound]) -> str:
    """The bounds as lines of text: value, gap, promise, whether assumptions hold, whether vacuous.

    A batch of a bound (one entry a training set) is one line: means of value and gap, and shares.

    Parameters
    ----------
    bounds : Sequence[Bound]
        At least one, in the order of the lines.

    Returns
    -------
    str
        A heading, a rule and one line a bound.

    Raises
    ------
    BadValue
        For an empty list.

    Examples
    --------
    >>> import jax; jax.config.update("jax_enable_x64", True)
    >>> import numpy as np
    >>> from grok_theory.bounds import norm_bound
    >>> print(table([norm_bound(np.eye(100), 2.0, cap=1.0, train_loss=0.1, test_loss=0.2)]))
    bound  value  gap  promise           assumptions
    ---------------------------------------------------------
    norm   1.297  0.1  high probability  hold         vacuous
    """
    bounds = list(bounds)
    if not bounds:
        raise BadValue("bounds is empty, but there must be at least one. Pass a list of Bound.")
    rows = [("bound", "value", "gap", "promise", "assumptions", ""), *map(_row, bounds)]
    lines = reports.table(rows, right=(1, 2), indent="")
    return "\n".join([lines[0], "-" * max(map(len, lines)), *lines[1:]])


def _row(bound: Bound) -> tuple[str, ...]:
    gap = float(np.mean(bound.gap))
    promises = bound.kind != ESTIMATE
    holds = np.mean(bound.assumptions_hold)
    kept = "hold" if holds == 1 else "do not hold" if holds == 0 else f"hold in {holds:.0%}"
    # What is promised in expectation is broken by means only.
    above = float(np.mean(gap > np.mean(bound.value) if bound.kind == IN_EXPECTATION else bound.violated))
    shares = {"vacuous": float(np.mean(bound.vacuous)), "below the gap": above if promises else 0.0}
    remarks = [word if share == 1 else f"{word} in {share:.0%}" for word, share in shares.items() if share > 0]
    return (
        bound.name,
        _number(np.mean(bound.value)),
        "unknown" if np.isnan(gap) else _number(gap),
        bound.kind,
        kept if promises else "none made",
        ", ".join(remarks),
    )


def _number(value: ArrayLike) -> str:
    return f"{float(value):.4g}"
