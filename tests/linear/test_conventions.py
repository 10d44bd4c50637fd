"""Conversions: there and back, and against a regression trained in the other convention."""

import jax
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import grok_theory as gt
from grok_theory import linear
from grok_theory.linear import halved_mean_loss, mean_loss, unit_inputs

positive = st.floats(1e-3, 1e3)


@given(positive, positive, st.integers(1, 1000), st.integers(1, 1000))
def test_there_and_back(time, decay, samples, dim):
    for convention in (
        halved_mean_loss(samples),
        mean_loss(samples),
        unit_inputs(dim),
        mean_loss(samples) * unit_inputs(dim),
    ):
        values = {"time": time, "weight_decay": decay, "learning_rate": time, "weights": decay, "eigenvalues": time}
        back = convention.back(**convention.to(**values))
        assert all(np.isclose(back[name], value, rtol=1e-14, atol=0) for name, value in values.items())


@pytest.mark.parametrize("kind", ["mean", "halved"])
def test_training_in_the_other_convention_gives_the_same_losses(kind):
    rng = np.random.default_rng(3)
    dim, samples, steps, rate, decay = 5, 8, 30, 0.05, 0.2
    x = rng.standard_normal((dim, samples)) / np.sqrt(dim)
    y = rng.standard_normal(samples)
    w = np.zeros(dim)
    for _ in range(steps):
        w = w + rate * ((y - w @ x) @ x.T - decay * w)
    # There: inputs of variance 1, loss (1/P)|..|^2 + lambda |w|^2, or half of it.
    convention = (mean_loss(samples) if kind == "mean" else halved_mean_loss(samples)) * unit_inputs(dim)
    there = convention.to(learning_rate=rate, weight_decay=decay)
    inputs, v, half = np.sqrt(dim) * x, np.zeros(dim), 2 if kind == "halved" else 1
    for _ in range(steps):
        slope = -2 / samples / half * (y - v @ inputs) @ inputs.T + 2 / half * there["weight_decay"] * v
        v = v - there["learning_rate"] * slope
    assert np.allclose(v, convention.to(weights=w)["weights"], rtol=1e-12, atol=0)
    assert np.allclose(v @ inputs, w @ x, rtol=1e-12, atol=0)


def test_what_cannot_be_converted_is_named():
    with pytest.raises(gt.BadValue, match=r"loss is not converted.*time, learning_rate"):
        mean_loss(3).to(loss=1.0)
    with pytest.raises(gt.BadValue, match=r"samples is 0"):
        mean_loss(0)


def test_noiseless_delay_and_its_closed_form():
    clocks = linear.noiseless_delay(1.5, 1e-6)
    bias = linear.solve(linear.TeacherStudent(1.5, 1.0), [float(clocks.train_time), float(clocks.test_time)])
    assert np.isclose(bias["train_bias"][0], bias["test_bias"][1], rtol=1e-10, atol=0)
    # The gap to the closed form falls as one over the time.
    gaps = [float(1 - linear.noiseless_delay(1.5, tol).delay / clocks.estimate) for tol in (1e-6, 1e-12, 1e-24)]
    assert gaps[0] > gaps[1] > gaps[2] > 0
    assert gaps[2] < 0.03
    assert np.isinf(linear.noiseless_delay(0.5, 1e-3).test_time)
    batch = jax.vmap(lambda a: linear.noiseless_delay(a, 1e-6).delay)(np.array([1.2, 1.5]))
    assert np.isclose(batch[1], clocks.delay, rtol=1e-12, atol=0)
    for options, words in (
        (dict(tolerance=0.0), "tolerance is 0.0"),
        (dict(tolerance=1.0, accuracy=1.0), "accuracy is 1.0"),
    ):
        with pytest.raises(gt.BadValue, match=words):
            linear.noiseless_delay(1.5, **options)
