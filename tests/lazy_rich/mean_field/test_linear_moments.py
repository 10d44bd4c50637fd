"""The closed equations of the linear activation against the specification's numbers, and against scipy on v, A, W."""

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from grok_theory import verify
from grok_theory.lazy_rich import LinearMoments, MeanFieldNetwork, solve

READ = np.array([0.0, 0.3, 2.0])


def curves_by_scipy(problem, times):
    """v' = gamma0 (W u + u A), A' = gamma0 (u^T v + v^T u), W' = gamma0 (v u^T + u v^T), in the inputs' coordinates."""
    x, y = np.asarray(problem.inputs), np.asarray(problem.targets, float)
    y = y[:, None] if y.ndim == 1 else y
    (samples, dim), outputs, gamma = x.shape, y.shape[1], float(problem.richness)
    z = x / np.sqrt(dim)
    sizes = [dim * outputs, outputs**2, dim**2]

    def parts(state):
        v, a, w = np.split(state, np.cumsum(sizes)[:-1])
        return v.reshape(dim, outputs), a.reshape(outputs, outputs), w.reshape(dim, dim)

    def slope(_, state):
        v, a, w = parts(state)
        u = 2 / samples * z.T @ (y - z @ v / gamma)
        return np.concatenate(
            [
                (gamma * (w @ u + u @ a)).ravel(),
                (gamma * (u.T @ v + v.T @ u)).ravel(),
                (gamma * (v @ u.T + u @ v.T)).ravel(),
            ]
        )

    start = np.concatenate([np.zeros(sizes[0]), np.eye(outputs).ravel(), np.eye(dim).ravel()])
    found = solve_ivp(slope, (0, times[-1]), start, "DOP853", t_eval=times, rtol=1e-12, atol=1e-13)
    fresh = np.asarray(problem.test_inputs) / np.sqrt(dim)
    wanted = np.asarray(problem.test_targets, float).reshape(len(fresh), -1)
    curves = {name: [] for name in ("train_loss", "test_loss", "alignment", "feature_overlap")}
    along, size, _ = np.linalg.svd(z.T @ y, full_matrices=False)
    along = along * (size > 1e-10 * size[0])
    for state in found.y.T:
        v, a, w = parts(state)
        kernel = z @ w @ z.T + z @ z.T * np.trace(a) / outputs
        curves["train_loss"].append(np.mean(np.sum((y - z @ v / gamma) ** 2, 1)))
        curves["test_loss"].append(np.mean(np.sum((wanted - fresh @ v / gamma) ** 2, 1)))
        both = np.linalg.norm(kernel) * np.linalg.norm(y @ y.T)
        curves["alignment"].append(np.sum(kernel * (y @ y.T)) / both)
        curves["feature_overlap"].append(np.trace(along.T @ w @ along) / np.trace(w))
    return {name: np.array(values) for name, values in curves.items()}


def test_reference_numbers(network, times):
    """Reference values, ten digits."""
    solution = solve(network(1.0, "linear"), times)
    assert solution.method == LinearMoments()  # the exact method is the default where there is one
    np.testing.assert_allclose(solution["train_loss"], [0.2758985689, 0.2280877447, 0.2280583015], atol=2e-10)
    np.testing.assert_allclose(solution["test_loss"], [0.9244705651, 1.3385317940, 1.3522778466], atol=2e-9)
    assert max(np.max(errors) for errors in solution.numerical_error.values()) < 1e-7


@settings(max_examples=12)
@given(verify.problems(MeanFieldNetwork, activation="linear"))
def test_against_scipy_on_the_closed_equations(problem):
    solution, expected = solve(problem, READ), curves_by_scipy(problem, READ)
    for name, values in expected.items():
        error = np.abs(np.asarray(solution[name]) - values)
        assert np.all(error <= 1e-7 * np.max(np.abs(values)) + 2 * np.asarray(solution.numerical_error[name])), name
    assert np.all(np.diff(solution["train_loss"]) <= 1e-12)
    assert solution["kernel_movement"][0] == 0 == solution["distance"][0]


@settings(max_examples=6)
@given(verify.problems(MeanFieldNetwork, activation="linear"), st.floats(0.2, 5.0))
def test_only_richness_times_the_scale_of_the_target_matters(problem, factor):
    """Exact at any activation: losses(gamma0, s y) = s^2 losses(s gamma0, y)."""
    larger, richer = factor * problem.targets, factor * problem.richness
    fresh, wanted = problem.test_inputs, problem.test_targets
    scaled = MeanFieldNetwork(problem.inputs, larger, problem.richness, "linear", fresh, factor * wanted)
    other = MeanFieldNetwork(problem.inputs, problem.targets, richer, "linear", fresh, wanted)
    first, second = solve(scaled, READ), solve(other, READ)
    for name in ("train_loss", "test_loss"):
        np.testing.assert_allclose(first[name], factor**2 * second[name], rtol=1e-6, atol=1e-9 * factor**2)


def test_several_outputs_and_more_dimensions_than_inputs():
    random = np.random.default_rng(5)
    inputs, fresh = random.normal(size=(4, 9)), random.normal(size=(3, 9))
    targets, wanted = random.normal(size=(4, 3)), random.normal(size=(3, 3))
    problem = MeanFieldNetwork(inputs, targets, 1.3, "linear", fresh, wanted)
    solution, expected = solve(problem, READ), curves_by_scipy(problem, READ)
    for name, values in expected.items():
        np.testing.assert_allclose(solution[name], values, rtol=1e-7, atol=1e-9, err_msg=name)


@pytest.mark.slow
def test_an_output_that_is_never_asked_for_changes_nothing(network, times):
    one = network(2.0, "linear")
    zeros = np.zeros((4, 1)), np.zeros((5, 1))
    two = network(
        2.0,
        "linear",
        targets=np.hstack([one.targets[:, None], zeros[0]]),
        test_targets=np.hstack([one.test_targets[:, None], zeros[1]]),
    )
    first, second = solve(one, times), solve(two, times)
    for name in ("train_loss", "test_loss", "coherence", "feature_overlap"):
        np.testing.assert_allclose(first[name], second[name], rtol=1e-6, atol=1e-11)


@pytest.mark.slow
def test_gradients_in_both_modes_batches_and_traces(network, times):
    def loss(richness):
        return solve(network(richness, "linear"), times)["test_loss"]

    step = 1e-4
    expected = (loss(1.0 + step) - loss(1.0 - step)) / (2 * step)
    np.testing.assert_allclose(jax.jacrev(loss)(1.0), expected, rtol=2e-4, atol=1e-7)
    np.testing.assert_allclose(jax.jacfwd(loss)(1.0), expected, rtol=2e-4, atol=1e-7)
    batch = jax.vmap(loss)(np.array([0.5, 2.0]))
    np.testing.assert_allclose(batch, np.stack([loss(0.5), loss(2.0)]), rtol=1e-12)
    np.testing.assert_allclose(jax.jit(loss)(0.5), loss(0.5), rtol=1e-12)


def test_the_direction_of_a_fitted_residual_is_known_to_be_unknown(network):
    """Past the fit the coherence is that of the integrator's error, and its numerical_error says so."""
    rng = np.random.default_rng(0)
    fields = {"inputs": (4, 6), "targets": 4, "test_inputs": (2, 6), "test_targets": 2}
    problem = network(1.6, "linear", **{name: rng.normal(size=size) for name, size in fields.items()})
    late = np.array([0.1, 200.0])
    found, finer = (solve(problem, late, method=LinearMoments(tolerance)) for tolerance in (1e-10, 1e-13))
    gap = np.abs(np.asarray(found["coherence"] - finer["coherence"]))
    error = np.asarray(found.numerical_error["coherence"])
    assert np.all(gap <= error)
    assert error[0] < 1e-6
    assert error[1] > 0.01
    assert found.status.name == "noted"
