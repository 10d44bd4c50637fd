"""What this wing studies: a two-layer network that learns the multiplication table of a finite group."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike

from ..checks import check_choice, check_key, check_kind, check_numbers, check_shape, check_shown, is_traced
from ..drawn import Among, Span
from ..dynamics import GradientDescent
from ..errors import BadValue
from ..fields import check_fields, data, lists_to_arrays, number, problem, structure
from ..numerics.programs import compiled_soonest
from ..ranges import Interval, NonNegative, OneOf, Told
from .groups.group import Group, cyclic, dihedral, quaternion

ACTIVATIONS: dict[str, Callable] = {
    "square": jnp.square,
    "relu": jax.nn.relu,
    "tanh": jnp.tanh,
    "silu": jax.nn.silu,
}
CENTERINGS = ("samples", "classes")
_SPLIT = "Call task.split(key), which returns the task with its pairs and labels drawn."


def _check_group(name: str, value: Any, remedy: str) -> None:
    check_kind(name, value, Group, remedy)
    if value.order < 2:
        raise BadValue("group has order 1, but it must have at least 2 elements. Pass for example cyclic(23).")


def _check_activation(name: str, value: Any, remedy: str) -> None:
    if not callable(value):
        check_choice(name, value, tuple(ACTIVATIONS), remedy)


def _small_groups() -> list[Group]:
    return [*(cyclic(n) for n in (3, 2, 4, 5, 6, 7)), dihedral(3), quaternion()]


@problem
class GroupTask:
    """Learn h = g1 g2 in a group of M elements from n training pairs (g1, g2).

    - Network: output = sigma(X W) V; node w = [u; v] sees u(g1) + v(g2); X is the one-hot matrix of the pairs.
    - Objective: J + (eta/2) norm(V)^2 with J = (1/2) norm(P (Y - Yhat))_F^2, a SUM over samples.
    - Centring: P = I - 11^T/n on the left ("samples", theory: an optimal free output bias) or I - 11^T/M on the right
      ("classes", the paper's training code). Predictions on unseen pairs need the bias that P stands for.

    Given pairs decide n; `train_fraction` is then n / M^2. Numbers are leaves of the pytree; the group, the activation,
    the centring and `train_fraction` (which fixes array sizes) are structure. Derived: `samples` = n, `ridge` = eta = n
    wd / 2 (the paper's "wd 5e-5, M = 23, 80 %" is eta = 0.0106).

    Raises
    ------
    BadValue
        For a field out of its range, and for pairs and labels that do not fit the group or each other.

    References
    ----------
    Y. Tian, arXiv 2509.21519 (v5); centring by classes is its training code.

    Examples
    --------
    >>> from grok_theory.li2.groups import cyclic
    >>> task = GroupTask(cyclic(23), train_fraction=0.8, weight_decay=5e-5)
    >>> task.samples, round(float(task.ridge), 4)
    (423, 0.0106)
    """

    group: Group = structure(
        Told("a Group of at least 2 elements", _check_group, (None, 5, "Z_5")),
        symbol="H, M = group.order",
        meaning="the finite group",
        remedy="Make one with cyclic(n) or from_cayley_table.",
        drawn=Among(_small_groups),
    )
    activation: str | Callable = structure(
        Told('"square", "relu", "tanh", "silu", or a function on JAX arrays', _check_activation, ("sqaure", 3)),
        symbol="sigma",
        meaning="the nonlinearity of a node",
        remedy="Or pass a function on JAX arrays.",
        drawn=Among(tuple(ACTIVATIONS)),
        default="square",
    )
    train_fraction: float = structure(
        Interval(0.0, 1.0, include_low=False),
        symbol="n / M^2",
        meaning="share of all pairs that is trained on; n is rounded",
        remedy="Pass the share of all M^2 pairs to train on, for example 0.4.",
        drawn=Among((1.0, 0.8, 0.5)),
        default=1.0,
    )
    weight_decay: ArrayLike = number(
        NonNegative(),
        symbol="wd",
        meaning='as typed in an optimizer for the loss "mean over samples, sum over classes"',
        remedy="Pass what you would give the optimizer, for example 2e-4.",
        drawn=Span(1e-6, 1e-1, (2e-4, 0.0)),
        default=2e-4,
    )
    label_noise: ArrayLike = number(
        Interval(0.0, 1.0),
        symbol="xi",
        meaning="share of training labels redrawn uniformly (may hit the true one)",
        remedy="Pass the share of labels to redraw, for example 0.35.",
        drawn=Span(1e-2, 1.0, (0.0,)),
        default=0.0,
    )
    centering: str = structure(
        OneOf(CENTERINGS),
        symbol="P",
        meaning="over what the targets are centred",
        drawn=Among(CENTERINGS),
        default="samples",
    )
    train_pairs: ArrayLike | None = data(
        Told("element indices 0..M-1, no pair twice"),
        symbol="(g1, g2)",
        meaning="(n, 2) element indices, or None",
        remedy="Pass an (n, 2) array of element indices, or None and call task.split(key).",
        default=None,
    )
    train_labels: ArrayLike | None = data(
        Told("element indices 0..M-1"),
        symbol="h",
        meaning="(n,) labels, or None for the true products",
        remedy="Pass element indices.",
        default=None,
    )

    def __post_init__(self) -> None:
        lists_to_arrays(self)
        self.check()
        if self.train_pairs is not None:
            object.__setattr__(self, "train_fraction", np.shape(self.train_pairs)[0] / self.group.order**2)

    def check(self) -> None:
        """Refuse values out of range and pairs that do not fit; traced values pass.

        Raises
        ------
        BadValue
            Naming the field and what is allowed.
        """
        check_fields(self)
        check_shape("train_fraction", self.train_fraction, (), "Pass one share: it fixes the sizes of arrays.")
        if self.train_pairs is None:
            if self.train_labels is not None:
                raise BadValue(
                    "train_labels is given, but train_pairs is None. Pass both, or neither and call split(key)."
                )
            if round(self.train_fraction * self.group.order**2) < 1:
                raise BadValue(
                    f"train_fraction is {self.train_fraction}, but it must leave at least one of the "
                    f"{self.group.order**2} pairs. Pass a larger one."
                )
            return
        self._check_pairs()

    def _check_pairs(self) -> None:
        order, pairs, labels = self.group.order, self.train_pairs, self.train_labels
        remedy = "Pass an (n, 2) array of element indices, or None and call task.split(key)."
        check_numbers("train_pairs", pairs, remedy)
        if np.ndim(pairs) != 2 or np.shape(pairs)[1] != 2 or np.shape(pairs)[0] == 0:
            raise BadValue(f"train_pairs has shape {np.shape(pairs)}, but it must have shape (n, 2), n >= 1. {remedy}")
        if not is_traced(pairs):
            _check_indices("train_pairs", pairs, order, remedy)
            codes = np.sort(np.asarray(pairs)[:, 0] * order + np.asarray(pairs)[:, 1])
            repeated = np.flatnonzero(codes[1:] == codes[:-1])
            if repeated.size:
                pair = divmod(int(codes[repeated[0]]), order)
                raise BadValue(f"train_pairs holds {pair} more than once, but no pair may repeat. {remedy}")
        # 1.0 is the default and stands for "not said".
        if self.train_fraction != 1.0 and round(self.train_fraction * order**2) != len(pairs):
            raise BadValue(
                f"train_fraction is {self.train_fraction}, which means {round(self.train_fraction * order**2)} pairs, "
                f"but train_pairs has {len(pairs)}. Leave train_fraction out."
            )
        if labels is None:
            if not is_traced(self.label_noise) and np.any(np.asarray(self.label_noise) != 0):
                raise BadValue(
                    f"label_noise is {self.label_noise} with train_pairs but no train_labels, so the redrawn labels "
                    "are unknown. Pass train_labels, or leave train_pairs out and call task.split(key)."
                )
            return
        if np.shape(labels) != (len(pairs),):
            raise BadValue(
                f"train_labels has shape {np.shape(labels)}, but it must have shape ({len(pairs)},). "
                "Pass one label for each pair, or None for the true products."
            )
        if not is_traced(labels):
            _check_indices("train_labels", labels, order, "Pass element indices.")

    @property
    def samples(self) -> int:
        """Number n of training pairs."""
        if self.train_pairs is not None:
            return int(np.shape(self.train_pairs)[0])
        return round(self.train_fraction * self.group.order**2)

    @property
    def ridge(self) -> Any:
        """Ridge eta = n wd / 2, the weight of (1/2) norm(V)^2 beside the summed objective J."""
        return self.samples * self.weight_decay / 2

    @property
    def is_drawn(self) -> bool:
        """Whether the training pairs and labels are known: given, drawn, or simply all of them."""
        noisy = is_traced(self.label_noise) or bool(np.any(np.asarray(self.label_noise) != 0))
        return self.train_pairs is not None or (self.train_fraction == 1.0 and not noisy)

    @property
    def is_full_table(self) -> bool:
        """Whether training uses every pair with its true label (False where that cannot be known inside a trace)."""
        if not self.is_drawn or self.samples != self.group.order**2:
            return False
        if self.train_labels is None:
            return True
        if is_traced(self.train_labels) or is_traced(self.train_pairs):
            return False
        first, second = np.asarray(self.train_pairs).T
        return bool(np.array_equal(self.group.table[first, second], np.asarray(self.train_labels)))

    @property
    def sigma(self) -> Callable:
        """The activation as a function on JAX arrays."""
        return self.activation if callable(self.activation) else ACTIVATIONS[self.activation]

    def pairs_and_labels(self, caller: str) -> tuple[Any, Any]:
        """Training pairs and labels, all pairs in order where nothing was drawn.

        Parameters
        ----------
        caller : str
            Who asks; stands in the refusal.

        Returns
        -------
        tuple[array, array]
            Pairs (n, 2) and labels (n,), element indices.

        Raises
        ------
        BadValue
            Naming `caller` where they are not known yet.
        """
        if not self.is_drawn:
            what = "pairs" if self.train_fraction != 1.0 else "noisy labels"
            raise BadValue(
                f"{caller} needs the training {what}, but train_pairs is None (train_fraction {self.train_fraction}, "
                f"label_noise {self.label_noise}). {_SPLIT}"
            )
        if self.train_pairs is None:
            order = self.group.order
            return np.indices((order, order)).reshape(2, -1).T, self.group.table.reshape(-1)
        if self.train_labels is None:
            pairs = self.train_pairs
            table = jnp.asarray(self.group.table) if is_traced(pairs) else self.group.table
            return pairs, table[pairs[:, 0], pairs[:, 1]]
        return self.train_pairs, self.train_labels

    def tau_per_step(self, dynamics: GradientDescent) -> ArrayLike:
        """How much time of the gradient flow of J a step of descent on the mean loss is worth.

        Parameters
        ----------
        dynamics : GradientDescent
            Its learning rate is that on the mean loss.

        Returns
        -------
        array_like
            2 learning_rate / n.
        """
        return 2.0 * dynamics.learning_rate / self.samples

    def without_samples(self) -> GroupTask:
        """The task with a split of its own still to be drawn; its numbers are kept.

        Returns
        -------
        GroupTask
            With `train_pairs` and `train_labels` None, and the same n.
        """
        return dataclasses.replace(self, train_pairs=None, train_labels=None)

    def require_full_square(self, caller: str) -> None:
        """Refuse any task but the square activation on the full table, where the exact statements hold.

        Parameters
        ----------
        caller : str
            Who asks; stands in the refusal.

        Raises
        ------
        BadValue
            For another activation, a subset of the pairs, or wrong labels.
        """
        remedy = "For other tasks use ascend, which finds maxima numerically."
        if self.activation != "square":
            raise BadValue(f"activation is {self.activation!r}, but {caller} holds for 'square' only. {remedy}")
        if not self.is_full_table:
            raise BadValue(
                f"train_fraction is {self.train_fraction:g} (label_noise {self.label_noise}), "
                f"but {caller} holds for the full table with true labels only. {remedy}"
            )

    def split(self, key: Any) -> GroupTask:
        """Draw the training pairs without replacement and, with noise, redraw round(n xi) labels uniformly.

        Pairs are sorted. The same key gives the same split, whatever the other fields that do not change n. Pairs that
        were given are drawn anew.

        Parameters
        ----------
        key : Array
            Typed JAX key.

        Returns
        -------
        GroupTask
            This task with `train_pairs` (n, 2) and `train_labels` (n,).

        Raises
        ------
        BadValue
            For what is no single typed key.
        """
        check_key(key)
        order, samples = self.group.order, round(self.train_fraction * self.group.order**2)
        which_key, label_key, permuted = _permuted(key, order**2)
        codes = np.sort(np.asarray(permuted)[:samples])
        pairs = np.stack(np.divmod(codes, order), axis=1)
        labels = self.group.table[pairs[:, 0], pairs[:, 1]].copy()
        noisy = round(samples * float(self.label_noise))
        if noisy:  # else nothing is drawn, and nothing compiled for it
            redrawn = np.asarray(jax.random.permutation(which_key, samples))[:noisy]
            labels[redrawn] = np.asarray(jax.random.randint(label_key, (samples,), 0, order))[redrawn]
        return dataclasses.replace(
            self, train_fraction=samples / order**2, train_pairs=pairs.astype(np.int32), train_labels=labels
        )


@partial(compiled_soonest, static_argnums=1)
def _permuted(key: jax.Array, count: int) -> tuple[jax.Array, jax.Array, jax.Array]:
    """Two keys for the labels, and whole numbers below `count` in random order; one program instead of four."""
    pair_key, which_key, label_key = jax.random.split(key, 3)
    return which_key, label_key, jax.random.permutation(pair_key, count)


def _check_indices(name: str, values: Any, order: int, remedy: str) -> None:
    check_shown(name, values, remedy)
    array = np.asarray(values)
    if array.dtype == object:
        return
    if array.dtype.kind not in "iu":
        raise BadValue(f"{name} has type {array.dtype}, but it must hold integers. {remedy}")
    wrong = np.argwhere((array < 0) | (array >= order))
    if wrong.size:
        at = tuple(int(i) for i in wrong[0])
        where = f"{name}[{', '.join(map(str, at))}]"
        raise BadValue(f"{where} is {array[at]}, but it must be an element index 0..{order - 1}. {remedy}")
