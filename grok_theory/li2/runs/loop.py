"""Training: `advance` makes steps, `observe` looks (the look at the layers apart). Both act on a batch of runs.

Products are float32 to its last digit: an accelerator would round their factors to ten bits or so.

They are apart so that every optimizer shares the look, and every look the steps; no number recompiles either.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TypeVar

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import Array
from jax.typing import ArrayLike, DTypeLike

from ...dynamics import SGD
from ...numerics.programs import LONG_RUNNING, compiled, compiled_soonest
from ..network import activity
from ..problem import GroupTask
from ..training.losses import Loss, free_bias, output_residual, predicted
from ..training.optimizers import Optimizer, transformation
from ..training.starts import Samples
from .row_layout import by_entries, slopes, turned

DEAD = 1e-2  # a node this much shorter than the longest is dead

Tree = TypeVar("Tree")
# One array a layer, "hidden" (K, 2M) and "readout" (K, M), of each run of a batch.
Layers = dict[str, Array]
# Layers that learn, memory of the dynamics, steps made, key of the batches drawn.
State = tuple[Layers, optax.OptState, Array, Array]
Basis = tuple[np.ndarray, np.ndarray]


def cast(tree: Tree, dtype: DTypeLike) -> Tree:
    """Every leaf in the precision of the network; NumPy where JAX does not hold it yet, which compiles nothing."""
    return jax.tree.map(lambda leaf: (jnp if isinstance(leaf, jax.Array) else np).asarray(leaf, dtype), tree)


def rule_of(dynamics: Optimizer, weight_decay: ArrayLike, dtype: DTypeLike) -> optax.GradientTransformation:
    """The transformation of a dynamics, its numbers in the precision of the network."""
    return transformation(cast(dynamics, dtype), jnp.asarray(weight_decay, dtype))


@compiled
def memory_of(dynamics: Optimizer, weight_decay: ArrayLike, learning: Layers) -> optax.OptState:
    """The first state of a dynamics for a batch of runs."""
    dtype = next(iter(learning.values())).dtype
    with jax.numpy_rank_promotion("allow"), jax.numpy_dtype_promotion("standard"):
        return jax.vmap(rule_of(dynamics, weight_decay, dtype).init)(learning)


@partial(compiled, options=LONG_RUNNING)  # a training computes longer than it compiles
def advance(
    state: State, frozen: Layers, samples: Samples, task: GroupTask, dynamics: Optimizer, loss: Loss, gap: Array
) -> State:
    """The state of a batch of runs after `gap` more steps: (layers, memory, steps made, key of the batches drawn).

    `frozen` layers take part and do not learn.
    """
    # Other people's optimizers promote types and ranks; the network keeps its own precision whatever they do.
    with (
        jax.numpy_rank_promotion("allow"),
        jax.numpy_dtype_promotion("standard"),
        jax.default_matmul_precision("highest"),
    ):
        return jax.vmap(_advance, (0, 0, 0, None, None, None, None))(state, frozen, samples, task, dynamics, loss, gap)


def _advance(
    state: State, frozen: Layers, samples: Samples, task: GroupTask, dynamics: Optimizer, loss: Loss, gap: Array
) -> State:
    dtype = next(iter(state[0].values())).dtype
    rule = rule_of(dynamics, task.weight_decay, dtype)
    pairs = samples.pairs[: len(samples.labels)]
    still = activity(task, frozen["hidden"], pairs) if "hidden" in frozen else None
    # As `slopes` takes it, or as the dynamics wants it: the other way round it is turned at every step.
    lying = turned if by_entries(dynamics) else (lambda tree: tree)
    turning = (lambda tree: tree) if by_entries(dynamics) else turned

    def step(_, state):
        layers, memory, made, key = state
        seen = ...
        if isinstance(dynamics, SGD):
            drawn = jax.random.fold_in(key, made)
            seen = jax.random.choice(drawn, len(samples.labels), (dynamics.batch_size,), replace=False)
        nodes = None if still is None else still[seen]
        slope = turning(slopes(turning(layers), nodes, pairs[seen], samples.labels[seen], task, loss))
        updates, memory = rule.update(slope, memory, layers)
        return cast(optax.apply_updates(layers, updates), dtype), memory, made + 1, key

    return lying(jax.lax.fori_loop(0, gap, step, lying(state)))


def observe(
    layers: Layers, start: Layers, samples: Samples, task: GroupTask, loss: Loss, basis: Basis, *, noisy: bool
) -> tuple[dict[str, Array], dict[str, Array]]:
    """Curves and fields of a batch of runs as they are.

    `basis`: the isotypic functions (M, functions) and an indicator (functions, irreps) of who belongs to which. The
    look at the layers is compiled apart, once for all numbers of samples.
    """
    curves, fields = _look_at_layers(layers, start, basis)
    return _look_at_samples(layers, samples, task, loss, noisy=noisy) | curves, fields


@partial(compiled_soonest, static_argnames="noisy")
def _look_at_samples(layers: Layers, samples: Samples, task: GroupTask, loss: Loss, *, noisy: bool) -> dict[str, Array]:
    with jax.numpy_dtype_promotion("standard"), jax.default_matmul_precision("highest"):
        return jax.vmap(partial(_of_samples, task=task, loss=loss, noisy=noisy))(layers, samples)


@compiled_soonest
def _look_at_layers(layers: Layers, start: Layers, basis: Basis) -> tuple[dict[str, Array], dict[str, Array]]:
    with jax.numpy_dtype_promotion("standard"), jax.default_matmul_precision("highest"):
        return jax.vmap(partial(_of_layers, basis=basis))(layers, start)


def _of_layers(layers: Layers, start: Layers, *, basis: Basis) -> tuple[dict[str, Array], dict[str, Array]]:
    curves = {f"{name}_change": jnp.linalg.norm(layers[name] - layer) for name, layer in start.items()}
    purity, share, alive = _purities(layers["hidden"], *cast(basis, layers["hidden"].dtype))
    curves["feature_purity"] = _median(purity, alive)
    curves["dead_nodes"] = 1 - jnp.mean(jnp.asarray(alive, purity.dtype))
    return curves, {"purity": purity, "irrep_share": share}


def _of_samples(layers: Layers, samples: Samples, *, task: GroupTask, loss: Loss, noisy: bool) -> dict[str, Array]:
    hidden, readout, count = layers["hidden"], layers["readout"], len(samples.labels)
    # One pass over the whole table; training pairs come first.
    nodes = activity(task, hidden, samples.pairs)
    outputs = nodes @ readout
    said = predicted(task, loss, outputs, free_bias(task, loss, outputs[:count], samples.labels))
    labels = jnp.concatenate([samples.labels, samples.products[count:]])
    values = loss.values(said, labels)
    decided = jnp.argmax(said, axis=1)
    right = jnp.asarray(decided == labels, hidden.dtype)
    curves = {"train_loss": jnp.mean(values[:count]), "train_accuracy": jnp.mean(right[:count])}
    if len(values) > count:
        curves |= {"test_loss": jnp.mean(values[count:]), "test_accuracy": jnp.mean(right[count:])}
    if noisy:
        wrong = jnp.asarray(samples.labels != samples.products[:count], hidden.dtype)
        mended = jnp.asarray(decided[:count] == samples.products[:count], hidden.dtype)
        curves["corrupted_accuracy"] = jnp.sum(wrong * right[:count]) / jnp.sum(wrong)
        curves["corrected_accuracy"] = jnp.sum(wrong * mended) / jnp.sum(wrong)
    probability = loss.probability(said[:count], samples.labels)
    if probability is not None:
        curves["softmax_collapse"] = jnp.mean(jnp.asarray(probability == 1, hidden.dtype))
    return curves | _emergence(task, loss, readout, nodes[:count], outputs[:count], samples.labels)


def _emergence(
    task: GroupTask, loss: Loss, readout: Array, nodes: Array, outputs: Array, labels: Array
) -> dict[str, Array]:
    """Size of G_F = -dJ/dF, its mean cosine with Y~Y~^T F~ over the nodes, and how much the nodes overlap."""
    gradient = output_residual(task, loss, outputs, labels) @ readout.T
    targets = jax.nn.one_hot(labels, task.group.order, dtype=nodes.dtype)
    if task.centering == "samples":
        targets = targets - jnp.mean(targets, axis=0, keepdims=True)
        nodes = nodes - jnp.mean(nodes, axis=0, keepdims=True)
    else:
        targets = targets - jnp.asarray(1 / task.group.order, nodes.dtype)
    leading = targets @ (targets.T @ nodes)
    inner = jnp.sum(gradient * leading, axis=0)
    lengths = jnp.sqrt(jnp.sum(gradient**2, axis=0) * jnp.sum(leading**2, axis=0))
    # A node that is dead or sees no gradient has no direction; it is left out of the mean, not counted as zero.
    some = lengths > 0
    cosine = jnp.sum(jnp.where(some, inner / jnp.where(some, lengths, 1), 0)) / jnp.sum(some)
    gram = jnp.abs(nodes.T @ nodes)
    diagonal, width = jnp.trace(gram), gram.shape[0]
    off = (jnp.sum(gram) - diagonal) / max(width * (width - 1), 1)
    return {"gradient_norm": jnp.linalg.norm(gradient), "alignment": cosine, "off_diagonal": off / (diagonal / width)}


def _purities(hidden: Array, functions: Array, members: Array) -> tuple[Array, Array, Array]:
    """(K,) largest share of each node in one isotypic component, (irreps,) the layer's share in each, (K,) alive."""
    width, order = hidden.shape[0], functions.shape[0]
    mass = jnp.sum((hidden.reshape(width, 2, order) @ functions) ** 2, axis=1) @ members
    total = jnp.sum(hidden**2, axis=1)
    # Weight decay shrinks some nodes to nothing; what is left of them points nowhere. Zero, not nan.
    alive = total > DEAD**2 * jnp.max(total)
    pure = jnp.where(alive, jnp.max(mass, axis=1) / jnp.where(alive, total, 1), 0)
    return pure, jnp.sum(mass, axis=0) / jnp.sum(total), alive


_stacked = compiled(jnp.stack)


def _median(values: Array, chosen: Array) -> Array:
    """Median of the chosen values, as one sort; nan where none is chosen."""
    ordered, count = jnp.sort(jnp.where(chosen, values, jnp.inf)), jnp.sum(chosen)
    middle = (ordered[(count - 1) // 2] + ordered[count // 2]) / 2
    return jnp.where(count > 0, middle, jnp.nan)


def train_batch(
    starts: Sequence[tuple[Samples, np.ndarray, np.ndarray, Array]],
    task: GroupTask,
    steps: np.ndarray,
    dynamics: Optimizer,
    loss: Loss,
    basis: Basis,
    *,
    train_hidden: bool,
    dtype: str,
    noisy: bool,
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray], dict[str, np.ndarray]]:
    """A batch of runs from their `Start`s: curves (run, T), fields (run, T, ...), last layers (run, ...), as NumPy.

    `starts`: (Samples, hidden, readout, key of what is drawn while it trains) of each run.
    """
    samples = jax.tree.map(lambda *a: jax.device_put(np.stack(a)), *[s for s, *_ in starts])
    first = {"hidden": np.stack([h for _, h, _, _ in starts]), "readout": np.stack([r for _, _, r, _ in starts])}
    first = jax.device_put(cast(first, dtype))
    learning = {name: layer for name, layer in first.items() if train_hidden or name != "hidden"}
    frozen = {name: layer for name, layer in first.items() if name not in learning}
    # Pairs and labels are those of each run; the task itself only says what kind they are.
    bare = task.without_samples()
    keys = _stacked([key for *_, key in starts])
    memory, made = memory_of(dynamics, task.weight_decay, learning), np.zeros(len(starts), np.int32)
    state, looks = (learning, memory, made, keys), []
    for gap in np.diff(steps, prepend=0):
        if gap:
            state = advance(state, frozen, samples, bare, dynamics, loss, np.int32(gap))
        looks.append(observe({**frozen, **state[0]}, first, samples, bare, loss, basis, noisy=noisy))
    curves, fields = jax.tree.map(lambda *a: np.stack([np.asarray(x, np.float64) for x in a], axis=1), *looks)
    return curves, fields, {name: np.asarray(layer, np.float64) for name, layer in {**frozen, **state[0]}.items()}
