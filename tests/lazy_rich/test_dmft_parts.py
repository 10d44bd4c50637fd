"""Grids, paths, interpolation and the row solver, each against what defines it."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grok_theory.lazy_rich.dmft.grids import (
    backward_difference_grid,
    descent_grid,
    flow_nodes,
    growth_ratio,
)
from grok_theory.lazy_rich.dmft.interpolation import lagrange, positions
from grok_theory.lazy_rich.dmft.many_steps import FIRST_STEPS, grid_of_many, nodes_of_many, single_steps
from grok_theory.lazy_rich.dmft.march_reading import Reading
from grok_theory.lazy_rich.dmft.paths import draw_paths, innovations, paths_per_node, teacher_nodes
from grok_theory.lazy_rich.dmft.row_solve import solve_row


@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_backward_differences_are_exact_for_polynomials_up_to_their_order(order):
    """At every node for those that the trapezoidal first step gets right, in slope at all nodes with a full history."""
    grid = backward_difference_grid(flow_nodes(50.0, 30), order)
    for power in range(1, min(order, 2) + 1):
        value = grid.quadrature @ (power * grid.nodes ** (power - 1))
        np.testing.assert_allclose(value, grid.nodes**power, rtol=1e-8, atol=1e-12)
    difference = np.linalg.inv(grid.quadrature[1:, 1:])
    for power in range(1, order + 1):
        slope = difference @ grid.nodes[1:] ** power
        np.testing.assert_allclose(slope[order:], power * grid.nodes[order + 1 :] ** (power - 1), rtol=1e-7)


def errors_on_nested_grids(order):
    """w' = -w: errors at the end and near the start, over halved steps."""
    ends, starts = [], []
    for points in (20, 40, 80, 160):
        grid = backward_difference_grid(flow_nodes(2.0, points), order)
        value = np.linalg.solve(np.eye(points + 1) + grid.quadrature, np.ones(points + 1))
        error = np.abs(value - np.exp(-grid.nodes))
        ends.append(error[-1])
        starts.append(error[: points // 4 + 1].max())
    return np.array(ends), np.array(starts)


@pytest.mark.parametrize("order", [1, 2, 3])
def test_order_of_convergence(order):
    for errors in errors_on_nested_grids(order):
        assert np.log2(errors[-2] / errors[-1]) == pytest.approx(order, abs=0.15)


def test_the_fourth_order_sees_the_error_of_the_third():
    (third, _), (fourth, _) = errors_on_nested_grids(3), errors_on_nested_grids(4)
    assert np.all(fourth < 0.4 * third)


def test_descent_sums_the_forces_of_earlier_steps():
    grid = descent_grid(0.1, 4)
    np.testing.assert_allclose(grid.quadrature @ np.arange(5.0), 0.1 * np.array([0, 0, 1, 3, 6]))


@pytest.mark.parametrize(("terms", "order"), [(1, 2), (2, 3)])
def test_few_nodes_stand_for_the_steps_of_a_descent(terms, order):
    """A mode falls by 1 - r a step: (1 - r)^(tau / r) at every node, to the order left out (see `many_steps`)."""
    nodes, rates = flow_nodes(5.0, 160), (0.4, 0.2, 0.1)
    errors = []
    for rate in rates:
        grid = grid_of_many(nodes, 0, 4, rate, terms)
        value = np.linalg.solve(np.eye(161) + grid.quadrature, np.ones(161))
        errors.append(np.max(np.abs(value - (1 - rate) ** (nodes / rate))))
    assert errors[1] < 1.6e-3 if terms == 1 else errors[1] < 3e-5
    assert np.log2(errors[1] / errors[2]) > order - 0.25


@pytest.mark.parametrize("terms", [1, 2])
@pytest.mark.parametrize("rate", [0.02, 0.3])
def test_a_descent_on_few_nodes_is_causal_and_sums_constant_and_linear_forces(terms, rate):
    """r sum_{k < n} (1, k r) = t, t (t - r) / 2 at t = n r, whether the first steps are nodes or not."""
    nodes = nodes_of_many(rate, 5000, 40)
    quadrature = grid_of_many(nodes, single_steps(rate), 4, rate, terms).quadrature
    assert len(nodes) == 41 + (FIRST_STEPS if rate == 0.3 else 0)
    assert np.array_equal(quadrature, np.tril(quadrature))
    assert np.all(quadrature[0] == 0)
    np.testing.assert_allclose(quadrature.sum(axis=1), nodes, rtol=1e-13, atol=0)
    np.testing.assert_allclose(quadrature @ nodes, nodes * (nodes - rate) / 2, rtol=1e-13, atol=0)


def test_near_the_stable_edge_the_first_steps_are_those_of_descent():
    """A mode that changes its sign at every step: exact while a step is a node, then never more than what is left."""
    nodes = nodes_of_many(1.8, 10_000, 40)
    for terms in (1, 2):
        grid = grid_of_many(nodes, FIRST_STEPS, 4, 1.8, terms)
        value = np.linalg.solve(np.eye(len(nodes)) + grid.quadrature, np.ones(len(nodes)))
        exact = (-0.8) ** np.arange(FIRST_STEPS + 1)
        np.testing.assert_allclose(value[: FIRST_STEPS + 1], exact, rtol=1e-13, atol=0)
        assert np.max(np.abs(value[FIRST_STEPS:])) <= 1.5 * 0.8**FIRST_STEPS


def test_steps_are_read_at_their_nodes_and_what_follows_between_later_ones():
    """Steps to 20 exactly; a curve with a kink at step 20 is read on its own side of it."""
    rate, steps = 0.3, np.array([0, 1, 7, 20, 21, 22, 40, 999, 5000])
    nodes = nodes_of_many(rate, 5000, 40)
    curve = np.where(nodes <= 6.0 + 1e-9, (-1.0) ** np.arange(len(nodes)), np.log1p(nodes))
    at = Reading.of(nodes, rate * steps, steps=FIRST_STEPS)
    curve[FIRST_STEPS] = np.log1p(6.0)
    for stencil, weights, rtol in ((at.stencil, at.weights, 1e-4), (at.check_stencil, at.check_weights, 2e-3)):
        read = np.sum(curve[stencil] * weights, axis=1)
        assert np.array_equal(read[:4], [1.0, -1.0, -1.0, np.log1p(6.0)])
        np.testing.assert_allclose(read[4:], np.log1p(rate * steps[4:]), rtol=rtol, atol=0)


@given(st.floats(0.1, 1e5), st.integers(8, 200))
def test_flow_nodes_end_where_they_should_and_grow_steadily(last, points):
    nodes = flow_nodes(last, points)
    assert nodes[0] == 0
    assert nodes[-1] == pytest.approx(last, rel=1e-12, abs=0)
    steps = np.diff(nodes)
    ratios = steps[1:] / steps[:-1]
    np.testing.assert_allclose(ratios, growth_ratio(nodes), rtol=1e-6)
    assert 1 <= growth_ratio(nodes) <= 1.4501
    if growth_ratio(nodes) < 1.2:
        np.testing.assert_allclose(flow_nodes(last, 2 * points)[::2], nodes, rtol=1e-9)


@given(st.floats(0.5, 1e4), st.integers(8, 100))
def test_positions_count_the_nodes(last, points):
    nodes = flow_nodes(last, points)
    np.testing.assert_allclose(positions(nodes, nodes), np.arange(points + 1), atol=1e-5)
    assert positions(nodes, np.zeros(1))[0] == 0


@given(st.integers(0, 5), st.floats(0.0, 9.0))
def test_six_points_interpolate_quintics_exactly(power, position):
    stencil, weights = lagrange(np.array([position]), 10, 6)
    assert np.sum(stencil.astype(float) ** power * weights) == pytest.approx(position**power, rel=1e-9, abs=1e-9)


def test_shares_are_the_powers_of_two_of_the_specification():
    for total in (184, 344, 672, 1328, 2640):
        counts = paths_per_node(total, 6)
        assert counts.sum() == total
        assert np.all(counts & (counts - 1) == 0)


def test_the_nodes_integrate_even_moments_of_the_teacher_field():
    field, weight = teacher_nodes(6)
    for power, moment in ((0, 1), (2, 1), (4, 3), (8, 105)):
        assert np.sum(weight * field**power) == pytest.approx(moment, rel=1e-12, abs=0)


def test_innovations_are_normal_and_do_not_depend_on_how_many_steps_are_drawn():
    weight = draw_paths(672, 6).weight
    drawn, more = innovations(672, 6, 8, 3, 1), innovations(672, 6, 12, 3, 1)
    assert np.array_equal(drawn, more[:8])
    assert not np.allclose(drawn, innovations(672, 6, 8, 3, 2))
    np.testing.assert_allclose(drawn @ weight, 0, atol=0.01)
    np.testing.assert_allclose(drawn**2 @ weight, 1, atol=0.04)
    cross = np.einsum("stp,rqp,p->strq", drawn, drawn, weight).reshape(16, 16)
    np.testing.assert_allclose(cross, np.eye(16), atol=0.06)


def test_the_row_solver_finds_a_point_that_plain_iteration_flees_and_its_derivative():
    matrix = jnp.array([[0.3, 3.0, 0.0], [0.0, -1.4, 2.0], [0.1, 0.0, -0.6]])

    def fixed_point(shift):
        return solve_row(lambda x: matrix @ jnp.tanh(x) + shift, jnp.zeros(3), 1e-12, 200).point

    shift = jnp.array([0.4, -0.2, 0.7])
    point = fixed_point(shift)
    np.testing.assert_allclose(matrix @ jnp.tanh(point) + shift, point, atol=1e-11)
    jacobian = jax.jacfwd(fixed_point)(shift)
    expected = np.linalg.inv(np.eye(3) - matrix * (1 - jnp.tanh(point) ** 2)[None, :])
    np.testing.assert_allclose(jacobian, expected, rtol=1e-7)
