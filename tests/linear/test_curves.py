"""TeacherStudent's curves against 40-digit integrals, the Skellam closed form, reference values, and themselves."""

import subprocess
import sys

import jax
import jax.numpy as jnp
import mpmath as mp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import grok_theory as gt
from grok_theory.dynamics import GradientDescent
from grok_theory.linear import TeacherStudent, limits, ridge, solve
from grok_theory.linear.curve_names import CURVES

TIMES = np.array([0.0, 1e-3, 0.5, 10.0, 1e3, 1e6, 1e8])
ratios = st.floats(-2, 2).map(lambda x: 10.0**x) | st.floats(-12, -1).map(lambda x: 1 - 10.0**x) | st.just(1.0)
strengths = st.just(0.0) | st.floats(-4, 4).map(lambda x: 10.0**x)
problems = st.builds(TeacherStudent, ratios, strengths, strengths, st.floats(0.1, 10.0), strengths)


def worst_gap(values, exact):
    """Largest relative gap of one curve where float64 can hold it."""
    return max(abs(float(mp.mpf(float(v)) / r - 1)) for v, r in zip(values, exact, strict=True) if r > 1e-280)


@pytest.mark.parametrize(
    ("alpha", "time", "test", "train"),
    [
        (0.1, 1.0, 5.619532313450667573, 0.8348304919712803168),
        (0.5, 10.0, 4.333484019820962191, 0.01128337473609100245),
        (0.99, 100.0, 7.319588090398340159, 0.03583441591219835656),
        (1.0, 1e4, 66.61978010995148164, 0.003989909010184984928),
        (1.0, 1e8, 6610.392334442045586, 3.989422852635417156e-5),
        (2.0, 1.0, 1.973355516072791913, 0.7606581809878680281),
    ],
)
def test_reference_values_of_the_spec(alpha, time, test, train):
    theory = solve(TeacherStudent(alpha, 5.0), [time])
    assert np.isclose(theory["test_loss"][0], test, rtol=1e-15, atol=0)
    assert np.isclose(theory["train_loss"][0], train, rtol=2e-15, atol=0)


@pytest.mark.parametrize(
    ("alpha", "snr", "inr", "decay"),
    [(0.5, 5.0, 0.0, 0.0), (1.0, 5.0, 1.0, 0.0), (1 - 1e-9, 1.0, 25.0, 0.02), (2.0, 0.0, 3.0, 0.5)],
)
def test_flow_against_forty_digits(oracle, alpha, snr, inr, decay):
    theory = solve(TeacherStudent(alpha, snr, inr, weight_decay=decay), TIMES)
    exact = list(zip(*(oracle.curves(alpha, snr, inr, decay, t) for t in TIMES)))
    assert worst_gap(theory["test_loss"], exact[0]) < 1e-14
    assert worst_gap(theory["train_loss"], exact[1]) < 1e-12
    assert worst_gap(theory["weight_norm"], exact[2]) < 1e-14


@pytest.mark.slow
def test_flow_against_forty_digits_over_the_domain(oracle):
    """The acceptance line: alpha in [.01, 100] with |alpha - 1| down to 1e-12 and 0, t to 1e8."""
    near = [1 + sign * size for size in (1e-12, 1e-6, 1e-3) for sign in (-1, 1)]
    for alpha in [0.01, 0.1, 0.9, *near, 1.0, 1.1, 10.0, 100.0]:
        for snr, inr, decay in [(5.0, 0.0, 0.0), (100.0, 1e4, 1e-3)]:
            theory = solve(TeacherStudent(alpha, snr, inr, weight_decay=decay), TIMES)
            exact = list(zip(*(oracle.curves(alpha, snr, inr, decay, t) for t in TIMES)))
            assert worst_gap(theory["test_loss"], exact[0]) < 1e-12, alpha
            assert worst_gap(theory["train_loss"], exact[1]) < 1e-11, alpha
            assert worst_gap(theory["weight_norm"], exact[2]) < 1e-11, alpha


@pytest.mark.parametrize("alpha", [0.3, 0.999, 1.001, 3.0])
def test_flow_against_the_closed_form_of_a_skellam_variable(oracle, alpha):
    times = np.array([0.01, 0.3, 2.0, 10.0, 30.0, 60.0, 100.0])
    theory = solve(TeacherStudent(alpha, 5.0), times)
    exact = list(zip(*(oracle.skellam(alpha, 5.0, t) for t in times)))
    assert worst_gap(theory["test_loss"], exact[0]) < 1e-14
    assert worst_gap(theory["train_loss"], exact[1]) < 1e-12


def test_descent_reference_values():
    theory = solve(TeacherStudent(2.0, 5.0, 1.0), [30], dynamics=GradientDescent(0.1))
    assert np.isclose(theory["test_loss"][0], 1.805737473393563, rtol=1e-15, atol=0)
    assert np.isclose(theory["train_loss"][0], 0.5333903263560782, rtol=1e-15, atol=0)
    assert np.isclose(theory["weight_norm"][0], 5.077310366850776, rtol=1e-15, atol=0)
    problem = TeacherStudent(0.5, 1.0, 25.0, weight_decay=0.02)
    theory = solve(problem, [200], dynamics=GradientDescent(0.2))
    assert np.isclose(theory["test_loss"][0], 4.879712794142506, rtol=1e-15, atol=0)
    assert np.isclose(theory["train_loss"][0], 0.003326635036253519, rtol=1e-14, atol=0)
    assert np.isclose(theory["weight_norm"][0], 3.842396069847582, rtol=1e-15, atol=0)


@pytest.mark.parametrize(("alpha", "decay", "share"), [(0.5, 0.0, 0.9), (1.0, 0.02, 0.999), (2.0, 0.0, 0.01)])
def test_descent_against_forty_digits(oracle, alpha, decay, share):
    rate = share * 2 / ((1 + alpha**0.5) ** 2 + decay)
    steps = np.array([0, 1, 2, 7, 100, 1001, 100_000])
    theory = solve(TeacherStudent(alpha, 5.0, 2.0, weight_decay=decay), steps, dynamics=GradientDescent(rate))
    exact = list(zip(*(oracle.curves(alpha, 5.0, 2.0, decay, steps=k, rate=rate) for k in steps)))
    for name, values in zip(("test_loss", "train_loss", "weight_norm"), exact):
        assert worst_gap(theory[name], values) < 1e-9, name


@given(problems)
def test_identities_and_bounds(problem):
    theory = solve(problem, TIMES)
    unit = float(problem.noise) ** 2
    start = unit * (1 + problem.snr + problem.inr)
    assert np.isclose(theory["test_loss"][0], start, rtol=4e-15, atol=0)
    assert np.isclose(theory["train_loss"][0], start, rtol=4e-15, atol=0)
    parts = unit + np.asarray(theory["test_bias"]) + np.asarray(theory["test_variance"])
    assert np.allclose(parts, theory["test_loss"], rtol=1e-14, atol=0)
    for name in CURVES:
        assert np.all(np.asarray(theory[name]) >= 0)
        underflow = 1e-290 * start  # what float64 loses of every curve, however small
        assert np.all(np.asarray(theory.numerical_error[name]) <= 1e-11 * np.asarray(theory[name]) + 1.001 * underflow)


@given(ratios, strengths, strengths)
def test_train_loss_never_rises_without_decay(alpha, snr, inr):
    train = np.asarray(solve(TeacherStudent(alpha, snr, inr), TIMES)["train_loss"])
    assert np.all(np.diff(train) <= 1e-14 * train[:-1])


@given(ratios, strengths, st.floats(-3, 2).map(lambda x: 10.0**x))
def test_decay_ends_at_ridge(alpha, snr, decay):
    late = solve(TeacherStudent(alpha, snr, 2.0, weight_decay=decay), [0, 1, 1, 1, 1, 1, 1e3 / decay])
    end = ridge(TeacherStudent(alpha, snr), decay)
    for name in ("train_loss", "test_loss", "weight_norm"):
        assert np.isclose(late[name][-1], getattr(end, name), rtol=1e-12, atol=0), name


def test_descent_tends_to_flow_with_an_error_of_first_order():
    problem, time = TeacherStudent(0.8, 5.0, 1.0, weight_decay=0.1), 4.0
    flow = solve(problem, [time])["test_loss"][0]
    errors = [
        abs(float(solve(problem, [steps], dynamics=GradientDescent(time / steps))["test_loss"][0] - flow))
        for steps in (400, 800, 1600)
    ]
    orders = np.log2(np.array(errors[:-1]) / np.array(errors[1:]))
    assert np.all(np.abs(orders - 1) < 0.05)


FIELDS = ("samples_per_dim", "snr", "inr", "noise", "weight_decay")


@pytest.mark.parametrize("alpha", [0.6, 1.0, 1.7])
def test_gradients_equal_central_differences(alpha):
    point = np.array([alpha, 5.0, 1.0, 1.3, 0.05, 2.0])

    def loss(values):
        return solve(TeacherStudent(*values[:5]), values[5:])["test_loss"][0]

    gradient = np.asarray(jax.grad(loss)(jnp.asarray(point)))
    for index in range(6):
        step = np.zeros(6)
        step[index] = 1e-4 * point[index]
        # Four-point differences: the truncation is far below the tolerance.
        values = [float(loss(point + k * step)) for k in (-2, -1, 1, 2)]
        slope = (values[0] - 8 * values[1] + 8 * values[2] - values[3]) / (12 * step[index])
        assert np.isclose(gradient[index], slope, rtol=1e-8, atol=1e-10), index


def test_gradient_at_zero_decay_and_zero_time_is_finite():
    def loss(decay, time):
        return solve(TeacherStudent(1.0, 5.0, 1.0, weight_decay=decay), time[None])["test_loss"][0]

    by_decay, by_time = jax.grad(loss, argnums=(0, 1))(0.0, jnp.asarray(3.0))
    near = (float(loss(2e-6, jnp.asarray(3.0))) - float(loss(0.0, jnp.asarray(3.0)))) / 2e-6
    assert np.isclose(by_decay, near, rtol=1e-4, atol=0)
    assert np.isfinite(by_time)
    assert np.all(np.isfinite(jax.grad(loss, argnums=(0, 1))(0.0, jnp.asarray(0.0))))


def test_vmap_equals_a_loop_for_every_field_and_for_stacks():
    stack = TeacherStudent(
        np.array([0.5, 1.0, 2.0]),
        np.array([5.0, 0.0, 1.0]),
        np.array([0.0, 1.0, 2.0]),
        np.ones(3),
        np.array([0.0, 0.1, 0.0]),
    )
    batch = jax.vmap(lambda problem: solve(problem, TIMES))(stack)
    for i in range(3):
        single = solve(jax.tree_util.tree_map(lambda leaf, i=i: float(leaf[i]), stack), TIMES)
        for name in CURVES:
            assert np.allclose(batch[name][i], single[name], rtol=1e-14, atol=0), name
    # A Problem as an axis tree: only the ratio is mapped.
    axes = (
        TeacherStudent(0, None, None, None, None)
        if False
        else jax.tree_util.tree_unflatten(
            jax.tree_util.tree_structure(TeacherStudent(0.5, 1.0)), [0, None, None, None, None]
        )
    )
    mapped = jax.vmap(lambda p: solve(p, TIMES)["test_loss"], in_axes=(axes,))(
        TeacherStudent(np.array([0.5, 1.0]), 5.0)
    )
    assert np.allclose(mapped[0], solve(TeacherStudent(0.5, 5.0), TIMES)["test_loss"], rtol=1e-14, atol=0)


def test_changing_a_number_does_not_compile_again():
    from grok_theory.linear import curves

    solve(TeacherStudent(0.5, 5.0), TIMES)
    before = curves._solve._cache_size()
    for problem in (TeacherStudent(0.7, 2), TeacherStudent(np.float64(1.0), jnp.asarray(3.0), weight_decay=0.1)):
        solve(problem, TIMES)
    assert curves._solve._cache_size() == before


def test_jit_equals_numpy_in_a_process_of_its_own():
    """A compiler that miscompiles (or crashes) a broadcast-multiply-reduce shows here, as a red test."""
    program = """
import jax; jax.config.update("jax_enable_x64", True)
import numpy as np
from grok_theory.linear import TeacherStudent, solve
times = np.geomspace(1e-2, 1e6, 200)
worst = 0.0
for alpha in (0.3, 1.0, 2.5):
    s = np.arange(-440, 153) * 0.25
    x, y = 1 / (1 + np.exp(-s)), 1 / (1 + np.exp(s))
    l = ((1 - alpha) / (1 + alpha**0.5)) ** 2 + 4 * alpha**0.5 * x
    w = 0.25 / (2 * np.pi) * 16 * alpha * (x * y) ** 1.5 / l
    e = np.exp(-l * times[:, None])
    test = 1 + (w * (5 * e**2 + np.expm1(-l * times[:, None]) ** 2 / l)).sum(1) + max(0, 1 - alpha) * 5
    train = (w * (l * 5 + 1) * e**2).sum(1) / alpha + max(0, 1 - 1 / alpha)
    theory = solve(TeacherStudent(alpha, 5.0), times)
    for a, b in ((theory["test_loss"], test), (theory["train_loss"], train)):
        big = b > 1e-290
        worst = max(worst, np.abs(np.asarray(a)[big] / b[big] - 1).max())
print(worst)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=True)
    assert float(done.stdout) < 1e-13


def test_what_is_out_of_range_inside_a_trace_is_nan_and_failed():
    stack = TeacherStudent(np.array([0.5, 1.0]), 5.0)
    broken = jax.tree_util.tree_map(lambda leaf: leaf, stack)
    object.__setattr__(broken, "samples_per_dim", np.array([0.5, -1.0]))
    batch = jax.vmap(lambda alpha: solve(TeacherStudent(alpha, 5.0), TIMES))(broken.samples_per_dim)
    assert np.all(np.isfinite(batch["test_loss"][0]))
    assert np.all(np.isnan(batch["test_loss"][1]))
    assert list(np.asarray(batch.status.level)) == [0, 2]
    steps = jax.jit(lambda rate: solve(TeacherStudent(2.0, 5.0), [1.0], dynamics=GradientDescent(rate)))(10.0)
    assert np.isnan(steps["test_loss"][0])
    assert "2/(l+ + weight_decay)" in steps.status.text


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"samples_per_dim": 0.0}, "samples_per_dim is 0.0.*positive.*400 / 200"),
        ({"samples_per_dim": float("inf")}, "samples_per_dim is inf.*finite"),
        ({"samples_per_dim": float("nan")}, "samples_per_dim is nan"),
        ({"snr": -1.0}, "snr is -1.0.*zero or positive.*teacher"),
        ({"inr": float("inf")}, "inr is inf.*initial weight"),
        ({"weight_decay": -0.1}, "weight_decay is -0.1.*penalty"),
        ({"noise": 0.0}, "noise is 0.0.*positive.*test_bias"),
        ({"snr": np.array([1.0, -2.0])}, r"snr\[1\] is -2.0"),
    ],
)
def test_bad_problems_are_refused_by_name(fields, words):
    with pytest.raises(gt.BadValue, match=words):
        TeacherStudent(**{"samples_per_dim": 0.5, "snr": 1.0, **fields})


@pytest.mark.parametrize(
    ("times", "dynamics", "words"),
    [
        ([-1.0], None, r"times\[0\] is -1.0"),
        ([], None, "times has shape"),
        ([2.0, 1.0], None, r"times\[1\] is 1.0"),
        ([float("nan")], None, r"times\[0\] is nan"),
        ([1.5], GradientDescent(0.1), r"steps\[0\] is 1.5.*whole number of steps.*GradientFlow"),
        ([1.0], GradientDescent(0.5), "learning_rate is 0.5.*below 0.343146"),
        ([1.0], "descent", "dynamics is 'descent'.*GradientFlow"),
    ],
)
def test_bad_times_and_dynamics_are_refused_by_name(times, dynamics, words):
    options = {} if dynamics is None else {"dynamics": dynamics}
    with pytest.raises(gt.BadValue, match=words):
        solve(TeacherStudent(2.0, 1.0), times, **options)


def test_other_doors_refuse_what_they_cannot_take():
    with pytest.raises(gt.BadValue, match=r"learning_rate is -0.1"):
        GradientDescent(-0.1)
    with pytest.raises(gt.BadValue, match=r"snr has shape.*jax.vmap"):
        solve(TeacherStudent(0.5, np.array([1.0, 2.0])), [1.0])
    with pytest.raises(gt.BadValue, match=r"problem is a int.*TeacherStudent"):
        solve(3, [1.0])
    with pytest.raises(gt.BadValue, match=r"penalty is -1.0"):
        ridge(TeacherStudent(0.5, 1.0), -1.0)
    # A Problem made by unflattening is unchecked; the solver's door is where it is met.
    negative = jax.tree_util.tree_map(lambda leaf: -leaf, TeacherStudent(0.5, 1.0, 1.0, 1.0, 1.0))
    with pytest.raises(gt.BadValue, match=r"samples_per_dim is -0.5"):
        limits(negative)


def test_without_float64_there_is_one_sentence():
    with jax.enable_x64(False), pytest.raises(gt.Float64Required, match="jax_enable_x64"):
        solve(TeacherStudent(0.5, 1.0), [1.0])
