"""Stage I against 40-digit matrix exponentials, its two limits, and invariances."""

import dataclasses

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grok_theory import BadValue, Float64Required, TooLarge
from grok_theory.li2 import GroupTask, lazy_gradient
from grok_theory.li2.groups import cyclic, symmetric

TIMES = [0.0, 1e-3, 0.1, 2.0, 50.0]


def oracle(task, hidden, times, readout):
    """G_F by its definition with mpmath's eigen-decomposition of A at 40 digits: (T, n, K) and the fixed point."""
    pairs, labels = (np.asarray(a) for a in task.pairs_and_labels("oracle"))
    order, n = task.group.order, len(labels)
    with mpmath.workdps(40):
        f = mpmath.matrix(n, len(hidden))
        y = mpmath.zeros(n, order)
        for i in range(n):
            y[i, int(labels[i])] = 1
            for k, w in enumerate(hidden):
                s = mpmath.mpf(float(w[pairs[i, 0]])) + mpmath.mpf(float(w[order + pairs[i, 1]]))
                f[i, k] = {"square": s * s, "tanh": mpmath.tanh(s)}[task.activation]
        v = mpmath.matrix(readout.tolist())
        if task.centering == "samples":
            for matrix in (f, y):
                for j in range(matrix.cols):
                    mean = sum(matrix[i, j] for i in range(n)) / n
                    for i in range(n):
                        matrix[i, j] -= mean
        else:
            for matrix in (y, v):
                for i in range(matrix.rows):
                    mean = sum(matrix[i, j] for j in range(order)) / order
                    for j in range(order):
                        matrix[i, j] -= mean
        a = f.T * f + mpmath.mpf(float(task.ridge)) * mpmath.eye(len(hidden))
        values, vectors = mpmath.eigsy(a)
        end = mpmath.inverse(a) * (f.T * y)

        def gradient(t):
            decay = vectors * mpmath.diag([mpmath.exp(-x * t) for x in values]) * vectors.T
            now = end + decay * (v - end)
            return np.array(((y - f * now) * now.T).tolist(), dtype=float)

        fixed = np.array(((y - f * end) * end.T).tolist(), dtype=float)
        return np.array([gradient(mpmath.mpf(t)) for t in times]), fixed


@pytest.mark.parametrize("start", [False, True], ids=["zero", "given"])
@pytest.mark.parametrize(
    ("activation", "centering", "width", "decay"),
    [
        ("square", "samples", 4, 1e-2),
        ("tanh", "classes", 4, 1e-6),
        pytest.param("square", "samples", 16, 1e-3, marks=pytest.mark.slow),
    ],
)
def test_against_forty_digits(activation, centering, width, decay, start):
    task = GroupTask(symmetric(3), activation, train_fraction=0.4, weight_decay=decay, centering=centering)
    task = task.split(jax.random.key(4))
    draws = np.random.default_rng(7)
    hidden, readout = draws.normal(size=(width, 12)), draws.normal(size=(width, 6)) * start
    found = lazy_gradient(task, hidden, TIMES, readout=readout if start else None)
    exact, fixed = oracle(task, hidden, TIMES, readout)
    for now, expected in zip(found.gradient, exact):
        assert np.linalg.norm(now - expected) <= 1e-9 * np.linalg.norm(expected) + 1e-30  # zero at t = 0
    assert np.linalg.norm(found.fixed_point - fixed) <= 1e-9 * np.linalg.norm(fixed)
    np.testing.assert_allclose(found.norm, np.linalg.norm(exact, axis=(1, 2)), rtol=1e-9, atol=1e-30)


@pytest.fixture(scope="module")
def setting():
    task = GroupTask(cyclic(11), train_fraction=0.5).split(jax.random.key(0))
    return task, np.random.default_rng(0).normal(size=(20, 22)) / 4


def test_small_time_law_is_of_first_order(setting):
    """||G_F - t Y~Y~^T F~|| / ||t Y~Y~^T F~|| = O(t lambda_max): slope one within 0.02, prefactor below one."""
    task, hidden = setting
    largest = float(lazy_gradient(task, hidden, [0.0]).largest_rate)
    scaled = np.array([1e-3, 1e-4, 1e-5, 1e-6])
    found = lazy_gradient(task, hidden, np.sort(scaled / largest))
    times = np.sort(scaled / largest)
    errors = [
        float(jnp.linalg.norm(g / t - found.leading) / jnp.linalg.norm(found.leading))
        for g, t in zip(found.gradient, times)
    ]
    slope = np.polyfit(np.log(times), np.log(errors), 1)[0]
    assert slope == pytest.approx(1.0, abs=0.02)
    assert errors[0] < 1e-6
    np.testing.assert_allclose(found.alignment, 1.0, atol=1e-3)


def test_large_decay_limit(setting):
    """eta G_F(inf) -> Y~Y~^T F~: 100 times more decay, 100 times closer."""
    task, hidden = setting
    errors = []
    for wd in (1e4, 1e6):
        strong = dataclasses.replace(task, weight_decay=wd)
        found = lazy_gradient(strong, hidden, [0.0])
        gap = strong.ridge * found.fixed_point - found.leading
        errors.append(float(jnp.linalg.norm(gap) / jnp.linalg.norm(found.leading)))
    assert errors[1] < 1e-3
    assert errors[0] / errors[1] == pytest.approx(100, rel=0.1, abs=0)


def test_without_decay_a_wide_layer_forgets_the_gradient(setting):
    """eta = 0, Y~ in the range of F~: G_F -> 0 exponentially, at least at the smallest squared singular value."""
    task, _ = setting
    task = dataclasses.replace(task, weight_decay=0.0)
    hidden = np.random.default_rng(3).normal(size=(3 * task.samples, 22))
    found = lazy_gradient(task, hidden, [0.0, 1e-4, 1e-2, 1.0, 1e3])
    assert float(jnp.abs(found.fixed_point).max()) < 1e-12 * float(found.norm.max())
    assert float(found.norm[-1]) < 1e-10 * float(found.norm.max())


def test_output_scale_law(setting):
    """Output multiplied by b: G_F(inf; eta) = b^-2 G_F*(eta / b^2). Checked by scaling the features of the square."""
    task, hidden = setting
    task = dataclasses.replace(task, weight_decay=0.1)
    b = 1.7
    # Scaling F by b: nodes by sqrt b. dJ/dF then is b^-1 of dJ/d(bF)'s own normalisation: G(bF; eta) = b^-1 (b^-2 ...).
    scaled = lazy_gradient(task, np.sqrt(b) * hidden, [0.0]).fixed_point * b
    plain = lazy_gradient(dataclasses.replace(task, weight_decay=0.1 / b**2), hidden, [0.0]).fixed_point
    np.testing.assert_allclose(scaled, plain, atol=1e-12 * float(jnp.abs(plain).max()))


@pytest.mark.slow
def test_the_alignment_table_of_the_spec():
    """Mean column cosine at the fixed point: M = 23, n = 211, x^2, eta in mean squared singular values; within 0.03."""
    task = GroupTask(cyclic(23), train_fraction=211 / 529).split(jax.random.key(0))
    first, second = task.train_pairs.T
    for width, table in [(26, [0.82, 0.83, 0.96, 1.0]), (211, [0.02, 0.19, 0.82, 1.0])]:
        hidden = np.random.default_rng(0).normal(size=(width, 46)) / np.sqrt(46)
        features = (hidden[:, first] + hidden[:, 23 + second]).T ** 2
        features -= features.mean(axis=0)
        mean_square = np.sum(features**2) / min(210, width)
        for share, expected in zip([1e-4, 1e-2, 1.0, 100.0], table):
            strong = dataclasses.replace(task, weight_decay=2 * share * mean_square / 211)
            assert float(lazy_gradient(strong, hidden, [0.0]).fixed_alignment) == pytest.approx(expected, abs=0.03)


@given(st.integers(0, 10**6), st.floats(1e-6, 10.0))
def test_the_fixed_point_is_where_late_times_go(setting, seed, decay):
    task, _ = setting
    hidden = np.random.default_rng(seed).normal(size=(20, 22)) / 4
    found = lazy_gradient(dataclasses.replace(task, weight_decay=decay), hidden, [1e12])
    scale = float(jnp.abs(found.fixed_point).max())
    np.testing.assert_allclose(found.gradient[0], found.fixed_point, atol=1e-11 * scale)
    # Centred features: the gradient of a common shift of a node's output is zero.
    assert float(jnp.abs(found.fixed_point.sum(axis=0)).max()) < 1e-10 * scale


def test_derivative_in_the_decay(setting):
    task, hidden = setting

    def norm(decay):
        return lazy_gradient(dataclasses.replace(task, weight_decay=decay), hidden, [0.1, 1.0]).norm[1]

    step = 1e-5
    slope = (norm(0.1 + step) - norm(0.1 - step)) / (2 * step)
    assert float(jax.grad(norm)(0.1)) == pytest.approx(float(slope), rel=1e-6, abs=0)


@pytest.mark.parametrize("times", [[0.0, 0.01, 1.0], [0.01, 1.0]])
@pytest.mark.parametrize("told", ["norm", "alignment"])
def test_derivative_of_a_curve_that_starts_at_zero(times, told):
    """At t = 0 from a zero read-out the gradient vanishes, and its root has no slope: no other time feels it."""
    hidden = np.random.default_rng(0).normal(size=(4, 10))

    def last(decay):
        return getattr(lazy_gradient(GroupTask(cyclic(5), weight_decay=decay), hidden, times), told)[-1] ** 2

    step = 1e-5
    expected = (last(1e-2 + step) - last(1e-2 - step)) / (2 * step)
    np.testing.assert_allclose(jax.grad(last)(1e-2), expected, rtol=1e-6)
    if told == "norm":
        assert abs(jax.grad(last)(1e-2) + 1.18933318) < 1e-8


def test_bad_inputs(setting):
    task, hidden = setting
    for times, said in [([-1.0], r"times\[0\] is -1"), ([1.0, 0.5], r"times\[1\] is 0.5"), ([], "times has shape")]:
        with pytest.raises(BadValue, match=said):
            lazy_gradient(task, hidden, times)
    with pytest.raises(BadValue, match=r"hidden has shape \(20, 21\), but it must have shape \(K, 2M\) = \(any, 22\)"):
        lazy_gradient(task, hidden[:, :-1], [0.0])
    with pytest.raises(BadValue, match=r"hidden has shape \(0, 22\)"):
        lazy_gradient(task, hidden[:0], [0.0])
    with pytest.raises(BadValue, match=r"hidden\[0, 0\] is nan, but it must be finite"):
        lazy_gradient(task, hidden * np.nan, [0.0])
    with pytest.raises(BadValue, match="hidden is complex"):
        lazy_gradient(task, hidden + 0j, [0.0])
    with pytest.raises(BadValue, match=r"readout has shape \(3, 11\).*\(20, 11\)"):
        lazy_gradient(task, hidden, [0.0], readout=np.ones((3, 11)))
    with pytest.raises(BadValue, match="lazy_gradient needs the training pairs"):
        lazy_gradient(GroupTask(cyclic(11), train_fraction=0.5), hidden, [0.0])
    with pytest.raises(TooLarge, match=r"The gradient at 1000000 times, .* Pass fewer times or nodes"):
        lazy_gradient(task, np.ones((2000, 22)), np.zeros(10**6))
    jax.config.update("jax_enable_x64", False)
    try:
        with pytest.raises(Float64Required, match="lazy_gradient needs float64"):
            lazy_gradient(task, hidden, [0.0])
    finally:
        jax.config.update("jax_enable_x64", True)
