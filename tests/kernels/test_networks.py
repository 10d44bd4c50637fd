"""Kernels of wide networks: against many-digit recursions and finite networks, at coincident and opposite inputs."""

from functools import partial

import chance
import jax
import jax.numpy as jnp
import mpmath as mp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grok_theory import BadValue, TooLarge
from grok_theory.kernels import Activation, FullyConnected, Quadratic, empirical_ntk, nngp, ntk

X = jax.random.normal(jax.random.key(5), (6, 4))


def exact_kernels(kind, x, y, layers, sw, sb, sr, digits=60):
    """(nngp, ntk) of one pair of inputs; each layer's expectations by quadrature of their defining integrals in q12."""
    with mp.workdps(digits):
        x, y = [mp.mpf(float(a)) for a in x], [mp.mpf(float(a)) for a in y]
        sw, sb, sr = mp.mpf(sw), mp.mpf(sb), mp.mpf(sr)

        def dot(a, b):
            return sum(p * q for p, q in zip(a, b))

        a, c, b = (sw * dot(p, q) + sb for p, q in ((x, x), (x, y), (y, y)))
        tangent = c
        for layer in range(layers):
            dual, slope = (_relu if kind == "relu" else _erf)(a, c, b)
            if layer == layers - 1:
                return sr * dual, sr * tangent * slope + sr * dual
            own = [(_relu if kind == "relu" else _erf)(q, q, q)[0] for q in (a, b)]
            a, b = (sw * q + sb for q in own)
            c = sw * dual + sb
            tangent = c + sw * tangent * slope


def _relu(a, c, b):
    """In polar coordinates: int r^3 e^{-r^2/2} dr = 2, times an integral over directions where both are positive."""
    cosine = min(mp.mpf(1), max(mp.mpf(-1), c / mp.sqrt(a * b)))
    angle = mp.acos(cosine)
    dual = mp.sqrt(a * b) / mp.pi * mp.quad(lambda t: mp.cos(t) * mp.cos(t - angle), [angle - mp.pi / 2, mp.pi / 2])
    return dual, (mp.pi - angle) / (2 * mp.pi)


def _erf(a, c, b):
    def slope(q):
        return 4 / mp.pi / mp.sqrt((1 + 2 * a) * (1 + 2 * b) - 4 * q * q)

    return mp.quad(slope, [0, c]), slope(c)


@pytest.mark.parametrize("kind", ["erf", "relu"])
@pytest.mark.parametrize("layers", [1, 3])
def test_against_60_digits(kind, layers):
    """Random, nearly coincident (1e-4 ... 1e-12 apart), nearly opposite, unequal inputs; error over sqrt(K K)."""
    x = np.asarray(X[0])
    others = [
        X[1],
        x,
        -x,
        1e3 * x,
        *(x + 10.0**-k * np.asarray(X[2]) for k in (4, 8, 12)),
        -x + 1e-8 * np.asarray(X[2]),
    ]
    Y = np.stack([np.asarray(o) for o in others])
    network = FullyConnected(kind, layers, 1.3, 0.2 * (layers - 1), 0.9)
    ours = np.asarray(nngp(network, x[None], Y))[0], np.asarray(ntk(network, x[None], Y))[0]
    worst = [0.0, 0.0]
    for j, y in enumerate(Y):
        exact = exact_kernels(kind, x, y, layers, 1.3, 0.2 * (layers - 1), 0.9)
        size = [
            mp.sqrt(p * q)
            for p, q in zip(
                exact_kernels(kind, x, x, layers, 1.3, 0.2 * (layers - 1), 0.9),
                exact_kernels(kind, y, y, layers, 1.3, 0.2 * (layers - 1), 0.9),
            )
        ]
        for which in (0, 1):
            worst[which] = max(worst[which], float(abs(mp.mpf(float(ours[which][j])) - exact[which]) / size[which]))
    print(f"{kind}, {layers} layers: worst error of nngp {worst[0]:.1e}, of ntk {worst[1]:.1e}")
    assert max(worst) < 1e-14


@pytest.mark.parametrize("train_readout", [False, True])
def test_two_layer_quadratic(train_readout):
    """Fixed readouts s + eps^2 s^2; trained 2s + (3 eps^2/2) s^2 + (eps^2/4)|x|^2|x'|^2, s = x.x'."""
    eps, s, norms = 0.7, np.asarray(X @ X.T), np.sum(np.asarray(X) ** 2, 1)
    network = FullyConnected(Quadratic(eps), train_readout=train_readout)
    trained = 2 * s + 1.5 * eps**2 * s**2 + eps**2 / 4 * np.outer(norms, norms)
    np.testing.assert_allclose(ntk(network, X), trained if train_readout else s + eps**2 * s**2, rtol=1e-13, atol=1e-14)


@given(st.integers(0, 2**31), st.sampled_from(["relu", "erf", "identity"]), st.floats(0.0, 2.0))
def test_symmetric_and_positive(seed, activation, bias):
    inputs = np.random.default_rng(seed).standard_normal((6, 4))
    network = FullyConnected(activation, 2, 1.5, bias)
    for kernel in (nngp(network, inputs), ntk(network, inputs)):
        np.testing.assert_array_equal(kernel, kernel.T)
        assert np.linalg.eigvalsh(kernel).min() > -1e-12 * float(jnp.max(kernel))


@pytest.mark.parametrize("activation", ["relu", "erf", Quadratic(0.3)], ids=str)
def test_gradients_are_finite_at_coincident_opposite_and_zero_inputs(activation):
    network = FullyConnected(activation, 2, 1.2, 0.1)
    Y = jnp.concatenate([X[:2], -X[:1], jnp.zeros((1, 4))])
    value, gradient = jax.value_and_grad(lambda x: jnp.sum(ntk(network, x, Y)))(X)
    assert jnp.isfinite(gradient).all()
    jitted = jax.jit(lambda x: jnp.sum(ntk(network, x, Y)))(X)
    assert float(jitted) == pytest.approx(float(value), rel=1e-14, abs=0)
    direction = jax.random.normal(jax.random.key(1), X.shape).at[:1].set(0.0)  # away from the cusps
    direction = direction.at[1].set(0.0)
    step = 1e-5
    quotient = sum(s * jnp.sum(ntk(network, X + s * step * direction, Y)) for s in (1.0, -1.0)) / (2 * step)
    assert float(jnp.sum(gradient * direction)) == pytest.approx(float(quotient), rel=1e-6, abs=0)


def test_derivatives_and_batches_over_networks():
    def scale(sw):
        return jnp.sum(ntk(FullyConnected("relu", 2, sw, 0.1), X))

    quotient = (scale(1.0 + 1e-5) - scale(1.0 - 1e-5)) / 2e-5
    assert float(jax.grad(scale)(1.0)) == pytest.approx(float(quotient), rel=1e-8, abs=0)
    weights = jnp.array([0.5, 1.0, 2.0])
    np.testing.assert_allclose(jax.vmap(scale)(weights), [scale(w) for w in weights], rtol=1e-13)


@pytest.mark.statistical
@pytest.mark.parametrize("layers", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_finite_networks_approach_it(layers, key, plausible):
    """Mean empirical kernel of 64 networks of width 128 with biases, up to a width correction of 2 depth/width.
    Planted: the read-out's share left out, the biases' gradient left out."""
    exact = np.asarray(ntk(FullyConnected("relu", layers, 1.5, 0.3, 0.8), X[:3]))
    runs = np.asarray(drawn_kernels(jax.random.split(key, 64), layers))
    gap = chance.beyond(runs.mean(0) - exact, 2 * layers / WIDTH * np.abs(exact).max())
    plausible(chance.student(gap / (runs.std(0, ddof=1) / 8), 64))


WIDTH = 128


@partial(jax.jit, static_argnums=1)
@partial(jax.vmap, in_axes=(0, None))
def drawn_kernels(key, layers):
    def f(params, x):
        hidden = x
        for i, (w, b) in enumerate(params[:-1]):
            scale = 1.5 if i == 0 else 1.5 / WIDTH
            hidden = jnp.maximum(jnp.sqrt(scale) * hidden @ w + jnp.sqrt(0.3) * b[None], 0)
        return jnp.sqrt(0.8 / WIDTH) * (hidden @ params[-1])

    keys, sizes = jax.random.split(key, 2 * layers + 1), [X.shape[1]] + [WIDTH] * layers
    params = [
        (jax.random.normal(keys[2 * i], (sizes[i], sizes[i + 1])), jax.random.normal(keys[2 * i + 1], (WIDTH,)))
        for i in range(layers)
    ]
    return empirical_ntk(f, [*params, jax.random.normal(keys[-1], (WIDTH,))], X[:3])


def test_quadrature_is_warned_of():
    with pytest.warns(UserWarning, match=r"nngp: Gauss-Hermite quadrature with 64 nodes is off by about .* Raise"):
        nngp(FullyConnected(Activation(jnp.abs)), X)
    kernel = nngp(FullyConnected(Activation(jax.lax.erf, nodes=96)), X / 4)  # small variance: no warning
    np.testing.assert_allclose(kernel, nngp(FullyConnected("erf"), X / 4), rtol=1e-9)


def test_empirical_kernel_is_that_of_jacobians():
    """Literal Jacobians, several outputs, rectangular, inside jit, float32."""
    params = {"w": jax.random.normal(jax.random.key(0), (4, 5)), "a": jax.random.normal(jax.random.key(1), (5, 2))}

    def f(p, x):
        return jnp.tanh(x @ p["w"]) @ p["a"]

    jacobian = jax.jit(jax.jacrev(f))(params, X)
    flat = np.concatenate([np.asarray(leaf).reshape(6, 2, -1) for leaf in jax.tree_util.tree_leaves(jacobian)], -1)
    exact = np.einsum("ncp,mdp->nmcd", flat, flat)
    np.testing.assert_allclose(empirical_ntk(f, params, X), exact, rtol=1e-12, atol=1e-13)
    few = jax.jit(lambda p: empirical_ntk(f, p, X, X[:2]))(params)
    np.testing.assert_allclose(few, exact[:, :2], rtol=1e-12, atol=1e-13)

    def single(p, x):
        return f(p, x)[:, 0]

    np.testing.assert_allclose(
        jax.jit(lambda p: empirical_ntk(single, p, X))(params), exact[:, :, 0, 0], rtol=1e-12, atol=1e-13
    )
    small = jax.tree_util.tree_map(lambda leaf: leaf.astype(jnp.float32), params)
    assert jax.jit(lambda p: empirical_ntk(single, p, X.astype(jnp.float32)))(small).dtype == jnp.float32


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: FullyConnected("relu", 0), ["hidden_layers is 0", "at least 1", "Pass"]),
        (lambda: FullyConnected("relu", weight_variance=-1.0), ["weight_variance is -1.0", "positive", "Pass"]),
        (
            lambda: FullyConnected("relu", bias_variance=-1.0),
            ["bias_variance is -1.0", "zero or positive", "without biases"],
        ),
        (lambda: FullyConnected("relu", readout_variance=0.0), ["readout_variance is 0.0", "positive", "Pass"]),
        (lambda: ntk(FullyConnected("relu"), X[0]), ["X has shape (4,)", "(samples, dim)", "reshape"]),
        (lambda: ntk(FullyConnected("relu"), X, X[:, :2]), ["X2 has shape (6, 2)", "(samples, dim)", "row"]),
        (lambda: ntk(FullyConnected("relu"), X.at[0, 0].set(jnp.nan)), ["X[0, 0] is nan", "finite", "Drop"]),
        (lambda: empirical_ntk(lambda p, x: x @ p, jnp.ones((4, 3)), X[0]), ["f returns", "Pass"]),
        (
            lambda: empirical_ntk(lambda p, x: (x - x.mean(0, keepdims=True)) @ p, jnp.ones(4), X),
            ["f gives", "alone", "Freeze"],
        ),
    ],
)
def test_bad_values(make, words):
    with pytest.raises((BadValue, TypeError)) as caught:
        make()
    for word in words:
        assert word in str(caught.value)


def test_memory_is_refused_before_it_is_asked_for():
    wide = jax.ShapeDtypeStruct((10**7, 1), jnp.float64)
    with pytest.raises(TooLarge, match=r"nngp of 10000000 by 10000000 inputs needs .* GiB.*Pass fewer rows"):
        jax.eval_shape(lambda x: nngp(FullyConnected("erf"), x), wide)


@pytest.mark.parametrize("count", [1, 6, 9])
def test_a_symmetric_kernel_is_made_of_blocks(count):
    """Of any number of inputs, some of them alike, opposite or zero: the kernel of two arrays that are the same."""
    rng = np.random.default_rng(count)
    X = rng.standard_normal((count, 3))
    X[count // 2 :] = -2 * X[: count - count // 2]
    X[-1] *= count > 3
    for bias in (0.0, 0.5):
        network = FullyConnected("relu", hidden_layers=3, weight_variance=1.7, bias_variance=bias)
        for kernel in (nngp, ntk):
            whole, parts = kernel(network, X), kernel(network, X, X.copy())
            scale = float(jnp.max(jnp.abs(parts)))
            np.testing.assert_allclose(whole, parts, rtol=0, atol=4e-15 * scale)
            assert np.array_equal(whole, np.asarray(whole).T)
