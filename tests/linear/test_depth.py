"""Deep linear networks: reference values, the closed end, depth 1, and full weight matrices trained in NumPy."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from chance import beyond, student
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

import grok_theory as gt
from grok_theory.dynamics import GradientDescent
from grok_theory.linear import DeepLinear, TeacherStudent, limits, simulate, solve
from grok_theory.linear.layer_march import deep_numbers
from grok_theory.linear.runs.deep_linear import draw_deep, train_deep

TIMES = np.array([0.0, 0.5, 2.0, 15.0, 200.0])


@pytest.fixture(scope="module")
def theory():
    return solve(DeepLinear(0.5, 5.0, 2, 0.7, np.sqrt(0.5)), TIMES)


def test_reference_values_of_the_spec(theory):
    assert np.allclose(theory["test_loss"][1:4], [5.25269999, 4.59939693, 4.98334578], rtol=0, atol=6e-9)
    end = limits(theory.problem)
    assert np.isclose(end.test_loss, 4.99866832621802, rtol=1e-14, atol=0)
    assert np.isclose(end.upper_norm, 1.412329035625933, rtol=1e-14, atol=0)


def test_the_march_ends_at_the_closed_end(theory):
    end = limits(theory.problem)
    for name in ("test_loss", "weight_norm", "upper_norm"):
        assert np.isclose(theory[name][-1], getattr(end, name), rtol=1e-10, atol=0), name
    assert theory["train_loss"][-1] < 1e-12


def test_depth_one_is_teacher_student():
    deep = solve(DeepLinear(0.8, 5.0, 1, 1.0, 1.5, 2.0), TIMES)
    flat = solve(TeacherStudent(0.8, 5.0, 1.5**2 / 4, 2.0), TIMES)
    for name in ("train_loss", "test_loss", "weight_norm"):
        assert np.allclose(deep[name], flat[name], rtol=1e-9, atol=0), name
    end, flat_end = limits(deep.problem), limits(flat.problem)
    for name in ("train_loss", "test_loss", "weight_norm"):
        assert np.isclose(getattr(end, name), getattr(flat_end, name), rtol=1e-14, atol=0), name


@given(
    st.floats(-1, -0.05).map(lambda x: 10.0**x) | st.floats(0.05, 1).map(lambda x: 10.0**x),
    st.floats(0, 50),
    st.integers(2, 6),
    st.floats(-3, 0.5).map(lambda x: 10.0**x),
    st.floats(0, 5),
)
def test_the_end_solves_its_equation(alpha, snr, depth, upper, first):
    end = limits(DeepLinear(alpha, snr, depth, upper, first))
    x, seen = float(end.upper_norm) ** 2, min(1.0, alpha)
    reached = seen * snr + seen / abs(alpha - 1)
    left, right = x - reached * x ** (1 - depth), upper**2 - seen * first**2
    assert abs(left - right) <= 1e-12 * (x + reached * x ** (1 - depth) + abs(right))
    assert end.test_loss >= 1


def test_frozen_noise_is_amplified_and_alpha_one_diverges():
    # Below alpha = 1 the learned upper layers amplify what the first layer never sees.
    start = 0.5 * 0.5
    end = limits(DeepLinear(0.5, 5.0, 2, 0.7, np.sqrt(0.5)))
    assert np.isclose(end.test_loss, 1 + 1 + 0.5 * 5 + start * end.upper_norm**2, rtol=1e-13, atol=0)
    assert end.upper_norm**2 > 1.9
    assert np.isinf(limits(DeepLinear(1.0, 5.0, 3, 0.1, 0.1)).test_loss)


def test_the_closed_dynamics_against_another_integrator():
    alpha, snr, depth, upper, first = 2.0, 3.0, 3, 0.4, 0.3
    # The bulk by Gauss-Jacobi in the angle (midpoints), the flow by LSODA.
    n = 400
    phi = (np.arange(n) + 0.5) * np.pi / n
    l = 1 + alpha + 2 * alpha**0.5 * np.cos(phi)
    w = 2 * alpha * np.sin(phi) ** 2 / (np.pi * l) * np.pi / n
    q = l**2 * snr + l

    def slope(_, y):
        gain, left, u = y[:n], y[n : 2 * n], y[-1]
        v = u ** (depth - 1)
        drive = gain * q - v * l * (gain**2 * q + left**2 * first**2)
        return np.concatenate([v * (1 - v * l * gain), -(v**2) * l * left, [u ** (depth - 2) * (w * drive).sum()]])

    y0 = np.concatenate([np.zeros(n), np.ones(n), [upper]])
    done = solve_ivp(slope, (0, 8), y0, method="LSODA", t_eval=[1.0, 3.0, 8.0], rtol=1e-10, atol=1e-13)
    theory = solve(DeepLinear(alpha, snr, depth, upper, first), [0.0, 0.5, 1.0, 3.0, 8.0])
    gain, left, u = done.y[:n].T, done.y[n : 2 * n].T, done.y[-1][:, None]
    v = u ** (depth - 1)
    test = 1 + (w * (snr * (1 - v * l * gain) ** 2 + v**2 * (gain**2 * l + left**2 * first**2))).sum(1)
    assert np.allclose(theory["test_loss"][2:], test, rtol=1e-7, atol=0)
    assert np.allclose(theory["upper_norm"][2:], u[:, 0], rtol=1e-7, atol=0)


@pytest.mark.slow
@pytest.mark.parametrize("depth", [2, 3])
def test_the_run_against_full_weight_matrices(depth):
    dim, samples, hidden = 6, 9, 4
    problem = deep_numbers(DeepLinear(samples / dim, 5.0, depth, 0.6, 0.5))
    x, noise, teacher, start = (np.asarray(part) for part in draw_deep(problem, jax.random.key(depth), dim, samples))
    run = train_deep(problem, jnp.asarray([0.0, 0.5, 2.0, 4.0, 4.0]), *map(jnp.asarray, (x, noise, teacher, start)))
    inputs = np.sqrt(dim) * x
    y = teacher @ inputs + noise
    rng = np.random.default_rng(0)
    unit = [r / np.linalg.norm(r) for r in rng.standard_normal((depth - 1, hidden))]
    layers = [np.outer(unit[0], start)]
    layers += [0.6 * np.outer(unit[k + 1], unit[k]) for k in range(depth - 2)]
    layers.append(0.6 * unit[-1][None, :])

    def slope(layers):
        product = [np.eye(dim)]
        for layer in layers:
            product.append(layer @ product[-1])
        back, grads = (y - product[-1] @ inputs) @ inputs.T / dim, []
        after = np.eye(1)
        for k in reversed(range(depth)):
            grads.append(after.T @ back @ product[k].T)
            after = after @ layers[k]
        return grads[::-1]

    def shifted(k, size):
        return [a + size * b for a, b in zip(layers, k, strict=True)]

    step, found = 0.002, {}
    for i in range(2001):
        if i in (250, 1000, 2000):
            w = layers[0]
            for layer in layers[1:]:
                w = layer @ w
            found[i] = np.sum((w[0] - teacher) ** 2) + 1, np.mean((y - w[0] @ inputs) ** 2)
        k1 = slope(layers)
        k2 = slope(shifted(k1, step / 2))
        k3 = slope(shifted(k2, step / 2))
        k4 = slope(shifted(k3, step))
        layers = [a + step / 6 * (p + 2 * q + 2 * r + s) for a, p, q, r, s in zip(layers, k1, k2, k3, k4, strict=True)]
    for i, at in ((1, 250), (2, 1000), (3, 2000)):
        assert np.isclose(run["test_loss"][i], found[at][0], rtol=1e-6, atol=0)
        assert np.isclose(run["train_loss"][i], found[at][1], rtol=1e-6, atol=0)


@pytest.mark.slow
@pytest.mark.statistical(keys=60)
@pytest.mark.parametrize("depth", [2, 3])
def test_runs_agree_with_the_theory(key, depth, plausible):
    """To 1 % at this size. Planted: a layer more, noise doubled.

    A course that falls between two plateaus in five records is one of levels to `compare` under one key in 25: such
    runs are underpowered, and never differ.
    """
    problem, times = DeepLinear(2.0, 5.0, depth, 0.7, 0.7), np.geomspace(0.1, 10.0, 5)
    theory, runs = solve(problem, times), simulate(problem, times, runs=96, key=key, dim=200)
    gap = runs["test_loss"] / np.asarray(theory["test_loss"]) - 1
    left = beyond(gap.mean(0), 0.01)
    plausible(student(left / (gap.std(0, ddof=1) / np.sqrt(96)), 96))
    verdict = gt.compare(theory, runs, margin=0.1, curves=["test_loss"])
    assert verdict.verdict in {"agrees", "underpowered"}, str(verdict)


@pytest.mark.slow
def test_gradient_and_batch():
    def loss(upper):
        return solve(DeepLinear(0.5, 5.0, 2, upper, 0.7), TIMES)["test_loss"][1]

    slope = float(jax.grad(loss)(0.7))
    near = (float(loss(0.7 + 1e-4)) - float(loss(0.7 - 1e-4))) / 2e-4
    assert np.isclose(slope, near, rtol=1e-5, atol=0)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"depth": 0}, r"depth is 0.*integer of at least 1"),
        ({"depth": 2.5}, r"depth is 2.5"),
        ({"upper_norm": 0.0}, r"upper_norm is 0.0.*never move"),
        ({"first_norm": -1.0}, r"first_norm is -1.0"),
        ({"noise": 0.0}, r"noise is 0.0"),
        ({"samples_per_dim": -1.0}, r"samples_per_dim is -1.0"),
    ],
)
def test_bad_networks_are_refused_by_name(fields, words):
    good = {"samples_per_dim": 0.5, "snr": 1.0, "depth": 2, "upper_norm": 0.5, "first_norm": 0.5}
    with pytest.raises(gt.BadValue, match=words):
        DeepLinear(**{**good, **fields})


def test_descent_is_refused(theory):
    with pytest.raises(gt.BadValue, match="a DeepLinear, which is solved under gradient flow only, takes GradientFlow"):
        solve(theory.problem, [1.0], dynamics=GradientDescent(0.1))


@pytest.mark.parametrize("numbers", [(0.5, 5.0, 2, 1.0, 1.0), (1.0, 5.0, 2, 1.0, 1.0), (2.0, 5.0, 1, 1.0, 1.0)])
def test_what_cannot_end_is_told_at_once(numbers):
    """Steps are bounded by stability; times that 100000 of them cannot reach used to take all of these."""
    problem = DeepLinear(*numbers)
    for last in (1e7, 1e20, 1e308):
        solution = solve(problem, [0.0, 1.0, last], throw=False)
        assert solution.status.name == "failed"
        assert "pass earlier times, or read the end from limits(problem)" in solution.status.text
        assert "traced" not in solution.status.text
        assert int(solution.stats["steps"]) < 2000
        assert np.isnan(solution["test_loss"][-1])


@pytest.mark.slow  # compiles a march of runs
def test_runs_that_cannot_end_are_told_at_once():
    problem, key = DeepLinear(0.5, 5.0, 2, 1.0, 1.0), jax.random.key(0)
    with pytest.raises(gt.BadValue, match=r"but a run needed more than 100000 steps\. Pass earlier times"):
        simulate(problem, [0.0, 1e20], dim=20, runs=2, key=key)
