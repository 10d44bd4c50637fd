"""Neurons handed out and in: they make the solver's output, a warm start goes on, a mask is followed."""

import jax
import numpy as np
import pytest

from grok_theory import BadValue
from grok_theory.lazy_rich import LinearMoments, MeanFieldNetwork, Particles, QuadraticCommittee, simulate, solve
from grok_theory.observables import local_complexity_curves, local_complexity_gaussian

FEW = Particles(count=64, scrambles=2, keep="neurons")


def output_of(fields, inputs, richness, phi=np.tanh):
    weights, readouts = (np.asarray(fields[name].values) for name in ("neurons", "readouts"))
    h = weights @ (np.asarray(inputs) / np.sqrt(np.shape(inputs)[1])).T
    return np.swapaxes(phi(h), -1, -2) @ readouts / (weights.shape[-2] * richness)


def test_the_neurons_make_the_output_and_change_no_curve(network, times):
    kept = solve(network(2.0), times, method=FEW)
    assert kept.fields["neurons"].values.shape == (3, 128, 2)
    assert kept.fields["neurons"].axes == ("time", "neuron", "dim")
    inputs = np.concatenate([network().inputs, network().test_inputs])
    told = np.asarray(kept.fields["output"].values)
    np.testing.assert_allclose(output_of(kept.fields, inputs, 2.0), told, rtol=0, atol=1e-12)
    plain = solve(network(2.0), times, method=Particles(count=64, scrambles=2))
    assert set(plain.fields) == {"output", "tangent_kernel"}
    np.testing.assert_allclose(kept["train_loss"], plain["train_loss"], rtol=1e-12, atol=0)


@pytest.mark.slow
def test_outside_the_span_of_the_inputs_weights_stay_normal(times):
    """Three inputs in 40 dimensions: the flow moves within their span, and every particle keeps one draw outside it."""
    inputs = np.random.default_rng(0).standard_normal((3, 40))
    problem = MeanFieldNetwork(inputs, [1.0, -1.0, 0.5], 2.0)
    found = solve(problem, times, method=Particles(count=512, scrambles=2, keep="neurons"))
    weights = np.asarray(found.fields["neurons"].values)
    right = np.linalg.svd(inputs, full_matrices=False)[2]
    outside = weights - weights @ right.T @ right
    np.testing.assert_allclose(outside[1:], np.broadcast_to(outside[:1], outside[1:].shape), rtol=0, atol=1e-12)
    # Of 512 different draws in 37 dimensions: the mean square within 5 of its deviations.
    assert abs(np.sum(outside[0] ** 2) / 1024 / 37 - 1) < 5 * np.sqrt(2 / 512 / 37)
    np.testing.assert_allclose(
        output_of(found.fields, inputs, 2.0), np.asarray(found.fields["output"].values), rtol=0, atol=1e-12
    )


def test_a_warm_start_goes_on_where_it_was_left(network):
    one = Particles(count=64, scrambles=1, keep="neurons", tolerance=1e-7)
    whole = solve(network(2.0), [1.0, 4.0], method=one)
    start = tuple(np.asarray(whole.fields[name].values)[0] for name in ("neurons", "readouts"))
    rest = solve(network(2.0), [0.0, 3.0], method=Particles(start=start, tolerance=1e-7))
    for name in ("train_loss", "test_loss", "feature_overlap"):
        np.testing.assert_allclose(rest[name], whole[name], rtol=2e-5, atol=1e-7)
    assert rest.numerical_error == {}
    assert "given start is one flow" in rest.status.text
    assert rest.stats["particles"] == 64


@pytest.mark.slow
def test_a_masked_network_is_its_own_particles(network, times):
    """A finite network with masked weights, by plain gradient flow in NumPy; masks hold the start, not the flow."""
    from scipy.integrate import solve_ivp

    random = np.random.default_rng(2)
    weights, readouts = random.standard_normal((16, 2)) * (random.random((16, 2)) < 0.6), random.standard_normal(16)
    problem = network(2.0)
    found = solve(problem, times, method=Particles(start=(weights, readouts), tolerance=1e-8))
    x = np.asarray(problem.inputs) / np.sqrt(2)

    def slope(_, state):
        w, a = state[:32].reshape(16, 2), state[32:]
        values = np.tanh(x @ w.T)
        error = np.asarray(problem.targets) - values @ a / (2.0 * 16)
        pulled = 2 * 2.0 / 4 * (error[:, None] * a[None] * (1 - values**2))
        return np.concatenate([(pulled.T @ x).ravel(), 2 * 2.0 / 4 * error @ values])

    path = solve_ivp(
        slope, (0, times[-1]), np.concatenate([weights.ravel(), readouts]), "DOP853", times, rtol=1e-11, atol=1e-12
    ).y.T
    for i, state in enumerate(path):
        told = np.tanh(x @ state[:32].reshape(16, 2).T) @ state[32:] / 32
        assert float(found["train_loss"][i]) == pytest.approx(np.mean((problem.targets - told) ** 2), rel=1e-5, abs=0)


@pytest.mark.slow
def test_runs_keep_their_neurons(network, times):
    runs = simulate(network(2.0), times, width=32, runs=3, key=jax.random.key(0), keep="neurons")
    assert runs.fields["neurons"].values.shape == (3, 3, 32, 2)
    plain = simulate(network(2.0), times, width=32, runs=3, key=jax.random.key(0))
    assert set(plain.fields) == {"output"}
    np.testing.assert_allclose(runs["train_loss"], plain["train_loss"], rtol=1e-12, atol=0)
    late = output_of(runs.fields, network().inputs, 2.0)
    told = np.asarray(runs.fields["output"].values)[:, :, :4]
    # The output at the start is taken away from that of a run: the same at all times.
    np.testing.assert_allclose(late - told, np.broadcast_to((late - told)[:, :1], told.shape), rtol=0, atol=1e-12)


@pytest.mark.slow
def test_linear_neurons_have_the_cauchy_law(network, times):
    """Gaussian at every time: moments of the closed theory against particles, to their error."""
    problem = network(1.0, "linear")
    found = solve(problem, times, method=Particles(count=4096, scrambles=2, keep="neurons"))
    assert solve(problem, times, method=LinearMoments())["train_loss"][0] > 0
    frame, points = np.array([[0.6, 0.8]]), {"train": np.asarray(problem.inputs)}
    shares = local_complexity_curves(found, points, frame, 0.3)["lc_train"]
    for at, weights in enumerate(np.asarray(found.fields["neurons"].values)):
        h, g = weights @ points["train"].T, weights @ frame[0]
        law = local_complexity_gaussian(
            np.sqrt(np.mean(h**2, axis=0)), np.sqrt(np.mean(g**2)), np.mean(h * g[:, None], axis=0), 0.3
        )
        assert abs(shares[at] - np.mean(law)) < 0.01


def test_refusals(network):
    for call, words in (
        (lambda: Particles(keep="all"), r'^keep is \'all\', but it must be "neurons" or None'),
        (lambda: solve(network(), [1.0], method=Particles(start=np.ones((3, 2)))), r"^start is"),
        (lambda: solve(network(), [1.0], method=Particles(start=(np.ones((3, 3)), np.ones(3)))), r"^start\[0\] has"),
        (lambda: solve(network(), [1.0], method=Particles(start=(np.ones((3, 2)), np.ones(4)))), r"^start\[1\] has"),
        (
            lambda: simulate(
                QuadraticCommittee(1.0, 0.5, 2.0), [1.0], dim=4, width=4, runs=1, key=jax.random.key(0), keep="neurons"
            ),
            r"^keep is 'neurons', but only the neurons of a MeanFieldNetwork",
        ),
    ):
        with pytest.raises(BadValue, match=words):
            call()
