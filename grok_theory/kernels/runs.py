"""The learning curve's Problem run for real: Gaussian features with the given spectrum, drawn and fitted."""

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike

from ..checks import check_key, check_kind, check_memory, check_runs, check_times, require_float64
from ..errors import BadValue
from ..numerics.padding import as_numbers, repeated
from ..numerics.programs import compiled_soonest
from ..numerics.runs import counted, run_batched, runs_at_once
from ..results import Ensemble
from .problem import KernelRegression, check_samples

DOUBT = 1e-4  # relative error of a fitted direction from which a fit is refused: an upper bound, often by a hundred


def simulate_kernel_regression(problem: KernelRegression, samples: ArrayLike, *, runs: int, key: jax.Array) -> Ensemble:
    """See `grok_theory.kernels.simulate`."""
    require_float64("kernels.simulate")
    check_kind("problem", problem, KernelRegression, "Pass KernelRegression(eigenvalues, coefficients).")
    problem.check()
    check_key(key)
    runs = check_runs(runs)
    check_times(samples, name="samples", remedy="Pass sorted whole numbers of samples.")
    check_samples(samples)
    sizes = _whole("samples", samples, "Pass whole numbers of samples; a drawn set has no fraction of one.")
    eigenvalues, coefficients = _spread(problem)
    largest, modes = int(sizes.max()), eigenvalues.size
    batch = runs_at_once()
    check_memory(
        f"{counted(batch)} with {largest} samples and {modes} modes",
        8.0 * batch * (3 * largest * modes + 3 * min(largest, modes) ** 2),
        "Pass fewer samples or modes.",
    )
    numbers = (eigenvalues, coefficients, *as_numbers((problem.ridge, problem.noise)))
    # The draw's size must be known to the compiler; it rides on an array's shape, so that numbers do not recompile.
    shape, x = np.zeros((largest, 0)), repeated(sizes)
    made = run_batched(
        _one_run, key, runs, arguments=(*numbers, x, np.asarray(sizes.size), shape), program=compiled_soonest
    )
    test, train, doubt, needed = (values[:, : sizes.size] for values in made)
    if not doubt.max() <= DOUBT:
        raise BadValue(
            f"ridge is {float(problem.ridge):g}, but with eigenvalues from {float(eigenvalues.min()):.3g} to "
            f"{float(eigenvalues.max()):.3g} rounding would decide what is fitted. Pass a ridge of at least "
            f"{needed.max():.2g}, fewer samples, or drop the smallest modes."
        )
    return Ensemble(problem, np.asarray(samples, float), {"test_loss": test, "train_loss": train}, "samples", None)


def _one_run(key, eigenvalues, coefficients, ridge, noise, sizes, count, shape):
    draw_features, draw_noise = jax.random.split(key)
    largest = shape.shape[0]
    features = jax.random.normal(draw_features, (largest, eigenvalues.size))
    labels = features @ coefficients + noise * jax.random.normal(draw_noise, (largest,))

    def fit(size):
        # Rows beyond the set are zero: they add zero singular values, which are cut.
        kept = jnp.where(jnp.arange(largest, dtype=float) < size, 1.0, 0.0)
        scaled = features * kept[:, None] * jnp.sqrt(eigenvalues)[None]
        left, singular, right = jnp.linalg.svd(scaled, full_matrices=False)
        cut = max(scaled.shape) * jnp.finfo(float).eps * jnp.max(singular)
        alive = singular > cut
        gain = jnp.where(alive, singular / jnp.where(alive, jnp.square(singular) + ridge, 1.0), 0.0)
        weights = jnp.sqrt(eigenvalues) * (right.T @ (gain * (left.T @ (labels * kept))))
        residual = kept * (labels - features @ weights)
        # In exact arithmetic so many directions are fitted. What is lost of each is an absolute error of its singular
        # value of about `cut`; below `cut` all of it.
        there = jnp.arange(singular.size, dtype=float) < jnp.minimum(size, float(eigenvalues.size))
        known = jnp.maximum(singular, cut)
        doubt = jnp.max(jnp.where(there, cut / (known + ridge / known), 0.0))
        test, train = jnp.sum(jnp.square(weights - coefficients)) + noise**2, jnp.sum(jnp.square(residual)) / size
        return test, train, doubt, jnp.square(cut / (2 * DOUBT))

    # Sizes beyond `count` only fill the array up to a length that is compiled once.
    empty = jnp.zeros((4, sizes.size))
    fill = lambda i, filled: filled.at[:, i].set(jnp.stack(fit(sizes[i])))  # noqa: E731
    return tuple(jax.lax.fori_loop(0, count, fill, empty))


def _spread(problem):
    """Eigenvalues and coefficients of single modes; a group's target goes to its first member."""
    eigenvalues, coefficients = (np.asarray(a, float) for a in (problem.eigenvalues, problem.coefficients))
    if problem.multiplicities is None:
        return eigenvalues, coefficients
    counts = _whole("multiplicities", problem.multiplicities, "Round them: a drawn feature is a whole mode.")
    spread = np.repeat(coefficients, counts)
    first = np.concatenate([[0], np.cumsum(counts)[:-1]])
    single = np.zeros_like(spread)
    single[first] = coefficients
    return np.repeat(eigenvalues, counts), single


def _whole(name, values, remedy):
    values = np.asarray(values, float)
    wrong = np.flatnonzero(np.abs(values - np.round(values)) > 1e-9)
    if wrong.size:
        raise BadValue(f"{name}[{wrong[0]}] is {values[wrong[0]]}, but it must be a whole number. {remedy}")
    return np.round(values).astype(int)
