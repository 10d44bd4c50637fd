"""Grids, paths, interpolation and the row solver, each against what defines it."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grok_theory.lazy_rich.dmft.grids import (
    backward_difference_grid,
    corrected_grid,
    descent_grid,
    flow_nodes,
    growth_ratio,
)
from grok_theory.lazy_rich.dmft.interpolation import lagrange, positions
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
    """A mode falls by 1 - r a step: (1 - r)^(tau / r) at every node, to the order left out (see `corrected_grid`)."""
    nodes, rates = flow_nodes(5.0, 160), (0.4, 0.2, 0.1)
    errors = []
    for rate in rates:
        grid = corrected_grid(nodes, 4, rate, terms)
        value = np.linalg.solve(np.eye(161) + grid.quadrature, np.ones(161))
        errors.append(np.max(np.abs(value - (1 - rate) ** (nodes / rate))))
    assert errors[1] < 1.6e-3 if terms == 1 else errors[1] < 3e-5
    assert np.log2(errors[1] / errors[2]) > order - 0.25


@pytest.mark.parametrize("terms", [1, 2])
def test_corrections_are_causal_and_leave_the_start_alone(terms):
    quadrature = corrected_grid(flow_nodes(50.0, 40), 4, 0.02, terms).quadrature
    assert np.array_equal(quadrature, np.tril(quadrature))
    assert np.all(quadrature[0] == 0)
    # A constant force moves the weights by the whole of its time, whatever the steps.
    np.testing.assert_allclose(quadrature.sum(axis=1), flow_nodes(50.0, 40), rtol=1e-10, atol=1e-12)


@given(st.floats(0.1, 1e5), st.integers(8, 200))
def test_flow_nodes_end_where_they_should_and_grow_steadily(last, points):
    nodes = flow_nodes(last, points)
    assert nodes[0] == 0
    assert nodes[-1] == pytest.approx(last, rel=1e-12)
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
        assert np.sum(weight * field**power) == pytest.approx(moment, rel=1e-12)


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
