"""The recursion of a wide network's kernels, layer by layer, over all pairs of inputs.

Pairs of a kinked activation's inputs are held as their directions, one array (`Pairs`), and a layer is a program of its
own: it is compiled once for all layers, and XLA would make a layer of a deep program again for every array that is read
from it. A symmetric one is computed on the blocks on and above its diagonal. Where derivatives are asked for, pairs are
held as their covariances and gaps. Kernels of smooth activations are one program.
"""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from ..numerics.gaussian import Gaps

# 1 - abs(cosine) below which a gap is made from a difference of vectors; above it a product keeps 14 digits
CLOSE = 1e-2
TOGETHER = 1 << 20  # numbers in one such difference
BLOCKS = 4  # along a side of a symmetric kernel; 10 of 16 are computed
ROWS, COLUMNS = np.triu_indices(BLOCKS)


class Pairs(NamedTuple):
    """Squares of the norms of inputs, or variances of a layer, and what is known of every pair of them.

    Either `inner`, their products or covariances q12, with `gaps` sqrt(q11 q22) -+ q12 (None but for kinked
    activations); or `directions`: 1 - abs(cosine) with the sign of the cosine. Shapes are (n,), (m,), (n, m), or
    those of blocks: (10, rows), (10, columns), (10, rows, columns).
    """

    first: Float[Array, "... n"]
    second: Float[Array, "... m"]
    inner: Float[Array, "... n m"] | None = None
    gaps: Gaps | None = None
    directions: Float[Array, "... n m"] | None = None

    def covariance(self) -> tuple[tuple[Array, Array, Array], Gaps | None]:
        """(q11, q12, q22) of all pairs, and their gaps."""
        a, b = _outer(self.first, self.second)
        if self.directions is None:
            return (a, self.inner, b), self.gaps
        size = jnp.sqrt(a) * jnp.sqrt(b)
        small, positive = jnp.abs(self.directions), ~jnp.signbit(self.directions)
        inner = size * jnp.where(positive, 1 - small, small - 1)
        small, large = size * small, size * (2 - small)
        return (a, inner, b), (jnp.where(positive, small, large), jnp.where(positive, large, small))


class _Layer(NamedTuple):
    """The inputs of a layer; the tangent kernel, if their covariance is held whole, else what is earlier than it;
    squares of the norms of all inputs.
    """

    pairs: Pairs
    tangent: Float[Array, "... n m"]
    seen: tuple[Array, Array]


def wide_kernel(
    network, pairs: Pairs, kind: str, *, differentiated: bool
) -> tuple[Float[Array, "... n m"], Float[Array, ""]]:
    """The "nngp" or "ntk" of `pairs` of inputs, and the least variance of a layer."""
    if not network.activation.kinked:
        return _one_program(network, pairs, kind, differentiated)
    return _recursion(network, pairs, kind, differentiated, (_first_program, _next_program, _last_program))


def _recursion(network, pairs, kind, differentiated, programs):
    first_layer, next_layer, read = programs
    layer, least = first_layer(network, pairs, differentiated)
    for _ in range(network.hidden_layers - 1):
        layer, least = next_layer(network, layer, least, differentiated)
    return read(network, layer, kind), least


@partial(jax.jit, static_argnames=("kind", "differentiated"))
def _one_program(network, pairs, kind, differentiated):
    return _recursion(network, pairs, kind, differentiated, (_first_layer, _next_layer, _read))


def _first_layer(network, inputs, differentiated):
    sw, sb = network.weight_variance, network.bias_variance
    (_, inner, _), gaps = inputs.covariance()
    first, second = sw * inputs.first, sw * inputs.second
    if gaps is not None:
        gaps = _with_bias(gaps, first, second, sw, sb)
    pairs = _held(first + sb, second + sb, sw * inner + sb, gaps, differentiated)
    tangent = jnp.zeros_like(inner) if pairs.inner is None else pairs.inner
    layer = _Layer(pairs, tangent, (inputs.first, inputs.second))
    return layer, _least(layer)


def _next_layer(network, layer, least, differentiated):
    phi, sw, sb = network.activation, network.weight_variance, network.bias_variance
    covariance, gaps = layer.pairs.covariance()
    dual, slope = phi._dual(*covariance, gaps), phi._dual_derivative(*covariance, gaps)
    # Variances run along vectors; a variable coincides with itself, so its gaps are known.
    first, second = layer.pairs[:2]
    q = jnp.concatenate([first, second], axis=-1)
    own = jnp.split(sw * phi._dual(q, q, q, (jnp.zeros_like(q), 2 * q)), [first.shape[-1]], axis=-1)
    if phi.kinked:
        gaps = _with_bias(phi._dual_gaps(*covariance, gaps), *own, sw, sb)
    pairs = _held(own[0] + sb, own[1] + sb, sw * dual + sb, gaps, differentiated)
    tangent = sw * _tangent(layer, covariance[1]) * slope
    following = _Layer(pairs, tangent if pairs.inner is None else pairs.inner + tangent, layer.seen)
    return following, jnp.minimum(least, _least(following))


def _read(network, layer, kind):
    covariance, gaps = layer.pairs.covariance()
    phi, variance = network.activation, network.readout_variance
    kernel = prior = variance * phi._dual(*covariance, gaps)
    if kind == "ntk":
        tangent = _tangent(layer, covariance[1])
        kernel = variance * tangent * phi._dual_derivative(*covariance, gaps) + (
            prior if network.train_readout else 0.0
        )
    return kernel


@jax.jit
def all_finite(kernel: Array) -> Bool[Array, ""]:
    """A program of its own: in the kernel's, all of it would be computed a second time."""
    return jnp.all(jnp.isfinite(kernel))


def _tangent(layer, inner):
    return inner + layer.tangent if layer.pairs.inner is None else layer.tangent


_first_program = jax.jit(_first_layer, static_argnames="differentiated")
_next_program = jax.jit(_next_layer, static_argnames="differentiated")
_last_program = jax.jit(_read, static_argnames="kind")


def _held(first, second, inner, gaps, differentiated):
    if gaps is None or differentiated:  # derivatives pass through covariances, not through gaps
        return Pairs(first, second, inner, gaps)
    total, small = gaps[0] + gaps[1], 2 * jnp.minimum(*gaps)
    share = jnp.where(total > 0, small / jnp.where(total > 0, total, 1.0), 1.0)  # 1: of no direction
    return Pairs(first, second, directions=jnp.where(gaps[0] <= gaps[1], share, -share))


def _least(layer):
    """The least variance of inputs that are not zero (as numbers of float64, or at least as squares): no other may."""
    both = zip(layer.seen, layer.pairs[:2], strict=True)
    return jnp.minimum(*(jnp.min(jnp.where(size > 0, q, jnp.inf)) for size, q in both))


def _outer(first, second):
    """As a column and a row: what depends on one of two inputs only is computed once for all its pairs."""
    return first[..., :, None], second[..., None, :]


def _with_bias(gaps, first, second, sw, sb):
    """Gaps of sw q + sb from those of q, `first` and `second` being sw q11 and sw q22: again sums of positive terms."""
    first, second = _outer(first, second)
    root = jnp.sqrt(first * second)
    total = jnp.sqrt((first + sb) * (second + sb)) + root + sb
    some = total > 0
    # sqrt((A + sb)(B + sb)) - sqrt(A B) - sb
    extra = sb * jnp.square(jnp.sqrt(first) - jnp.sqrt(second)) / jnp.where(some, total, 1.0)
    return jax.lax.stop_gradient((sw * gaps[0] + extra, sw * gaps[1] + extra + 2 * sb))


@partial(jax.jit, static_argnames="kinked")
def pairs_of(X: Float[Array, "n dim"], X2: Float[Array, "m dim"], *, kinked: bool) -> Pairs:
    """All pairs of inputs; with their gaps if `kinked`.

    Gaps without the subtraction: norm(x) norm(y) norm(x/norm(x) -+ y/norm(y))^2 / 2, one row of X at a time.
    """
    squares = jnp.sum(X * X, 1), jnp.sum(X2 * X2, 1)
    if not kinked:
        return Pairs(*squares, X @ X2.T)
    size, size2 = (jnp.sqrt(square) for square in squares)
    unit, unit2 = (a / jnp.where(s > 0, s, 1.0)[:, None] for a, s in ((X, size), (X2, size2)))

    def row(x):
        return tuple(jnp.sum(jnp.square(x[None] + sign * unit2), 1) for sign in (-1.0, 1.0))

    apart, opposed = jax.lax.map(row, unit)
    half = size[:, None] * size2[None, :] / 2
    return Pairs(*squares, X @ X2.T, jax.lax.stop_gradient((half * apart, half * opposed)))


def pairs_of_numbers(X: np.ndarray, X2: np.ndarray | None) -> Pairs:
    """The directions of all pairs of inputs whose numbers are known; `X2` None: in blocks of X with itself.

    One product, and differences only where it loses digits.
    """
    square, unit = _lengths(X)
    square2, unit2 = (square, unit) if X2 is None else _lengths(X2)
    cosine = unit @ unit2.T  # of one array with itself: in half the time
    rows, columns = np.arange(len(X)), np.arange(len(unit2))
    if X2 is None:
        side = -(-len(X) // BLOCKS)
        last = np.minimum(np.arange(BLOCKS * side), len(X) - 1).reshape(BLOCKS, side)  # repeated to the end of a block
        rows, columns = last[ROWS], last[COLUMNS]
        whole = cosine if BLOCKS * side == len(X) else cosine[np.ix_(last.ravel(), last.ravel())]
        cosine = whole.reshape(BLOCKS, side, BLOCKS, side).swapaxes(1, 2)[ROWS, COLUMNS]
    near = np.abs(cosine)
    np.subtract(1.0, near, out=near)
    close = np.flatnonzero(near < CLOSE)
    together = max(1, TOGETHER // X.shape[1])
    for first in range(0, close.size, together):
        *block, i, j = at = np.unravel_index(close[first : first + together], near.shape)
        sign = np.copysign(1.0, cosine[at])[:, None]
        near[at] = np.sum((unit[rows[(*block, i)]] - sign * unit2[columns[(*block, j)]]) ** 2, 1) / 2
    return Pairs(square[rows], square2[columns], directions=np.copysign(near, cosine, out=near))


def _lengths(X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Squares of the norms, and rows of norm one, or zero."""
    square = np.sum(X * X, 1)
    return square, X / np.sqrt(np.where(square > 0, square, 1.0))[:, None]


@partial(jax.jit, static_argnames="size")
def from_blocks(blocks: Float[Array, "10 side side"], size: int) -> Float[Array, "n n"]:
    """The symmetric matrix, (size, size), of its blocks on and above the diagonal."""
    number = {pair: k for k, pair in enumerate(zip(ROWS.tolist(), COLUMNS.tolist(), strict=True))}
    side = range(BLOCKS)
    rows = [[blocks[number[i, j]] if i <= j else blocks[number[j, i]].T for j in side] for i in side]
    return jnp.block(rows)[:size, :size]
