"""Where a run begins: its split of the table and its two layers, functions of (key, run) alone.

Run i of `simulate` uses fold_in(key, i), split in three: pairs and labels, hidden layer, read-out. `solve` draws run 0
from here too, so theory and run begin at the same numbers.
"""

from __future__ import annotations

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike

from ...checks import check_integer, check_key, check_positive
from ...errors import BadValue
from ...fields import check_single
from ...numerics.programs import compiled, compiled_soonest
from ...pytrees import record
from ..problem import GroupTask


@record()
class TorchUniform:
    """Uniform within +-1/sqrt(fan in), both layers: what torch.nn.Linear draws (2M inputs below, K above)."""

    def layers(self, hidden_key: Array, readout_key: Array, width: int, order: int) -> tuple[Array, Array]:
        """Draw both layers uniformly.

        Parameters
        ----------
        hidden_key, readout_key : Array
            Typed JAX keys of the two layers.
        width : int
            K, the number of hidden nodes.
        order : int
            M, the number of elements.

        Returns
        -------
        tuple[Array, Array]
            Hidden layer (K, 2M) and read-out (K, M), float32.
        """
        # One program for both: its length is that of the larger layer, of which the smaller uses the beginning.
        keys = jnp.stack([hidden_key, readout_key])
        hidden, readout = jax.vmap(lambda key: jax.random.uniform(key, (2 * width * order,), jnp.float32, -1.0, 1.0))(
            keys
        )
        bounds = (jnp.asarray(1 / np.sqrt(fan_in), jnp.float32) for fan_in in (2 * order, width))
        hidden, readout = (bound * layer for bound, layer in zip(bounds, (hidden, readout[: width * order])))
        return hidden.reshape(width, 2 * order), readout.reshape(width, order)


@record()
class ZeroReadout:
    """The hidden layer of `TorchUniform`, the same draw, under a read-out of zeros.

    Examples
    --------
    >>> import jax; jax.config.update("jax_enable_x64", True)
    >>> from grok_theory.li2 import GroupTask, groups
    >>> from grok_theory.li2.training import start_of_run
    >>> start = start_of_run(GroupTask(groups.cyclic(5)), width=8, key=jax.random.key(0), initial=ZeroReadout())
    >>> print(float(abs(start.readout).max()))
    0.0
    """

    def layers(self, hidden_key: Array, readout_key: Array, width: int, order: int) -> tuple[Array, Array]:
        """Draw the hidden layer as `TorchUniform` does.

        Parameters
        ----------
        hidden_key, readout_key : Array
            Typed JAX keys of the two layers.
        width : int
            K, the number of hidden nodes.
        order : int
            M, the number of elements.

        Returns
        -------
        tuple[Array, Array]
            Hidden layer (K, 2M) and read-out (K, M), float32.
        """
        hidden, readout = TorchUniform().layers(hidden_key, readout_key, width, order)
        return hidden, jnp.zeros_like(readout)


@record()
class Gaussian:
    """Independent normal entries of the given variance in both layers.

    Parameters
    ----------
    variance : array_like
        Of one weight, > 0.

    Raises
    ------
    BadValue
        For a variance that is not > 0.
    """

    variance: ArrayLike

    def __post_init__(self) -> None:
        check_positive("variance", self.variance, "Pass the variance of one weight, for example 0.01.")

    def layers(self, hidden_key: Array, readout_key: Array, width: int, order: int) -> tuple[Array, Array]:
        """Draw both layers normally.

        Parameters
        ----------
        hidden_key, readout_key : Array
            Typed JAX keys of the two layers.
        width : int
            K, the number of hidden nodes.
        order : int
            M, the number of elements.

        Returns
        -------
        tuple[Array, Array]
            Hidden layer (K, 2M) and read-out (K, M), float32.
        """
        deviation = jnp.sqrt(jnp.asarray(self.variance, jnp.float32))
        hidden = jax.random.normal(hidden_key, (width, 2 * order), jnp.float32)
        return deviation * hidden, deviation * jax.random.normal(readout_key, (width, order), jnp.float32)


Initial = TorchUniform | ZeroReadout | Gaussian
INITIALS = (TorchUniform, ZeroReadout, Gaussian)


def check_initial(initial: object) -> None:
    """Refuse what is no start of this wing."""
    if not isinstance(initial, INITIALS):
        raise BadValue(
            f"initial is {initial!r}, but it must be TorchUniform(), ZeroReadout() or Gaussian(variance). Pass one."
        )


def run_keys(key: Array) -> Array:
    """The keys of one run: split, hidden layer, read-out."""
    return jax.random.split(key, 3)


@compiled
def training_key(key: Array, run: ArrayLike) -> Array:
    """The key of what is drawn while run `run` trains: the samples of a step of SGD."""
    return jax.random.fold_in(jax.random.fold_in(key, run), 3)


@record(static=("task",))
class Start:
    """How one run begins.

    Parameters
    ----------
    task : GroupTask
        With its pairs and labels fixed.
    hidden : ndarray
        (K, 2M), float64.
    readout : ndarray
        (K, M), float64.
    """

    task: GroupTask
    hidden: np.ndarray
    readout: np.ndarray


def start_of_run(task: GroupTask, *, width: int, key: Array, run: int = 0, initial: Initial | None = None) -> Start:
    """The split and the layers with which run `run` of `simulate(task, ..., key=key, width=width)` begins.

    Parameters
    ----------
    task : GroupTask
        As in `simulate`; a task whose pairs are fixed keeps them.
    width : int
        As in `simulate`: K >= 1.
    key : Array
        As in `simulate`: typed JAX key.
    run : int, default 0
        Counted from 0.
    initial : TorchUniform or ZeroReadout or Gaussian, optional
        As in `simulate`; `TorchUniform()` where left out.

    Returns
    -------
    Start
        The task with its split, and the two layers: float32 numbers, returned as float64.

    Raises
    ------
    BadValue
        For an argument out of its range, named with what is allowed.

    Examples
    --------
    >>> import jax; jax.config.update("jax_enable_x64", True)
    >>> from grok_theory.li2 import GroupTask, groups
    >>> start = start_of_run(GroupTask(groups.cyclic(5), train_fraction=0.6), width=8, key=jax.random.key(0))
    >>> print(start.hidden.shape, start.readout.shape)
    (8, 10) (8, 5)
    """
    check_key(key)
    initial = TorchUniform() if initial is None else initial
    check_initial(initial)
    width = check_integer("width", width, 1, "Pass the number of hidden nodes, for example 256.")
    run = check_integer("run", run, 0, "Pass the index of a run, counted from 0.")
    check_single(task)
    split_key, hidden, readout = _drawn(key, np.int32(run), initial, width=width, order=task.group.order)
    drawn = task if task.is_drawn else task.split(split_key)
    return Start(drawn, np.asarray(hidden, float), np.asarray(readout, float))


@partial(compiled_soonest, static_argnames=("width", "order"))
def _drawn(key: Array, run: Array, initial: Initial, *, width: int, order: int) -> tuple[Array, Array, Array]:
    """Key of the split and both layers; drawn in float32 whatever the precision of the network: a start is the same."""
    split_key, hidden_key, readout_key = run_keys(jax.random.fold_in(key, run))
    return split_key, *initial.layers(hidden_key, readout_key, width, order)


@record()
class Samples:
    """All M^2 pairs of a run, the n trained ones first: `pairs` (M^2, 2), their `products`, the `labels` (n,)."""

    pairs: np.ndarray
    products: np.ndarray
    labels: np.ndarray


def samples_of(task: GroupTask) -> Samples:
    """The training samples of a task whose pairs are known, then the pairs it leaves unseen in the table's order."""
    pairs, labels = (np.asarray(a) for a in task.pairs_and_labels("simulate"))
    order = task.group.order
    unseen = np.ones(order**2, bool)
    unseen[pairs[:, 0] * order + pairs[:, 1]] = False
    every = np.concatenate([pairs, np.stack(np.divmod(np.flatnonzero(unseen), order), axis=1)]).astype(np.int32)
    products = task.group.table[every[:, 0], every[:, 1]].astype(np.int32)
    return Samples(every, products, labels.astype(np.int32))
