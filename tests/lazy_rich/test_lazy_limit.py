"""The lazy limit against reference numbers, exact moments, a diagonalised quadrature, and finite kernels."""

from fractions import Fraction

import chance
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from grok_theory.dynamics import GradientDescent, GradientFlow
from grok_theory.errors import BadValue, SolveFailed
from grok_theory.lazy_rich import FrozenKernel, LazyLimit, QuadraticCommittee, simulate, solve


def test_reference_numbers():
    """Reference numbers; t counts steps."""
    solution = solve(
        QuadraticCommittee(1.0, 0.5, 2.0), np.array([1, 5, 20, 60]), dynamics=GradientDescent(0.1), method=LazyLimit()
    )
    np.testing.assert_allclose(solution["train_loss"], [0.567969, 0.317307, 0.107391, 0.012307], atol=5e-7)
    np.testing.assert_allclose(solution["test_loss"], [0.740625, 0.780848, 0.840628, 0.842124], atol=5e-7)
    assert "output_scale is ignored" in solution.status.text


@pytest.mark.parametrize("kappa", [0.5, 1.0, 3.0])
def test_one_step_has_rational_moments(kappa):
    eta, eps = 0.05, 0.7
    solution = solve(QuadraticCommittee(1.0, eps, kappa), [0, 1], dynamics=GradientDescent(eta), method=LazyLimit())
    assert solution["test_loss"][0] == pytest.approx(0.75, rel=1e-13, abs=0)
    # <l> = 1, <l^2> = 1 + kappa over the samples' law.
    a = 2 * eta / kappa
    z2 = (1 - 2 * a * (1 + eps**2) + a**2 * (1 + kappa + 2 * eps**2 + eps**4)) / 4
    pull = a * eps**2 * kappa / 2
    z2 += -2 * pull * (1 - a * (1 + eps**2)) / 2 + pull**2
    e2 = (1 - 2 * a * (1 + eps**2) + a**2 * (1 + kappa + 2 * eps**2 + eps**4)) / 2
    assert solution["train_loss"][1] == pytest.approx(z2 + e2, rel=1e-11, abs=0)
    assert solution["test_loss"][1] == pytest.approx(
        (0.5 - eta * eps**2) ** 2 + 0.5 + 3 * eta**2 / kappa, rel=1e-11, abs=0
    )


@pytest.mark.parametrize(("kappa", "eps"), [(2.0, 0.5), (0.6, 0.3), (5.0, 1.5)])
def test_the_flow_against_a_diagonalised_quadrature(kappa, eps):
    theta = (np.arange(400) + 0.5) * np.pi / 400
    l = 1 + kappa + 2 * np.sqrt(kappa) * np.cos(theta)
    weights = 2 / 400 * np.sin(theta) ** 2 / l  # Gauss-Chebyshev of the second kind
    if kappa > 1:
        l, weights = np.append(l, 0.0), np.append(weights, 1 - 1 / kappa)
    assert weights.sum() == pytest.approx(1, rel=1e-12, abs=0)
    root = np.sqrt(weights)
    values, vectors = np.linalg.eigh(np.diag(l + eps**2) + eps**2 * kappa * np.outer(root, root))
    times = np.array([0.0, 0.1, 1.0, 7.0, 300.0])
    solution = solve(QuadraticCommittee(1.0, eps, kappa), times, method=LazyLimit())
    for i, time in enumerate(2 / kappa * times):
        first = vectors.T @ root
        z = vectors @ (np.exp(-values * time) * first) / root
        big_z = vectors @ (-np.expm1(-values * time) / values * first) / root
        e, big_e = np.exp(-(l + eps**2) * time), -np.expm1(-(l + eps**2) * time) / (l + eps**2)
        assert solution["train_loss"][i] == pytest.approx(weights @ (z**2 / 4 + e**2 / 2), rel=1e-9, abs=1e-20)
        assert solution["linear_power"][i] == pytest.approx(
            kappa * weights @ (l * (big_z**2 / 4 + big_e**2 / 2)), rel=1e-9, abs=1e-13
        )
        mean = 0.5 - eps**2 * kappa / 2 * weights @ big_z
        assert solution["variance"][i] == pytest.approx(mean**2, rel=1e-9, abs=1e-13)


@pytest.mark.slow
def test_the_flow_is_the_limit_of_small_steps():
    problem, times = QuadraticCommittee(1.0, 0.5, 2.0), np.array([0.2, 1.0, 2.0])
    flow = np.asarray(solve(problem, times, method=LazyLimit())["test_loss"])
    gaps = [
        np.abs(
            np.asarray(
                solve(problem, times * count, dynamics=GradientDescent(1 / count), method=LazyLimit())["test_loss"]
            )
            - flow
        ).max()
        for count in (25, 50, 100)
    ]
    assert np.polyfit(np.log([4, 2, 1]), np.log(gaps), 1)[0] == pytest.approx(1.0, abs=0.05)


@pytest.mark.slow
@pytest.mark.statistical(keys=30)
def test_kernel_descent_on_finite_data_extrapolates_to_it(key, plausible):
    """Frozen kernels at D = 30 and 60, 30 runs each; twice the finer less the coarser removes the 1/D term, up to 0.01.
    Planted: the kernel's eps^2 part left out."""
    problem, times = QuadraticCommittee(1.0, 0.5, 2.0), np.array([0.5, 2.0, 6.0])
    coarse, fine = (
        simulate(problem, times, dim=dim, runs=30, key=jax.random.fold_in(key, dim), method=FrozenKernel())
        for dim in (30, 60)
    )
    theory = solve(problem, times, method=LazyLimit())
    for name in ("test_loss", "train_loss"):
        extrapolated = 2 * fine[name].mean(0) - coarse[name].mean(0)
        error = np.sqrt((4 * fine[name].var(0, ddof=1) + coarse[name].var(0, ddof=1)) / 30)
        plausible(chance.student(chance.beyond(extrapolated - theory[name], 0.01) / error, 30), of=2)


def test_refusals():
    with pytest.raises(BadValue, match=r"teacher_overlap is 0.3, but LazyLimit .* Pass teacher_overlap=0.0"):
        solve(QuadraticCommittee(1.0, 0.5, 2.0, 0.3), [1.0], method=LazyLimit())
    with pytest.raises(BadValue, match=r"centred is False, but .* Pass centred=True"):
        solve(QuadraticCommittee(1.0, 0.5, 2.0, centred=False), [1.0], method=LazyLimit())
    with pytest.raises(BadValue, match=r"learning_rate is 0.33, but .* below 0.329"):
        solve(QuadraticCommittee(1.0, 0.5, 2.0), [1], dynamics=GradientDescent(0.33), method=LazyLimit())
    with pytest.raises(BadValue, match="problem is 3, but it must be a QuadraticCommittee"):
        solve(3, [0.33], method=LazyLimit())


FLOW = GradientFlow()
TIMES = jnp.array([0.0, 0.1, 1.0, 7.0, 300.0])  # as many as above: one compilation


def loss_at(kappa, eps, x=TIMES, dynamics=FLOW):
    return solve(QuadraticCommittee(1.0, eps, kappa), x, dynamics=dynamics, method=LazyLimit())["test_loss"]


def test_a_batch_is_a_loop_and_a_member_out_of_range_fails_alone():
    batch = jax.vmap(lambda k: loss_at(k, 0.5))(jnp.array([0.7, 2.0]))
    np.testing.assert_allclose(batch[1], loss_at(2.0, 0.5), rtol=1e-11)
    overlaps = jnp.array([0.0, 0.2])
    bad = jax.vmap(lambda m: solve(QuadraticCommittee(1.0, 0.5, 2.0, m), TIMES, method=LazyLimit(), throw=False))(
        overlaps
    )
    assert np.isnan(np.asarray(bad["test_loss"])[1]).all()
    assert "member 1 failed" in bad.status.text


@pytest.mark.slow
def test_gradients_pass_through_flow_and_descent():
    for where in ((TIMES, FLOW), (10 * TIMES, GradientDescent(0.1))):
        slopes = jax.grad(lambda k, e, at=where: loss_at(k, e, *at)[2], argnums=(0, 1))(2.0, 0.5)
        step = 1e-5
        by_kappa = loss_at(2.0 + step, 0.5, *where)[2] - loss_at(2.0 - step, 0.5, *where)[2]
        by_eps = loss_at(2.0, 0.5 + step, *where)[2] - loss_at(2.0, 0.5 - step, *where)[2]
        np.testing.assert_allclose(slopes, np.array([by_kappa, by_eps]) / (2 * step), rtol=1e-6)


@pytest.mark.parametrize(("kappa", "eps"), [(2.0, 0.5), (1.0, 0.3), (0.4, 1.2)])
def test_the_linear_power_at_early_times_is_within_its_printed_error(kappa, eps):
    """Two orders of its series in s = 2 tau / kappa; the shared contour once cost 1.5e-12 of it, unprinted."""
    tau = 1e-8 * kappa
    solution = solve(QuadraticCommittee(1.0, eps, kappa), [0.0, tau], method=LazyLimit())
    s, square = 2 * tau / kappa, eps**2
    # <l> = 1, <l^2> = 1 + kappa; z feels l + eps^2 + eps^2 kappa, e feels l + eps^2.
    slow = 1 + kappa + square
    power = kappa * s**2 * ((1 - s * (slow + square * kappa)) / 4 + (1 - s * slow) / 2)
    gap = abs(float(solution["linear_power"][1]) - power)
    assert gap <= float(solution.numerical_error["linear_power"][1]) + 1e-14 * power
    assert float(solution.numerical_error["linear_power"][1]) < 1e-12 * power


def test_times_at_which_unseen_eigenvalues_rule_are_refused():
    """At samples_per_dim = 1 and curvature 0 the linear power grows as the root of tau for ever; a rule ends."""
    problem = QuadraticCommittee(1.0, 0.0, 1.0)
    late = solve(problem, [1e20, 1e30], method=LazyLimit())["linear_power"]  # at 1e10 the next order is 5e-6
    assert float(late[1] / late[0]) == pytest.approx(1e5, rel=1e-6, abs=0)
    with pytest.raises(SolveFailed, match=r"range of the spectral rule.*earlier times"):
        solve(problem, [1e50], method=LazyLimit())


def test_far_out_the_limit_or_a_refusal():
    """kappa next to 1 leaves (kappa - 1) / kappa of the samples unfitted, exactly; then times that overflow."""
    kappa = 1 + 1e-8
    problem = QuadraticCommittee(1.0, 0.0, kappa)
    late = solve(problem, [1e20], method=LazyLimit())
    unfitted = Fraction(3, 4) * (Fraction(kappa) - 1) / Fraction(kappa)
    assert abs(Fraction(float(late["train_loss"][0])) / unfitted - 1) < 1e-13
    with pytest.raises(SolveFailed, match="Ask for earlier times"):
        solve(QuadraticCommittee(1.0, 0.3, 0.5), [1e300], method=LazyLimit())
