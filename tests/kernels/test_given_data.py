"""The learning curve of given data: against real refits on subsets, leave-one-out, and the theory's exact limits."""

from itertools import combinations

import chance
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq

import grok_theory as gt
from grok_theory import kernels


def haar(seed, points=80, power=1.3, noise=0.3, rank=None):
    """A Gram matrix with Haar-random eigenvectors and labels on it."""
    draws = np.random.default_rng(seed)
    values = points * np.arange(1.0, points + 1) ** -power
    values[points if rank is None else rank :] = 0.0
    vectors = np.linalg.qr(draws.normal(size=(points, points)))[0]
    labels = vectors @ (np.sqrt(points) / np.arange(1.0, points + 1)) + noise * draws.normal(size=points)
    return vectors * values @ vectors.T, labels


@pytest.mark.statistical
@pytest.mark.parametrize("ridge", [0.0, 0.3, 5.0])
def test_refits_on_subsets_agree(ridge, key, rng, plausible):
    """24 Gram matrices with random eigenvectors, 6 subsets each: the mean refit is the theory's up to 5 %.
    Planted: training points counted as test points (25 to 75 % of the loss), the ridge of the infinite population."""
    samples, gaps = np.array([20.0, 40.0, 60.0]), []
    for i, seed in enumerate(rng.integers(0, 2**31, 24)):
        gram, labels = haar(seed)
        theory = kernels.learning_curve(gram, labels, samples, ridge=ridge)
        runs = kernels.refits(gram, labels, samples, ridge=ridge, runs=6, key=jax.random.fold_in(key, i))
        names = ("test_loss", "train_loss") if ridge else ("test_loss",)
        gaps.append([np.asarray(runs[n]).mean(0) / np.asarray(theory[n]) - 1 for n in names])
    gaps = np.array(gaps)
    beyond = chance.beyond(gaps.mean(0), 0.05)
    plausible(chance.student(beyond / (gaps.std(0, ddof=1) / 24**0.5), 24))


def test_all_subsets_of_few_points():
    """The experiment against every subset in turn: 10 points, 4 of them training."""
    gram, labels = haar(3, points=10)
    losses = []
    for seen in combinations(range(10), 4):
        left = np.setdiff1d(np.arange(10), seen)
        dual = np.linalg.solve(gram[np.ix_(seen, seen)] + 0.2 * np.eye(4), labels[list(seen)])
        losses.append(np.mean((labels[left] - gram[np.ix_(left, seen)] @ dual) ** 2))
    runs = kernels.refits(gram, labels, [4], ridge=0.2, runs=400, key=jax.random.key(0))["test_loss"]
    assert all(np.isclose(losses, loss, rtol=1e-9, atol=0).any() for loss in runs[:, 0])
    assert np.mean(runs) == pytest.approx(np.mean(losses), rel=4 * np.std(losses) / np.mean(losses) / 20, abs=0)


@given(st.integers(0, 2**31), st.floats(-3, 1.5))
def test_it_ends_in_leave_one_out(seed, power):
    """At N - 1 training points the curve is the exact leave-one-out loss up to O(1/N)."""
    gram, labels = haar(seed)
    curve = kernels.learning_curve(gram, labels, [79.0], ridge=10.0**power)
    exact = float(kernels.leave_one_out(gram, labels, ridge=10.0**power).loss)
    assert curve.stats["leave_one_out"] == pytest.approx(exact, rel=1e-12, abs=0)
    assert float(curve["test_loss"][0]) == pytest.approx(exact, rel=0.03, abs=0)


def test_the_end_comes_nearer_to_leave_one_out_with_more_points():
    """The distance falls at least like 1/N: measured .4 % at 80 points and .04 % at 320."""

    def distance(points):
        ends = []
        for seed in range(6):
            gram, labels = haar(seed, points=points)
            curve = kernels.learning_curve(gram, labels, [points - 1.0], ridge=0.1)
            ends.append(abs(float(curve["test_loss"][0]) / curve.stats["leave_one_out"] - 1))
        return np.mean(ends)

    assert distance(320) < distance(80) / 4 < 0.01 / 4


def test_a_kernel_that_knows_nothing_is_exact():
    """K = I, or 0, predicts zero everywhere: the loss is the mean square of the labels, at every n and ridge."""
    labels = np.arange(1.0, 21.0)
    for ridge, gram in ((0.0, np.eye(20)), (0.7, np.eye(20)), (0.0, np.zeros((20, 20))), (0.7, np.zeros((20, 20)))):
        curve = kernels.learning_curve(gram, labels, [1, 7, 19], ridge=ridge)
        np.testing.assert_allclose(curve["test_loss"], np.full(3, np.mean(labels**2)), rtol=1e-12, atol=0)


@given(st.integers(0, 2**31), st.floats(2, 78), st.sampled_from([0.0, 1e-3, 0.1, 10.0]))
def test_the_equations_of_the_effective_ridge(seed, samples, ridge):
    """kappa by bisection, and all else by explicit inverses of the whole matrix."""
    gram, labels = haar(seed)
    curve = kernels.learning_curve(gram, labels, [samples], ridge=ridge, throw=False)
    values = np.linalg.eigvalsh(gram)
    kappa = brentq(lambda k: np.sum((values + ridge) / (values + k)) - samples, ridge, 1e6, xtol=1e-300, rtol=1e-14)
    assert float(curve["kappa"][0]) == pytest.approx(kappa, rel=1e-9, abs=0)
    inverse = np.linalg.inv(gram + kappa * np.eye(80))
    s, d = np.trace(inverse), np.trace((gram + ridge * np.eye(80)) @ inverse @ inverse)
    residuals = inverse @ labels / np.diag(inverse)
    assert float(curve["test_loss"][0]) == pytest.approx(
        samples * s / (80 * d) * np.mean(residuals**2), rel=1e-7, abs=0
    )
    fitted = ridge**2 * np.sum((inverse @ labels) ** 2) * s / (samples * d)
    assert float(curve["train_loss"][0]) == pytest.approx(fitted, rel=1e-7, abs=0)
    assert float(curve["effective_dimension"][0]) == pytest.approx(np.trace(gram @ inverse), rel=1e-9, abs=0)


def test_more_samples_than_directions():
    """Rank 5, no ridge: least squares, exact in the mean over Gaussian designs, sigma^2 n/(n - 5) and (1 - 5/n)."""
    gram, labels = haar(1, points=200, rank=5)
    samples = [20.0, 80.0, 150.0]
    curve = kernels.learning_curve(gram, labels, samples)
    runs = kernels.refits(gram, labels, samples, runs=200, key=jax.random.key(1))
    for name in ("test_loss", "train_loss"):
        np.testing.assert_allclose(np.asarray(runs[name]).mean(0), curve[name], rtol=0.06, atol=0)
    near = kernels.learning_curve(gram, labels, samples, ridge=1e-9)
    np.testing.assert_allclose(near["test_loss"], curve["test_loss"], rtol=1e-6, atol=0)
    np.testing.assert_allclose(near["train_loss"], curve["train_loss"], rtol=1e-6, atol=0)
    with pytest.raises(gt.SolveFailed, match="as many samples as the kernel has directions"):
        kernels.learning_curve(gram, labels, [5.0])
    assert kernels.learning_curve(gram, labels, [5.0], throw=False)["test_loss"][0] == np.inf


def digits():
    """357 digits, 3 against 8, under the tangent kernel of a two-layer network on the sphere."""
    data = pytest.importorskip("sklearn.datasets").load_digits()
    chosen = np.isin(data.target, (3, 8))
    X = data.data[chosen] / np.linalg.norm(data.data[chosen], axis=1, keepdims=True)
    gram = kernels.ntk(kernels.FullyConnected("relu"), X)
    return np.asarray(gram), np.where(data.target[chosen] == 3, 1.0, -1.0)


def test_real_digits_against_refits():
    """The mean refit is within 8 % of the curve at 20, 80, 160 of 357; counting training points costs a factor 2."""
    gram, labels = digits()
    samples = np.array([20.0, 80.0, 160.0])
    runs = kernels.refits(gram, labels, samples, ridge=1e-3, runs=24, key=jax.random.key(0))
    mean = np.asarray(runs["test_loss"]).mean(0)
    curve = kernels.learning_curve(gram, labels, samples, ridge=1e-3)
    np.testing.assert_allclose(curve["test_loss"], mean, rtol=0.08, atol=0)
    naive = kernels.solve(kernels.spectrum_of_data(gram, labels, ridge=1e-3), samples)["test_loss"]
    assert 1.8 < mean[2] / float(naive[2]) < 2.4
    assert gt.compare(curve, runs, margin=0.25, curves=["test_loss"]).verdict != "disagrees"


def test_one_hot_labels_are_summed_over():
    gram, labels = haar(5)
    both = np.stack([labels, 2 * labels], axis=1)
    one, two = (kernels.learning_curve(gram, y, [10, 40], ridge=0.1) for y in (labels, both))
    for name in ("test_loss", "train_loss"):
        np.testing.assert_allclose(two[name], 5 * one[name], rtol=1e-12, atol=0)
    assert two.stats["leave_one_out"] == pytest.approx(5 * one.stats["leave_one_out"], rel=1e-12, abs=0)
    runs = [
        kernels.refits(gram, y, [10], ridge=0.1, runs=2, key=jax.random.key(0))["test_loss"] for y in (labels, both)
    ]
    np.testing.assert_allclose(runs[1], 5 * runs[0], rtol=1e-12, atol=0)


def test_the_spectrum_is_normalised():
    """Eigenvalues sum to the mean diagonal, squares of coefficients and noise to the mean square of the labels."""
    gram, labels = haar(2, rank=20)
    problem = kernels.spectrum_of_data(gram, labels, ridge=0.5)
    assert problem.eigenvalues.size == 20
    assert problem.eigenvalues.sum() == pytest.approx(np.trace(gram) / 80, rel=1e-12, abs=0)
    assert np.sum(problem.coefficients**2) + problem.noise**2 == pytest.approx(np.mean(labels**2), rel=1e-12, abs=0)
    # Far fewer samples than points: counting the training points, where the fit is exact, costs the factor 1 - n/N.
    few = kernels.learning_curve(*haar(2, points=200), [10.0], ridge=0.5)["test_loss"][0]
    whole = kernels.solve(kernels.spectrum_of_data(*haar(2, points=200), ridge=0.5), np.array([10.0]))["test_loss"][0]
    assert float(few) * (1 - 10 / 200) == pytest.approx(float(whole), rel=0.005, abs=0)


def test_units_do_not_matter(tmp_path):
    gram, labels = haar(7)
    one = kernels.learning_curve(gram, labels, [5, 20, 79], ridge=0.1)
    far = kernels.learning_curve(gram * 1e200, labels, [5, 20, 79], ridge=0.1e200)
    np.testing.assert_allclose(far["test_loss"], one["test_loss"], rtol=1e-10, atol=0)
    np.testing.assert_allclose(far["kappa"], 1e200 * one["kappa"], rtol=1e-10, atol=0)
    back = gt.load(one.save(tmp_path / "curve.npz"))
    np.testing.assert_array_equal(back["test_loss"], one["test_loss"])


def test_near_interpolation_is_noted():
    """As many samples as strong directions: single training sets decide, and the curve says so."""
    draws = np.random.default_rng(0)
    features = draws.normal(size=(100, 30))
    curve = kernels.learning_curve(features @ features.T, draws.normal(size=100), [29.0], ridge=1e-3)
    assert curve.status.name == "noted"
    assert "near interpolation" in curve.status.text


def test_runs_do_not_depend_on_how_many():
    gram, labels = haar(8)
    few, many = (kernels.refits(gram, labels, [4, 9], ridge=0.1, runs=n, key=jax.random.key(2)) for n in (2, 5))
    np.testing.assert_array_equal(few["test_loss"], many["test_loss"][:2])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kernel": np.ones((3, 4))}, r"kernel has shape \(3, 4\), but it must be square"),
        ({"kernel": np.diag([1.0, -1.0, 1.0, 1.0])}, r"must be positive semidefinite"),
        ({"kernel": np.ones((2, 2)), "y": np.ones(2)}, r"kernel has 2 rows, but at least 3"),
        ({"y": np.ones(3)}, r"y has shape \(3,\)"),
        ({"y": np.array([1.0, np.nan, 0.0, 0.0])}, r"y\[1\] is nan"),
        ({"y": np.ones((4, 0))}, r"y has shape \(4, 0\)"),
        ({"ridge": -1.0}, r"ridge is -1.0"),
        ({"ridge": [0.1, 0.2]}, r"ridge has shape \(2,\)"),
        ({"samples": [0.5]}, r"samples\[0\] is 0.5, but it must be a number from 1 to 3"),
        ({"samples": [1.0, 4.0]}, r"samples\[1\] is 4, but it must be a number from 1 to 3"),
        ({"samples": [3.0, 2.0]}, r"samples"),
    ],
)
def test_bad_input_is_named(change, message):
    good = {"kernel": np.eye(4) + 1, "y": np.ones(4), "samples": [2.0], "ridge": 0.1}
    with pytest.raises(gt.BadValue, match=message):
        kernels.learning_curve(**(good | change))


def test_traced_data_and_fractions_are_refused():
    with pytest.raises(gt.BadValue, match="is traced by JAX"):
        jax.jit(lambda r: kernels.learning_curve(jnp.eye(4), jnp.ones(4), [2.0], ridge=r)["test_loss"])(0.1)
    with pytest.raises(gt.BadValue, match=r"samples\[0\] is 2.5, but it must be a whole number from 1 to 3"):
        kernels.refits(np.eye(4), np.ones(4), [2.5], runs=1, key=jax.random.key(0))


def test_points_on_a_line_are_far_from_the_curve_and_the_status_says_that_no_bound_is_known():
    """Neighbours alone tell these points apart: at 20 of 40 the mean of refits lies a quarter above the curve."""
    x = np.linspace(-1.0, 1.0, 40)
    kernel, labels = np.exp(-np.square(x[:, None] - x) / 0.02), np.sign(x)
    curve = gt.kernels.learning_curve(kernel, labels, [20], ridge=0.1)
    draws, losses = np.random.default_rng(0), []
    for _ in range(400):
        order = draws.permutation(40)
        seen, rest = order[:20], order[20:]
        weights = np.linalg.solve(kernel[np.ix_(seen, seen)] + 0.1 * np.eye(20), labels[seen])
        losses.append(np.mean(np.square(labels[rest] - kernel[np.ix_(rest, seen)] @ weights)))
    assert 0.65 < float(curve["test_loss"][0]) / np.mean(losses) < 0.85
    assert curve.status.name == "noted"
    assert "without a bound" in curve.status.text


def test_data_and_a_network_are_their_gram_matrix():
    draws = np.random.default_rng(4)
    inputs = draws.normal(size=(30, 3))
    labels, sizes = np.sin(inputs[:, 0]), [5, 20]
    network = kernels.FullyConnected(kernels.Relu(), hidden_layers=2)
    for kernel, gram in (
        (network, kernels.ntk(network, inputs)),
        (lambda x: kernels.nngp(network, x), kernels.nngp(network, inputs)),
        (lambda x: x @ x.T + 1, inputs @ inputs.T + 1),
    ):
        made = kernels.learning_curve(kernel, labels, sizes, inputs=inputs, ridge=0.1)
        given_gram = kernels.learning_curve(gram, labels, sizes, ridge=0.1)
        for name in given_gram.curves:
            np.testing.assert_allclose(made[name], given_gram[name], rtol=1e-9, atol=0)
        assert made.stats["leave_one_out"] == pytest.approx(given_gram.stats["leave_one_out"], rel=1e-9, abs=0)
        assert "without a bound" in made.status.text
        key = jax.random.key(1)
        first = kernels.refits(kernel, labels, sizes, inputs=inputs, ridge=0.1, runs=2, key=key)
        second = kernels.refits(gram, labels, sizes, ridge=0.1, runs=2, key=key)
        np.testing.assert_allclose(first["test_loss"], second["test_loss"], rtol=1e-9, atol=0)


@pytest.mark.parametrize(
    ("kernel", "inputs", "words"),
    [
        (np.eye(4), np.ones((4, 2)), "inputs is given beside a Gram matrix"),
        (lambda x: x @ x.T, None, "inputs is None"),
        (lambda x: x @ x.T, np.ones(4), r"inputs has shape \(4,\)"),
        (lambda x: x @ x.T, np.full((4, 2), np.nan), "inputs"),
        (lambda x: x, np.ones((4, 2)), "kernel has shape"),
    ],
)
def test_a_kernel_and_inputs_that_do_not_fit_are_refused(kernel, inputs, words):
    with pytest.raises(gt.BadValue, match=words):
        kernels.learning_curve(kernel, [1.0, 2.0, 3.0, 4.0], [2], inputs=inputs)
