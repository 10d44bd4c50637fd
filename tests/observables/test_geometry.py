"""Movement, local complexity, participation ratios."""

import itertools

import chance
import jax
import jax.numpy as jnp
import mpmath as mp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from grok_theory import BadValue, Float64Required
from grok_theory.observables import (
    distance_from_init,
    fourier_participation,
    inverse_participation_ratio,
    kernel_movement,
    lazy_distance,
    local_complexity,
    local_complexity_at_init,
)

seeds = st.integers(0, 2**31)


def test_movement_and_distance():
    start = {"a": jnp.array([3.0, 0.0]), "b": jnp.array(4.0)}
    moved = {"a": jnp.array([3.0, 2.0]), "b": jnp.array(4.0)}
    assert float(distance_from_init(moved, start)) == 2
    assert float(distance_from_init(moved, start, relative=True)) == pytest.approx(0.4, rel=1e-15, abs=0)
    assert float(kernel_movement(np.eye(2) * 3, np.eye(2) * 2)) == 0.5


def test_movement_of_numpy_arrays_needs_no_switch():
    """In float32 these differences are zero."""
    with jax.enable_x64(False):
        assert float(distance_from_init(np.array([2.0**24 + 1]), np.array([2.0**24]))) == 1
        assert float(distance_from_init(np.full(4, 1 + 2.0**-30), np.ones(4))) == 2.0**-29
        assert float(kernel_movement(np.eye(3) * (1 + 2.0**-30), np.eye(3))) == pytest.approx(2.0**-30, rel=1e-6, abs=0)
        far = np.array([3e-60, 0.0]), np.array([0.0, 4e-60])
        assert float(distance_from_init(*far, relative=True)) == 1.25
        with pytest.raises(Float64Required, match="distance_from_init needs float64"):
            distance_from_init(*far)
        # What is traced stays so.
        pull = jax.grad(lambda w: distance_from_init(w, np.zeros(2)))(jnp.array([3.0, 4.0]))
        np.testing.assert_allclose(pull, [0.6, 0.8], rtol=1e-6)
        assert float(jax.jit(kernel_movement)(3 * jnp.eye(2), 2 * jnp.eye(2))) == 0.5


def test_movement_far_out_is_that_near_by():
    for unit in (1e-300, 1.0, 2e307):
        moved = distance_from_init(np.array([3.0, -4.0]) * unit, np.array([-3.0, 4.0]) * unit, relative=True)
        assert float(moved) == pytest.approx(2, rel=1e-15, abs=0)
    assert float(distance_from_init({"a": 1e300, "b": 3e-200}, {"a": 1e300, "b": 0.0})) == 3e-200
    assert float(distance_from_init({}, {})) == 0
    with pytest.raises(BadValue, match="no float64 number"):
        distance_from_init(np.full(4, 1.5e308), np.full(4, -1.5e308))


@pytest.mark.parametrize("dim", [3, 12])
def test_lazy_distance_is_that_of_a_linear_model(dim):
    """|w_t - w_0| integrated in weight space by an ODE solver, also with a rank-deficient kernel."""
    generator = np.random.default_rng(dim)
    features, r = generator.standard_normal((8, dim)), generator.standard_normal(8)
    times = np.array([0.0, 0.01, 0.5, 5.0])
    path = solve_ivp(
        lambda _, w: features.T @ (r - features @ w), (0, 5), np.zeros(dim), t_eval=times, rtol=1e-12, atol=1e-13
    )
    exact = np.linalg.norm(path.y, axis=0)
    np.testing.assert_allclose(lazy_distance(features @ features.T, r, times), exact, rtol=1e-9, atol=1e-10)


@given(seeds, st.floats(-2, 1))
def test_a_boundary_cuts_iff_vertices_lie_on_both_sides(seed, power):
    """Against enumeration of the 2m vertices."""
    generator = np.random.default_rng(seed)
    weights, biases, centers = (
        generator.standard_normal((15, 6)),
        generator.standard_normal(15),
        generator.standard_normal((4, 6)),
    )
    frame, radius = np.linalg.qr(generator.standard_normal((6, 3)))[0].T, 10.0**power
    ours = local_complexity(weights, biases, centers, frame, np.array([radius, 2 * radius]))
    for (i, x), (j, r) in itertools.product(enumerate(centers), enumerate([radius, 2 * radius])):
        sides = np.sign(weights @ (x + r * np.concatenate([frame, -frame])).T + biases[:, None])
        assert ours[i, j] == np.sum(sides.min(1) < sides.max(1))
    assert np.all(ours[:, 0] <= ours[:, 1])


def test_local_complexity_limits():
    weights, biases = np.random.default_rng(0).standard_normal((9, 4)), np.ones(9)
    assert local_complexity(weights, biases, np.ones(4), np.eye(4)[:2], 1e-12) == 0
    assert local_complexity(weights, biases, np.ones(4), np.eye(4)[:2], 1e9) == 9


def test_law_at_initialization():
    assert local_complexity_at_init(0.3, 5, 1.0, bias_scale=0.3) == pytest.approx(0.343788, abs=5e-7)
    assert local_complexity_at_init(2.0, 20, 1.5) == pytest.approx(0.988045, abs=5e-7)
    radius = np.array([1e-9, 0.01, 1.0, 100.0])
    np.testing.assert_allclose(local_complexity_at_init(radius, 1, 2.0), 2 / np.pi * np.arctan(radius / 2), rtol=1e-12)


@pytest.mark.parametrize(("directions", "ratio"), [(2, 1e-6), (5, 0.3), (50, 1.0), (2000, 3.0)])
def test_law_at_initialization_against_many_digits(directions, ratio):
    """The other form of the integral, int 2 phi(u)[1 - (2 Phi(u/ratio) - 1)^m] du, in 30 digits."""
    with mp.workdps(30):

        def integrand(v):
            return 2 * ratio * mp.npdf(ratio * v) * (1 - mp.erf(v / mp.sqrt(2)) ** directions)

        exact = mp.quad(integrand, [0, 1, 2, 3, 4, 6, 9, 14])
    assert local_complexity_at_init(ratio, directions, 1.0) == pytest.approx(float(exact), rel=1e-12, abs=0)


@pytest.mark.statistical
def test_law_against_drawn_units(rng, plausible):
    """How many of 40 000 units cut the disc, exactly binomial. Planted: one direction less in the frame."""
    x, frame = np.eye(40)[0], np.eye(40)[1:6]  # orthogonal to the center
    cut = local_complexity(rng.standard_normal((40_000, 40)), 0.3 * rng.standard_normal(40_000), x, frame, 0.3)
    law = local_complexity_at_init(0.3, 5, 1.0, bias_scale=0.3)
    plausible(chance.binomial(cut, 40_000, law))


@given(seeds)
def test_participation_ratios(seed):
    a = np.random.default_rng(seed).standard_normal(11)
    ratio = float(inverse_participation_ratio(a))
    assert 1 / 11 <= ratio <= 1
    assert ratio == pytest.approx(np.sum(a**4) / np.sum(a**2) ** 2, rel=1e-12, abs=0)
    assert float(inverse_participation_ratio(a * 1e-200)) == pytest.approx(ratio, rel=1e-12, abs=0)
    transform = np.abs(np.fft.fft(a)) ** 2
    assert float(fourier_participation(a)) == pytest.approx(
        np.sum(transform**2) / np.sum(transform) ** 2, rel=1e-11, abs=0
    )


def test_participation_of_pure_things():
    wave = np.cos(2 * np.pi * 3 * np.arange(13) / 13 + 0.4)
    assert float(fourier_participation(wave)) == pytest.approx(0.5, rel=1e-12, abs=0)
    assert float(fourier_participation(wave, one_sided=True)) == pytest.approx(1, rel=1e-12, abs=0)
    assert float(inverse_participation_ratio(np.zeros(4))) == 0
    assert float(inverse_participation_ratio(np.array([0, 0, 5]))) == 1
    np.testing.assert_allclose(inverse_participation_ratio(np.ones((4, 2)), axis=0), [0.25, 0.25])


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: kernel_movement(np.eye(2), np.eye(3)), ["kernel has shape (2, 2)", "(3, 3)", "same inputs"]),
        (lambda: distance_from_init({"a": jnp.ones(2)}, [jnp.ones(2)]), ["params and start", "same network", "Pass"]),
        (lambda: lazy_distance(np.eye(2), np.ones(3), 1.0), ["residual_start has shape (3,)", "(2,)", "Pass"]),
        (lambda: lazy_distance(np.eye(2), np.ones(2), -1.0), ["times[0] is -1.0", "zero or positive", "Pass"]),
        (
            lambda: local_complexity(np.eye(3), np.ones(3), np.ones(3), np.ones((4, 3)), 1.0),
            ["frame has shape (4, 3)", "1 to 3", "qr"],
        ),
        (
            lambda: local_complexity(np.eye(3), np.ones(3), np.ones(3), np.ones((2, 3)), 1.0),
            ["frame has rows", "orthonormal", "qr"],
        ),
        (
            lambda: local_complexity(np.eye(3), np.ones(3), np.ones(3), np.eye(3), 0.0),
            ["radius is 0.0", "positive", "Pass"],
        ),
        (
            lambda: local_complexity(np.eye(3), np.ones(2), np.ones(3), np.eye(3), 1.0),
            ["biases (2,)", "(units,)", "Pass"],
        ),
        (lambda: local_complexity_at_init(1.0, 0, 1.0), ["directions is 0", "at least 1", "Pass"]),
        (lambda: local_complexity_at_init(1.0, 1, 0.0), ["center_norm is 0.0", "one must be positive", "Pass"]),
        (lambda: inverse_participation_ratio(np.array([np.nan])), ["amplitudes[0] is nan", "finite", "Drop"]),
    ],
)
def test_bad_values(make, words):
    with pytest.raises(BadValue) as caught:
        make()
    for word in words:
        assert word in str(caught.value)
