"""The three ways of training against each other, against scipy and NumPy, and at their doors."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import solve_ivp

from grok_theory.dynamics import GradientDescent
from grok_theory.errors import BadValue, Float64Required, TooLarge
from grok_theory.lazy_rich import (
    ExactReduction,
    ExplicitNetwork,
    FrozenKernel,
    KernelEigenvector,
    QuadraticCommittee,
    rescaled_start,
    simulate,
    tangent_kernel,
)
from grok_theory.lazy_rich.runs import committee
from grok_theory.lazy_rich.runs.committee import _train_moments
from grok_theory.lazy_rich.runs.draws import data_key, draw_inputs, draw_weights, quadratic_targets, signs, weights_key

RATE = 0.05
STEPS = np.array([0, 1, 5, 20, 80])
DESCENT = GradientDescent(RATE)
SIZE = {"dim": 8, "width": 6, "runs": 1}
PROBLEM = QuadraticCommittee(1.3, 0.5, 2.0, 0.4)


def largest_gap(one, other):
    """Over all curves both have, relative to the curve's largest value."""
    shared = set(one.curves) & set(other.curves)
    assert {"train_loss", "test_loss"} <= shared
    return max(np.max(np.abs(one[c] - other[c])) / np.max(np.abs(other[c])) for c in shared if np.any(other[c] != 0))


def random_problem(seed):
    random = np.random.default_rng(seed)
    alpha, eps = np.exp(random.uniform([-0.7, -1.5], [2.0, 0.2]))
    return QuadraticCommittee(
        alpha, eps, 2.0, random.choice([0.0, random.uniform(0.05, 0.9)]), bool(random.integers(2))
    )


def test_reduction_and_network_agree_over_random_problems():
    """Curves and moments to 1e-11 relative, over 12 problems: every alpha, eps, overlap, centred or not."""
    worst = 0.0
    for seed in range(12):
        problem, key = random_problem(seed), jax.random.key(seed)
        reduction = simulate(problem, STEPS, dynamics=DESCENT, **SIZE, key=key, method=ExactReduction())
        network = simulate(problem, STEPS, dynamics=DESCENT, **SIZE, key=key, method=ExplicitNetwork())
        assert set(reduction.curves) == set(network.curves)
        worst = max(worst, largest_gap(reduction, network))
        for name in ("second_moment", "mean_weight"):
            np.testing.assert_allclose(reduction.stats[name], network.stats[name], rtol=1e-10, atol=1e-11)
    assert worst < 1e-11


def test_runs_over_cores_have_the_digits_of_runs_one_after_the_other(monkeypatch):
    found = []
    for workers in (1, 3):
        monkeypatch.setattr(committee, "cores", lambda workers=workers: workers)
        found.append(simulate(PROBLEM, STEPS, dynamics=DESCENT, dim=8, runs=7, key=jax.random.key(4)))
    for name, curve in found[0].curves.items():
        assert np.array_equal(curve, found[1][name])


@pytest.mark.parametrize("centred", [True, pytest.param(False, marks=pytest.mark.slow)])
def test_the_frozen_kernel_is_the_linearised_network(centred):
    problem, key = QuadraticCommittee(1.3, 0.5, 2.0, 0.4, centred), jax.random.key(3)
    frozen = simulate(problem, STEPS, dynamics=DESCENT, **SIZE, key=key, method=FrozenKernel())
    linearised = simulate(problem, STEPS, dynamics=DESCENT, **SIZE, key=key, method=ExplicitNetwork(linearised=True))
    assert largest_gap(frozen, linearised) < 1e-11
    assert not frozen.conditions.differences(linearised.conditions)
    trained = simulate(problem, STEPS, dynamics=DESCENT, **SIZE, key=key, method=ExactReduction())
    assert frozen.conditions.differences(trained.conditions) == ["linearised"]


def test_scaling_the_start_is_another_problem():
    key = jax.random.key(4)
    scaled = simulate(PROBLEM, STEPS, dynamics=DESCENT, **SIZE, key=key, method=ExplicitNetwork(init_scale=0.6))
    other = simulate(rescaled_start(PROBLEM, 0.6), STEPS, dynamics=DESCENT, **SIZE, key=key, method=ExactReduction())
    for name in ("train_loss", "test_loss", "variance", "misalignment", "linear_power"):
        np.testing.assert_allclose(scaled[name], other[name], rtol=1e-12, atol=1e-15)


@pytest.mark.slow
def test_the_quadratic_neuron_given_as_a_function_and_the_exact_test_loss():
    """The path through a Monte-Carlo test set, with a trained readout, meets the exact formula."""
    key, size = jax.random.key(5), SIZE
    exact = simulate(PROBLEM, STEPS, dynamics=DESCENT, **size, key=key, method=ExplicitNetwork(train_readout=True))
    sampled = simulate(
        PROBLEM,
        STEPS,
        dynamics=DESCENT,
        **size,
        key=key,
        method=ExplicitNetwork(_quadratic, train_readout=True, test_samples=100_000),
    )
    np.testing.assert_allclose(sampled["train_loss"], exact["train_loss"], rtol=1e-12)
    np.testing.assert_allclose(sampled["test_loss"], exact["test_loss"], rtol=0.02)
    assert "alignment" not in exact.curves
    assert "variance" not in sampled.curves


def _quadratic(h):
    return h + 0.25 * h**2


def test_labels_are_learned_alike_by_network_and_reduction():
    labels = KernelEigenvector(3, 0.5)
    key = jax.random.key(6)
    one = simulate(PROBLEM, STEPS, dynamics=DESCENT, **SIZE, key=key, method=ExactReduction(labels=labels))
    other = simulate(PROBLEM, STEPS, dynamics=DESCENT, **SIZE, key=key, method=ExplicitNetwork(labels=labels))
    assert largest_gap(one, other) < 1e-11
    assert one["train_loss"][0, 0] == pytest.approx(
        0.75, rel=1e-12, abs=0
    )  # centred: the first loss is the targets' square
    assert one.conditions.labels == "KernelEigenvector(index=3, curvature=0.5)"


@pytest.mark.slow
def test_an_activation_by_name():
    runs = simulate(PROBLEM, STEPS, dynamics=DESCENT, **SIZE, key=jax.random.key(7), method=ExplicitNetwork("relu"))
    assert runs["train_loss"][0, -1] < runs["train_loss"][0, 0]


@pytest.mark.slow
def test_the_flow_of_all_weights_by_scipy():
    """Independent of the package but for the draw: explicit weights, gradient written out, LSODA."""
    key, times = jax.random.key(8), np.array([0.0, 0.5, 1.0, 2.0, 6.0])
    x = np.asarray(draw_inputs(data_key(jax.random.fold_in(key, 0)), 16, 8, stratified=True))
    w0 = np.asarray(draw_weights(weights_key(jax.random.fold_in(key, 0)), PROBLEM, 8, 6, orthogonal_start=False))
    y, alpha, eps = (x @ np.eye(8)[0] * np.sqrt(8)) ** 2 / 2, 1.3, 0.5

    def output(w):
        h = x @ w.T
        return alpha * np.mean(h + eps / 2 * h**2, axis=1)

    def rate(_, flat):
        w = flat.reshape(6, 8)
        residual = y - output(w) + output(w0)
        # minus gradient of the mean square, times eta / eta_hat = N D / alpha^2
        return (2 * 8 / (16 * alpha) * (residual[:, None] * (1 + eps * x @ w.T)).T @ x).ravel()

    oracle = solve_ivp(rate, (0, 6), w0.ravel(), method="LSODA", t_eval=times, rtol=1e-11, atol=1e-12)
    losses = [np.mean((y - output(w.reshape(6, 8)) + output(w0)) ** 2) for w in oracle.y.T]
    for tolerance, allowed in ((1e-5, 3e-3), (1e-8, 3e-5)):
        flow = simulate(PROBLEM, times, **SIZE, key=key, method=ExactReduction(tolerance=tolerance))
        np.testing.assert_allclose(flow["train_loss"][0], losses, rtol=allowed)
    m = np.mean([np.outer(w, w) for w in oracle.y[:, -1].reshape(6, 8)], axis=0)
    np.testing.assert_allclose(flow.stats["second_moment"][0], m, rtol=1e-5, atol=1e-6)


def test_a_run_does_not_depend_on_how_many_are_made_and_numbers_do_not_recompile():
    method = ExactReduction()
    two = simulate(PROBLEM, STEPS, dynamics=DESCENT, dim=8, width=6, runs=2, key=jax.random.key(9), method=method)
    compiled = _train_moments._cache_size()
    three = simulate(PROBLEM, STEPS, dynamics=DESCENT, dim=8, width=6, runs=3, key=jax.random.key(9), method=method)
    for name in two.curves:
        np.testing.assert_array_equal(two[name], three[name][:2])
    simulate(
        QuadraticCommittee(2, 0.25, 2.0, 0.1),
        STEPS,
        dynamics=DESCENT,
        dim=8,
        width=6,
        runs=1,
        key=jax.random.key(1),
        method=method,
    )
    assert _train_moments._cache_size() == compiled
    assert "status    good" in str(two)


def test_without_overlap_the_odd_mode_stays_zero_and_the_centred_loss_starts_at_three_quarters():
    runs = simulate(
        QuadraticCommittee(1.0, 0.5, 2.0),
        STEPS,
        dynamics=DESCENT,
        dim=8,
        runs=1,
        key=jax.random.key(10),
        method=ExactReduction(),
    )
    np.testing.assert_array_equal(runs["teacher_overlap"], 0.0)
    assert runs["test_loss"][0, 0] == pytest.approx(0.75, rel=1e-14, abs=0)
    assert runs.stats["width"] == np.inf


def test_the_orthogonal_start_has_exactly_the_share_of_the_theory():
    problem = QuadraticCommittee(1.0, 0.5, 2.0, 0.4)
    runs = simulate(problem, [0.0], dim=8, runs=1, key=jax.random.key(1), method=ExactReduction(orthogonal_start=True))
    assert runs.stats["second_moment"][0, 0, 0] / 8 == pytest.approx(0.16, rel=1e-14, abs=0)
    assert runs.stats["orthogonal_start"] is True


def test_stratified_targets_fill_their_strata_and_signs_balance():
    x = np.asarray(draw_inputs(jax.random.key(0), 40, 6, stratified=True))
    from scipy.stats import norm

    filled = np.sort(np.floor(40 * norm.cdf(x[:, 0] * np.sqrt(6))))
    np.testing.assert_array_equal(filled, np.arange(40))
    np.testing.assert_allclose(quadratic_targets(jnp.asarray(x)), (x[:, 0] * np.sqrt(6)) ** 2 / 2, rtol=1e-13)
    assert signs(6).sum() == signs(5).sum() == 0


def test_a_run_that_diverges_is_reported():
    labels = KernelEigenvector(0, 0.5)
    runs = simulate(
        PROBLEM,
        4 * np.arange(5),
        dynamics=GradientDescent(10.0),
        **SIZE,
        key=jax.random.key(2),
        method=ExactReduction(labels=labels),
    )
    assert runs.status.name == "failed"
    assert "1 of 1 runs diverged" in runs.status.text
    assert "smaller learning_rate" in runs.status.text


@pytest.mark.slow
def test_few_samples_are_noted():
    runs = simulate(
        QuadraticCommittee(1.0, 0.5, 0.5),
        STEPS,
        dynamics=DESCENT,
        dim=8,
        runs=1,
        key=jax.random.key(2),
        method=FrozenKernel(),
    )
    assert runs.status.name == "noted"
    assert "samples_per_dim is below 1" in runs.status.text


BAD = [
    ({"dim": 1}, "dim is 1, but .* at least 2"),
    (
        {"dim": 7, "problem": QuadraticCommittee(1.0, 0.5, 1.5)},
        r"samples_per_dim \* dim is 10.5.*nearest usable dim is",
    ),
    ({"width": 5}, "width is 5, but with teacher_overlap > 0 it must be even.*Pass width=6"),
    ({"width": 0}, "width is 0, but .* at least 1"),
    (
        {"width": None, "dynamics": DESCENT, "method": ExplicitNetwork()},
        "width is None, but ExplicitNetwork needs one. Pass width=500",
    ),
    ({"runs": 0}, "runs is 0"),
    ({"key": 3}, r"key is 3, but .*jax.random.key\(0\)"),
    ({"dynamics": DESCENT, "x": [0, 1.5]}, r"steps\[1\] is 1.5, but .*whole number of steps"),
    ({"x": [0.1, 0.05]}, "must not be below"),
    (
        {"dynamics": GradientDescent(1.7), "x": [1]},
        r"learning_rate is 1.7, but .* stable only below .* GradientFlow\(\)",
    ),
    ({"dynamics": "flow"}, r"dynamics is 'flow', but .*GradientFlow\(\) or GradientDescent\(learning_rate\)"),
    ({"method": ExplicitNetwork()}, r"dynamics is GradientFlow\(\), but ExplicitNetwork takes steps"),
    ({"method": "exact"}, "method is 'exact', but it must be ExactReduction"),
    ({"method": ExactReduction(tolerance=0.0)}, "tolerance is 0.0"),
    ({"method": ExplicitNetwork(init_scale=0.0)}, "init_scale is 0.0"),
    ({"method": ExactReduction(test_samples=0)}, "test_samples is 0"),
    ({"problem": QuadraticCommittee(np.ones(2), 0.5, 2.0)}, r"output_scale has shape \(2,\).*loop over them"),
]


@pytest.mark.parametrize(("change", "message"), BAD, ids=lambda v: "-".join(v) if isinstance(v, dict) else "")
def test_bad_calls_are_named_with_value_and_remedy(change, message):
    call = {"problem": PROBLEM, "x": [0.0, 1.0], "key": jax.random.key(0), **SIZE, "method": ExactReduction()} | change
    with pytest.raises(BadValue, match=message):
        simulate(call.pop("problem"), call.pop("x"), **call)


def test_an_unknown_activation_lists_the_known():
    with pytest.raises(BadValue, match=r"activation is 'relo'.*Did you mean 'relu'"):
        ExplicitNetwork("relo")


def test_too_large_is_refused_with_the_knob():
    with pytest.raises(TooLarge, match=r"GiB are free. Lower dim, width or runs"):
        simulate(PROBLEM, [0.0], dim=10**6, runs=1, key=jax.random.key(0))


def test_float32_is_refused():
    jax.config.update("jax_enable_x64", False)
    try:
        with pytest.raises(Float64Required, match=r"lazy_rich.simulate needs float64"):
            simulate(PROBLEM, STEPS, dynamics=DESCENT, dim=8, runs=1, key=jax.random.key(0))
    finally:
        jax.config.update("jax_enable_x64", True)


def test_the_frozen_kernel_is_the_kernel_regression_of_the_kernels_room():
    """f' = (2 / kappa) K (y - f) here, f' = K (y - f) there: t = 2 tau / kappa."""
    from grok_theory.kernels import gradient_flow

    key = jax.random.key(11)
    x = draw_inputs(data_key(jax.random.fold_in(key, 0)), 16, 8, stratified=True)
    problem, y, times = QuadraticCommittee(1.3, 0.5, 2.0), quadratic_targets(x), RATE * STEPS
    kernel = tangent_kernel(x, x, jnp.eye(8), jnp.zeros(8), curvature=0.5)
    outputs, _ = gradient_flow(kernel, y, kernel[:1], times)
    runs = simulate(problem, times, dim=8, runs=1, key=key, method=FrozenKernel())
    np.testing.assert_allclose(
        runs["train_loss"][0], np.mean((np.asarray(y) - np.asarray(outputs)) ** 2, axis=1), rtol=1e-10
    )
