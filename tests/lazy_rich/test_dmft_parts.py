"""Grids, paths, interpolation and the row solver, each against what defines it."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grok_theory.lazy_rich.dmft.grids import backward_difference_grid, descent_grid, geometric_nodes, growth_ratio
from grok_theory.lazy_rich.dmft.interpolation import lagrange, positions
from grok_theory.lazy_rich.dmft.paths import draw_paths, innovations, paths_per_node, teacher_nodes
from grok_theory.lazy_rich.dmft.row_solve import solve_row


@pytest.mark.parametrize("order", [1, 2, 3])
def test_backward_differences_are_exact_for_polynomials_up_to_their_order(order):
    grid = backward_difference_grid(geometric_nodes(50.0, 20), order)
    difference = np.linalg.inv(grid.quadrature)
    for power in range(1, order + 1):
        slope = difference @ grid.nodes**power
        np.testing.assert_allclose(slope[order:], power * grid.nodes[order:] ** (power - 1), rtol=1e-8)


@pytest.mark.parametrize("order", [1, 2, 3])
def test_order_of_convergence(order):
    """w' = -w on geometric grids of ratio 1.6, sqrt(1.6) ...: the error at the end falls with the order."""
    errors = []
    for halvings in range(4):
        points, ratio = 16 * 2**halvings, 1.6 ** (0.5**halvings)
        nodes = geometric_nodes(2.0, points, first=2.0 * (ratio - 1) / (ratio**points - 1))
        grid = backward_difference_grid(nodes, order)
        value = np.linalg.solve(np.eye(points) + grid.quadrature, np.ones(points))
        errors.append(abs(value[-1] - np.exp(-2.0)))
    slopes = np.log2(np.array(errors[:-1]) / errors[1:])
    assert slopes[-1] == pytest.approx(order, abs=0.15)  # measured .97, 1.96, 2.89


def test_descent_sums_the_forces_of_earlier_steps():
    grid = descent_grid(0.1, 4)
    np.testing.assert_allclose(grid.quadrature @ np.arange(5.0), 0.1 * np.array([0, 0, 1, 3, 6]))


@given(st.floats(0.1, 1e5), st.integers(8, 200))
def test_geometric_nodes_end_where_they_should_and_grow_steadily(last, points):
    nodes = geometric_nodes(last, points)
    assert nodes[-1] == pytest.approx(last, rel=1e-12)
    steps = np.diff(nodes, prepend=0.0)
    ratios = steps[1:] / steps[:-1]
    np.testing.assert_allclose(ratios, ratios[0], rtol=1e-6)
    if 0.03 * points < last:
        assert ratios[0] == pytest.approx(growth_ratio(last, points), rel=1e-6)


@given(st.floats(0.5, 1e4), st.integers(8, 100))
def test_positions_count_the_nodes(last, points):
    nodes = geometric_nodes(last, points)
    np.testing.assert_allclose(positions(nodes, nodes), np.arange(1, points + 1), atol=1e-5)
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
