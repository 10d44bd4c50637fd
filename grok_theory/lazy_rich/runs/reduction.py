"""Exact dynamics of a committee of any width on finite data: every neuron moves by one and the same affine map.

phi' is affine, so given the residuals Delta_mu = y_mu - f_mu the update of neuron i is w_i -> S w_i + b with
b = c sum_mu Delta_mu x_mu, S = I + eps c sum_mu Delta_mu x_mu x_mu^T, c = 2 eta_hat D / (alpha P). The function depends
on the weights through wbar and M only, and these close:

    wbar -> S wbar + b,    M -> S M S + (S wbar) b^T + b (S wbar)^T + b b^T,    w_a -> S w_a  (balanced signs).

A step costs O(P D^2 + D^3), whatever the width. The flow follows with c -> 2 / (alpha kappa). Derivation: this package.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from ...numerics.stabilised_flow import chebyshev_flow
from ...numerics.training import trained
from ..closed_forms import population_alignment, test_loss_decomposition
from ..problem import QuadraticCommittee
from .draws import Data, Moments, teacher


def committee_output(
    problem: QuadraticCommittee, moments: Moments, start: Moments, inputs: Float[Array, "samples dim"]
) -> Float[Array, " samples"]:
    """f(x) = alpha (wbar . x + (eps/2) x^T M x), less the output of `start` if the problem is centred."""
    mean, second = moments.mean, moments.second
    if problem.centred:
        # Before the product, not after: at alpha = 1e3 the outputs would cancel to their last digits.
        mean, second = mean - start.mean, second - start.second
    quadratic = jnp.sum((inputs @ second) * inputs, axis=1)
    return problem.output_scale * (inputs @ mean + problem.curvature / 2 * quadratic)


def _force(problem: QuadraticCommittee, moments: Moments, start: Moments, data: Data):
    """b and (S - I) of the flow: (2 / (alpha kappa)) sum Delta x and eps (2 / (alpha kappa)) sum Delta x x^T."""
    samples, dim = data.inputs.shape
    residuals = data.targets - committee_output(problem, moments, start, data.inputs)
    scaled = (2 * dim / samples) / problem.output_scale * residuals
    weighted = data.inputs * scaled[:, None]
    return data.inputs.T @ scaled, problem.curvature * (data.inputs.T @ weighted)


def flow_rate(problem: QuadraticCommittee, start: Moments, data: Data, moments: Moments) -> Moments:
    """d moments / d tau."""
    b, a = _force(problem, moments, start, data)
    half = a @ moments.second + jnp.outer(b, moments.mean)
    return Moments(a @ moments.mean + b, a @ moments.odd, half + half.T)


def descent_step(
    problem: QuadraticCommittee, start: Moments, data: Data, learning_rate: ArrayLike, moments: Moments
) -> Moments:
    """One step of full-batch gradient descent."""
    b, a = _force(problem, moments, start, data)
    b, a = learning_rate * b, learning_rate * a
    moved = moments.mean + a @ moments.mean
    half = moments.second + a @ moments.second
    second = half + half @ a + jnp.outer(moved, b) + jnp.outer(b, moved) + jnp.outer(b, b)
    return Moments(moved + b, moments.odd + a @ moments.odd, (second + second.T) / 2)


def observe(problem: QuadraticCommittee, moments: Moments, start: Moments, data: Data) -> dict[str, Any]:
    """The curves of a run at one time; docs/lazy_rich.md has the table of their meanings."""
    dim = data.inputs.shape[1]
    residuals = data.targets - committee_output(problem, moments, start, data.inputs)
    return {
        "train_loss": jnp.mean(jnp.square(residuals)),
        **loss_curves(problem, moments, start),
        **weight_curves(moments),
        "alignment": population_alignment(
            moments.second, moments.mean, teacher(dim), curvature=jnp.asarray(problem.curvature)
        ),
    }


def loss_curves(problem: QuadraticCommittee, moments: Moments, start: Moments) -> dict[str, Any]:
    """Test loss and its three parts."""
    parts = test_loss_decomposition(
        moments.second,
        moments.mean,
        teacher(moments.mean.shape[0]),
        output_scale=problem.output_scale,
        curvature=problem.curvature,
        initial_second_moment=start.second if problem.centred else None,
        initial_mean_weight=start.mean if problem.centred else None,
    )
    return {
        "test_loss": parts.total,
        "variance": parts.variance,
        "misalignment": parts.misalignment,
        "linear_power": parts.linear_power,
    }


def weight_curves(moments: Moments) -> dict[str, Any]:
    """Overlap and powers of the three modes of the weights, and their mean square."""
    dim = moments.mean.shape[0]
    mean_power = jnp.sum(jnp.square(moments.mean)) / dim
    square = jnp.trace(moments.second) / dim
    return {
        "teacher_overlap": moments.odd @ teacher(dim) / dim,
        "mean_power": mean_power,
        "bulk_power": square - mean_power - jnp.sum(jnp.square(moments.odd)) / dim,
        "weight_norm": square,
    }


class Run(NamedTuple):
    """One run: curves (T,), the moments at the last time, what it took."""

    curves: dict[str, Any]
    last: Moments
    work: dict[str, Any]


def run_descent(problem, start: Moments, data: Data, steps: Array, learning_rate: ArrayLike, curves=observe) -> Run:
    """Descent; `steps` (T,) are the numbers of steps at which curves are read."""

    last, read = trained(
        lambda moments: descent_step(problem, start, data, learning_rate, moments),
        start,
        steps,
        lambda moments: curves(problem, moments, start, data),
    )
    return Run(read, last, {"steps": steps[-1]})


def run_flow(problem, start: Moments, data: Data, times: Array, tolerance: ArrayLike, curves=observe) -> Run:
    """Gradient flow by stabilised explicit steps; `tolerance` is the local error in output over its unit scale."""
    dim = data.inputs.shape[1]

    def size(error: Moments):
        # In the unit of the test loss's root: what an error in wbar, w_a or M does to the output.
        linear = problem.output_scale * jnp.sqrt(jnp.sum(jnp.square(error.mean)) / dim)
        quadratic = problem.output_scale * problem.curvature * jnp.sqrt(jnp.sum(jnp.square(error.second))) / dim
        return linear + quadratic + jnp.sqrt(jnp.sum(jnp.square(error.odd)) / dim)

    flow = chebyshev_flow(
        lambda moments: flow_rate(problem, start, data, moments),
        start,
        times,
        lambda moments: curves(problem, moments, start, data),
        size=size,
        tolerance=tolerance,
    )
    work = {"steps": flow.steps, "rejected": flow.rejected, "evaluations": flow.evaluations}
    return Run(flow.records, flow.last, work)
