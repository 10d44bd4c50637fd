"""One-pass descent against a Volterra equation, iterated population descent, drawn runs and given numbers."""

import jax
import numpy as np
import pytest

import grok_theory as gt
from grok_theory.linear import CorrelatedInputs, OnePass, solve
from tests.compiled import counted

INF = float("inf")
KEY = jax.random.key(0)


def power_law(noise, modes=50, a=1.5, b=1.8):
    j = np.arange(1, modes + 1.0)
    return CorrelatedInputs(j**-a, np.sqrt(j ** (a - b)), samples=INF, noise=noise)


REFERENCE = [
    (0.1, 0.3, 1, [1.92799623535, 0.773149344314, 0.391004259241, 0.23996917274], 0.173559014412, 0.423827103774),
    (0.1, 0.8, 4, [1.92799623535, 0.454786250276, 0.240045610073, 0.168339854223], 0.152628765915, 0.344815511018),
    (0.0, 0.5, 16, [1.82799623535, 0.277803793512, 0.0897364240184, 0.0214801772331], 0.0, 0.042976220714),
]


@pytest.mark.parametrize(("variance", "rate", "batch", "losses", "late", "back"), REFERENCE)
def test_reference_values(variance, rate, batch, losses, late, back):
    found = solve(power_law(variance**0.5), [0, 10, 50, 200], dynamics=OnePass(rate, batch))
    np.testing.assert_allclose(found["test_loss"], losses, rtol=1e-10, atol=0)
    np.testing.assert_array_equal(found["train_loss"], found["test_loss"])
    np.testing.assert_allclose(found.stats["late_loss"], late, rtol=1e-10, atol=1e-15)
    np.testing.assert_allclose(found.stats["feedback"], back, rtol=1e-10, atol=0)
    assert found.status.name == "good"


@pytest.mark.parametrize(("rate", "batch", "noise"), [(0.3, 1, 0.3), (0.9, 3, 0.0), (1.5, 40, 1.2)])
def test_loss_solves_the_volterra_equation(rate, batch, noise):
    problem, steps = power_law(noise, modes=20), np.arange(61)
    l, power = np.asarray(problem.spectrum), np.asarray(problem.target) ** 2
    a = (1 - rate * l) ** 2 + rate**2 * l**2 / batch
    kernel = [np.sum(l**2 * a**n) for n in steps]
    loss = []
    for t in steps:
        fed = sum(kernel[t - 1 - s] * loss[s] for s in range(t))
        loss.append(noise**2 + np.sum(l * a**t * power) + rate**2 / batch * fed)
    found = solve(problem, steps, dynamics=OnePass(rate, batch))
    np.testing.assert_allclose(found["test_loss"], loss, rtol=1e-12, atol=0)


def test_an_infinite_batch_is_descent_on_the_population():
    problem, weights, losses, lengths = power_law(0.4, modes=20), np.zeros(20), [], []
    for _ in range(41):
        losses.append(0.16 + np.sum(problem.spectrum * (weights - problem.target) ** 2))
        lengths.append(np.sum(weights**2))
        weights = weights - 0.7 * problem.spectrum * (weights - problem.target)
    found = solve(problem, np.arange(41), dynamics=OnePass(0.7, INF))
    np.testing.assert_allclose(found["test_loss"], losses, rtol=1e-12, atol=0)
    np.testing.assert_allclose(found["distance"], lengths, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(found["weight_norm"], np.array(lengths) / 20, rtol=1e-12, atol=1e-14)
    large = solve(problem, np.arange(41), dynamics=OnePass(0.7, 1e12))
    np.testing.assert_allclose(large["test_loss"], losses, rtol=1e-10, atol=0)
    assert found.stats["largest_learning_rate"] == pytest.approx(2.0, rel=1e-15, abs=0)


@pytest.mark.parametrize("batch", [1, 4, 64])
def test_the_stable_edge(batch):
    problem = power_law(0.3)
    edge = solve(problem, [0], dynamics=OnePass(0.1, batch)).stats["largest_learning_rate"]
    ends = [solve(problem, [0], dynamics=OnePass(edge * share, batch)).stats for share in (0.2, 0.5, 0.9, 0.999)]
    late = [one["late_loss"] for one in ends]
    assert (np.diff(late) > 0).all()
    assert ends[-1]["feedback"] < 1
    at_the_end = solve(problem, [40_000], dynamics=OnePass(edge * 0.5, batch))["test_loss"][-1]
    assert at_the_end == pytest.approx(late[1], rel=1e-3, abs=0)
    for share in (1.001, 30.0):
        beyond = solve(problem, [0, 5], dynamics=OnePass(edge * share, batch))
        assert beyond.status.name == "noted"
        assert f"{edge:.6g}" in beyond.status.text
        assert beyond.stats["late_loss"] == np.inf
        assert np.isfinite(beyond["test_loss"]).all()


@pytest.mark.parametrize("modes", [1, 7, 50])
def test_the_critical_batch_halves_the_largest_rate(modes):
    problem = power_law(0.3, modes)
    batch = solve(problem, [0], dynamics=OnePass(0.1, 1)).stats["critical_batch"]
    half = solve(problem, [0], dynamics=OnePass(0.1, batch)).stats["largest_learning_rate"]
    assert half == pytest.approx(1.0, rel=1e-12, abs=0)  # the largest eigenvalue is 1, and 2 the full-batch rate


def test_derivatives():
    def loss(rate):
        return solve(power_law(0.3), [20], dynamics=OnePass(rate, 2))["test_loss"][0]

    slope = (loss(0.3 + 1e-5) - loss(0.3 - 1e-5)) / 2e-5
    assert float(jax.grad(loss)(0.3)) == pytest.approx(float(slope), rel=1e-6, abs=0)

    def edge(batch):
        return solve(power_law(0.3), [0], dynamics=OnePass(0.1, batch)).stats["largest_learning_rate"]

    ends = edge(3.999), edge(4.001)
    assert float(jax.grad(edge)(4.0)) == pytest.approx((ends[1] - ends[0]) / 0.002, rel=1e-5, abs=0)


def test_another_length_compiles_nothing():
    solve(power_law(0.3, 40), np.arange(40), dynamics=OnePass(0.2, 2))
    with counted() as programs:
        for modes, steps in ((33, 35), (50, 64)):
            solve(power_law(0.3, modes), np.arange(steps), dynamics=OnePass(0.3, 3.0))
    assert not programs


@pytest.mark.parametrize(("rate", "batch"), [(0.25, 1), (0.6, 4)])
def test_runs_agree(rate, batch):
    problem, steps, how = power_law(0.3, 20), [0, 1, 5, 20, 60], OnePass(rate, batch)
    theory = solve(problem, steps, dynamics=how)
    runs = gt.linear.simulate(problem, steps, dynamics=how, runs=2000, key=KEY)
    for name in ("test_loss", "distance", "train_loss"):
        drawn = np.asarray(runs[name])
        gap = np.abs(drawn.mean(0) - np.asarray(theory[name]))
        assert (gap <= 4.5 * drawn.std(0, ddof=1) / np.sqrt(2000) + 1e-12).all(), name
    assert np.all(runs.valid["distance"])


def test_refusals():
    problem = power_law(0.3, 5)
    finite = CorrelatedInputs(problem.spectrum, problem.target, samples=10, noise=0.3)
    for call in (
        lambda: solve(problem, [0.0]),
        lambda: solve(problem, [0], dynamics=gt.GradientDescent(0.1)),
        lambda: gt.linear.simulate(problem, [0.0], runs=2, key=KEY),
        lambda: gt.linear.ridge(problem, 0.1),
        lambda: gt.linear.limits(problem),
        lambda: gt.linear.stable_below(problem),
        lambda: gt.linear.valid_at(problem, [0.0], dim=5),
        lambda: solve(finite, [0], dynamics=OnePass(0.1, 1)),
        lambda: gt.linear.simulate(finite, [0], dynamics=OnePass(0.1, 1), runs=2, key=KEY),
    ):
        with pytest.raises(gt.BadValue, match=r"^samples is"):
            call()
    with pytest.raises(gt.BadValue, match=r"^batch is"):
        gt.linear.simulate(problem, [0], dynamics=OnePass(0.1, INF), runs=2, key=KEY)
    with pytest.raises(gt.BadValue, match=r"^batch is"):
        OnePass(0.1, 0.5)
    with pytest.raises(gt.BadValue, match=r"^learning_rate is"):
        OnePass(-0.1, 1)
    with pytest.raises(gt.BadValue, match=r"^steps\[0\] is 0.5"):
        solve(problem, [0.5], dynamics=OnePass(0.1, 1))
    with pytest.raises(gt.BadValue, match=r"^dynamics is OnePass"):
        solve(gt.linear.TeacherStudent(0.5, 5.0), [0], dynamics=OnePass(0.1, 1))
