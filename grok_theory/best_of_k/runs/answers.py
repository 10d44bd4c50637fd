"""The same problems run for real: answers drawn, judged, one kept; for a regression the training set is drawn too.

NumPy and LAPACK, not JAX: nothing here is differentiated, every size would compile anew for seconds, and with two cores
XLA can wait for ever on two LAPACK calls in one batch (seen with jaxlib 0.10.1).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import jax
import numpy as np
from jax.typing import ArrayLike

from ...checks import check_integer, check_key, check_memory, check_runs, check_shape, check_size, require_float64
from ...conditions import Conditions
from ...errors import BadValue
from ...results import Ensemble
from ...status import Status
from ..problem import LinearJudge, Posterior, Prompt
from ..temperatures import check_temperature
from .regression import draw_regression

_LARGEST = 1e150
_ANSWERS_AT_ONCE = 65536  # in memory, as whole test points; a run's draws depend on it, so it is fixed


def simulate_kept_answer(
    problem: Prompt | Posterior | LinearJudge,
    samples: ArrayLike | Sequence[float],
    temperature: ArrayLike,
    *,
    dim: int | None,
    runs: int,
    key: jax.Array,
    test_points: int,
) -> Ensemble:
    """See `grok_theory.best_of_k.simulate`."""
    require_float64("best_of_k.simulate")
    if not isinstance(problem, (Prompt, Posterior, LinearJudge)):
        raise BadValue(
            f"problem is {type(problem).__name__}, but it must be a Prompt, Posterior or LinearJudge. "
            "Build one, for example best_of_k.Prompt(0.3, 0.3)."
        )
    problem.check()
    counts = _whole(samples)
    check_temperature(temperature)
    check_key(key)
    runs = check_runs(runs)
    test_points = check_integer("test_points", test_points, 1, "Pass test prompts a run, for example 1000.")
    check_memory(
        f"drawing {counts[-1]} answers", 8 * 6 * max(counts[-1], _ANSWERS_AT_ONCE), "Lower the largest `samples`."
    )
    status = Status()
    if isinstance(problem, LinearJudge):
        draw, status = _regression(problem, dim, test_points)
    else:
        if dim is not None:
            raise BadValue(f"dim is {dim}, but a {type(problem).__name__} has no dimension. Leave dim out.")
        for name, value in vars(problem).items():
            check_shape(name, value, (), "Simulate one problem at a time.")
        draw = _prompts(problem, test_points)
    made = []
    for i in range(runs):
        # Run i sees its own key and nothing of the others: it is the same among 8 or 800.
        rng = np.random.default_rng(np.asarray(jax.random.key_data(jax.random.fold_in(key, i))).ravel().tolist())
        teacher, reward, spread, numbers = draw(rng)
        made.append((_keep(rng, teacher, reward, spread, float(temperature), counts), numbers))
    curves, stats = ({name: np.array([run[j][name] for run in made]) for name in made[0][j]} for j in (0, 1))
    if not isinstance(problem, Prompt):
        curves.pop("bias")
    return Ensemble(
        problem=problem,
        x=np.asarray(counts, float),
        curves=curves,
        x_name="samples",
        dynamics=None,
        conditions=Conditions(temperature=temperature),
        stats=stats,
        status=status,
    )


def _whole(samples: ArrayLike | Sequence[float] | None) -> tuple[int, ...]:
    if samples is None:
        raise BadValue("samples is None, but it must be a list of whole numbers. Pass, for example, [1, 4, 16].")
    check_shape("samples", samples, (None,), "Pass a list of whole numbers, for example [1, 4, 16].")
    remedy = "Pass whole numbers of answers in rising order, for example [1, 4, 16]; solve() takes real ones."
    counts = tuple(check_integer(f"samples[{i}]", k, 1, remedy) for i, k in enumerate(np.asarray(samples).tolist()))
    for i in range(1, len(counts)):
        if counts[i] < counts[i - 1]:
            raise BadValue(
                f"samples[{i}] is {counts[i]}, but it must not be below samples[{i - 1}] = {counts[i - 1]}. {remedy}"
            )
    return counts


def _prompts(problem: Prompt | Posterior, test_points: int) -> Callable[[np.random.Generator], tuple]:
    numbers = {name: float(value) for name, value in vars(problem).items()}
    for name, value in numbers.items():
        if abs(value) > _LARGEST:
            raise BadValue(
                f"{name} is {value:g}, but simulate needs it at most {_LARGEST:g} in magnitude: squared answers "
                "overflow beyond. Measure in another unit."
            )
    spread = np.full(test_points, numbers["spread"])

    def draw(rng):
        if isinstance(problem, Prompt):
            teacher, reward = (np.full(test_points, numbers[name]) for name in ("teacher_gap", "reward_gap"))
        else:
            q, v, c = (numbers[name] for name in ("teacher_variance", "reward_variance", "covariance"))
            normal = rng.standard_normal((2, test_points))
            slope = c / v if v > 0 else 0.0
            reward = np.sqrt(v) * normal[0]
            teacher = slope * reward + np.sqrt(max(q - slope * c, 0.0)) * normal[1]
        moments = {
            "teacher_variance": np.mean(teacher**2),
            "reward_variance": np.mean(reward**2),
            "covariance": np.mean(teacher * reward),
            "spread": numbers["spread"],
        }
        return teacher, reward, spread, moments

    return draw


def _regression(problem: LinearJudge, dim: int | None, test_points: int) -> tuple[Callable, Status]:
    if dim is None:
        raise BadValue(
            "dim is left out, but a LinearJudge is simulated at a finite dimension. Pass dim, for example dim=100."
        )
    dim = check_integer("dim", dim, 2, "Pass the dimension of the inputs, for example 100.")
    ratio = float(problem.examples_per_dim)
    examples = check_size("examples_per_dim * dim", ratio * dim, knob="dim", per=ratio)
    weights = np.asarray(problem.modes()["mode_weights"])
    sizes = _apportion(weights, dim)
    if min(sizes) < 2:
        raise BadValue(f"dim is {dim}, but every mode needs at least 2 dimensions. Pass a larger dim.")
    smaller = min(examples, dim)
    # The features, their copy and both factors of the decomposition; test points, their shares along and across.
    needed = 3 * examples * dim + smaller * (dim + 7 * smaller) + (smaller + 3 * dim) * test_points
    check_memory(f"a regression of dimension {dim}", 8.0 * needed, "Lower dim or test_points.")
    exact = np.allclose(np.asarray(sizes), weights * dim, rtol=0, atol=1e-9 * dim)
    listed = ", ".join(map(str, sizes))
    note = f"the modes hold {listed} of {dim} dimensions, which are not exactly the stated shares. Pass another dim."
    status = Status() if exact else Status(1, noted=note)
    return lambda rng: draw_regression(rng, problem, sizes, examples, test_points), status


def _apportion(weights: np.ndarray, dim: int) -> tuple[int, ...]:
    """Whole numbers that sum to `dim`, by largest remainder."""
    sizes = np.floor(weights * dim + 1e-9).astype(int)
    order = np.argsort(sizes - weights * dim, kind="stable")
    sizes[order[: dim - sizes.sum()]] += 1
    return tuple(int(size) for size in sizes)


def _keep(rng, teacher_gaps, reward_gaps, spreads, temperature, counts):
    """Mean over prompts of what is kept among the first k answers, for every k."""
    at_once = max(1, _ANSWERS_AT_ONCE // counts[-1])
    sums = {name: np.zeros(len(counts)) for name in ("error", "judged_error", "bias")}
    for start in range(0, teacher_gaps.size, at_once):
        part = slice(start, start + at_once)
        teacher, reward, spread = teacher_gaps[part], reward_gaps[part], spreads[part]
        answer = spread[:, None] * rng.standard_normal((teacher.size, counts[-1]))
        miss = answer + reward[:, None]
        if temperature == 0:
            key = -(miss**2)
        else:
            # The argmax of score/T + Gumbel noise is a softmax draw; the same noise serves every k.
            key = -np.log(rng.standard_exponential(miss.shape))
            if temperature < np.inf:
                key -= miss**2 / temperature
        row, first = np.arange(teacher.size), 0
        best = np.zeros(teacher.size, int)
        for j, k in enumerate(counts):
            if k > first:  # only the answers that are new to this k
                new = first + np.argmax(key[:, first:k], axis=1)
                best = np.where((key[row, new] > key[row, best]) | (first == 0), new, best)
                first = k
            true = answer[row, best] + teacher
            sums["error"][j] += np.sum(true**2)
            sums["judged_error"][j] += np.sum(miss[row, best] ** 2)
            sums["bias"][j] += np.sum(true)
    return {name: total / teacher_gaps.size for name, total in sums.items()}
