"""Stability bounds: sums written out, brute removal and brute exchange of samples."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grok_theory import BadValue
from grok_theory.bounds import (
    coherence_bound,
    pair_distance,
    pair_stability_bound,
    ridge_stability_bound,
    stability_along_training,
)


def path_by_definition(distance, rates, smoothness, samples, convex):
    """Every sum and product written out, for each number of steps."""
    result = []
    for last in range(len(rates)):
        total = 0.0
        for t in range(last + 1):
            product = 1.0 if convex else float(np.prod([1 + rates[k] * smoothness for k in range(t + 1, last + 1)]))
            total += rates[t] * distance[t] * product
        result.append(total / samples)
    return result


@given(st.integers(0, 2**31), st.floats(0, 3), st.booleans())
def test_the_sums(seed, smoothness, convex):
    generator = np.random.default_rng(seed)
    alpha, rates, distance = generator.uniform(0, 1, 6), generator.uniform(0.01, 0.6, 6), generator.uniform(0, 2, 6)
    exact = path_by_definition(distance, rates, smoothness, 9, convex)
    path = stability_along_training(distance, rates, smoothness=smoothness, samples=9, convex=convex)
    np.testing.assert_allclose(path, exact, rtol=1e-13)
    constants = {"lipschitz": 1.7, "smoothness": smoothness, "samples": 9, "convex": convex}
    pair = pair_stability_bound(distance, rates, **constants)
    assert float(pair.value) == pytest.approx(1.7 * exact[-1], rel=1e-13, abs=0)
    coherent = coherence_bound(alpha, rates, **constants)
    exact = path_by_definition(np.sqrt(2 * (1 - alpha)), rates, smoothness, 9, convex)[-1]
    assert float(coherent.value) == pytest.approx(1.7**2 * exact, rel=1e-12, abs=0)
    assert not bool(coherent.assumptions_hold)
    assert coherent.kind == pair.kind == "in expectation"


def test_outside_convex_problems_it_explodes():
    """eta beta = 1/2, 200 steps: about 1e33; beyond double precision it is infinite and called vacuous."""
    settings = {"lipschitz": 1.0, "smoothness": 5.0, "samples": 50}
    value = float(coherence_bound(np.full(200, 0.1), 0.1, **settings).value)
    assert 1e32 < value < 1e35
    assert float(coherence_bound(np.full(200, 0.1), 0.1, convex=True, **settings).value) < 1
    forever = pair_stability_bound(np.ones(4000), 0.1, **settings)
    assert np.isinf(forever.value)
    assert bool(forever.vacuous)


def test_pair_distance_by_brute_force():
    generator = np.random.default_rng(0)
    a, b = generator.standard_normal((2, 5, 3, 2))
    tree, fresh = {"w": a, "b": a[:, 0, 0]}, {"w": b[:4], "b": b[:4, 0, 0]}
    flat = [np.concatenate([t["w"].reshape(len(t["b"]), -1), t["b"][:, None]], axis=1) for t in (tree, fresh)]
    exact = np.mean(np.linalg.norm(flat[0][:, None] - flat[1][None], axis=-1))
    assert float(pair_distance(tree, fresh)) == pytest.approx(exact, rel=1e-12, abs=0)
    with pytest.raises(BadValue, match=r"differ in structure.*vmap"):
        pair_distance({"w": a}, {"w": b[..., :1]})


def logistic(w, x, y):
    return jax.nn.softplus(-y * jnp.sum(x * w, axis=-1))


def network(w, x, y):
    """Squared loss of two tanh units: not convex."""
    hidden = jnp.tanh(jnp.sum(x[..., None, :] * w[:8].reshape((1,) * (x.ndim - 1) + (2, 4)), axis=-1))
    return (jnp.sum(hidden * w[8:].reshape((1,) * (x.ndim - 1) + (2,)), axis=-1) - y) ** 2


@pytest.mark.parametrize(("loss", "dim", "convex"), [(logistic, 4, True), (network, 10, False)])
def test_an_exchanged_sample_moves_the_weights_by_less(loss, dim, convex):
    """The inequality behind pair stability, for each pair and step of two literal trainings."""
    generator = np.random.default_rng(dim)
    x, y = generator.uniform(-1, 1, (10, 4)), np.sign(generator.standard_normal(10))
    start = 0.3 * generator.standard_normal(dim)
    gradient = jax.jit(jax.vmap(jax.grad(loss), (None, 0, 0)))
    hessian = jax.jit(jax.vmap(jax.hessian(loss), (None, 0, 0)))
    # Logistic loss: |x|^2/4. Network: the largest curvature met, with room for the points between both trainings.
    smoothness = float(np.max(np.sum(x**2, axis=1))) / 4 if convex else 0.0
    rate, steps = (1 / smoothness, 60) if convex else (0.05, 30)
    for exchanged in (0, 3):
        x2, y2 = x.copy(), y.copy()
        x2[exchanged], y2[exchanged] = generator.uniform(-1, 1, 4), 1.0
        w, v, distance, gap = start.copy(), start.copy(), [], []
        for _ in range(steps):
            g = np.asarray(gradient(w, x, y))
            fresh = np.asarray(gradient(w, x2[[exchanged]], y2[[exchanged]]))[0]
            distance.append(np.linalg.norm(g[exchanged] - fresh))
            if not convex:
                for point in (w, v, (w + v) / 2):
                    smoothness = max(smoothness, 1.5 * float(np.abs(np.linalg.eigvalsh(hessian(point, x2, y2))).max()))
            w, v = w - rate * g.mean(0), v - rate * np.asarray(gradient(v, x2, y2)).mean(0)
            gap.append(np.linalg.norm(w - v))
        bound = stability_along_training(np.array(distance), rate, smoothness=smoothness, samples=10, convex=convex)
        assert np.all(np.array(gap) <= np.asarray(bound) * (1 + 1e-12))
        assert gap[0] == pytest.approx(float(bound[0]), rel=1e-9, abs=0)  # the first step is an equality


def test_uniform_stability_of_ridge_by_brute_removal():
    """No loss changes by more than beta when a sample is left out; beta is read off the bound at confidence 0+."""
    largest = []
    for seed in range(4):
        generator = np.random.default_rng(seed)
        x = generator.standard_normal((60, 5))
        x /= np.linalg.norm(x, axis=1, keepdims=True)
        y, ridge = np.clip(x @ generator.standard_normal(5) + 0.3 * generator.standard_normal(60), -1, 1), 6.0
        probes = generator.standard_normal((200, 5))
        probes /= np.linalg.norm(probes, axis=1, keepdims=True)
        answers = np.concatenate([np.ones(200), -np.ones(200)])

        def losses(keep, x=x, y=y, ridge=ridge, probes=probes, answers=answers):
            # The objective (1/P) sum r^2 + lambda |w|^2 keeps its 1/P when a sample is removed.
            w = np.linalg.solve(x[keep].T @ x[keep] + ridge * np.eye(5), x[keep].T @ y[keep])
            return (np.concatenate([probes, probes]) @ w - answers) ** 2

        whole = losses(np.arange(60))
        change = max(np.abs(losses(np.delete(np.arange(60), i)) - whole).max() for i in range(60))
        settings = {"ridge": ridge, "samples": 60, "kernel_bound": 1.0, "target_bound": 1.0}
        beta = float(ridge_stability_bound(confidence=1e-14, **settings).value) / 2
        strength = ridge / 60
        range_ = (1 + np.sqrt(1 / strength)) ** 2
        assert beta == pytest.approx(2 * range_ / (strength * 60), rel=1e-4, abs=0)
        assert whole.max() <= range_
        largest.append(change / beta)
    assert 0.01 < max(largest) < 1


def test_ridge_bound_written_out():
    bound = ridge_stability_bound(
        ridge=3.0, samples=40, kernel_bound=2.0, target_bound=1.5, confidence=0.9, train_loss=0.5, test_loss=0.9
    )
    strength = 3 / 40
    largest = 1.5**2 * (1 + np.sqrt(2 / strength)) ** 2
    beta = 2 * 2 * largest / (strength * 40)
    exact = 2 * beta + (4 * 40 * beta + largest) * np.sqrt(np.log(10) / 80)
    assert float(bound.value) == pytest.approx(exact, rel=1e-13, abs=0)
    assert bool(bound.vacuous) == (exact >= 0.999 * (largest - 0.5))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"learning_rates": 1.0, "convex": True}, "learning_rates times smoothness reaches 3.*at most 2.*convex=False"),
        ({"learning_rates": np.ones(2)}, r"learning_rates has shape \(2,\).*one rate a step"),
        ({"coherence": np.array([0.5, 1.5, 0.2])}, r"coherence\[1\] is 1.5, but it must be in \[0, 1\]"),
        ({"coherence": 0.5}, r"coherence has shape \(\), but it must be \(steps,\)|distance has shape"),
        ({"lipschitz": 0.0}, "lipschitz is 0.0.*gradient norm"),
        ({"smoothness": -1.0}, "smoothness is -1.0.*curvature"),
        ({"samples": 2.5}, "samples is 2.5.*integer"),
        ({"loss_range": 1.0, "train_loss": 2.0}, "train_loss is 2, but.*between 0 and 1"),
    ],
)
def test_bad_inputs_are_named(settings, message):
    arguments = {
        "coherence": np.full(3, 0.5),
        "learning_rates": 0.1,
        "lipschitz": 1.0,
        "smoothness": 3.0,
        "samples": 5,
    } | settings
    with pytest.raises(BadValue, match=message):
        coherence_bound(arguments.pop("coherence"), arguments.pop("learning_rates"), **arguments)
    with pytest.raises(BadValue, match=r"ridge is 0.0.*infinite"):
        ridge_stability_bound(ridge=0.0, samples=3, kernel_bound=1.0, target_bound=1.0)
