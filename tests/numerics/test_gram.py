"""Range and null space: predictions of nearly singular kernels against fifty digits, in feature space."""

import jax
import jax.numpy as jnp
import mpmath as mp
import numpy as np
import pytest

from grok_theory import BadValue
from grok_theory.bounds import displacement_norm, gaussian_process_kl, leave_one_out_estimate
from grok_theory.kernels import gradient_descent, gradient_flow, kernel_ridge, leave_one_out, leave_one_out_influence
from grok_theory.numerics.gram import check_gram, eigenbasis
from grok_theory.observables import lazy_distance

RIDGES = [0.0, 1e-18, 1e-16, 1e-14, 1e-12, 1e-9, 1e-6, 1e-3, 1.0, 1e6]
GENERATOR = np.random.default_rng(11)
Y = GENERATOR.standard_normal(24)


def _features(kind):
    """Training and test features of three kernels of rank 5 (or 4) among 24 samples."""
    x, new = GENERATOR.standard_normal((24, 5)), GENERATOR.standard_normal((3, 5))
    if kind == "repeated samples":
        x = np.repeat(GENERATOR.standard_normal((4, 5)), 6, axis=0)
        new = new @ np.linalg.pinv(x) @ x  # what no sample sees needs no prediction
    return (np.ldexp(x, 300), np.ldexp(new, 300)) if kind == "scaled" else (x, new)


CASES = {kind: _features(kind) for kind in ("linear kernel", "repeated samples", "scaled")}


def exact(kind, ridge):
    """Predictions, leave-one-out residuals and what their square costs beyond that of the residuals, in fifty digits:
    each machine fitted for itself by its weights.
    """
    x, new = (mp.matrix(a.tolist()) for a in CASES[kind])
    y = mp.matrix(Y.tolist())
    # The smallest ridge stands for none: its effect is below fifty digits' reach of the limit.
    tiny = mp.mpf(ridge) if ridge else mp.mpf(10) ** -40 * (x.T * x)[0, 0]

    def weights(rows):
        part = mp.matrix([[x[i, j] for j in range(x.cols)] for i in rows])
        right = part.T * mp.matrix([y[i] for i in rows])
        return mp.lu_solve(part.T * part + tiny * mp.eye(x.cols), right)

    everyone = list(range(x.rows))
    fitted = weights(everyone)
    predicted = new * fitted
    left_out = [y[i] - (x[i, :] * weights([j for j in everyone if j != i]))[0] for i in everyone]
    residuals = [y[i] - (x[i, :] * fitted)[0] for i in everyone]
    gap = mp.fsum(r**2 for r in left_out) / x.rows - mp.fsum(r**2 for r in residuals) / x.rows
    return np.array([float(p) for p in predicted]), np.array([float(r) for r in left_out]), float(gap)


@pytest.mark.parametrize("kind", CASES)
@pytest.mark.parametrize("ridge", RIDGES)
def test_small_ridges_cost_no_digits(kind, ridge):
    """Cholesky of K + ridge was off by 3e-3 at 1e-12 and nan at 1e-16."""
    with mp.workdps(80):
        predicted, left_out, gap = exact(kind, ridge)
    x, new = CASES[kind]
    kernel, cross = x @ x.T, new @ x.T
    ours = kernel_ridge(kernel, Y, cross, ridge=ridge)
    assert np.abs(ours - predicted).max() < 1e-13 * np.abs(predicted).max()
    residuals = leave_one_out(kernel, Y, ridge=ridge).residuals
    assert np.abs(residuals - left_out).max() < 1e-12 * np.abs(left_out).max()
    estimate = leave_one_out_estimate(kernel, Y, ridge=ridge)
    assert float(estimate.value) == pytest.approx(gap, rel=1e-12, abs=0)
    if ridge:
        change = np.asarray(leave_one_out_influence(kernel, Y, cross, ridge=ridge))
        without = kernel_ridge(kernel[1:, 1:], Y[1:], cross[:, 1:], ridge=ridge)
        assert np.abs(change[:, 0] - (without - ours)).max() < 1e-12 * np.abs(predicted).max()


def test_the_end_of_flow_and_of_descent_is_the_interpolator():
    x, new = CASES["linear kernel"]
    with mp.workdps(80):
        predicted, _, _ = exact("linear kernel", 0.0)
    kernel, cross = x @ x.T, new @ x.T
    for time in (1e3, 1e14, 1e300):
        assert np.abs(gradient_flow(kernel, Y, cross, np.array([time]))[1][0] - predicted).max() < 1e-13
    assert np.abs(gradient_descent(kernel, Y, cross, np.array([1e15]), step_size=1e-3)[1][0] - predicted).max() < 1e-13


def test_what_loses_digits_says_so():
    """A smooth kernel whose spectrum runs through rounding: the warning's digits are not more than there are."""
    x, new = np.linspace(0, 1, 20), np.linspace(0.02, 0.93, 4)
    y = np.cos(7 * x) + GENERATOR.standard_normal(20)
    kernel, cross = np.exp(-((x[:, None] - x) ** 2)), np.exp(-((new[:, None] - x) ** 2))
    for ridge in (1e-9, 1e-12, 1e-14):
        with mp.workdps(60):
            rows = mp.matrix(kernel.tolist()) + mp.mpf(ridge) * mp.eye(20)
            true = np.array([float(v) for v in mp.matrix(cross.tolist()) * mp.lu_solve(rows, mp.matrix(y.tolist()))])
        with pytest.warns(UserWarning, match="leaves about") as caught:
            ours = kernel_ridge(kernel, y, cross, ridge=ridge)
        digits = int(str(caught[0].message).split("about ")[1].split(" ")[0])
        assert np.abs(ours - true).max() / np.abs(true).max() < 10.0**-digits
        with mp.workdps(60):
            inverse = mp.inverse(rows)
            dual = inverse * mp.matrix(y.tolist())
            true = np.array([float(dual[i] / inverse[i, i]) for i in range(20)])
        with pytest.warns(UserWarning, match="leaves about") as caught:
            ours = leave_one_out(kernel, y, ridge=ridge).residuals
        digits = int(str(caught[0].message).split("about ")[1].split(" ")[0])
        assert np.abs(ours - true).max() / np.abs(true).max() < 10.0**-digits
    kernel_ridge(kernel, y, cross, ridge=1e-3)  # and nothing is said where nothing is lost


@pytest.mark.parametrize("ridge", [0.0, 1e-12, 1e-3])
def test_derivatives_are_those_of_the_features(ridge):
    """In the kernel too, at repeated eigenvalues, where those of eigenvectors do not exist."""
    x, new = CASES["linear kernel"]
    pull = GENERATOR.standard_normal((24, 5))

    def predicted(amount):
        moved = jnp.asarray(x) + amount * pull
        return kernel_ridge(moved @ moved.T, Y, new @ moved.T, ridge=ridge)

    with mp.workdps(60):

        def weights(amount):
            moved = mp.matrix(x.tolist()) + amount * mp.matrix(pull.tolist())
            inner = moved.T * moved + mp.mpf(ridge) * mp.eye(5)
            return mp.matrix(new.tolist()) * mp.lu_solve(inner, moved.T * mp.matrix(Y.tolist()))

        step = mp.mpf(10) ** -20
        slope = np.array([float(v) for v in (weights(step) - weights(-step)) / (2 * step)])
    # A derivative in the kernel loses what eps / ridge leaves; without a ridge, nothing.
    allowed = 1e-10 if ridge != 1e-12 else 0.02
    ours = jax.jacobian(predicted)(0.0)
    assert np.abs(ours - slope).max() < allowed * np.abs(slope).max()


def test_repeated_eigenvalues_have_derivatives():
    slope = jax.grad(lambda k: kernel_ridge(k, np.ones(3), np.ones((1, 3)), ridge=1.0)[0])(jnp.eye(3))
    np.testing.assert_allclose(slope, -np.ones((3, 3)) / 4, rtol=1e-14, atol=0)


def test_divergences_and_norms_in_feature_space():
    """KL and displacement of a kernel of rank 5, small ridges, and in units far out."""
    x, _ = CASES["linear kernel"]
    for ridge in (1e-16, 1e-8, 1.0, 1e6):
        with mp.workdps(60):
            a = mp.matrix(x.tolist())
            inner = a.T * a / mp.mpf(ridge) + mp.eye(5)
            mean = mp.lu_solve(inner, a.T * mp.matrix(Y.tolist()) / mp.mpf(ridge))
            spread = mp.inverse(inner)
            trace = sum(spread[i, i] for i in range(5))
            true = float((trace - 5 + mp.log(mp.det(inner)) + (mean.T * mean)[0]) / 2)
        for power in (-300, 0, 300):
            kernel, y = np.ldexp(x @ x.T, 2 * power), np.ldexp(Y, power)
            if 0 < np.ldexp(ridge, 2 * power) < np.inf:
                ours = gaussian_process_kl(kernel, y, ridge=np.ldexp(ridge, 2 * power))
                assert float(ours) == pytest.approx(true, rel=1e-12, abs=0)
    with mp.workdps(60):
        weights = mp.lu_solve(a.T * a, a.T * mp.matrix(Y.tolist()))
        size = float(mp.norm(weights))
    assert float(displacement_norm(x @ x.T, Y)) == pytest.approx(size, rel=1e-13, abs=0)
    assert float(lazy_distance(x @ x.T, Y, 1e14)) == pytest.approx(size, rel=1e-13, abs=0)
    far = np.ldexp(x @ x.T, 900)
    assert float(displacement_norm(far, Y)) == pytest.approx(np.ldexp(size, -450), rel=1e-13, abs=0)


def test_units_change_nothing():
    """Kernels from 1e-200 to 1e200 with their ridge, targets from 1e-200 to 1e200: to the bit."""
    x, new = CASES["linear kernel"]
    kernel, cross = x @ x.T, new @ x.T
    for of_kernel, of_y in ((-660, 0), (660, 0), (0, -660), (0, 660), (660, -300)):
        k, c, y, r = (
            np.ldexp(kernel, of_kernel),
            np.ldexp(cross, of_kernel),
            np.ldexp(Y, of_y),
            np.ldexp(0.1, of_kernel),
        )
        ours = np.ldexp(kernel_ridge(k, y, c, ridge=r), -of_y)
        np.testing.assert_array_equal(ours, kernel_ridge(kernel, Y, cross, ridge=0.1))
        if of_y == 0:
            left_out = leave_one_out(k, y, ridge=r)
            np.testing.assert_array_equal(left_out.residuals, leave_one_out(kernel, Y, ridge=0.1).residuals)
    with pytest.raises(BadValue, match=r"y reaches .* squares of the residuals .* another unit"):
        leave_one_out(kernel, np.ldexp(Y, 660), ridge=0.1)


def test_a_kernel_in_single_precision_is_cut_at_its_own_rounding():
    x, new = (a.astype(np.float32) for a in CASES["linear kernel"])
    with mp.workdps(80):
        predicted, _, _ = exact("linear kernel", 0.0)
    for ridge in (0.0, 1e-9):
        assert np.abs(kernel_ridge(x @ x.T, Y, new @ x.T, ridge=ridge) - predicted).max() < 1e-5


def test_an_indefinite_matrix_is_refused():
    with pytest.raises(BadValue, match=r"kernel_train has an eigenvalue -1.* positive semidefinite"):
        kernel_ridge(np.array([[0.0, 1.0], [1.0, 0.0]]), np.ones(2), np.ones((1, 2)), ridge=2.0)
    with pytest.warns(UserWarning, match="count as zero"):
        eigenbasis(np.diag([1.0, -1e-9]))
    traced = jax.jit(lambda k: kernel_ridge(k, np.ones(2), np.ones((1, 2)), ridge=2.0))(jnp.array([[0.0, 1], [1, 0]]))
    assert np.isnan(traced).all()
    with pytest.raises(BadValue, match="differs from its transpose"):
        check_gram("kernel", np.array([[1.0, 1e308], [-1e308, 1.0]]))


def test_descent_beyond_its_largest_rate_is_refused():
    kernel, cross = np.diag([4.0, 1.0]), np.ones((1, 2))
    for rate in (0.51, 2.1, 1e300):
        with pytest.raises(BadValue, match=r"step_size is .* over the largest eigenvalue.*Pass at most 0\.5\."):
            gradient_descent(kernel, np.ones(2), cross, np.array([1, 100]), step_size=rate)
        steps = jax.jit(lambda s: gradient_descent(kernel, np.ones(2), cross, np.array([1, 100]), step_size=s)[1])(rate)
        assert np.isnan(steps).all()
    at_the_edge = gradient_descent(kernel, np.ones(2), cross, np.array([1, 100]), step_size=0.5)[0]
    np.testing.assert_allclose(at_the_edge, [[2, 0.5], [0, 1]], rtol=1e-14, atol=1e-14)
