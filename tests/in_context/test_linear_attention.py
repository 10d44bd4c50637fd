"""Learning curves of linear attention: reference values, derivatives, limits, and what is refused."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from grok_theory import BadValue, GradientDescent, GradientFlow, SolveFailed, verify
from grok_theory.in_context import (
    DeterministicEquivalent,
    LinearAttention,
    SpectralQuadrature,
    infinite_sequences_loss,
    long_context_loss,
    second_transience_threshold,
    solve,
    transience_threshold,
    valid_at,
)
from tests.compiled import counted

LOSSES = ("icl_loss", "idg_loss")

# sequences_per_dim2, context_per_dim, tasks_per_dim, noise^2, ridge, icl_loss, idg_loss, effective_ridge: made outside
# of this package, by 20-digit averages over the spectrum that do not use the closed resolvent.
REFERENCE = [
    (0.5, 1, 0.5, 0.1, 0.01, 1.470477069335, 1.018345023338, 1.755686617699),
    (1, 1, 1.25, 0.1, 0.1, 1.78172229449, 1.45955593124, 0.4823330764397),
    (2, 2, 0.4, 0.25, 0.001, 1.814124926771, 0.8651981246818, 0.001995522711586),
    (2, 2, 4, 0.25, 0.001, 1.330417123065, 1.219039340615, 0.001997309499782),
    (4, 0.8, 0.7, 0.01, 0, 0.9431289166012, 0.5310037572364, 0.0),
    (0.5, 3, 10, 0.5, 0, 2.014935431654, 1.985223592342, 1.467041103983),
    (50, 20, 0.5, 0.1, 0, 0.6530622470487, 0.1287050545886, 0.0),
]


@pytest.mark.parametrize("row", REFERENCE, ids=str)
def test_reference_values(row):
    tau, alpha, kappa, rho, ridge, *expected = row
    found = solve(LinearAttention(alpha, kappa, rho**0.5, ridge), [tau])
    for name, value in zip((*LOSSES, "effective_ridge"), expected, strict=True):
        np.testing.assert_allclose(found[name], [value], rtol=1e-11, atol=0)
    assert found.x_name == "sequences_per_dim2"
    assert found.method == DeterministicEquivalent()
    assert found.dynamics is None


def test_another_test_context_and_noise_change_the_loss_on_fresh_tasks_alone():
    found = solve(LinearAttention(2, 4, 0.5, 0.001, test_context_per_dim=8, test_noise=0.1**0.5), [2.0])
    np.testing.assert_allclose(found["icl_loss"], [0.8100146275351], rtol=1e-11, atol=0)
    np.testing.assert_allclose(found["idg_loss"], [1.219039340615], rtol=1e-11, atol=0)
    same = solve(LinearAttention(2, 4, 0.5, 0.001, test_context_per_dim=2.0, test_noise=0.5), [2.0])
    left = solve(LinearAttention(2, 4, 0.5, 0.001), [2.0])
    np.testing.assert_allclose(same["icl_loss"], left["icl_loss"], rtol=1e-15, atol=0)


def in_digits(tau, alpha, kappa, noise, ridge):
    """The equations as they are printed, with the closed resolvent, in 60 digits."""
    import mpmath as mp

    with mp.workdps(60):
        tau, lam, g, rho = mp.mpf(tau), mp.mpf(ridge), 1 / mp.mpf(kappa), mp.mpf(noise) ** 2
        c = (1 + rho) / mp.mpf(alpha)
        root = lambda x: mp.sqrt((x + 1 - g) ** 2 + 4 * g * x)  # noqa: E731
        m = lambda x: 2 / (x + 1 - g + root(x))  # noqa: E731
        slope = lambda x: -(g * m(x) ** 2 + m(x)) / (2 * g * x * m(x) + x + 1 - g)  # noqa: E731
        xi = mp.mpf(0)
        if lam > 0 or tau < 1:
            low, high = mp.mpf(-400), mp.mpf(100)
            for _ in range(240):
                middle = (low + high) / 2
                y = mp.exp(middle)
                low, high = (middle, high) if y * m(c + y) - tau * lam / y < 1 - tau else (low, middle)
            xi = mp.exp(low)
        q = c + xi
        r, s = m(q), slope(q)
        idg = (rho + c + q * r * (xi - c) + xi * q**2 * s) / (1 - (1 - 2 * xi * r - xi**2 * s) / tau)
        icl = rho + 1 - 2 * (1 - q * r) + (1 + c) * (1 - 2 * q * r - q**2 * s)
        return float(icl + idg / tau * (1 + c) * (r + xi * s)), float(idg), float(xi)


CORNERS = [
    (tau, alpha, kappa, noise, ridge)
    for tau in (1e-4, 0.5, 1 - 1e-10, 1.0, 1 + 1e-10, 1e6)
    for alpha, kappa, noise in ((1.0, 1.0, 0.3), (1e6, 1 + 1e-9, 0.0), (1e-3, 1e4, 3.0), (50.0, 1e-3, 1e-4))
    for ridge in (0.0, 1e-14, 1.0, 1e8)
    if ridge or tau != 1
]


def test_the_stated_error_holds_in_the_corners():
    """Beside the peak, at the ridge's ends, with few and many tasks: against 60 digits."""
    wrong = []
    for tau, *fields, ridge in CORNERS:
        found = solve(LinearAttention(*fields, ridge), [tau])
        for name, truth in zip((*LOSSES, "effective_ridge"), in_digits(tau, *fields, ridge), strict=True):
            if not abs(float(found[name][0]) - truth) <= float(found.numerical_error[name][0]):
                wrong.append((tau, *fields, ridge, name, float(found[name][0]), truth))
    assert not wrong, wrong


SETTINGS = [
    (0.5, 1.0, 0.5, 0.3, 0.01),
    (2.0, 2.0, 4.0, 0.5, 0.1),
    (0.6, 3.0, 0.25, 0.2, 0.0),
    (1.0, 1.0, 1.0, 0.3, 0.2),
]


@jax.jit
def losses_of(values):
    tau, *fields = values
    found = solve(LinearAttention(*fields), jnp.reshape(tau, (1,)), throw=False)
    return jnp.stack([found[name][0] for name in LOSSES])


@jax.jit
def slopes_of(values):
    """(loss, value), forward and backward."""
    return jax.jacfwd(losses_of)(values), jax.jacrev(losses_of)(values)


@pytest.mark.parametrize("setting", SETTINGS, ids=str)
def test_gradients_are_those_of_finite_differences(setting):
    jacobian, backward = map(np.asarray, slopes_of(jnp.array(setting)))
    np.testing.assert_allclose(jacobian, backward, rtol=1e-12, atol=1e-13)
    for index, value in enumerate(setting):
        if value == 0:  # the ridge: from above, to second order
            steps = jnp.array([1e-6, 2e-6])
            at = [losses_of(jnp.array(setting).at[index].set(s)) for s in (0.0, *steps)]
            slope = (-3 * at[0] + 4 * at[1] - at[2]) / 2e-6
        else:
            step = 1e-4 * value
            at = [losses_of(jnp.array(setting).at[index].add(s * step)) for s in (-2, -1, 1, 2)]
            slope = (at[0] - 8 * at[1] + 8 * at[2] - at[3]) / (12 * step)
        np.testing.assert_allclose(jacobian[:, index], slope, rtol=2e-7, atol=1e-9)


def test_the_slope_in_the_ridge_is_right_beyond_the_peak_too():
    start = jnp.array([3.0, 1.0, 0.5, 0.3, 0.0])
    slope = slopes_of(start)[0][:, 4]
    at = [losses_of(start.at[4].set(s)) for s in (0.0, 1e-5, 2e-5)]
    np.testing.assert_allclose(slope, (-3 * at[0] + 4 * at[1] - at[2]) / 2e-5, rtol=1e-6, atol=0)


def test_batches_are_loops():
    kappas = np.array([0.1, 0.25, 1.0, 3.0])
    taus = np.array([0.5, 1.0, 2.0])
    batch = jax.jit(jax.vmap(lambda k: solve(LinearAttention(1.0, k, 0.3, 0.01), taus)))(kappas)
    for index, kappa in enumerate(kappas):
        alone = solve(LinearAttention(1.0, kappa, 0.3, 0.01), taus)
        for name in alone.curves:
            np.testing.assert_allclose(batch[name][index], alone[name], rtol=1e-14, atol=0)


@given(verify.problems(LinearAttention), verify.numbers(0.05, 50.0, special=(0.5, 2.0)))
def test_no_loss_is_below_the_noise_of_its_label(problem, tau):
    if tau == 1 and problem.ridge == 0:
        return
    found = solve(problem, [tau])
    assert found["icl_loss"][0] >= problem.noise**2
    assert found["idg_loss"][0] >= problem.noise**2
    assert found["effective_ridge"][0] >= problem.ridge * (1 - 1e-14)


@given(verify.problems(LinearAttention, ridge=0.0), verify.numbers(0.05, 20.0, special=(0.5, 1.0)))
def test_more_sequences_never_hurt_at_the_best_ridge(problem, tau):
    ridges = np.geomspace(1e-4, 1e4, 81)

    fields = jnp.array([problem.context_per_dim, problem.tasks_per_dim, problem.noise])
    few, many = (np.min(by_ridge(fields, ridges, jnp.array([each]))) for each in (tau, 1.5 * tau))
    # The grid is finer than a third: of the best loss it misses a thousandth at most.
    assert many <= few * (1 + 1e-3)


@jax.jit
def by_ridge(fields, ridges, sequences):
    return jax.vmap(lambda ridge: solve(LinearAttention(*fields, ridge), sequences)["idg_loss"][0])(ridges)


@given(verify.problems(LinearAttention, ridge=0.0))
def test_limits(problem):
    fields = problem.context_per_dim, problem.tasks_per_dim, problem.noise
    rho = problem.noise**2
    nothing = solve(LinearAttention(*fields, ridge=1e14), [2.0])
    np.testing.assert_allclose(nothing["icl_loss"], 1 + rho, rtol=1e-9, atol=0)
    np.testing.assert_allclose(nothing["idg_loss"], 1 + rho, rtol=1e-9, atol=0)
    everything = solve(problem, [1e14])
    np.testing.assert_allclose(everything["icl_loss"], infinite_sequences_loss(*fields), rtol=1e-10, atol=0)
    many = solve(LinearAttention(fields[0], 1e13, fields[2], ridge=0.1), [0.7])
    np.testing.assert_allclose(many["icl_loss"], many["idg_loss"], rtol=1e-9, atol=0)


@pytest.mark.parametrize("kappa", [0.25, 0.9, 1.1, 4.0])
def test_one_task_a_dimension_is_the_threshold_of_diversity(kappa):
    long = infinite_sequences_loss(1e10, kappa, 0.3)
    np.testing.assert_allclose(long, long_context_loss(kappa, 0.3), rtol=1e-8, atol=0)


def test_double_descent():
    taus = np.geomspace(0.1, 10, 201)
    bare = solve(LinearAttention(2.0, 0.5, 0.5, 1e-4), taus)
    for name in LOSSES:
        assert abs(taus[np.argmax(bare[name])] - 1) < 0.05
        assert bare[name].max() > 4 * bare[name][-1]
    np.testing.assert_array_less(np.diff(solve(LinearAttention(2.0, 0.5, 0.5, 1.0), taus)["idg_loss"]), 0)


def test_the_peak_is_refused_with_its_remedy():
    problem = LinearAttention(2.0, 4.0, 0.5)
    with pytest.raises(SolveFailed, match=r"interpolation peak.*Pass ridge > 0 or another sequences_per_dim2"):
        solve(problem, [0.5, 1.0, 2.0])
    found = solve(problem, [0.5, 1.0, 2.0], throw=False)
    assert found.status.name == "failed"
    for name in LOSSES:
        np.testing.assert_array_equal(np.isfinite(found[name]), [True, False, True])
    traced = jax.jit(lambda tau: solve(problem, tau)["icl_loss"])(jnp.array([1.0, 2.0]))
    np.testing.assert_array_equal(np.isfinite(traced), [False, True])
    assert np.isfinite(solve(LinearAttention(2.0, 4.0, 0.5, 1e-12), [1.0])["icl_loss"]).all()
    beside = solve(problem, [1 - 1e-12, 1 + 1e-12])
    assert (beside["idg_loss"] > 1e10).all()


def test_traced_values_out_of_range_are_no_numbers():
    losses = jax.jit(jax.vmap(lambda ridge: solve(LinearAttention(1.0, 1.0, 0.3, ridge), [0.5])["icl_loss"][0]))
    np.testing.assert_array_equal(np.isfinite(losses(jnp.array([-0.1, jnp.nan, 0.1]))), [False, False, True])


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: LinearAttention(0.0, 1.0, 0.3), r"context_per_dim is 0\.0, .* positive .* Pass pairs"),
        (lambda: LinearAttention(1.0, -1.0, 0.3), r"tasks_per_dim is -1\.0, .* Pass tasks / dim"),
        (lambda: LinearAttention(1.0, 1.0, -0.3), r"noise is -0\.3, .* standard deviation"),
        (lambda: LinearAttention(1.0, 1.0, 0.3, -1.0), r"ridge is -1\.0, .* Pass the penalty"),
        (lambda: LinearAttention(1.0, 1.0, 0.3, test_noise=-1.0), r"test_noise is -1\.0, .* or leave it out"),
        (lambda: solve(LinearAttention(1.0, 1.0, 0.3), [0.0]), r"sequences_per_dim2\[0\] is 0\.0, .* Pass sequences"),
        (
            lambda: solve(LinearAttention(1.0, 1.0, 0.3), [2.0, 1.0]),
            r"sequences_per_dim2\[1\] is 1\.0, .* not be below",
        ),
        (lambda: solve(3, [2.0]), r"problem is a int, but grok_theory.in_context.solve takes LinearAttention"),
        (
            lambda: solve(LinearAttention(1.0, 1.0, 0.3), [1.0], dynamics=GradientDescent(0.1)),
            r"dynamics is GradientDescent.* takes GradientFlow\(\)\. Pass that",
        ),
        (
            lambda: solve(LinearAttention(1.0, 1.0, 0.3, 0.1), [1.0], dynamics=GradientFlow()),
            r"ridge is 0\.1, but under GradientFlow it must be 0.* Pass ridge=0, or leave dynamics out",
        ),
        (
            lambda: solve(LinearAttention(1.0, 1.0, 0.3), [2.0], method=SpectralQuadrature()),
            r"method is SpectralQuadrature\(\), .* Leave method out",
        ),
    ],
)
def test_refused(call, said):
    with pytest.raises(BadValue, match=said):
        call()


def test_theory_speaks_away_from_the_peak():
    bare, ridged = LinearAttention(2.0, 0.5, 0.5), LinearAttention(2.0, 0.5, 0.5, 1.0)
    taus = np.array([0.1, 0.9, 1.0, 1.1, 4.0])
    small, large = (valid_at(bare, taus, dim=dim)["icl_loss"] for dim in (20, 500))
    np.testing.assert_array_equal(small, [True, False, False, False, True])
    np.testing.assert_array_equal(large, [True, True, False, True, True])
    assert valid_at(ridged, taus, dim=20)["icl_loss"].all()
    assert valid_at(bare, [0.0, 1.0], dim=20, dynamics=GradientFlow())["idg_loss"].all()


@pytest.mark.parametrize("flow", [False, True])
def test_lengths_are_compiled_once(flow):
    problem, more = LinearAttention(1.0, 0.5, 0.3), {"dynamics": GradientFlow()} if flow else {}

    def call(length):
        str(solve(problem, np.geomspace(0.1, 0.9, length), **more))

    call(33)
    with counted() as programs:
        for length in range(34, 65):
            call(length)
        solve(LinearAttention(2.0, 0.7, 0.1), [0.5], **more) if flow else None
    assert len(programs) <= flow  # one more bucket


def test_a_point_is_answered_the_same_whatever_else_is_asked_for():
    problem, taus = LinearAttention(1.0, 0.5, 0.3, 0.01), np.geomspace(0.1, 10, 40)
    many, few = solve(problem, taus), solve(problem, taus[[3, 17]])
    for name in many.curves:
        np.testing.assert_allclose(few[name], many[name][[3, 17]], rtol=1e-14, atol=0)


@given(st.floats(1e-3, 1e3))
@example(1.0)
@example(2.0)
def test_transience_turns_where_the_edge_of_the_tasks_law_passes_the_blur(ratio):
    """The smallest nonzero eigenvalue of the tasks' covariance, (1 - kappa^-1/2)^2, is c/c' at either threshold."""
    first, second = float(transience_threshold(ratio)), float(second_transience_threshold(ratio))
    assert 0 < first < 1
    assert (first**-0.5 - 1) ** 2 == pytest.approx(ratio, rel=1e-12, abs=0)
    if ratio < 1:
        assert second > 1
        assert (1 - second**-0.5) ** 2 == pytest.approx(ratio, rel=1e-12, abs=0)
    else:
        assert second == np.inf


def test_a_threshold_that_is_infinite_has_no_slope():
    slopes = jax.vmap(jax.grad(second_transience_threshold))(jnp.array([0.25, 1.0, 2.0]))
    # d/dr of (1 - r^1/2)^-2 is r^-1/2 (1 - r^1/2)^-3.
    np.testing.assert_allclose(slopes, [16.0, 0.0, 0.0], rtol=1e-14, atol=0)
