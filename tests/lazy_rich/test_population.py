"""The limit of unlimited data against its reference numbers, the matrix recursion and scipy's integrator."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import solve_ivp

from grok_theory.dynamics import GradientDescent
from grok_theory.errors import BadValue, SolveFailed
from grok_theory.lazy_rich import Population, QuadraticCommittee, solve


def test_reference_numbers():
    """Reference numbers; t counts steps."""
    problem = QuadraticCommittee(1.0, 0.5, 2.0, 0.3)
    solution = solve(problem, np.array([5, 20, 60]), dynamics=GradientDescent(0.05), method=Population())
    np.testing.assert_allclose(solution["test_loss"], [0.629935, 0.190128, 0.009542], atol=5e-7)
    assert solution.status.name == "noted"
    assert "samples_per_dim is ignored" in solution.status.text


def matrix_recursion(problem, learning_rate, steps, dim):
    """Descent on the exact expected loss of M at dimension `dim`; the mean weight stays zero."""
    beta = np.zeros(dim)
    beta[0] = np.sqrt(dim)
    alpha, eps, m0 = problem.output_scale, problem.curvature, problem.teacher_overlap
    start = (1 - m0**2) * np.eye(dim) + m0**2 * np.outer(beta, beta)
    start[0, 0] = m0**2 * dim  # the bulk orthogonal to the teacher, as in the limit
    m, losses = start.copy(), []
    for _ in range(steps + 1):
        gap = alpha * eps * (m - (start if problem.centred else 0)) - np.outer(beta, beta)
        losses.append((np.trace(gap) / dim) ** 2 / 4 + np.sum(gap**2) / (2 * dim**2))
        # -D/2 (N/alpha) dL/dw_i per unit eta_hat: S = I - 2 eta_hat (D/alpha)(eps/2)[2 gap / D^2 + tr(gap) I / D^2]
        s = np.eye(dim) - learning_rate * eps / alpha * (2 * gap / dim + np.trace(gap) / dim * np.eye(dim))
        m = s @ m @ s
    return np.array(losses)


@pytest.mark.parametrize("centred", [True, False])
def test_the_matrix_recursion_meets_it_with_a_1_over_dim_law(centred):
    problem = QuadraticCommittee(1.3, 0.5, 2.0, 0.3, centred)
    limit = np.asarray(solve(problem, np.arange(61), dynamics=GradientDescent(0.05), method=Population())["test_loss"])
    dims = np.array([50, 100, 200])
    gaps = [np.max(np.abs(matrix_recursion(problem, 0.05, 60, dim) - limit)) for dim in dims]
    slope = np.polyfit(np.log(dims), np.log(gaps), 1)[0]
    assert gaps[-1] < 0.02
    assert slope == pytest.approx(-1, abs=0.1)


@pytest.mark.parametrize("centred", [True, pytest.param(False, marks=pytest.mark.slow)])
def test_the_flow_against_scipy(centred):
    alpha, eps, m0 = 0.7, 0.8, 0.1
    rho0, q0 = (m0**2, 1 - m0**2) if centred else (0.0, 0.0)

    def rate(_, y):
        dr, dq = y[0] - rho0, y[1] - q0
        grow = 2 * eps / alpha
        return [
            grow * (3 - alpha * eps * (3 * dr + dq)) * y[0],
            grow * (1 - alpha * eps * (dr + dq)) * y[1],
        ]

    times = np.array([0.0, 0.3, 1.0, 2.0, 50.0])
    start = [m0**2, 1 - m0**2]
    oracle = solve_ivp(rate, (0, 50), start, method="DOP853", t_eval=times, rtol=3e-14, atol=1e-15)
    solution = solve(QuadraticCommittee(alpha, eps, 2.0, m0, centred), times, method=Population())
    np.testing.assert_allclose(solution["teacher_overlap"] ** 2, oracle.y[0], rtol=1e-8)
    np.testing.assert_allclose(solution["bulk_power"], oracle.y[1], rtol=1e-8, atol=1e-10)
    gap = np.abs(np.asarray(solution["teacher_overlap"]) - np.sqrt(oracle.y[0]))
    assert np.all(gap <= np.asarray(solution.numerical_error["teacher_overlap"]))


@pytest.mark.slow
def test_the_flow_is_the_limit_of_small_steps():
    problem = QuadraticCommittee(1.0, 0.5, 2.0, 0.3)
    times = np.array([0.5, 1.0, 3.0])
    flow = np.asarray(solve(problem, times, method=Population())["test_loss"])
    gaps = [
        np.abs(
            np.asarray(
                solve(problem, times * count, dynamics=GradientDescent(1 / count), method=Population())["test_loss"]
            )
            - flow
        ).max()
        for count in (100, 200, 400)
    ]
    assert np.polyfit(np.log([4, 2, 1]), np.log(gaps), 1)[0] == pytest.approx(1.0, abs=0.05)


def test_no_overlap_stays_none_and_a_linear_network_learns_nothing():
    still = solve(QuadraticCommittee(1.0, 0.5, 2.0), [0.0, 1.0, 2.0, 5.0, 10.0], method=Population())
    np.testing.assert_array_equal(still["teacher_overlap"], 0.0)
    assert still["test_loss"][-1] == pytest.approx(0.5, abs=1e-4)
    linear = solve(QuadraticCommittee(1.0, 0.0, 2.0, 0.3), [0, 100], dynamics=GradientDescent(0.1), method=Population())
    np.testing.assert_allclose(linear["test_loss"], 0.75)


def test_steps_too_large_are_refused():
    with pytest.raises(BadValue, match=r"learning_rate is 2.0, but .* stable only below .* GradientFlow"):
        solve(QuadraticCommittee(1.0, 0.5, 2.0, 0.3), [0, 1], dynamics=GradientDescent(2.0), method=Population())


def test_the_stability_limit_is_where_descent_stops_settling():
    from grok_theory.lazy_rich.population import stable_below

    problem = QuadraticCommittee(1.0, 0.5, 2.0, 0.3)
    limit = float(stable_below(problem))

    def last_losses(rate):
        rho, q = 2.0 + 0.09, 0.91 + 1e-6
        for _ in range(4000):
            dr, dq = rho - 0.09, q - 0.91
            rho, q = (
                rho * (1 + rate * 0.5 * (3 - 0.5 * (3 * dr + dq))) ** 2,
                q * (1 + rate * 0.5 * (1 - 0.5 * (dr + dq))) ** 2,
            )
        return abs(rho - 2.09) + abs(q - 0.91)

    assert last_losses(0.98 * limit) < 1e-9
    assert last_losses(1.02 * limit) > 1e-3


TIMES = jnp.array([0.0, 1.0, 3.0, 4.0, 5.0])  # as many as above: one compilation


def loss_at(eps):
    return solve(QuadraticCommittee(1.0, eps, 2.0, 0.3), TIMES, method=Population())["test_loss"]


def test_a_batch_is_a_loop_and_a_member_out_of_range_fails_alone():
    solutions = jax.vmap(lambda e: solve(QuadraticCommittee(1.0, e, 2.0, 0.3), TIMES, method=Population()))(
        jnp.array([0.5, -1.0])
    )
    # Equal to the tolerance of the ODE, not to the bit: rounding moves the adaptive steps.
    np.testing.assert_allclose(solutions["test_loss"][0], loss_at(0.5), rtol=1e-9)
    assert solutions.status.name == "failed"
    assert "member 1 failed" in solutions.status.text
    assert np.isnan(np.asarray(solutions["test_loss"])[1]).all()
    with pytest.raises(SolveFailed, match="Ask for earlier times"):
        solutions.checked(True)


@pytest.mark.slow
def test_gradients_pass_through_the_flow():
    slope = jax.grad(lambda e: loss_at(e)[1])(0.5)
    step = 1e-4
    assert slope == pytest.approx(float(loss_at(0.5 + step)[1] - loss_at(0.5 - step)[1]) / (2 * step), rel=1e-6, abs=0)


@pytest.mark.parametrize(
    "problem",
    [
        QuadraticCommittee(5741.5, 0.022, 2.0, 0.45, centred=False),
        QuadraticCommittee(676.1, 1.0, 2.0, 0.051),
        QuadraticCommittee(0.0122, 2.05, 2.0, 0.0, centred=False),
        QuadraticCommittee(0.127, 0.1, 2.0, 3e-7),
    ],
)
def test_the_printed_error_of_descent_holds_where_the_output_is_large(problem):
    """Extended precision; the error printed before this test was up to 660 times too small."""
    from grok_theory.lazy_rich.population import stable_below

    rate = 0.3 * float(stable_below(problem)) / (1 if problem.centred else 1 + problem.output_scale * problem.curvature)
    solution = solve(problem, np.arange(0, 301, 20), dynamics=GradientDescent(rate), method=Population())
    alpha, eps, m0, step = map(np.longdouble, (problem.output_scale, problem.curvature, problem.teacher_overlap, rate))
    ae, rho0, kept = alpha * eps, m0**2, np.longdouble(problem.centred)
    rho, q, losses, powers = rho0, 1 - rho0, [], []
    for _ in range(301):
        dr, dq = rho - kept * rho0, q - kept * (1 - rho0)
        losses.append((ae * (dr + dq) - 1) ** 2 / 4 + (ae * dr - 1) ** 2 / 2)
        powers.append(q)
        rho, q = (
            rho * (1 + step * eps / alpha * (3 - ae * (3 * dr + dq))) ** 2,
            q * (1 + step * eps / alpha * (1 - ae * (dr + dq))) ** 2,
        )
    for name, truth in (("test_loss", losses), ("bulk_power", powers)):
        gap = np.abs(np.asarray(solution[name]) - np.array(truth)[::20])
        error = np.asarray(solution.numerical_error[name])
        assert np.all(gap <= error), name
        assert np.all(error <= 1e-10 * np.max(np.abs(solution[name]))), name


def test_without_a_visible_teacher_late_times_are_solved():
    """rho = 0 stays; its log once grew until 0 times infinity ended the flow."""
    alpha, eps = 13.54, 0.67
    solution = solve(QuadraticCommittee(alpha, eps, 2.0, 0.0), [0.0, 10.0, 8000.0], method=Population())
    # The bulk alone: q' = (2 eps / alpha) (1 - ae (q - 1)) q, a logistic law with the limit 1 + 1 / ae.
    limit = 1 + 1 / (alpha * eps)
    grown = np.exp(2 * eps**2 * limit * np.array([0.0, 10.0, 8000.0]).clip(max=30.0))
    np.testing.assert_allclose(solution["bulk_power"], limit * grown / (limit - 1 + grown), rtol=1e-10, atol=0)
