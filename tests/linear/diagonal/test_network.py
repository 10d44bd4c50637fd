"""Diagonal networks: reference values, conserved products, two flows, order of the interpolator, state evolution."""

import jax
import jax.numpy as jnp
import mpmath as mp
import numpy as np
import pytest
from scipy.integrate import solve_ivp

import grok_theory as gt
from grok_theory.linear import (
    DiagonalNetwork,
    DualFlow,
    Interpolator,
    SparseTask,
    diagonal_interpolator,
    grokking_time,
    scale_time,
    simulate,
    solve,
    stable_below,
    valid_at,
)
from tests.compiled import counted

KEY = jax.random.key(0)
INPUTS = np.cos(1.3 * np.outer(np.arange(1, 4), np.arange(1, 7))) / np.sqrt(3)
TARGETS = np.sin(np.arange(1.0, 4.0))
SMALL = DiagonalNetwork(INPUTS, TARGETS, 2.0, 0.05)


def sparse_data(seed, samples=40, dim=100, active=5):
    rng = np.random.default_rng(seed)
    teacher = np.zeros(dim)
    teacher[:active] = np.where(rng.random(active) < 0.5, 1.0, -1.0)
    inputs = rng.standard_normal((samples, dim)) / np.sqrt(samples)
    return inputs, inputs @ teacher, teacher


def weights(problem, times, method=None):
    return np.asarray(solve(problem, times, method=method).fields["weights"].values)


def flow_of_two_layers(problem, times):
    """u, v by LSODA in ln u, ln v: 2 dim equations, none of the package."""
    x, y = np.asarray(problem.inputs), np.asarray(problem.targets)
    d, decay = x.shape[1], float(problem.weight_decay)
    gram, seen = x.T @ x, x.T @ y

    def slope(_, logs):
        u, v = np.exp(2 * logs[:d]), np.exp(2 * logs[d:])
        g = gram @ (u - v) - seen
        return np.concatenate([-2 * g - decay, 2 * g - decay])

    def jacobian(_, logs):
        u, v = np.exp(2 * logs[:d]), np.exp(2 * logs[d:])
        top = np.concatenate([-4 * gram * u, 4 * gram * v], axis=1)
        return np.concatenate([top, -top])

    start = np.full(2 * d, np.log(float(problem.start)))
    options = {"method": "LSODA", "jac": jacobian, "rtol": 1e-12, "atol": 1e-12}
    found = solve_ivp(slope, (0.0, times[-1]), start, t_eval=times, **options)
    return np.exp(found.y[:d].T), np.exp(found.y[d:].T)


@pytest.mark.parametrize(
    ("scale", "wanted"),
    [
        (1.0, "-.2258044233341 -.04199608550308 -.706519541675 .3009718188205 .8922136883195 -.8031366720215"),
        (0.01, "-.01981898216331 -.004923837733669 -.8017595254443 .1015136277389 .8959380246793 -.8524274744469"),
        (1e-4, "-.000499778127182 -.0001144814613166 -.8854097990781 .0139872370348 .8740950319143 -.8419011431529"),
    ],
)
def test_interpolators_of_the_reference(scale, wanted):
    wanted = np.array(wanted.split(), float)
    found = diagonal_interpolator(INPUTS, TARGETS, scale)
    np.testing.assert_allclose(found, wanted, rtol=0, atol=2e-13)
    # The same as a solution at the time at which the scale is reached.
    at = scale_time(2.0, 0.05, scale)
    np.testing.assert_allclose(weights(SMALL, [at], Interpolator())[0], wanted, rtol=0, atol=1e-12)


@pytest.mark.parametrize("scale", [10.0, 1e-2, 1e-5])
def test_interpolators_against_roots_in_thirty_digits(scale):
    """Newton on the three dual equations in mpmath."""
    x, y = mp.matrix(INPUTS.tolist()), mp.matrix(TARGETS.tolist())
    with mp.workdps(30):
        near = np.linalg.lstsq(INPUTS.T, np.arcsinh(diagonal_interpolator(INPUTS, TARGETS, scale) / (2 * scale)))[0]

        def fit(*nu):
            w = [2 * mp.mpf(scale) * mp.sinh(sum(x[i, j] * nu[i] for i in range(3))) for j in range(6)]
            return [sum(x[i, j] * w[j] for j in range(6)) - y[i] for i in range(3)]

        # Ten digits are kept of the start, so that the root is found again.
        nu = mp.findroot(fit, [round(value, 3) for value in near.tolist()])
        exact = [2 * mp.mpf(scale) * mp.sinh(sum(x[i, j] * nu[i] for i in range(3))) for j in range(6)]
    np.testing.assert_allclose(
        diagonal_interpolator(INPUTS, TARGETS, scale), np.array([float(w) for w in exact]), rtol=0, atol=1e-13
    )


def test_large_scales_have_the_least_euclid_norm_and_small_ones_the_least_l1_norm():
    from scipy.optimize import linprog

    dense = np.linalg.pinv(INPUTS) @ TARGETS
    np.testing.assert_allclose(diagonal_interpolator(INPUTS, TARGETS, 1e6), dense, rtol=0, atol=1e-11)
    least = linprog(np.ones(12), A_eq=np.concatenate([INPUTS, -INPUTS], axis=1), b_eq=TARGETS)
    sparse = diagonal_interpolator(INPUTS, TARGETS, 1e-30)
    assert np.abs(sparse).sum() == pytest.approx(least.fun, rel=1e-8, abs=0)
    assert np.abs(dense).sum() > 1.05 * least.fun


def test_flow_of_the_reference():
    wanted = [
        "-.230114547 -.0579148622 -.690996026 .289953416 .892137453 -.778866375",
        "-.208360296 -.0537377194 -.668943275 .271101712 .887642034 -.760352721",
        "-.00404344296 -.00130487369 -.751617591 .0391656325 .903753662 -.729531196",
    ]
    np.testing.assert_allclose(
        weights(SMALL, [0.5, 20.0, 80.0]), np.array([w.split() for w in wanted], float), rtol=0, atol=1e-9
    )


@pytest.mark.parametrize(("start", "decay", "seed"), [(3.0, 0.01, 0), (0.1, 0.02, 1), (1.0, 0.0, 2), (20.0, 0.05, 3)])
def test_the_dual_flow_is_that_of_both_layers(start, decay, seed):
    inputs, targets, teacher = sparse_data(seed, 8, 20, 3)
    problem = DiagonalNetwork(inputs, targets, start, decay, teacher)
    times = np.concatenate([[0.0], np.geomspace(1e-3, 300.0, 12)])
    u, v = flow_of_two_layers(problem, times)
    told = solve(problem, times)
    w = u**2 - v**2
    np.testing.assert_allclose(told.fields["weights"].values, w, rtol=0, atol=1e-8)
    # u v = beta for every j, by the oracle.
    np.testing.assert_allclose(u * v, np.asarray(told["scale"])[:, None] * np.ones(20), rtol=1e-10, atol=0)
    missed = np.sum((w - teacher) ** 2, axis=1)
    curves = {
        "train_loss": np.mean((w @ inputs.T - targets) ** 2, axis=1),
        "l1_norm": np.mean(np.abs(w), axis=1),
        "weight_error": missed / 20,
        "test_loss": missed / 8,
    }
    for name, values in curves.items():
        gap = np.abs(np.asarray(told[name]) - values)
        # The oracle is good to about 1e-9.
        assert np.all(gap <= told.numerical_error[name] + 1e-8 * np.abs(values) + 1e-11), name


def test_real_networks_follow_the_theory_and_keep_their_product():
    inputs, targets, teacher = sparse_data(5, 12, 30, 3)
    problem = DiagonalNetwork(inputs, targets, 3.0, 0.01, teacher)
    times = np.geomspace(1e-3, 600.0, 9)
    theory, runs = solve(problem, times), simulate(problem, times, runs=2, key=KEY)
    for name in ("l1_norm", "weight_error", "test_loss"):
        np.testing.assert_allclose(runs[name], np.asarray(theory[name])[None] * np.ones((2, 1)), rtol=1e-5, atol=0)
    np.testing.assert_allclose(runs["scale"][0], 9.0 * np.exp(-0.02 * times), rtol=1e-10, atol=0)
    assert all(runs.is_valid(name).all() for name in runs.curves)


def test_descent_is_plain_descent_and_small_steps_are_the_flow():
    inputs, targets, teacher = sparse_data(6, 6, 12, 2)
    problem = DiagonalNetwork(inputs, targets, 0.7, 0.02, teacher)
    u = v = np.full(12, 0.7)
    for _ in range(50):
        g = inputs.T @ (inputs @ (u**2 - v**2) - targets)
        u, v = u - 0.01 * (2 * g * u + 0.02 * u), v - 0.01 * (-2 * g * v + 0.02 * v)
    runs = simulate(problem, [0, 50], runs=1, key=KEY, dynamics=gt.GradientDescent(0.01))
    assert runs["weight_error"][0, 1] == pytest.approx(np.mean((u**2 - v**2 - teacher) ** 2), rel=1e-12, abs=0)
    gaps = []
    for rate in (0.01, 0.005):
        steps = simulate(problem, [round(4 / rate)], runs=1, key=KEY, dynamics=gt.GradientDescent(rate))
        gaps.append(float(steps["test_loss"][0, 0] - solve(problem, [4.0])["test_loss"][0]))
    assert gaps[0] / gaps[1] == pytest.approx(2.0, abs=0.1)


def test_descent_below_the_stated_rate_converges_and_far_above_does_not():
    inputs, targets, teacher = sparse_data(7, 6, 12, 2)
    for start in (0.3, 3.0):
        problem = DiagonalNetwork(inputs, targets, start, 0.0, teacher)
        rate = float(stable_below(problem))
        runs = simulate(problem, [4000], runs=1, key=KEY, dynamics=gt.GradientDescent(0.9 * rate))
        assert runs["train_loss"][0, 0] < 1e-3 * np.mean(targets**2)
    with pytest.raises(gt.BadValue, match=r"descent diverged. Pass a learning_rate below stable_below"):
        simulate(problem, [4000], runs=1, key=KEY, dynamics=gt.GradientDescent(4 * rate))


def test_the_interpolator_is_off_by_the_first_power_of_the_decay():
    inputs, targets, teacher = sparse_data(0)
    gaps = []
    for decay in (2e-3, 1e-3, 5e-4):
        problem = DiagonalNetwork(inputs, targets, 10.0, decay, teacher)
        times = [float(scale_time(10.0, decay, scale)) for scale in (0.03, 0.003)]
        run, told = (np.asarray(solve(problem, times, method=m)["test_loss"]) for m in (DualFlow(), Interpolator()))
        gaps.append(np.abs(run / told - 1))
    np.testing.assert_allclose(gaps[0] / gaps[1], 2.0, rtol=0, atol=0.15)
    np.testing.assert_allclose(gaps[1] / gaps[2], 2.0, rtol=0, atol=0.1)


@pytest.mark.parametrize("start", [3.0, 30.0, 300.0])
def test_the_clock_is_within_two_per_cent_of_the_run(start):
    inputs, targets, teacher = sparse_data(0)
    problem = DiagonalNetwork(inputs, targets, start, 1e-3, teacher)
    clocks = grokking_time(problem)
    level = 0.01 * np.sum(teacher**2) / 40
    times = np.linspace(0.95, 1.05, 41) * float(clocks.test_time)
    run = np.asarray(solve(problem, times)["test_loss"])
    crossed = np.interp(-level, -run, times)
    assert crossed == pytest.approx(float(clocks.test_time), rel=0.02, abs=0)
    # The interpolator itself crosses there exactly, and the train error fell long before.
    at = solve(problem, [clocks.test_time], method=Interpolator())["test_loss"][0]
    assert float(at) == pytest.approx(level, rel=1e-9, abs=0)
    assert 0 < float(clocks.train_time) < 1e-3 * float(clocks.test_time)
    assert solve(problem, [clocks.train_time])["train_loss"][0] == pytest.approx(
        0.01 * np.mean(targets**2), rel=1e-5, abs=0
    )


def test_clocks_know_start_and_decay_by_their_logarithm_and_inverse():
    times = {
        (a, g): float(grokking_time(SparseTask(0.4, 0.05, a, g)).test_time) for a in (3.0, 30.0) for g in (1e-3, 1e-2)
    }
    assert times[30.0, 1e-3] - times[3.0, 1e-3] == pytest.approx(np.log(100.0) / 2e-3, rel=1e-10, abs=0)
    assert times[3.0, 1e-3] == pytest.approx(10 * times[3.0, 1e-2], rel=1e-10, abs=0)
    at = solve(SparseTask(0.4, 0.05, 3.0, 1e-3), [times[3.0, 1e-3]])
    assert float(at["test_loss"][0]) == pytest.approx(0.01 * 0.05 / 0.4, rel=1e-9, abs=0)


def test_never_and_from_the_start():
    assert np.isinf(grokking_time(SparseTask(0.4, 0.05, 3.0, 0.0)).test_time)
    # Where l1 does not recover the teacher the test error never falls: it is always below twice its end.
    assert grokking_time(SparseTask(0.2, 0.3, 3.0, 1e-3)).test_time == 0
    noisy = SparseTask(0.4, 0.05, 10.0, 1e-3, noise=0.1)
    clocks = grokking_time(noisy, test_factor=1.5)
    ends = solve(noisy, [clocks.test_time, scale_time(10.0, 1e-3, 1e-9)])["test_loss"]
    assert float(ends[0]) == pytest.approx(1.5 * float(ends[1]), rel=1e-8, abs=0)


def test_valid_where_the_interpolator_speaks():
    task = SparseTask(0.4, 0.05, 30.0, 1e-3)
    times = [0.0, 1e-4, 1.0, 5000.0, 9000.0]
    valid = valid_at(task, times, dim=100)
    assert valid["test_loss"].tolist() == [False, False, True, True, False]
    assert not valid["train_loss"].any()
    assert valid["scale"].all()
    runs = simulate(task, times, runs=1, key=KEY, dim=50)
    assert {name: v.tolist() for name, v in runs.valid.items()} == {name: v.tolist() for name, v in valid.items()}
    given = DiagonalNetwork(INPUTS, TARGETS, 1.0, 0.1)
    assert set(valid_at(given, [1.0], dim=6)) == {"scale", "train_loss", "l1_norm"}
    with pytest.raises(gt.BadValue, match=r"dim is 7, but the inputs of the Problem have 6 columns. Pass 6."):
        valid_at(given, [1.0], dim=7)


def test_more_samples_than_weights_flow_and_have_no_interpolator():
    inputs, targets, _ = sparse_data(3, 9, 4, 2)
    problem = DiagonalNetwork(inputs, targets + np.sin(np.arange(9)), 1.0, 0.01)
    u, v = flow_of_two_layers(problem, np.array([1.0, 50.0]))
    np.testing.assert_allclose(weights(problem, [1.0, 50.0]), u**2 - v**2, rtol=0, atol=1e-8)
    with pytest.raises(gt.SolveFailed, match=r"There is no w with X w = targets.*method=DualFlow\(\)"):
        solve(problem, [1.0], method=Interpolator())
    with pytest.raises(gt.SolveFailed, match="There is no w"):
        diagonal_interpolator(inputs, targets + np.sin(np.arange(9)), 0.1)


def test_through_vmap_and_grad_and_out_of_range():
    decays = jnp.array([0.02, 0.05])
    times = jnp.array([1.0, 30.0])
    for method in (Interpolator(),):
        both = jax.vmap(lambda g, method=method: solve(DiagonalNetwork(INPUTS, TARGETS, 2.0, g), times, method=method))(
            decays
        )
        for i, decay in enumerate(decays):
            one = solve(DiagonalNetwork(INPUTS, TARGETS, 2.0, float(decay)), times, method=method)
            np.testing.assert_allclose(both["l1_norm"][i], one["l1_norm"], rtol=1e-9, atol=0)
    bad = jax.vmap(lambda g: solve(SparseTask(0.4, 0.05, 1.0, g), times))(jnp.array([-0.1, 0.1]))
    assert np.isnan(bad["test_loss"][0]).all()
    assert np.isfinite(bad["test_loss"][1]).all()
    assert bad.status.level.tolist() == [2, 0]


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: DiagonalNetwork(INPUTS, TARGETS[:2], 1.0, 0.1), r"targets has shape \(2,\).*one label for every row"),
        (lambda: DiagonalNetwork(INPUTS, TARGETS, 1.0, 0.1, np.ones(5)), r"teacher has shape \(5,\).*every column"),
        (lambda: DiagonalNetwork(INPUTS, TARGETS, 0.0, 0.1), "start is 0.0"),
        (lambda: SparseTask(1.0, 0.05, 1.0, 0.1), "samples_per_dim is 1.0"),
        (lambda: SparseTask(0.4, 0.0, 1.0, 0.1), "density is 0.0"),
        (lambda: grokking_time(SMALL), "teacher is None.*grokking_time is a time of the test error"),
        (lambda: grokking_time(gt.linear.TeacherStudent(0.5, 5.0), test_fraction=0.1), "test_fraction is 0.1"),
        (lambda: solve(SMALL, [1.0], method=gt.linear.Trajectory()), r"solved by DualFlow\(\) or Interpolator\(\)"),
        (lambda: solve(SMALL, [1.0], dynamics=gt.GradientDescent(0.1)), "DiagonalNetwork, which is solved under grad"),
        (lambda: gt.linear.forecast(SMALL, [1.0], dim=6), "DiagonalNetwork, but grok_theory.linear.forecast takes"),
        (lambda: simulate(SMALL, [1.0], runs=1, key=KEY, dim=6), "dim is 6, but the size of a DiagonalNetwork"),
        (lambda: diagonal_interpolator(INPUTS, TARGETS, 0.0), "scale is 0.0"),
    ],
)
def test_bad_input_is_refused_in_a_sentence(make, words):
    with pytest.raises(gt.BadValue, match=words):
        make()


def networks(samples, dim):
    inputs, targets, teacher = sparse_data(0, samples, dim, 2)
    return DiagonalNetwork(inputs, targets, 2.0, 0.05, teacher)


@pytest.mark.parametrize(
    "call",
    [
        lambda n: solve(networks(n // 4, n), np.geomspace(1.0, 20.0, n)),
        lambda n: solve(networks(n // 4, n), [1.0, 20.0], method=Interpolator()),
        lambda n: diagonal_interpolator(np.asarray(networks(n // 4, n).inputs), np.ones(n // 4), 0.1),
        lambda n: solve(SparseTask(0.4, 0.05, 2.0, 0.05), np.geomspace(1.0, 20.0, n)),
    ],
    ids=["times and sizes", "sizes of interpolators", "the function", "times of a task"],
)
def test_lengths_are_compiled_once(call):
    str(call(36))
    with counted() as programs:
        for length in range(37, 64, 9):
            call(length)
    assert not programs
