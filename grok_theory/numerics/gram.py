"""What a Gram matrix must be, and its eigenbasis with range and null space told apart."""

import warnings

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from ..checks import check_finite, check_shape, is_traced
from ..errors import BadValue
from ..pytrees import record
from .magnitude import exponents, scaled, unit_of

# A negative eigenvalue beyond this share of the largest is no rounding and no quadrature: the matrix is no kernel.
INDEFINITE = 1e-6


def check_gram(name: str, kernel: ArrayLike) -> Float[Array, "n n"]:
    """`kernel` as float64; refuses what is not square, finite and symmetric (to 1e-9 of its largest entry)."""
    shape = np.shape(kernel)
    if len(shape) != 2 or shape[0] != shape[1] or shape[0] == 0:
        raise BadValue(f"{name} has shape {shape}, but it must be square, (n, n). Pass the Gram matrix K(x_i, x_j).")
    check_finite(name, kernel, "Drop or mend these inputs.")
    if not is_traced(kernel):
        values = np.asarray(kernel, float)
        # In halves: the difference of two large numbers need not be one.
        skew = np.abs(values / 2 - values.T / 2).max()
        if 2 * (skew / max(np.abs(values).max(), np.finfo(float).tiny)) > max(1e-9, 4 * _eps(kernel)):
            raise BadValue(
                f"{name} differs from its transpose by {2.0 * float(skew):.3g}, but it has shape {shape} and it must "
                f"be symmetric. Pass ({name} + {name}.T) / 2 if that is what you mean."
            )
    return jnp.asarray(kernel, float)


def check_target(name: str, y: ArrayLike, kernel: ArrayLike) -> Float[Array, " n"]:
    """`y` as float64 of shape (n,); finite, one value for every row of `kernel`."""
    check_shape(name, y, (jnp.shape(kernel)[0],), "Pass one target for every row of the kernel.")
    check_finite(name, y, "Drop or mend these targets.")
    return jnp.asarray(y, float)


def check_cross(name: str, kernel_test: ArrayLike, kernel: ArrayLike) -> Float[Array, "m n"]:
    """`kernel_test` as float64 of shape (n_test, n); finite."""
    check_shape(
        name, kernel_test, (None, jnp.shape(kernel)[0]), "Pass K(x_test, x_train), one column a training sample."
    )
    check_finite(name, kernel_test, "Drop or mend these inputs.")
    return jnp.asarray(kernel_test, float)


@record()
class Eigenbasis:
    """K = unit sum_j values_j v_j v_j^T.

    Parameters
    ----------
    unit : array_like
        A power of two near the largest entry, so that nothing below depends on the unit of K.
    values : Array
        (n,) ascending, in that unit; zero in the null space, which is what lies below `eps` n of the largest.
    vectors : Array
        (n, n), as columns.
    eps : array_like
        Rounding of the entries of K as they came, 1.2e-7 for float32.
    """

    unit: ArrayLike
    values: Array
    vectors: Array
    eps: ArrayLike

    @property
    def null(self) -> Array:
        """(n,) booleans: the directions that K does not have."""
        return self.values == 0

    @property
    def gap(self) -> Array:
        """Whether range and null space stand apart by a factor 100: else the spectrum runs on through rounding."""
        least = jnp.min(jnp.where(self.null, jnp.inf, self.values))
        return least >= 100 * self.values.shape[0] * self.eps * jnp.max(self.values)

    def blur(self, ridge: ArrayLike) -> Array:
        """How far, relatively, rounding of K can move the least of l + ridge that counts; `ridge` in the unit of K."""
        apart = jnp.where(self.gap, self.null, False)
        least = jnp.min(jnp.where(apart, jnp.inf, self.values)) + ridge
        cut = self.values.shape[0] * self.eps * jnp.max(self.values)
        return jnp.where(least > 0, cut / jnp.where(least > 0, least, 1.0), jnp.where(cut > 0, jnp.inf, 0.0))

    @property
    def contamination(self) -> Float[Array, " n"]:
        """(n,) share of each kept direction that rounding of K mixes into the null space; zero for the latter."""
        kept = ~self.null
        return jnp.where(kept, self.eps * jnp.max(self.values) / jnp.where(kept, self.values, 1.0), 0.0)

    def coupling(self, cross: Float[Array, "m n"], eps: ArrayLike = None) -> tuple[Float[Array, "m n"], Array]:
        """K_test V, each row over 2^k, and k (m, 1). Where all of a row in the null space is rounding, it is zero
        there, as for every kernel: norm(K_test v)^2 <= K(x, x) v.K v. `eps`: rounding of the entries as they came."""
        exponent = exponents(unit_of(cross, axis=1))
        cross = scaled(cross, -exponent)
        seen = cross @ self.vectors
        own = jnp.maximum(self.eps, self.eps if eps is None else eps) * jnp.linalg.norm(cross, axis=1)
        mixed = jnp.linalg.norm(seen * self.contamination[None], axis=1)
        level = 4 * jnp.sqrt(float(cross.shape[1])) * (own + mixed)
        outside = jnp.where(self.null[None], jnp.abs(seen), 0.0)
        empty = self.gap & (jnp.max(outside, axis=1) <= level)
        return jnp.where(self.null[None] & empty[:, None], 0.0, seen), exponent

    def shifted(self, ridge: ArrayLike) -> tuple[Array, Array, Array]:
        """(values, ridge, k): K + ridge in units of 2^k, the larger of the two's, for any ridge >= 0."""
        ridge = jnp.asarray(ridge, float)
        own = exponents(self.unit)
        k = jnp.where(ridge > 0, jnp.maximum(own, exponents(ridge)), own)
        return scaled(self.values, own - k), scaled(ridge, -k), k

    def own_vectors(self) -> Float[Array, "n n"]:
        """V, with the rows that have no share in the null space but rounding set to zero there."""
        size = self.vectors.shape[0]
        share = jnp.linalg.norm(jnp.where(self.null[None], self.vectors, 0.0), axis=1)
        mixed = jnp.linalg.norm(self.vectors * self.contamination[None], axis=1)
        empty = self.gap & (share <= 4 * jnp.sqrt(float(size)) * (self.eps + mixed))
        return jnp.where(self.null[None] & empty[:, None], 0.0, self.vectors)


def eigenbasis(kernel: ArrayLike, *, name: str = "kernel", eps: ArrayLike | None = None) -> Eigenbasis:
    """The eigenbasis of a positive semidefinite matrix.

    Eigenvalues that rounding made negative count as zero; below -n eps of the largest with a warning, below -1e-6 it
    is refused (in a trace: nan). `eps`: rounding of the entries, `rounding(kernel)` before any conversion.
    """
    kernel = jnp.asarray(kernel, float)
    eps = float(jnp.finfo(float).eps) if eps is None else eps
    unit = unit_of(kernel)
    values, vectors = jnp.linalg.eigh(kernel / unit)
    eps = jnp.maximum(eps, jnp.finfo(values.dtype).eps)  # coarser still where JAX computes in float32
    largest = jnp.max(jnp.abs(values))
    cut, least = values.shape[0] * eps * largest, values[0]
    wrong = least < -jnp.maximum(INDEFINITE, values.shape[0] * eps) * largest
    if not is_traced(least) and bool(least < -cut):
        share = f"{float(least / largest):.3g} of the largest"
        if bool(wrong):
            raise BadValue(
                f"{name} has an eigenvalue {float(least * unit):.6g}, {share}, but it must be positive semidefinite. "
                "Pass the Gram matrix K(x_i, x_j) of a kernel."
            )
        warnings.warn(f"{name} has an eigenvalue {share}: such ones count as zero.", stacklevel=3)
    kept = jnp.where(wrong, jnp.nan, jnp.where(values > cut, values, 0.0))
    return Eigenbasis(unit, kept, vectors, eps)


def rounding(*arrays: ArrayLike) -> float:
    """eps of the coarsest floating type among arrays as they came; float64's for integers and lists."""
    return max(map(_eps, arrays))


def _eps(array: ArrayLike) -> float:
    kind = getattr(array, "dtype", None)
    coarse = kind is not None and jnp.issubdtype(kind, jnp.floating)
    return float(max(jnp.finfo(kind).eps if coarse else 0.0, jnp.finfo(float).eps))


def shrunk(values: Array, ridge: ArrayLike) -> Array:
    """ridge/(values + ridge), elementwise: 1 in the null space, also at ridge = 0 (and at an infinite one)."""
    some = values > 0
    relative = jnp.where(some, ridge / jnp.where(some, values, 1.0), jnp.inf)
    # x/(1 + x) for small x, 1/(1 + 1/x) for large ones: neither end overflows.
    small = relative < 1
    kept = jnp.where(small, relative, 1.0)
    large = 1 / (1 + 1 / jnp.where(small, 1.0, relative))
    shares = jnp.where(small, kept / (1 + kept), large)
    return jnp.where(jnp.isnan(values), jnp.nan, shares)


def inverted(values: Array, ridge: ArrayLike) -> Array:
    """1/(values + ridge), and zero where both are (the pseudo-inverse)."""
    total = values + ridge
    return jnp.where(total == 0, 0.0, 1 / jnp.where(total == 0, 1.0, total))


def solve_shifted(kernel: Float[Array, "n n"], ridge: ArrayLike, right: Float[Array, " n"]) -> Float[Array, " n"]:
    """(K + ridge)^{-1} right by the eigenbasis, with the derivatives of the inverse rather than of eigenvectors."""
    shifted = kernel + ridge * jnp.eye(kernel.shape[0])
    basis = jax.lax.stop_gradient(eigenbasis(kernel))
    weight = inverted(basis.values, jax.lax.stop_gradient(ridge) / basis.unit) / basis.unit

    def solve(_, b):
        return basis.vectors @ (weight * (basis.vectors.T @ b))

    return jax.lax.custom_linear_solve(lambda x: shifted @ x, right, solve, symmetric=True)


@jax.custom_jvp
def once(change: ArrayLike, where: ArrayLike) -> ArrayLike:
    """`change`, a derivative; `where` it holds an eigenbasis fixed, its own derivative is nan."""
    return change


@once.defjvp
def _no_further(primals, tangents):
    change, where = primals
    return change, jnp.where(where, jnp.nan, 1.0) * tangents[0]
