"""Gradient coherence: identities, two roads to one number, the linear wing's law."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grok_theory import BadValue
from grok_theory.observables import gradient_coherence, kernel_coherence

seeds = st.integers(0, 2**31)


@given(seeds, st.floats(-150, 150))
def test_identities(seed, power):
    """Range, scale-freeness to 1e-300, order of examples, mean of k draws, the pair distance."""
    g = np.random.default_rng(seed).standard_normal((7, 4)) + 0.5
    one = gradient_coherence(g)
    alpha = float(one.alpha)
    direct = np.sum(g.mean(0) ** 2) / np.mean(np.sum(g**2, 1))
    assert alpha == pytest.approx(direct, rel=1e-12, abs=0)
    assert float(gradient_coherence(g[::-1] * 10.0**power).alpha) == pytest.approx(alpha, rel=1e-12, abs=0)
    assert float(one.m_coherence) == pytest.approx(7 * alpha, rel=1e-15, abs=0)
    # alpha_unbiased is the mean inner product of different examples over the mean square.
    inner = g @ g.T
    off = (inner.sum() - np.trace(inner)) / 42
    assert float(one.alpha_unbiased) == pytest.approx(off / (np.trace(inner) / 7), rel=1e-11, abs=1e-13)
    distances = np.linalg.norm(g[:, None] - g[None], axis=-1)
    assert distances.mean() <= np.sqrt(2 * (1 - alpha) * np.mean(np.sum(g**2, 1))) * (1 + 1e-12)


def test_mean_of_k_draws():
    """Averages over all ordered pairs (k = 2) of examples: coherence 2 alpha/(1 + alpha)."""
    g = np.random.default_rng(0).standard_normal((5, 3)) + 0.3
    alpha = float(gradient_coherence(g).alpha)
    pairs = (g[:, None] + g[None]).reshape(25, 3) / 2
    assert float(gradient_coherence(pairs).alpha) == pytest.approx(2 * alpha / (1 + alpha), rel=1e-12, abs=0)


def test_extremes():
    assert float(gradient_coherence(np.ones((4, 3))).m_coherence) == 4
    assert float(gradient_coherence(np.eye(4)).m_coherence) == 1
    alone = gradient_coherence(np.ones((1, 3)))
    assert float(alone.alpha) == 1
    assert np.isnan(alone.alpha_unbiased)
    with pytest.warns(UserWarning, match="all gradients are zero"):
        assert np.isnan(gradient_coherence(np.zeros((3, 2))).alpha)


@given(seeds)
def test_kernel_and_gradients_agree(seed):
    """Squared loss, one output; and cross-entropy with three outputs, against literal per-example gradients."""
    generator = np.random.default_rng(seed)
    features, r = generator.standard_normal((6, 5)), generator.standard_normal(6)
    ours = kernel_coherence(features @ features.T, r)
    assert float(ours.alpha) == pytest.approx(float(gradient_coherence(features * r[:, None]).alpha), rel=1e-12, abs=0)
    # f_c = (W x)_c: the gradient of example i is r_i x_i^T and its kernel delta_cd x_i.x_j.
    logits, labels = generator.standard_normal((6, 3)), generator.integers(0, 3, 6)
    residual = np.exp(logits) / np.exp(logits).sum(1, keepdims=True) - np.eye(3)[labels]
    kernel = np.einsum("ij,cd->ijcd", features @ features.T, np.eye(3))
    literal = gradient_coherence(np.einsum("nc,nd->ncd", residual, features))
    assert float(kernel_coherence(kernel, residual).alpha) == pytest.approx(float(literal.alpha), rel=1e-12, abs=0)


def test_law_of_the_linear_wing():
    """Marchenko-Pastur integral against reference numbers: c = 1/2, label noise 1/4, four times."""
    c, s2 = 0.5, 0.25
    low, high = (1 - np.sqrt(c)) ** 2, (1 + np.sqrt(c)) ** 2
    # X X^T/N of P = c N samples, normalised for each sample: density sqrt((high - mu)(mu - low))/(2 pi c mu).
    points, weights = np.polynomial.legendre.leggauss(400)
    angle = np.pi / 2 * (points + 1)
    mu = (low + high) / 2 + (high - low) / 2 * np.cos(angle)
    density = (high - low) ** 2 / 4 * np.sin(angle) ** 2 / (2 * np.pi * c * mu) * weights * np.pi / 2
    for t, expected in zip([0, 0.3, 1, 3], [1.4000, 1.0928, 0.6242, 0.2834]):
        decay = np.exp(-2 * mu * t) * (mu + s2) * density
        assert np.sum(mu * decay) / np.sum(decay) == pytest.approx(expected, abs=6e-5)
    # And drawn: teacher, noise, per-example gradients at w = 0 of a large regression.
    generator = np.random.default_rng(1)
    values = []
    for _ in range(8):
        x = generator.standard_normal((300, 600)) / np.sqrt(600)
        r = x @ generator.standard_normal(600) + 0.5 * generator.standard_normal(300)
        values.append(float(kernel_coherence(x @ x.T, r).m_coherence))
    assert np.mean(values) == pytest.approx(1.4, abs=5 * np.std(values) / np.sqrt(8) + 0.01)


@pytest.mark.parametrize("unit", [1e-150, 1e-50, 1.0, 1e50])
def test_coherence_of_numpy_arrays_needs_no_switch(unit):
    """1e-50 is no zero."""
    g, r = np.array([[1.0, 1.0], [1.0, 0.0], [0.0, 1e-5]]), np.array([1.0, 2.0, -1.0])
    pulls = r[:, None] * g
    exact = np.sum(g.mean(0) ** 2) / np.mean(np.sum(g**2, 1)), np.sum(pulls.mean(0) ** 2) / np.mean(np.sum(pulls**2, 1))
    with jax.enable_x64(False):
        told = gradient_coherence({"w": unit * g}).alpha, kernel_coherence(unit * (g @ g.T), unit * r).alpha
        wide = kernel_coherence(unit * (g @ g.T)[:, :, None, None], unit * r[:, None]).alpha
        assert float(jax.jit(gradient_coherence)(jnp.asarray(g)).alpha) == pytest.approx(exact[0], rel=1e-5, abs=0)
    np.testing.assert_allclose([*told, wide], [*exact, exact[1]], rtol=1e-6)


def test_zero_gradients_have_no_coherence():
    for make in (lambda: gradient_coherence(np.zeros((3, 2))), lambda: kernel_coherence(np.zeros((3, 3)), np.ones(3))):
        with pytest.warns(UserWarning, match="zero gradients have no coherence"):
            assert np.isnan(make().alpha)


def test_pytrees_jit_and_low_precision():
    g = {"w": jnp.ones((3, 2, 2), jnp.float32), "b": jnp.zeros((3, 1), jnp.float32)}
    assert float(jax.jit(gradient_coherence)(g).alpha) == pytest.approx(1)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: gradient_coherence({"a": np.ones((3, 2)), "b": np.ones((2, 2))}), ["gradients", "[2, 3]", "Pass"]),
        (lambda: gradient_coherence(np.array([[1.0, np.nan]])), ["gradients[0, 1] is nan", "finite", "Drop"]),
        (lambda: kernel_coherence(np.eye(3), np.ones(2)), ["kernel has shape (3, 3)", "(m, m)", "Pass"]),
        (lambda: kernel_coherence(np.eye(2), np.ones((2, 3))), ["kernel has shape (2, 2)", "(m, m, c, c)", "Pass"]),
        (lambda: kernel_coherence(np.eye(2), np.array([1, np.inf])), ["residual[1] is inf", "finite", "Drop"]),
    ],
)
def test_bad_values(make, words):
    with pytest.raises(BadValue) as caught:
        make()
    for word in words:
        assert word in str(caught.value)


def test_a_known_kernel_may_be_used_inside_a_trace():
    """Inside jit JAX traces what is computed from known arrays too; checks of them must not."""
    from grok_theory.kernels import alignment, cka

    kernel, residual = jnp.asarray(np.eye(3) + 0.5), jnp.asarray([1.0, -1.0, 2.0])
    for reading in (
        lambda r: kernel_coherence(kernel, r).m_coherence,
        lambda r: alignment(kernel, r),
        lambda r: cka(kernel, kernel) + 0 * r[0],
    ):
        np.testing.assert_allclose(jax.jit(reading)(residual), reading(residual), rtol=1e-12, atol=0)
