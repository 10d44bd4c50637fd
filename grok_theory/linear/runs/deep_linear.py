"""A deep linear network trained for real: drawn data, then the flow of its weights in the eigenbasis of that data.

With the aligned start of `DeepLinear` the weight matrices stay aligned, so the first layer's vector a (N numbers) and
the norm u of the upper layers carry the whole training; tests train the full matrices beside it.
"""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from ...checks import check_integer, check_key, check_memory, check_runs, check_size, require_float64
from ...errors import BadValue
from ...numerics.padding import cut, repeated
from ...numerics.programs import compiled_soonest
from ...numerics.runs import counted, run_batched, runs_at_once
from ...results import Ensemble
from ..checked import check_single
from ..curve_names import DEEP_CURVES
from ..layer_march import LARGEST_STEP, MOST_STEPS, DeepNumbers, deep_numbers, march, upper_power
from ..mode_relaxation import FLOW, ByModes, Times, check_flow
from ..problem import DeepLinear
from .teacher_student import eigenmodes, standard_draws

__all__ = ["simulate_deep_linear"]


def draw_deep(problem: DeepNumbers, key: Array, dim: int, samples: int) -> tuple[Array, Array, Array, Array]:
    """Inputs (dim, samples) of variance 1/dim, label noise, teacher and first layer of one run, in canonical units."""
    inputs, noise, teacher, start = standard_draws(key, dim, samples)
    scale = problem.noise * jnp.sqrt(problem.snr) / np.sqrt(dim)
    return inputs / np.sqrt(dim), problem.noise * noise, scale * teacher, problem.first_norm / np.sqrt(dim) * start


def train_deep(problem: DeepNumbers, times: Array, inputs: Array, noise: Array, teacher: Array, start: Array) -> dict:
    """Every curve of one run; nan where the march did not end."""
    dim, samples = inputs.shape
    l, project, seen_noise, unfittable = eigenmodes(inputs, noise)
    wanted, began = project @ teacher, project @ start
    # Labels are y = teacher . (sqrt(N) x) + noise, inputs of variance 1: s = y X^T/N mode by mode.
    force = l * wanted + jnp.sqrt(l / dim) * seen_noise
    depth = problem.depth

    def slope(_, state, __):
        a, upper = state
        v = upper_power(upper, depth - 1)
        push = force - v * l * a
        grown = jnp.where(depth >= 2, upper_power(upper, jnp.maximum(depth - 2, 0.0)) * (a @ push), 0.0)
        return v * push, grown

    def hopeless(left, state):
        # While the upper layers grow, steps only become shorter.
        rate = upper_power(state[1], depth - 1) ** 2 * jnp.max(l)
        return (slope(None, state, None)[1] >= 0) & (left * rate > LARGEST_STEP * MOST_STEPS)

    (a, upper), _, done = march(slope, (began, problem.upper_norm), times, 1e-8, hopeless)
    v = upper_power(upper, depth - 1)
    weights = v[:, None] * a
    hidden_teacher, hidden_start = teacher - project.T @ wanted, start - project.T @ began
    ss = hidden_start @ hidden_start
    hidden_error = hidden_teacher @ hidden_teacher - 2 * v * (hidden_teacher @ hidden_start) + v**2 * ss
    residual = jnp.sqrt(l * dim)[None, :] * (wanted[None, :] - weights) + seen_noise[None, :]
    curves = {
        "train_loss": (jnp.sum(residual**2, axis=1) + unfittable) / samples,
        "test_loss": problem.noise**2 + jnp.sum((weights - wanted[None, :]) ** 2, axis=1) + hidden_error,
        "weight_norm": jnp.sum(weights**2, axis=1) + v**2 * ss,
        "upper_norm": upper,
    }
    return {name: jnp.where(done, values, jnp.nan) for name, values in curves.items()}


class _Run:
    """One run as a function of its key and numbers; equal sizes are equal functions, and compile once."""

    def __init__(self, dim: int, samples: int):
        self.sizes = dim, samples

    def __call__(self, key: Array, problem: DeepNumbers, times: Array) -> dict[str, Array]:
        return train_deep(problem, times, *draw_deep(problem, key, *self.sizes))

    def __eq__(self, other):
        return type(self) is type(other) and self.sizes == other.sizes

    def __hash__(self):
        return hash((type(self), self.sizes))


def simulate_deep_linear(
    problem: DeepLinear, times: Times, dynamics: ByModes = FLOW, *, runs: int, key: Array, dim: int
) -> Ensemble:
    """See `grok_theory.linear.simulate`."""
    require_float64("grok_theory.linear.simulate")
    check_single(problem, "simulate")
    check_flow(problem, dynamics, times)
    check_key(key)
    runs = check_runs(runs)
    dim = check_integer("dim", dim, 1, "Pass the number of inputs, for example dim=200.")
    alpha = float(problem.samples_per_dim)
    samples = check_size("samples_per_dim * dim", alpha * dim, knob="dim", per=alpha)
    batch, x = runs_at_once(), repeated(times)
    check_memory(
        f"{counted(batch)} with dim={dim} and {samples} samples",
        8.0 * batch * (3 * dim * samples + 4 * min(dim, samples) ** 2 + 4 * min(dim, samples) * x.size),
        "Pass a smaller dim.",
    )
    curves, count = (
        run_batched(_Run(dim, samples), key, runs, arguments=(deep_numbers(problem), x), program=compiled_soonest),
        np.size(times),
    )
    if not all(np.all(np.isfinite(values)) for values in curves.values()):
        raise BadValue(
            f"times reach {float(x[-1]):g}, but a run needed more than {MOST_STEPS} steps. Pass earlier times."
        )
    return Ensemble(
        problem,
        cut(x, count),
        {name: curves[name][:, :count] for name in DEEP_CURVES},
        dynamics.x_name,
        dynamics,
        x_unit=dynamics.x_unit,
        stats={"dim": dim, "samples": samples},
    )
