"""Softmax collapse against literal low-precision arithmetic; StableMax; the orthogonal gradient."""

import jax
import jax.numpy as jnp
import ml_dtypes
import mpmath as mp
import numpy as np
import optax
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from grok_theory import BadValue
from grok_theory.observables import (
    collapse_margin,
    collapse_time,
    margin_time,
    orthogonal_gradient,
    softmax_collapse_fraction,
    stablemax,
    stablemax_cross_entropy,
)
from grok_theory.observables.softmax_collapse import significant_bits

seeds = st.integers(0, 2**31)


def test_significant_bits():
    bits = [significant_bits(d) for d in ("float16", ml_dtypes.bfloat16, "float32", "float64")]
    assert bits == [11, 8, 24, 53]


@pytest.mark.parametrize(("classes", "largest", "smallest"), [(10, 211.56, 1851.9), (5, 415.50, 1645.4)])
def test_collapse_times_of_float16(classes, largest, smallest):
    assert collapse_time(classes, "float16", smallest_first=False) == pytest.approx(largest, abs=0.006)
    assert collapse_time(classes, "float16") == pytest.approx(smallest, abs=0.05)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("classes", [2, 10, 1000])
def test_collapse_time_to_30_digits(dtype, classes):
    bits = {"float16": 11, "float32": 24, "float64": 53}[dtype]
    with mp.workdps(30):
        for smallest_first in (True, False):
            margin = bits * mp.log(2) + (mp.log(classes - 1) if smallest_first else 0)
            exact = (mp.e**margin - 1 + (classes - 1) * margin) / classes
            assert collapse_time(classes, dtype, smallest_first=smallest_first) == pytest.approx(
                float(exact), rel=1e-12, abs=0
            )


def test_margin_time_solves_its_equation():
    times = margin_time(np.array([0.0, 1.0, 5.0, 8.0]), 7)
    path = solve_ivp(lambda _, g: 7 / (np.exp(g) + 6), (0, times[-1]), [0.0], t_eval=times, rtol=1e-11, atol=1e-12)
    np.testing.assert_allclose(path.y[0], [0, 1, 5, 8], rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("dtype", ["float16", "float32"])
@pytest.mark.parametrize("classes", [5, 53])
def test_collapse_is_what_that_addition_does(dtype, classes):
    """Literal sums in NumPy's own scalars, term by term in either order, at margins on both sides of the law."""
    kind = np.dtype(dtype).type
    for smallest_first in (True, False):
        law = collapse_margin(classes, dtype, smallest_first=smallest_first)
        for margin, collapsed in ((law - 0.05, False), (law + 0.05, True)):
            term, total = np.exp(-margin), kind(1)
            if smallest_first:
                # Added in a wider accumulator and rounded once.
                total = kind(1 + (classes - 1) * term)
            else:
                for _ in range(classes - 1):
                    total = kind(total + kind(term))
            assert (total == 1) == collapsed
            logits = np.zeros((1, classes))
            logits[0, 0] = margin
            share = softmax_collapse_fraction(logits, np.array([0]), dtype=dtype, smallest_first=smallest_first)
            assert share == float(collapsed)


@given(seeds, st.floats(-5, 5))
def test_collapse_depends_on_margins_only(seed, shift):
    logits = 20 * np.random.default_rng(seed).standard_normal((9, 4))
    labels = logits.argmax(1)
    one = softmax_collapse_fraction(logits, labels, dtype="float16")
    assert softmax_collapse_fraction(logits + 8 * round(shift), labels, dtype="float16") == one
    assert softmax_collapse_fraction(logits, labels, dtype="float64") <= one
    assert one <= softmax_collapse_fraction(logits, labels, dtype="float16", smallest_first=False)
    np.testing.assert_array_equal(
        softmax_collapse_fraction(np.stack([logits] * 2), labels, dtype="float16"), [one, one]
    )


@given(seeds)
def test_stablemax_is_softmax_of_the_log_map(seed):
    x = 3 * np.random.default_rng(seed).standard_normal((5, 4))
    s = np.where(x >= 0, x + 1, 1 / (1 - np.minimum(x, 0)))
    exact = s / s.sum(1, keepdims=True)
    np.testing.assert_allclose(stablemax(x), exact, rtol=1e-13)
    np.testing.assert_array_equal(np.argmax(stablemax(x), 1), np.argmax(x, 1))
    labels = np.arange(5) % 4
    np.testing.assert_allclose(stablemax_cross_entropy(x, labels), -np.log(exact[np.arange(5), labels]), rtol=1e-12)


@pytest.mark.parametrize("x", [-3.0, -1.0, 0.0, 1.0, 4.0])
def test_stablemax_gradient_is_finite_and_right(x):
    def f(z):
        return stablemax_cross_entropy(jnp.stack([z, jnp.asarray(0.3)])[None], jnp.array([0]))[0]

    quotient = (f(jnp.asarray(x + 1e-6)) - f(jnp.asarray(x - 1e-6))) / 2e-6
    assert float(jax.grad(f)(jnp.asarray(x))) == pytest.approx(float(quotient), rel=1e-5, abs=0)


@given(seeds, st.booleans(), st.booleans())
def test_orthogonal_gradient(seed, rescale, per_leaf):
    generator = np.random.default_rng(seed)

    def make():
        return {"a": jnp.asarray(generator.standard_normal((3, 2))), "b": jnp.asarray(generator.standard_normal(4))}

    gradient, params = make(), make()
    transformation = orthogonal_gradient(rescale=rescale, per_leaf=per_leaf)
    out = transformation.update(gradient, transformation.init(params), params)[0]
    parts = [[name] for name in out] if per_leaf else [list(out)]
    for names in parts:

        def flat(tree, names=names):
            return np.concatenate([np.ravel(tree[n]) for n in names])

        g, w, o = flat(gradient), flat(params), flat(out)
        assert abs(w @ o) < 1e-13 * np.linalg.norm(w) * np.linalg.norm(o)
        literal = g - (w @ g) / (w @ w) * w
        literal = literal * np.linalg.norm(g) / np.linalg.norm(literal) if rescale else literal
        np.testing.assert_allclose(o, literal, rtol=1e-11, atol=1e-13)


def test_orthogonal_gradient_at_its_edges():
    transformation = orthogonal_gradient()

    def update(g, w):
        return transformation.update(g, transformation.init(w), w)[0]

    np.testing.assert_array_equal(update(jnp.array([1.0, 2.0]), jnp.zeros(2)), [1, 2])
    np.testing.assert_array_equal(update(jnp.array([1.0, 2.0]), jnp.array([3.0, 6.0])), [0, 0])
    np.testing.assert_array_equal(update(jnp.zeros(2), jnp.array([3.0, 6.0])), [0, 0])
    chain = optax.chain(orthogonal_gradient(), optax.sgd(0.1))
    params = jnp.array([1.0, 0.0], jnp.float32)
    out = jax.jit(chain.update)(jnp.array([1.0, 1.0], jnp.float32), chain.init(params), params)[0]
    np.testing.assert_allclose(out, [0, -0.1 * 2**0.5], rtol=1e-6)
    assert out.dtype == jnp.float32


@pytest.mark.parametrize("kind", [jnp.bfloat16, jnp.float16])
@pytest.mark.parametrize("share", [2.0**-4, 2.0**-7, 2.0**-10])
def test_little_of_a_gradient_stored_in_half_precision_is_a_direction(kind, share):
    """Numbers of half precision are exact: the same sum over them in float64 says what is left."""
    transformation = orthogonal_gradient()
    w, g = jnp.array([1.0, 0.0, 0.5], kind), jnp.array([1.0, share, 0.5], kind)
    wide, pull = np.asarray(w, float), np.asarray(g, float)
    rest = pull - (pull @ wide) / (wide @ wide) * wide
    literal = rest * np.linalg.norm(pull) / np.linalg.norm(rest)
    out = transformation.update(g, None, w)[0]
    assert out.dtype == kind
    np.testing.assert_allclose(np.asarray(out, float), literal, rtol=2 * float(jnp.finfo(kind).eps), atol=1e-3)
    # One leaf of half precision beside one of single says nothing about it.
    both = {"half": jnp.zeros(2, kind), "single": g.astype(jnp.float32)}
    start = {"half": jnp.zeros(2, kind), "single": w.astype(jnp.float32)}
    told = orthogonal_gradient(per_leaf=False).update(both, None, start)[0]["single"]
    np.testing.assert_allclose(told, literal, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("kind", [jnp.bfloat16, jnp.float16, jnp.float32])
def test_nothing_is_left_of_a_gradient_along_the_parameters(kind):
    w = jnp.asarray(np.random.default_rng(0).standard_normal(4096), kind)
    assert not np.any(np.asarray(orthogonal_gradient().update(2 * w, None, w)[0], float))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: collapse_time(1, "float32"), ["classes is 1", "at least 2", "Pass"]),
        (lambda: collapse_time(3, "int32"), ["dtype is 'int32'", "floating", "float32"]),
        (lambda: margin_time(-1.0, 3), ["margin is -1.0", "zero or positive", "Pass"]),
        (
            lambda: softmax_collapse_fraction(np.zeros((3, 1)), np.zeros(3, int), dtype="float32"),
            ["logits has shape (3, 1)", "at least 2", "Pass"],
        ),
        (
            lambda: softmax_collapse_fraction(np.zeros((3, 2)), np.array([0, 1, 2]), dtype="float32"),
            ["labels[2] is 2", "[0, 2)", "Pass"],
        ),
        (
            lambda: softmax_collapse_fraction(np.zeros((3, 2)), np.zeros(3), dtype="float32"),
            ["labels has shape (3,)", "integers", "Pass"],
        ),
        (
            lambda: softmax_collapse_fraction(np.full((3, 2), np.nan), np.zeros(3, int), dtype="float32"),
            ["logits[0, 0] is nan", "finite", "diverged"],
        ),
        (
            lambda: stablemax_cross_entropy(np.zeros(3), np.zeros(3, int)),
            ["logits has shape (3,)", "(n, classes)", "Pass"],
        ),
        (lambda: orthogonal_gradient().update(jnp.ones(2), None), ["params is None", "needs the parameters", "Call"]),
    ],
)
def test_bad_values(make, words):
    with pytest.raises(BadValue) as caught:
        make()
    for word in words:
        assert word in str(caught.value)
