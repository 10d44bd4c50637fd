"""The DMFT solver: open reference numbers, limits, causality, long times, batches, gradients, what it refuses."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from grok_theory.dynamics import GradientDescent, GradientFlow
from grok_theory.errors import BadValue, SolveFailed, TooLarge
from grok_theory.lazy_rich import DMFT, LazyLimit, Population, QuadraticCommittee, solve
from grok_theory.lazy_rich.dmft import march_reading
from grok_theory.lazy_rich.dmft import solve as dmft_solve
from grok_theory.lazy_rich.verdict import judged
from grok_theory.observables import solution_delay
from grok_theory.results import Solution
from grok_theory.status import Status

FLOW = GradientFlow()
STEPS = np.arange(21)  # one shape for all descents of this file: one compilation
A = QuadraticCommittee(1.0, 0.5, 2.0, 0.4)
B = QuadraticCommittee(2.0, 0.3, 3.0, 0.1)
LONG = np.array([0.0, 1.0, 3.0, 10.0, 100.0, 1000.0])


def descent(problem, learning_rate=0.1, **settings):
    return solve(problem, STEPS, dynamics=GradientDescent(learning_rate), method=DMFT(paths=344, **settings))


REFERENCES = {  # t counts steps
    "A": (A, 0.1, {1: (0.49869, 0.701585), 2: (0.3172, 0.66248), 5: (0.09552, 0.55837), 10: (0.02522, 0.46503),
                   20: (0.00561, 0.41000)}),
    "C": (QuadraticCommittee(1.0, 1.0, 1.0, 0.3), 0.02,
          {1: (0.57498, 0.71548), 2: (0.41086, 0.68192), 5: (0.11563, 0.60289), 10: (0.02138, 0.54960),
           20: (0.00294, 0.52754)}),
    "E": (QuadraticCommittee(1.0, 0.5, 2.0, 0.0), 0.1,
          {5: (0.18606, 0.74012), 10: (0.05375, 0.70198), 20: (0.01118, 0.66356)}),
}  # fmt: skip


@pytest.mark.parametrize("name", REFERENCES)
def test_reference_numbers(name):
    problem, learning_rate, table = REFERENCES[name]
    solution = descent(problem, learning_rate)
    for step, (train, test) in table.items():
        assert solution["train_loss"][step] == pytest.approx(train, rel=3e-2, abs=1.2e-3)
        assert solution["test_loss"][step] == pytest.approx(test, rel=4e-3, abs=0)
    assert solution["test_loss"][0] == pytest.approx(0.75, abs=1e-12)
    assert solution["train_loss"][0] == pytest.approx(0.75, abs=1e-12)
    parts = sum(solution[part] for part in ("variance", "misalignment", "linear_power"))
    np.testing.assert_allclose(parts, solution["test_loss"], rtol=1e-12)


def test_without_overlap_the_teacher_stays_out_of_sight():
    solution = descent(REFERENCES["E"][0])
    assert np.all(np.asarray(solution["teacher_overlap"]) == 0)


def test_lazy_limit_with_error_falling_as_1_over_alpha():
    limit = solve(QuadraticCommittee(1.0, 0.5, 2.0), STEPS, dynamics=GradientDescent(0.1), method=LazyLimit())[
        "test_loss"
    ]
    gaps = [
        np.max(np.abs(np.asarray(descent(QuadraticCommittee(alpha, 0.5, 2.0))["test_loss"] - limit)))
        for alpha in (10.0, 100.0, 1000.0)
    ]
    assert gaps[2] < 2e-3  # 6e-4 at 3072 paths
    assert gaps[0] / gaps[1] == pytest.approx(10, rel=0.4, abs=0)


def test_population_limit_with_error_falling_as_1_over_kappa():
    limit = solve(QuadraticCommittee(1.0, 0.5, 2.0, 0.3), STEPS, dynamics=GradientDescent(0.05), method=Population())[
        "test_loss"
    ]
    gaps = [
        np.max(np.abs(np.asarray(descent(QuadraticCommittee(1.0, 0.5, k, 0.3), 0.05)["test_loss"] / limit - 1)))
        for k in (64.0, 512.0)
    ]
    assert gaps[1] < 0.08
    assert gaps[0] / gaps[1] == pytest.approx(8, rel=0.15, abs=0)


def test_same_seed_same_digits_and_a_longer_march_repeats_the_shorter():
    short = solve(A, STEPS[:11], dynamics=GradientDescent(0.1), method=DMFT(paths=344))
    first, again = descent(A), descent(A)
    for name, curve in first.curves.items():
        np.testing.assert_allclose(curve[:11], short[name], rtol=1e-12, atol=0)
        assert np.array_equal(curve, again[name])
    assert not np.array_equal(first["test_loss"], descent(A, seed=1)["test_loss"])


def test_the_kernels_are_causal_and_symmetric():
    fields = descent(A).fields
    for mode in ("common", "odd", "private"):
        response = np.asarray(fields[f"response_{mode}"].values)
        correlation = np.asarray(fields[f"correlation_{mode}"].values)
        assert np.array_equal(response, np.tril(response, -1))
        np.testing.assert_allclose(correlation, correlation.T, atol=1e-15)
        assert np.linalg.eigvalsh(correlation).min() > -1e-12


@pytest.fixture(scope="module")
def quick_flow():
    return DMFT(paths=184, grid_points=24)


@pytest.mark.slow
def test_long_times_are_finite_and_near_the_given_values(quick_flow):
    """Section 4.7b, whose numbers are good to 8e-4: the distance from them is within the printed bound.

    That is of 24 nodes: 1.5 times the distance of the second order, where it was once, to below .03.
    """
    for problem, tests in ((A, (0.4600, 0.3897, 0.3691, 0.3663)), (B, (0.8166, 0.7172, 0.5564, 0.5072))):
        solution = solve(problem, LONG, method=quick_flow)
        assert solution.status.name == "noted"
        assert "held from tau" in solution.status.text
        assert all(np.isfinite(curve).all() for curve in solution.curves.values())
        error = np.asarray(solution.numerical_error["test_loss"])
        assert np.all(error[1:] < 1.5 * 0.03)
        assert np.all(np.abs(np.asarray(solution["test_loss"][1:5]) - tests) < error[1:5] + 8e-4)


@pytest.mark.slow
def test_a_batch_is_its_members_and_what_is_out_of_range_is_nan_and_failed():
    def one(alpha):
        problem = QuadraticCommittee(alpha, 0.5, 2.0, 0.4)
        return solve(problem, STEPS, dynamics=GradientDescent(0.1), method=DMFT(paths=344), throw=False)

    batch = jax.vmap(one)(jnp.array([1.0, 3.0, -1.0]))
    np.testing.assert_allclose(batch["test_loss"][0], one(1.0)["test_loss"], rtol=1e-9)
    np.testing.assert_allclose(batch["test_loss"][1], one(3.0)["test_loss"], rtol=1e-9)
    assert np.isnan(batch["test_loss"][2]).all()
    assert batch.status.name == "failed"
    assert "member 2 failed" in batch.status.text


def check_gradient(x, method, size, thresholds, dynamics=FLOW):
    """Losses and delay by the four numbers of the problem, against central differences with rows solved to rounding.

    At the default tolerance of rows, 1e-6, it is the difference quotient that is noisy (7e-3 in the log train loss).
    """

    def read(numbers, method):
        solution = solve(QuadraticCommittee(*numbers), x, dynamics=dynamics, method=method, throw=False)
        delay = solution_delay(solution, train_threshold=thresholds[0], test_threshold=thresholds[1])
        return jnp.stack([*solution["test_loss"][-2:], jnp.log(solution["train_loss"][-1]), delay])

    point = jnp.array([2.0, 0.3, 3.0, 0.1])
    jacobian = jax.jacfwd(lambda numbers: read(numbers, method))(point)
    tight = dataclasses.replace(method, row_tolerance=1e-11)
    steps = size * jnp.diag(point)
    differences = jnp.stack([(read(point + s, tight) - read(point - s, tight)) / (2 * s.sum()) for s in steps], axis=1)
    assert np.all(np.abs(jacobian) > 1e-3)
    np.testing.assert_allclose(jacobian, differences, rtol=1e-4)


@pytest.mark.slow
def test_gradient_of_descent_against_central_differences():
    """From the hump of the test loss on: a loss below its threshold at the first time has no crossing."""
    method = DMFT(paths=48, teacher_nodes=3, scrambles=1)
    check_gradient(np.arange(2, 8), method, 1e-5, (0.35, 0.81), GradientDescent(0.3))


@pytest.mark.slow
def test_gradient_of_flow_against_central_differences():
    """Rows are fixed points: the implicit function theorem, not the iteration, carries the derivative."""
    times = np.concatenate([[0.0], np.geomspace(0.3, 30.0, 40)])
    check_gradient(times, DMFT(paths=96, grid_points=16, scrambles=1), 1e-4, (0.1, 0.6))


@pytest.mark.slow
def test_flow_is_the_limit_of_small_learning_rates():
    """Richardson in eta_hat at the same paths, tau <= 1: 5e-3 in test loss."""
    times = np.array([0.25, 0.5, 1.0])
    size = {"paths": 672, "scrambles": 2, "field_points": 0}
    flow = solve(A, times, method=DMFT(**size))["test_loss"]
    coarse, fine = (
        solve(A, times * count, dynamics=GradientDescent(1 / count), method=DMFT(**size))["test_loss"]
        for count in (32, 64)
    )
    np.testing.assert_allclose(2 * fine - coarse, flow, atol=5e-3)


@pytest.mark.slow
@pytest.mark.parametrize("learning_rate", [0.0125, 0.1])
def test_a_descent_on_few_nodes_is_the_one_in_which_every_step_is_a_node(learning_rate):
    """A tenth and four fifths of the stable edge: within the two bounds, and as near as the paths allow."""
    steps = np.array([0, 1, 2, 3, 5, 10, 20, 40, 60])
    size, dynamics = {"paths": 344, "scrambles": 5, "field_points": 0}, GradientDescent(learning_rate)
    every, few = (solve(A, steps, dynamics=dynamics, method=DMFT(**size, most_steps=most)) for most in (60, 59))
    assert "More than 59 steps" in few.status.text
    assert "steps: marched" not in every.status.text
    for name, curve in every.curves.items():
        error = np.asarray(every.numerical_error[name]) + np.asarray(few.numerical_error[name])
        assert np.all(np.abs(np.asarray(few[name]) - np.asarray(curve)) <= error)
    np.testing.assert_allclose(few["test_loss"], every["test_loss"], rtol=4e-3, atol=0)


@pytest.mark.parametrize("learning_rate", [1e-4, 0.02, 0.021, 0.4])
def test_a_descent_costs_no_more_than_63_steps_however_long(learning_rate):
    """Nodes, in tau, by single steps and then few: the last is the last step."""
    for steps in (1, 63, 64, 1000, 10**7):
        x = np.array([0.0, steps])
        grids = dmft_solve._grids(x, learning_rate, DMFT())
        assert len(grids[0].nodes) == dmft_solve.padded_nodes(x, learning_rate, DMFT()) <= 64
        assert len(grids) == (9 if steps <= 63 else 11)  # two see the error of the nodes
        assert grids[0].nodes[-1] >= learning_rate * steps * (1 - 1e-12)
        assert steps <= 63 or grids[0].nodes[-1] == pytest.approx(max(learning_rate * steps, 0.02), rel=1e-12, abs=0)


def test_fields_are_thinned_on_request():
    whole, thin, none = (descent(A, field_points=count) for count in (None, 5, 0))
    assert none.fields == {}
    kept = [0, 5, 10, 15, 20]
    np.testing.assert_allclose(thin.fields["correlation_odd"].coordinates["tau"], 0.1 * np.array(kept))
    for name, field in whole.fields.items():
        assert np.array_equal(thin.fields[name].values, np.asarray(field.values)[np.ix_(kept, kept)])


def test_stats_and_remarks():
    solution = descent(QuadraticCommittee(1.0, 0.5, 0.8, 0.4), 0.02)
    assert solution.status.name == "noted"
    assert "below 1 is untested" in solution.status.text
    assert int(solution.stats["paths"]) == 344
    assert solution.dynamics == GradientDescent(0.02)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"paths": 10}, ("paths", "10", "344 is the default")),
        ({"paths": True}, ("paths", "True", "integer")),
        ({"teacher_nodes": 1}, ("teacher_nodes", "1", "4 to 10")),
        ({"grid_points": 3}, ("grid_points", "3", "72 accurate")),
        ({"scrambles": 0}, ("scrambles", "0", "2 or more")),
        ({"seed": -1}, ("seed", "-1", "whole number")),
        ({"row_tolerance": 1.0}, ("row_tolerance", "1.0", "1e-6 is the default")),
        ({"field_points": -1}, ("field_points", "-1", "0 for no fields")),
        ({"most_steps": -1}, ("most_steps", "-1", "63 is the default")),
    ],
)
def test_bad_settings(arguments, words):
    with pytest.raises(BadValue) as refused:
        DMFT(**arguments)
    assert all(word in str(refused.value) for word in words)


@pytest.mark.parametrize(
    ("x", "dynamics", "method", "error", "words"),
    [
        ([1, 2.5], GradientDescent(0.1), DMFT(), BadValue, ("steps[1]", "2.5", "whole number of steps")),
        ([1.0, 0.5], GradientFlow(), DMFT(), BadValue, ("times[1]", "0.5")),
        ([-1.0], GradientFlow(), DMFT(), BadValue, ("times[0]", "-1.0")),
        ([2], GradientDescent(0.2), DMFT(), BadValue, ("learning_rate", "0.2", "stable only below", "GradientFlow()")),
        ([1.0], GradientFlow(), DMFT(paths=2**20, grid_points=512), TooLarge, ("GiB", "Lower paths")),
    ],
)
def test_bad_calls(x, dynamics, method, error, words):
    with pytest.raises(error) as refused:
        solve(A, x, dynamics=dynamics, method=method)
    assert all(word in str(refused.value) for word in words)


def test_a_march_that_loses_a_row_is_tried_with_more_nodes_and_paths(monkeypatch):
    tried = []

    def loses(problem, x, dynamics, method, lost=()):
        tried.append((method.grid_points, method.paths))
        status = Status(1 if len(tried) == 2 else 2, noted=f"after {len(lost)}", failed="lost")
        return Solution(problem, x, {}, "time", dynamics, method, status=status)

    monkeypatch.setattr(dmft_solve, "_attempt", loses)
    found = solve(A, [1.0])
    assert tried == [(40, 344), (60, 688)]
    assert found.status.text == "after 1"
    assert found.method == DMFT(paths=688, grid_points=60)
    tried.extend([()] * 7)
    with pytest.raises(SolveFailed, match="lost"):
        solve(A, [1.0])
    assert tried[9:] == [(40, 344), (60, 688), (90, 1376)]


def test_what_is_said_of_attempts():
    first = DMFT()
    verdict = judged({"test_loss": jnp.ones(1)}, {"test_loss": jnp.zeros(1)}, True)
    answer = march_reading.Answer(verdict, np.array(61.0), np.array(0), None, None, None)
    status = dmft_solve._status(A, first.finer(), answer, np.zeros(61), [first])
    assert status.name == "noted"
    assert status.text == ("A march lost a row with grid_points=40, paths=344; this is from grid_points=60, paths=688.")


def test_the_scatter_of_the_scrambles_is_a_99_percent_half_width():
    """Student's 0.995 quantiles over the root of the count, from tables; one scramble has none, and says so."""
    for count, tabled in ((2, 63.657), (5, 4.604), (9, 3.3554)):
        assert march_reading._student(count) == pytest.approx(tabled / np.sqrt(count), rel=1e-4, abs=0)
    alone = descent(A, scrambles=1)
    assert alone.numerical_error == {}
    assert "no numerical_error" in alone.status.text


def test_traced_times_are_refused():
    with pytest.raises(BadValue, match=r"x is traced.*outside jit"):
        jax.jit(lambda times: solve(A, times, method=DMFT())["test_loss"])(LONG)
