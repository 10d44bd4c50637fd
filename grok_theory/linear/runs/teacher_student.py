"""The same regression, drawn and trained for real: one data set, teacher, noise and start a run, at finite N.

The Gram matrix of a run is diagonalised once; then the flow (or any number of descent
steps) is exact at every time: no step-size error is left, only finite size.
"""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ...checks import check_integer, check_key, check_memory, check_runs, check_size, require_float64
from ...numerics.flat_draws import flat
from ...numerics.padding import as_numbers, cut, repeated
from ...numerics.programs import compiled_soonest
from ...numerics.runs import counted, run_batched, runs_at_once
from ...results import Ensemble
from ..checked import check_single
from ..curve_names import CURVES
from ..mode_relaxation import FLOW, ByModes, Times, check, relaxation
from ..problem import TeacherStudent

__all__ = ["simulate_teacher_student"]


def standard_draws(key: Array, dim: int, samples: int) -> tuple[Array, Array, Array, Array]:
    """N(0, 1) numbers of one run: inputs (dim, samples), label noise (samples,), teacher and start (dim,)."""
    data, *others = jax.random.split(key, 4)
    # One program for the three vectors: the first entries of a longer draw are those of the draw.
    longest = max(dim, samples)
    noise, teacher, start = jax.vmap(lambda one: jax.random.normal(one, (longest,)))(jnp.stack(others))
    return flat(jax.random.normal, data, (dim, samples)), noise[:samples], teacher[:dim], start[:dim]


def _draw(problem: TeacherStudent, key: Array, dim: int, samples: int) -> tuple[Array, Array, Array, Array]:
    """Inputs X (dim, samples), label noise, teacher and initial weights of one run, all in units of the noise."""
    inputs, noise, teacher, start = standard_draws(key, dim, samples)
    return inputs / np.sqrt(dim), noise, jnp.sqrt(problem.snr) * teacher, jnp.sqrt(problem.inr) * start


def eigenmodes(
    inputs: Float[Array, "dim samples"], noise: Float[Array, " samples"]
) -> tuple[Float[Array, " modes"], Float[Array, "modes dim"], Float[Array, " modes"], Array]:
    """Modes of X X^T that see data, from the smaller Gram matrix: (eigenvalues, projector onto them, noise, rest).

    `noise` is projected on the matching directions of label space; the rest is the square of what no weight can fit.
    """
    dim, samples = inputs.shape
    over = dim <= samples
    eigenvalues, basis = jnp.linalg.eigh(inputs @ inputs.T if over else inputs.T @ inputs)
    eigenvalues = jnp.maximum(eigenvalues, 0.0)
    if over:
        project = basis.T
        seen_noise = (basis.T @ (inputs @ noise)) / jnp.sqrt(eigenvalues)
    else:
        project = (inputs @ basis / jnp.sqrt(eigenvalues)[None, :]).T
        seen_noise = basis.T @ noise
    unfittable = jnp.maximum(noise @ noise - seen_noise @ seen_noise, 0.0) if samples > dim else jnp.zeros(())
    return eigenvalues, project, seen_noise, unfittable


def _train(
    problem: TeacherStudent,
    dynamics: ByModes,
    times: Float[Array, " times"],
    inputs: Float[Array, "dim samples"],
    noise: Float[Array, " samples"],
    teacher: Float[Array, " dim"],
    start: Float[Array, " dim"],
) -> dict[str, Array]:
    """Every curve of one run, exactly, in the eigenbasis of the smaller Gram matrix."""
    dim, samples = inputs.shape
    eigenvalues, project, seen_noise, unfittable = eigenmodes(inputs, noise)
    wanted, began = project @ teacher, project @ start
    e, psi = relaxation(dynamics, eigenvalues + problem.weight_decay, times)
    frozen = relaxation(dynamics, jnp.reshape(problem.weight_decay, (1,)), times)[0][:, 0]
    error = e + problem.weight_decay * psi
    root = jnp.sqrt(eigenvalues)

    # w = signal + memory of the noise, mode by mode; the label noise enters linearly, so the parts can be told apart.
    from_signal = error * wanted[None, :] - e * began[None, :]
    from_noise = psi * (root * seen_noise)[None, :]
    weights = psi * (eigenvalues * wanted)[None, :] + e * began[None, :] + from_noise
    residual_signal = root[None, :] * from_signal
    residual = residual_signal + error * seen_noise[None, :]

    # Directions that no sample sees.
    hidden_teacher = teacher - project.T @ wanted
    hidden_start = start - project.T @ began
    tt, ts, ss = hidden_teacher @ hidden_teacher, hidden_teacher @ hidden_start, hidden_start @ hidden_start
    hidden_error = tt - 2 * frozen * ts + frozen**2 * ss

    def total(modes):
        return jnp.sum(modes**2, axis=1)

    curves = {
        "train_loss": (total(residual) + unfittable) / samples,
        "test_loss": 1 + (total(from_signal - from_noise) + hidden_error) / dim,
        "weight_norm": (total(weights) + frozen**2 * ss) / dim,
        "test_bias": (total(from_signal) + hidden_error) / dim,
        "test_variance": total(from_noise) / dim,
        "train_bias": total(residual_signal) / samples,
    }
    return {name: problem.noise**2 * values for name, values in curves.items()}


class _Run:
    """One run as a function of its key and numbers; equal sizes are equal functions, and compile once."""

    def __init__(self, dim: int, samples: int):
        self.sizes = dim, samples

    def __call__(self, key: Array, problem: TeacherStudent, dynamics: ByModes, times: Array) -> dict[str, Array]:
        inputs, noise, teacher, start = _draw(problem, key, *self.sizes)
        return _train(problem, dynamics, times, inputs, noise, teacher, start)

    def __eq__(self, other):
        return type(self) is type(other) and self.sizes == other.sizes

    def __hash__(self):
        return hash((type(self), self.sizes))


def simulate_teacher_student(
    problem: TeacherStudent, times: Times, dynamics: ByModes = FLOW, *, runs: int, key: Array, dim: int
) -> Ensemble:
    """See `grok_theory.linear.simulate`."""
    require_float64("grok_theory.linear.simulate")
    check_single(problem, "simulate")
    check(problem, dynamics, times, "simulate")
    check_key(key)
    runs = check_runs(runs)
    dim = check_integer("dim", dim, 1, "Pass the number of weights, for example dim=200.")
    alpha = float(problem.samples_per_dim)
    samples = check_size("samples_per_dim * dim", alpha * dim, knob="dim", per=alpha)
    batch, x = runs_at_once(), repeated(times)
    check_memory(
        f"{counted(batch)} with dim={dim} and {samples} samples",
        8.0 * batch * (3 * dim * samples + 4 * min(dim, samples) ** 2 + 8 * min(dim, samples) * x.size),
        "Pass a smaller dim.",
    )
    curves = run_batched(
        _Run(dim, samples),
        key,
        runs,
        arguments=(as_numbers(problem), as_numbers(dynamics), x),
        program=compiled_soonest,
    )
    count = np.size(times)
    return Ensemble(
        problem,
        cut(x, count),
        {name: curves[name][:, :count] for name in CURVES},
        dynamics.x_name,
        dynamics,
        x_unit=dynamics.x_unit,
        stats={"dim": dim, "samples": samples},
    )
