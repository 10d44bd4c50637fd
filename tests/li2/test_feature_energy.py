"""The energy against exact fractions and 40-digit sums; its gradient against a naive one-hot network."""

import itertools
from fractions import Fraction

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grok_theory import BadValue, Float64Required
from grok_theory.li2 import GroupTask, energy, energy_by_irrep, energy_gradient
from grok_theory.li2.groups import cyclic, irrep_share, symmetric

ACTIVATIONS = {
    "square": lambda x: x * x,
    "relu": lambda x: max(x, mpmath.mpf(0)),
    "tanh": mpmath.tanh,
    "silu": lambda x: x / (1 + mpmath.exp(-x)),
}


def oracle(task, w, sigma, number):
    """E by its definition, one pair after the other, in the given number type."""
    pairs, labels = (np.asarray(a).tolist() for a in task.pairs_and_labels("oracle"))
    order = task.group.order
    w = [number(float(x)) for x in w]
    sums, counts = [number(0)] * order, [0] * order
    for (a, b), h in zip(pairs, labels):
        sums[h] += sigma(w[a] + w[order + b])
        counts[h] += 1
    total = sum(sums, number(0))
    if task.centering == "samples":
        centred = [z - total * number(c) / number(len(pairs)) for z, c in zip(sums, counts)]
    else:
        centred = [z - total / number(order) for z in sums]
    return sum((z * z for z in centred), number(0)) / 2


def one_hot(task):
    """The energy of the network as one would type it: X, Y, sigma(X w)."""
    pairs, labels = (np.asarray(a) for a in task.pairs_and_labels("oracle"))
    order, n = task.group.order, len(labels)
    x, y = np.zeros((n, 2 * order)), np.zeros((n, order))
    x[np.arange(n), pairs[:, 0]] = x[np.arange(n), order + pairs[:, 1]] = 1
    y[np.arange(n), labels] = 1
    y = y - y.mean(axis=0) if task.centering == "samples" else y - 1 / order
    return lambda w: 0.5 * jnp.sum((y.T @ task.sigma(x @ w)) ** 2)


QUICK = [
    ("relu", "samples", "subset"),
    ("tanh", "classes", "noisy"),
    ("silu", "samples", "full"),
    ("square", "samples", "noisy"),
]
ALL = list(itertools.product(ACTIVATIONS, ["samples", "classes"], ["full", "subset", "noisy"]))


@pytest.mark.parametrize(
    ("activation", "centering", "kind"),
    [pytest.param(*case, marks=() if case in QUICK else pytest.mark.slow) for case in ALL],
)
def test_energy_and_gradient(groups, activation, centering, kind):
    group = groups["S_3"]
    share, noise = {"full": (1.0, 0.0), "subset": (0.6, 0.0), "noisy": (0.6, 0.4)}[kind]
    task = GroupTask(group, activation, train_fraction=share, label_noise=noise, centering=centering)
    if kind != "full":
        task = task.split(jax.random.key(5))
    nodes = np.random.default_rng(1).normal(size=(4, 2 * group.order))
    with mpmath.workdps(40):
        exact = np.array([float(oracle(task, w, ACTIVATIONS[activation], mpmath.mpf)) for w in nodes])
    np.testing.assert_allclose(energy(task, nodes), exact, rtol=1e-12)
    slope = jax.vmap(jax.grad(one_hot(task)))(jnp.asarray(nodes))
    np.testing.assert_allclose(energy_gradient(task, nodes), slope, atol=1e-12 * float(jnp.abs(slope).max()))


@pytest.mark.parametrize(
    "name", ["A_4", "SL(2,3)", *(pytest.param(n, marks=pytest.mark.slow) for n in ("Z_7", "Q_8", "F_21"))]
)
def test_the_fourier_form_against_exact_fractions(groups, name):
    group = groups[name]
    task = GroupTask(group)
    nodes = np.random.default_rng(2).integers(-9, 10, size=(3, 2 * group.order)) / 8
    exact = [oracle(task, w, lambda x: x * x, Fraction) for w in nodes]
    np.testing.assert_allclose(energy(task, nodes), [float(e) for e in exact], rtol=1e-13)
    np.testing.assert_allclose(energy_by_irrep(task, nodes).sum(axis=-1), [float(e) for e in exact], rtol=1e-13)
    slope = jax.vmap(jax.grad(one_hot(task)))(jnp.asarray(nodes))
    np.testing.assert_allclose(energy_gradient(task, nodes), slope, atol=1e-12 * float(jnp.abs(slope).max()))


def test_any_function_may_be_the_activation():
    """sigma = a x + b x^2 gives b^2 times the energy of the square on the full table."""
    group = symmetric(3)
    w = np.random.default_rng(0).normal(size=12)
    mixed = energy(GroupTask(group, lambda x: 0.7 * x - 1.3 * x**2), w)
    np.testing.assert_allclose(mixed, 1.3**2 * energy(GroupTask(group), w), rtol=1e-13)


def test_shapes_and_vmap():
    task = GroupTask(cyclic(7))
    nodes = np.random.default_rng(0).normal(size=(2, 3, 14))
    assert energy(task, nodes).shape == (2, 3)
    assert energy_gradient(task, nodes).shape == (2, 3, 14)
    assert energy_by_irrep(task, nodes).shape == (2, 3, 3)
    np.testing.assert_allclose(jax.vmap(jax.vmap(lambda w: energy(task, w)))(nodes), energy(task, nodes), rtol=1e-13)


@given(st.integers(0, 10**6))
def test_symmetries(seed):
    """Degree four, blind to constants in u and v, unchanged when the group acts: u(g) -> u(a g), v(g) -> v(g b)."""
    task = GroupTask(symmetric(3))
    table, draws = task.group.table, np.random.default_rng(seed)
    u, v = draws.normal(size=(2, 6))
    a, b, c = draws.integers(6, size=3)
    value = float(energy(task, np.concatenate([u, v])))
    others = [
        np.concatenate([2 * u, 2 * v]),
        np.concatenate([u + 3.0, v - 1.0]),
        np.concatenate([u[table[a]], v]),
        np.concatenate([u, v[table[:, b]]]),
        np.concatenate([u[table[:, c]], v[table[task.group.inverse[c]]]]),
    ]
    found = np.asarray(energy(task, np.array(others)))
    np.testing.assert_allclose(found, [16 * value, value, value, value, value], rtol=1e-9, atol=1e-12)


def test_shares_add_to_one_with_the_constants(groups):
    nodes = np.random.default_rng(0).normal(size=(5, 42))
    shares = irrep_share(groups["F_21"], nodes)
    constant = (nodes[:, :21].sum(axis=1) ** 2 + nodes[:, 21:].sum(axis=1) ** 2) / 21 / np.sum(nodes**2, axis=1)
    np.testing.assert_allclose(shares.sum(axis=1) + constant, 1.0, rtol=1e-13)


@pytest.mark.parametrize("function", [energy, energy_gradient, energy_by_irrep])
def test_bad_nodes(function):
    task = GroupTask(cyclic(7))
    with pytest.raises(BadValue, match=r"w has shape \(3, 7\), but its last axis must have length 2M = 14. Pass nodes"):
        function(task, np.ones((3, 7)))
    with pytest.raises(BadValue, match=r"w is complex.*Pass w\.real"):
        function(task, np.ones(14) + 0j)


def test_float32_is_refused_with_the_line_to_add():
    task = GroupTask(cyclic(7))
    jax.config.update("jax_enable_x64", False)
    try:
        with pytest.raises(Float64Required, match=r"energy needs float64.*jax_enable_x64"):
            energy(task, np.ones(14))
    finally:
        jax.config.update("jax_enable_x64", True)


def test_energy_by_irrep_is_for_the_full_square():
    with pytest.raises(BadValue, match="activation is 'relu', but energy_by_irrep holds for 'square' only"):
        energy_by_irrep(GroupTask(cyclic(7), "relu"), np.ones(14))
