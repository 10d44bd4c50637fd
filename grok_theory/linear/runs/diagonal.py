"""Diagonal networks trained for real: all 2 dim weights u and v, by their own flow or by steps of descent.

Flow moves ln u and ln v, since a float of u or v would lose small ones, by the stabilised explicit method of
`numerics.stabilised_flow`; the theory's equation is another one, with one number a sample.
"""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ...checks import check_integer, check_key, check_memory, check_runs, check_size, require_float64
from ...dynamics import GradientDescent, GradientFlow, check_dynamics, check_x
from ...errors import BadValue
from ...numerics.padding import as_numbers, cut, repeated
from ...numerics.programs import compiled_soonest
from ...numerics.runs import counted, run_batched, runs_at_once
from ...numerics.stabilised_flow import chebyshev_flow
from ...results import Ensemble
from ..checked import check_single
from ..diagonal.problem import DiagonalNetwork, SparseTask
from ..mode_relaxation import FLOW, ByModes, Times

__all__ = ["simulate_diagonal_network", "simulate_sparse_task"]

TOLERANCE = 1e-9  # of ln u and ln v, a step
MOST_STEPS = 200_000


def train_network(
    inputs: Float[Array, "samples dim"],
    targets: Float[Array, " samples"],
    start: Array,
    decay: Array,
    rate: Array | None,
    x: Float[Array, " x"],
) -> tuple[Float[Array, "x dim"], Float[Array, "x dim"]]:
    """u and v at every x: times of the flow, or with a `rate` whole steps; nan where the flow did not end."""
    dim = inputs.shape[1]

    def gradient(u, v):
        return inputs.T @ (inputs @ (u**2 - v**2) - targets)

    if rate is not None:

        def step(_, weights):
            u, v = weights
            g = gradient(u, v)
            return u - rate * (2 * g * u + decay * u), v - rate * (-2 * g * v + decay * v)

        def until(carry, last):
            weights, done = carry
            weights = jax.lax.fori_loop(0, last - done, step, weights)
            return (weights, last), weights

        begin = jnp.full((dim,), start), jnp.full((dim,), start)
        return jax.lax.scan(until, (begin, jnp.zeros((), int)), jnp.round(x).astype(int))[1]

    def slope(logs):
        g = gradient(*jnp.exp(logs))
        return jnp.stack([-2 * g - decay, 2 * g - decay])

    begin = jnp.full((2, dim), jnp.log(start))
    size = lambda error: jnp.max(jnp.abs(error))  # noqa: E731
    flow = chebyshev_flow(slope, begin, x, lambda logs: logs, size=size, tolerance=TOLERANCE, max_steps=MOST_STEPS)
    u, v = jnp.moveaxis(jnp.exp(flow.records), 1, 0)
    return u, v


def _curves(weights, scale, inputs, targets, teacher, noise) -> dict[str, Array]:
    samples, dim = inputs.shape
    left = weights @ inputs.T - targets[None, :]
    curves = {
        "scale": scale,
        "train_loss": jnp.mean(left**2, axis=1),
        "l1_norm": jnp.mean(jnp.abs(weights), axis=1),
    }
    if teacher is not None:
        missed = jnp.sum((weights - teacher[None, :]) ** 2, axis=1)
        curves |= {"weight_error": missed / dim, "test_loss": noise**2 + missed / samples}
    return curves


def _given_run(key: Array, problem: DiagonalNetwork, rate: Array | None, x: Array) -> tuple[dict[str, Array], Array]:
    """A network on given data: nothing is drawn."""
    u, v = train_network(problem.inputs, problem.targets, problem.start, problem.weight_decay, rate, x)
    weights = u**2 - v**2
    curves = _curves(weights, jnp.mean(u * v, axis=1), problem.inputs, problem.targets, problem.teacher, 0.0)
    return curves, weights


class _DrawnRun:
    """One run of SparseTask as a function of its key and numbers; equal sizes are equal functions, and compile once."""

    def __init__(self, dim: int, samples: int):
        self.sizes = dim, samples

    def __call__(self, key: Array, problem: SparseTask, rate: Array | None, x: Array) -> dict[str, Array]:
        dim, samples = self.sizes
        data, noise, support, signs = jax.random.split(key, 4)
        inputs = jax.random.normal(data, (samples, dim)) / np.sqrt(samples)
        chosen = jax.random.bernoulli(support, problem.density, (dim,))
        teacher = jnp.where(chosen, jax.random.rademacher(signs, (dim,), float), 0.0)
        targets = inputs @ teacher + problem.noise * jax.random.normal(noise, (samples,))
        u, v = train_network(inputs, targets, problem.start, problem.weight_decay, rate, x)
        return _curves(u**2 - v**2, jnp.mean(u * v, axis=1), inputs, targets, teacher, problem.noise)

    def __eq__(self, other):
        return type(self) is type(other) and self.sizes == other.sizes

    def __hash__(self):
        return hash((type(self), self.sizes))


def _entered(problem, x: Times, dynamics: ByModes, runs: int, key: Array):
    """The checked number of runs, the padded x and the step size."""
    require_float64("grok_theory.linear.simulate")
    check_single(problem, "simulate")
    check_dynamics(dynamics, (GradientFlow, GradientDescent), "grok_theory.linear.simulate")
    check_x(dynamics, x)
    check_key(key)
    rate = as_numbers(dynamics.learning_rate) if isinstance(dynamics, GradientDescent) else None
    return check_runs(runs), repeated(x), rate


def _ensemble(problem, x, count: int, curves, dynamics: ByModes, stats) -> Ensemble:
    if not all(np.all(np.isfinite(values)) for values in curves.values()):
        remedy = (
            f"the flow needed more than {MOST_STEPS} steps. Pass earlier times."
            if isinstance(dynamics, GradientFlow)
            else "descent diverged. Pass a learning_rate below stable_below(problem)."
        )
        raise BadValue(f"{dynamics.x_name}s reach {float(x[-1]):g}, but {remedy}")
    return Ensemble(
        problem,
        cut(x, count),
        {name: values[:, :count] for name, values in curves.items()},
        dynamics.x_name,
        dynamics,
        x_unit=dynamics.x_unit,
        stats=stats,
    )


def simulate_diagonal_network(
    problem: DiagonalNetwork, x: Times, dynamics: ByModes = FLOW, *, runs: int, key: Array, dim: int | None = None
) -> Ensemble:
    """See `grok_theory.linear.simulate`."""
    count = np.size(x)
    runs, x, rate = _entered(problem, x, dynamics, runs, key)
    if dim is not None:
        raise BadValue(f"dim is {dim!r}, but the size of a DiagonalNetwork is in its inputs. Leave dim out.")
    samples, columns = np.shape(problem.inputs)
    curves, _ = run_batched(
        _given_run, key, 1, batch=1, arguments=(as_numbers(problem), rate, x), program=compiled_soonest
    )
    curves = {name: np.repeat(values, runs, axis=0) for name, values in curves.items()}
    return _ensemble(problem, x, count, curves, dynamics, {"dim": columns, "samples": samples})


def simulate_sparse_task(
    problem: SparseTask, x: Times, dynamics: ByModes = FLOW, *, runs: int, key: Array, dim: int | None = None
) -> Ensemble:
    """See `grok_theory.linear.simulate`."""
    count = np.size(x)
    runs, x, rate = _entered(problem, x, dynamics, runs, key)
    dim = check_integer("dim", dim, 1, "Pass the number of weights, for example dim=200.")
    delta = float(problem.samples_per_dim)
    samples = check_size("samples_per_dim * dim", delta * dim, knob="dim", per=delta)
    batch = runs_at_once()
    check_memory(
        f"{counted(batch)} with dim={dim} and {samples} samples",
        8.0 * batch * (4 * dim * samples + 8 * x.size * dim),
        "Pass a smaller dim.",
    )
    curves = run_batched(
        _DrawnRun(dim, samples), key, runs, arguments=(as_numbers(problem), rate, x), program=compiled_soonest
    )
    return _ensemble(problem, x, count, curves, dynamics, {"dim": dim, "samples": samples})
