"""Every bound of this room for one drawn regression of the linear wing, beside the true gap of the same machine."""

import warnings
from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array

from ..checks import (
    check_between,
    check_integer,
    check_key,
    check_memory,
    check_non_negative,
    check_positive,
    check_runs,
    check_size,
    require_float64,
)
from ..errors import BadValue
from ..linear import RandomFeatures, TeacherStudent
from ..numerics.least_squares import smoother
from ..numerics.programs import compiled
from ..observables import gradient_coherence
from .bound import Bound
from .leave_one_out import leave_one_out_estimate
from .norms import CONFIDENCE, norm_bound
from .pac_bayes import gaussian_process_kl, pac_bayes_bound
from .population import Population, features, isotropic
from .ridge_stability import ridge_stability_bound
from .stability import coherence_bound, pair_distance, pair_stability_bound
from .truncated_loss import truncated_squared_loss

FRESH = 50  # samples the gradients of the training set are compared with


@dataclass(frozen=True)
class _Machine:
    """What is trained and judged; equal settings compile once."""

    dim: int | None
    samples: int
    cap: float
    confidence: float
    steps: int
    posterior_draws: int
    test_points: int
    weight_decay: float
    from_zero: bool

    def __call__(self, key: Array, problem: TeacherStudent | RandomFeatures) -> tuple[Bound, ...]:
        # Compiled part by part: as one function it takes XLA twice as long.
        population, (hidden, labels), began, around, gibbs = self.drawn(key, problem)
        solver = self.solver(np.asarray(hidden))
        bounds = self.norms(population, hidden, labels, began, solver)
        bounds += self.descent(population, hidden, labels, began, around)
        if self.weight_decay > 0:
            bounds += self.ridge(population, hidden, labels, solver, gibbs)
        if self.weight_decay > 0 or self.from_zero:
            # Leave-one-out knows the machine of least norm only, not one that starts elsewhere.
            bounds += self.left_out(population, hidden, labels, solver)
        return bounds

    @partial(compiled, static_argnums=0)
    def drawn(self, key, problem):
        """Population, training set, start, fresh samples, key of the posterior."""
        world, data, start, fresh, gibbs = jax.random.split(key, 5)
        if self.dim is not None:
            population: Population = isotropic(problem, self.dim, world)
            scale = jnp.sqrt(jnp.asarray(problem.inr, float)) * problem.noise
            began = scale * jax.random.normal(start, (self.dim,))
        else:
            population = features(problem, self.test_points, world)
            began = jnp.zeros(jnp.shape(problem.features)[0])
        return population, population.draw(data, self.samples), began, population.draw(fresh, FRESH), gibbs

    def solver(self, hidden):
        """(H^T H + weight_decay)^-1 H^T, from the features and once for all: a Gram matrix holds half the digits.

        Outside what is compiled: independent LAPACK calls of one compiled batch can wait for each other's threads for
        ever (seen with jaxlib 0.10.1 on two cores).
        """
        found = smoother(hidden, self.weight_decay)
        missing = min(hidden.shape) - found.rank
        if missing > 0:
            warnings.warn(
                f"regression_bounds: {missing} of {min(hidden.shape)} directions of the features are zero but for "
                "rounding, and are left out.",
                stacklevel=4,
            )
        return jnp.asarray(found.operator)

    def trained(self, hidden, labels, began, solver):
        """Minimum of norm(y - Hw)^2 + weight_decay norm(w)^2, or where descent from `began` stops without decay."""
        began = jnp.zeros_like(began) if self.weight_decay > 0 else began
        return began + solver @ (labels - hidden @ began)

    def losses(self, population, hidden, labels, weights):
        train = jnp.mean(truncated_squared_loss(labels - hidden @ weights, self.cap))
        return {"train_loss": train, "test_loss": population.truncated_loss(weights, self.cap)}

    @partial(compiled, static_argnums=0)
    def norms(self, population, hidden, labels, began, solver):
        weights = self.trained(hidden, labels, began, solver)
        kernel, known = hidden @ hidden.T, self.losses(population, hidden, labels, weights)
        radii = jnp.linalg.norm(weights), jnp.linalg.norm(weights - began)

        def bound(radius, confidence, name):
            return norm_bound(kernel, radius, cap=self.cap, confidence=confidence, name=name, **known)

        halved = (1 + self.confidence) / 2
        return (
            bound(radii[0], self.confidence, "norm |w|"),
            bound(radii[1], self.confidence, "norm |w - w(0)|, frozen subspace"),
            bound(jnp.minimum(*radii), halved, "the smaller norm, half delta each"),
        )

    @partial(compiled, static_argnums=0)
    def descent(self, population, hidden, labels, began, around):
        """Full-batch descent on the mean squared loss; the gap is measured in the truncated one."""
        everyone = jnp.concatenate([hidden, around[0]])
        reach = jnp.max(jnp.sum(everyone**2, axis=1))
        smoothness = 2 * reach
        rate = 1 / smoothness

        def step(weights, _):
            own = -2 * (labels - hidden @ weights)[:, None] * hidden
            other = -2 * (around[1] - around[0] @ weights)[:, None] * around[0]
            largest = jnp.sqrt(jnp.max(jnp.sum(jnp.concatenate([own, other]) ** 2, axis=1)))
            seen = pair_distance(own, other), gradient_coherence(own).alpha, largest
            return weights - rate * jnp.mean(own, axis=0), seen

        weights, (distance, alpha, largest) = jax.lax.scan(step, began, length=self.steps)
        constants = {
            "smoothness": smoothness,
            "samples": self.samples,
            "convex": True,
            "loss_range": self.cap**2,
            **self.losses(population, hidden, labels, weights),
        }
        # Gaussian inputs have no largest norm: what was seen stands in for it, and no promise is kept.
        pair = pair_stability_bound(
            distance,
            rate,
            lipschitz=2 * self.cap * jnp.sqrt(reach),
            name=f"pair stability, {self.steps} steps",
            **constants,
        )
        coherent = coherence_bound(
            alpha, rate, lipschitz=jnp.max(largest), name=f"coherence, {self.steps} steps", **constants
        )
        return pair, coherent

    @partial(compiled, static_argnums=0)
    def ridge(self, population, hidden, labels, solver, key):
        kernel, weights = hidden @ hidden.T, self.trained(hidden, labels, jnp.zeros(hidden.shape[1]), solver)
        stable = ridge_stability_bound(
            ridge=self.weight_decay,
            samples=self.samples,
            kernel_bound=jnp.max(jnp.diagonal(kernel)),
            target_bound=jnp.max(jnp.abs(labels)),
            confidence=self.confidence,
            assumptions_hold=False,
            train_loss=jnp.mean((labels - hidden @ weights) ** 2),
            test_loss=population.squared_loss(weights),
        )
        # The diagonal of g K (K + g)^-1; rounding may bring it below zero where it is nothing.
        variance = self.weight_decay * jnp.clip(jnp.sum(hidden * solver.T, axis=1), 0.0, 1.0)
        gibbs_train = truncated_squared_loss(labels - hidden @ weights, self.cap, variance=variance)

        def draw(key):
            # A draw of the prior, corrected by what the data say of it: exact, and no further decomposition.
            prior, noise = jax.random.split(key)
            w = jax.random.normal(prior, weights.shape)
            error = jnp.sqrt(self.weight_decay) * jax.random.normal(noise, labels.shape)
            w = weights + w - solver @ (hidden @ w + error)
            return population.truncated_loss(w, self.cap)

        gibbs_test = jax.lax.map(draw, jax.random.split(key, self.posterior_draws))
        gibbs = pac_bayes_bound(
            gaussian_process_kl(kernel, labels, ridge=self.weight_decay),
            samples=self.samples,
            train_loss=jnp.mean(gibbs_train),
            loss_range=self.cap**2,
            confidence=self.confidence,
            test_loss=jnp.mean(gibbs_test),
            name="PAC-Bayes (Gibbs)",
        )
        return stable, gibbs

    @partial(compiled, static_argnums=0)
    def left_out(self, population, hidden, labels, solver):
        weights = self.trained(hidden, labels, jnp.zeros(hidden.shape[1]), solver)
        return (
            leave_one_out_estimate(
                hidden @ hidden.T,
                labels,
                ridge=self.weight_decay,
                train_loss=jnp.mean((labels - hidden @ weights) ** 2),
                test_loss=population.squared_loss(weights),
            ),
        )


def regression_bounds(
    problem: TeacherStudent | RandomFeatures,
    *,
    key: Array,
    runs: int = 1,
    dim: int | None = None,
    weight_decay: ArrayLike | None = None,
    cap: ArrayLike = 4.0,
    confidence: ArrayLike = 0.95,
    steps: ArrayLike = 200,
    posterior_draws: int = 200,
    test_points: int = 4000,
) -> tuple[Bound, ...]:
    """Every bound for training sets of a problem, beside the true gap of the machine each bound is about.

    The machines: the minimum of norm(y - Hw)^2 + weight_decay norm(w)^2 (norm, ridge stability, leave one out); its
    Gibbs posterior of prior N(0, 1) (PAC-Bayes); `steps` of full-batch descent on the mean squared loss at learning
    rate 1/smoothness (pair stability, coherence). Ridge stability and PAC-Bayes need weight_decay > 0. Gaussian inputs
    have no largest norm, so the promises of stability bounds are not kept here.

    Parameters
    ----------
    problem : TeacherStudent or RandomFeatures
        `linear.TeacherStudent` (with `dim`; its own weight_decay) or `linear.RandomFeatures` (with `weight_decay`,
        default 0). Without weight decay training starts at w(0) ~ N(0, inr noise^2) and goes on for ever.
    key : Array
        A `jax.random.key`; run i uses `fold_in(key, i)`.
    runs : int, default 1
        Training sets; each bound holds arrays (runs,).
    dim : int, optional
        N, the number of weights of a TeacherStudent; `samples_per_dim * dim` must be a whole number.
    weight_decay : array_like, optional
        The penalty of RandomFeatures, >= 0; None: 0.
    cap : array_like, default 4.0
        Of the truncated loss, in label units.
    confidence : array_like, default 0.95
        Share of training sets for which a bound holds, in (0, 1).
    steps : array_like, default 200
        Steps of descent of the stability bounds, at least 1.
    posterior_draws : int, default 200
        For the Gibbs test loss.
    test_points : int, default 4000
        Inputs for the truncated test loss of random features.

    Returns
    -------
    tuple[Bound, ...]
        One a bound, for `table`.

    Raises
    ------
    BadValue
        For sizes that are not whole, and an argument out of its range, named with what is allowed.
    Float64Required
        Where JAX computes in float32.
    TooLarge
        Before a training set that would not fit into memory.
    """
    require_float64("grok_theory.bounds.regression_bounds")
    check_key(key)
    runs = check_runs(runs)
    check_positive("cap", cap, "Pass the residual beyond which the loss is flat, for example 4.0.")
    check_between("confidence", confidence, 0, 1, CONFIDENCE, include_low=False, include_high=False)
    steps = check_integer("steps", steps, 1, "Pass the number of descent steps.")
    posterior_draws = check_integer("posterior_draws", posterior_draws, 1, "Pass how many machines to draw.")
    test_points = check_integer("test_points", test_points, 1, "Pass how many test inputs to draw.")
    if isinstance(problem, TeacherStudent):
        if weight_decay is not None:
            raise BadValue(
                f"weight_decay is {weight_decay}, but a TeacherStudent has its own. "
                "Pass TeacherStudent(weight_decay=...)."
            )
        dim = check_integer("dim", dim, 1, "Pass the number of weights, for example dim=100.")
        alpha, decay = float(problem.samples_per_dim), problem.weight_decay
        samples, width = check_size("samples_per_dim * dim", alpha * dim, knob="dim", per=alpha), dim
    elif isinstance(problem, RandomFeatures):
        if dim is not None:
            raise BadValue(f"dim is {dim}, but the size of RandomFeatures is in its arrays. Leave dim out.")
        decay = 0.0 if weight_decay is None else weight_decay
        samples = check_integer("samples", problem.samples, 1, "A real run needs a whole number of samples.")
        width = len(problem.features)
    else:
        raise BadValue(
            f"problem is a {type(problem).__name__}, but it must be linear.TeacherStudent or linear.RandomFeatures. "
            "For other machines call the bounds one by one."
        )
    check_non_negative("weight_decay", decay, "Pass the penalty g of |y - Hw|^2 + g |w|^2.")
    largest = samples * (samples + 3 * width) + 2 * width**2 + (test_points if dim is None else 1) * width
    check_memory("A training set", 8.0 * largest, "Pass a smaller dim, or fewer samples or test points.")
    from_zero = isinstance(problem, RandomFeatures) or float(problem.inr) == 0
    machine = _Machine(
        dim, samples, float(cap), float(confidence), steps, posterior_draws, test_points, float(decay), from_zero
    )
    problem = jax.tree_util.tree_map(lambda leaf: jnp.asarray(leaf, float), problem)
    found = [machine(jax.random.fold_in(key, i), problem) for i in range(runs)]
    return jax.tree_util.tree_map(lambda *leaves: np.stack([np.asarray(leaf) for leaf in leaves]), *found)
