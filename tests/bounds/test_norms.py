"""Norm bounds: formula in many digits, brute-force complexity, the frozen subspace by literal descent."""

import itertools

import jax
import jax.numpy as jnp
import mpmath as mp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grok_theory import BadValue
from grok_theory.bounds import displacement_norm, norm_bound, rademacher_ball
from grok_theory.linear.closed_forms import late_weight_norm

KERNEL = np.diag([1.0, 2.0, 3.0, 4.0])


def by_formula(kernel, norm, cap, confidence, unit):
    samples, trace = len(kernel), mp.mpf(float(np.trace(kernel)))
    k = 0
    while mp.mpf(unit) * 2**k < mp.mpf(norm):
        k += 1
    delta = (1 - mp.mpf(confidence)) / ((k + 1) * (k + 2))
    complexity = mp.mpf(unit) * 2**k * mp.sqrt(trace) / samples
    return 4 * mp.mpf(cap) * complexity + 3 * mp.mpf(cap) ** 2 * mp.sqrt(mp.log(2 / delta) / (2 * samples))


@given(st.floats(1e-3, 1e6), st.floats(0.1, 10), st.floats(0.01, 0.999), st.floats(0.01, 10))
def test_the_formula(norm, cap, confidence, unit):
    ours = norm_bound(KERNEL, norm, cap=cap, confidence=confidence, norm_unit=unit)
    with mp.workdps(30):
        exact = by_formula(KERNEL, norm, cap, confidence, unit)
        assert abs(float(mp.mpf(float(ours.value)) / exact - 1)) < 1e-13
    assert bool(ours.assumptions_hold)
    assert np.isnan(ours.gap)


def test_a_norm_on_a_grid_point_is_not_rounded_up():
    for k in range(40):
        on, above = (float(norm_bound(KERNEL, n, cap=1.0, norm_unit=0.3).value) for n in (0.3 * 2.0**k, 0.31 * 2.0**k))
        assert on == pytest.approx(float(by_formula(KERNEL, 0.3 * 2.0**k, 1, 0.95, 0.3)), rel=1e-12, abs=0)
        assert on < above


def test_the_shares_of_delta_sum_to_delta():
    assert sum(1 / ((k + 1) * (k + 2)) for k in range(10**5)) == pytest.approx(1, abs=1e-4)


@given(st.integers(0, 2**31), st.floats(0.1, 10))
def test_complexity_of_the_ball_is_bounded(seed, norm):
    """E over all 2^P sign vectors of sup over the ball, by enumeration; the same for a ball about any centre."""
    generator = np.random.default_rng(seed)
    features, centre = generator.standard_normal((7, 3)), generator.standard_normal(3)
    signs = np.array(list(itertools.product([-1, 1], repeat=7)))
    exact = np.mean(signs @ features @ centre + norm * np.linalg.norm(signs @ features, axis=1)) / 7
    bound = float(rademacher_ball(features @ features.T, norm))
    assert exact <= bound * (1 + 1e-12)
    assert bound == pytest.approx(norm * np.linalg.norm(features) / 7, rel=1e-13, abs=0)
    assert exact >= bound / np.sqrt(2)  # Khintchine: the bound is no worse than this


@pytest.mark.parametrize(("samples", "dim"), [(5, 12), (12, 5)])
def test_displacement_is_that_of_descent(samples, dim):
    """Literal descent moves the weights only in the span of the features, and by this much."""
    generator = np.random.default_rng(samples)
    features, labels, start = (generator.standard_normal(s) for s in ((samples, dim), samples, dim))
    w, rate = start.copy(), 1 / np.linalg.eigvalsh(features @ features.T)[-1]
    for _ in range(20_000):
        w += rate * features.T @ (labels - features @ w)
    kernel, residual = features @ features.T, labels - features @ start
    assert float(displacement_norm(kernel, residual)) == pytest.approx(np.linalg.norm(w - start), rel=1e-10, abs=0)
    outside = np.eye(dim) - np.linalg.pinv(features) @ features
    np.testing.assert_allclose(outside @ w, outside @ start, atol=1e-10)
    values = np.linalg.eigvalsh(kernel)
    assert float(displacement_norm(kernel, residual)) <= np.linalg.norm(residual) / np.sqrt(values[values > 1e-9][0])


def test_the_typical_case_of_the_linear_wing():
    """Complexities sqrt(Q/a), sqrt(S/a) of the specification at S = 5, and its draws about a random start."""
    a = jnp.array([0.01, 0.5, 0.9, 1.1, 2, 10])
    frozen = np.sqrt(late_weight_norm(a, 5.0) / a)
    np.testing.assert_allclose(frozen, [2.45, 2.65, 3.87, 3.69, 1.73, 0.715], atol=6e-3)
    np.testing.assert_allclose(np.sqrt(5 / a), [22.4, 3.16, 2.36, 2.13, 1.58, 0.707], atol=0.05)


@pytest.mark.parametrize("alpha", [0.25, 0.5, 2.0])
def test_the_start_as_centre_pays_below_half_a_sample_per_weight(alpha):
    """|w - w(0)|^2 - |w|^2 = N INR (2 alpha - 1) below alpha = 1, N INR beyond: the sign turns at alpha = 1/2."""
    generator, dim = np.random.default_rng(int(4 * alpha)), 120
    samples, inr, snr = int(alpha * dim), 3.0, 2.0
    gains = []
    for _ in range(20):
        x = generator.standard_normal((samples, dim)) / np.sqrt(dim)
        teacher, start = np.sqrt(snr) * generator.standard_normal(dim), np.sqrt(inr) * generator.standard_normal(dim)
        y = x @ teacher + generator.standard_normal(samples)
        moved = float(displacement_norm(x @ x.T, y - x @ start))
        w = start + np.linalg.pinv(x) @ (y - x @ start)
        gains.append((moved**2 - w @ w) / dim)
    theory = inr * (2 * alpha - 1) if alpha < 1 else inr
    assert abs(np.mean(gains) - theory) < 5 * np.std(gains) / np.sqrt(20)


def test_batches_and_compilation():
    norms = np.array([0.5, 3.0, 40.0])
    one = lambda n: norm_bound(KERNEL, n, cap=2.0, train_loss=0.1, test_loss=0.4)  # noqa: E731
    batch = jax.jit(jax.vmap(one))(norms)
    assert batch.value.shape == (3,)
    for i, norm in enumerate(norms):
        single = one(norm)
        assert float(batch.value[i]) == pytest.approx(float(single.value), rel=1e-14, abs=0)
        assert bool(batch.vacuous[i]) == bool(single.vacuous)
        assert float(single.gap) == pytest.approx(0.3, rel=1e-14, abs=0)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"cap": 0.0}, "cap is 0.0, but it must be positive.*4.0"),
        ({"confidence": 1.0}, r"confidence is 1.0, but it must be in \(0, 1\).*0.95"),
        ({"norm": -1.0}, "norm is -1.0.*distance from the start"),
        ({"norm_unit": np.nan}, "norm_unit is nan.*smallest radius"),
        (
            {"train_loss": 9.0},
            "train_loss is 9, but the loss of this bound lies between 0 and 4.*truncated_squared_loss",
        ),
        ({"kernel": np.ones((2, 3))}, r"kernel has shape \(2, 3\).*Gram matrix"),
        ({"kernel": np.array([[1.0, 2.0], [0.0, 1.0]])}, "kernel differs from its transpose by 2.*symmetric"),
    ],
)
def test_bad_inputs_are_named(settings, message):
    arguments = {"kernel": KERNEL, "norm": 1.0, "cap": 2.0} | settings
    with pytest.raises(BadValue, match=message):
        norm_bound(**arguments)
