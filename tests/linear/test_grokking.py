"""Two clocks of a linear student: against a plain sum over the Marchenko-Pastur law, and every step of descent."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

import grok_theory as gt
from grok_theory.linear import DiagonalNetwork, TeacherStudent, grokking_time, limits, noiseless_delay, solve
from grok_theory.linear.grokking import _noiseless


def bulk(alpha):
    """Eigenvalues and weights of the law: the midpoint rule in the angle of l = l- + 4 sqrt(alpha) sin(angle/2)^2."""
    angle = (np.arange(2000) + 0.5) * np.pi / 2000
    l = (1 - np.sqrt(alpha)) ** 2 + 4 * np.sqrt(alpha) * np.sin(angle / 2) ** 2
    return l, 2 * alpha * np.sin(angle) ** 2 / l / 2000


def losses(problem, left):
    """(train, test) where the share left(r) is left of a weight that relaxes at the rate r."""
    alpha, snr, inr, noise, g = (
        float(getattr(problem, name)) for name in ("samples_per_dim", "snr", "inr", "noise", "weight_decay")
    )
    l, w = bulk(alpha)
    e = left(l + g)
    psi = (1 - e) / (l + g)
    error = e + g * psi
    train = w @ ((1 + l * snr) * error**2 + l * inr * e**2) / alpha + max(1 - 1 / alpha, 0)
    frozen = max(1 - alpha, 0) * (snr + inr * left(np.array(g)) ** 2)
    return noise**2 * train, noise**2 * (1 + w @ (snr * error**2 + inr * e**2 + l * psi**2) + frozen)


def flow(time):
    return lambda rate: np.exp(-rate * time)


def ended(rate):
    return np.where(rate > 0, 0.0, 1.0)


def crosses_last(curve, level, time):
    """Whether `time` is where the curve is last above its level, to ten digits."""
    later = [curve(time * factor) for factor in np.geomspace(1 + 1e-10, 1e4, 60)]
    return curve(time * (1 - 1e-10)) > level >= max(later)


@pytest.mark.parametrize(
    ("decay", "train", "test", "estimate"), [(1e-2, 4.4705, 206.368, 205.323), (1e-3, 4.7104, 1990.796, 1990.802)]
)
def test_reference_values_of_the_spec(decay, train, test, estimate):
    problem = TeacherStudent(0.9, 100.0, 1e4, weight_decay=decay)
    clocks = grokking_time(problem)
    assert np.isclose(clocks.train_time, train, atol=5e-5)
    assert np.isclose(clocks.test_time, test, atol=5e-4)
    assert np.isclose(clocks.estimate, estimate, atol=5e-4)
    assert np.isclose(clocks.delay, clocks.test_time - clocks.train_time)
    # The times are where the curves cross.
    at = solve(problem, [clocks.train_time, clocks.test_time])
    assert np.isclose(at["train_loss"][0], 0.01 * (1 + 100 + 1e4), rtol=1e-10, atol=0)
    assert np.isclose(at["test_loss"][1], 2 * limits(problem).test_loss, rtol=1e-10, atol=0)


@pytest.mark.parametrize(
    ("problem", "fraction", "factor"),
    [
        (TeacherStudent(0.25, 2.0, 1e4, 3.0, 1e-3), 0.01, 2.0),  # frozen weights outlast every mode of the bulk
        (TeacherStudent(0.9, 100.0, 1e4, 1.0, 1e-2), 0.999, 1.5),  # left at once: long before one over a rate
        (TeacherStudent(0.5, 1.0, 1e3, 2.0, 1e9), 0.01, 2.0),  # a decay beyond every eigenvalue
        (TeacherStudent(0.8, 3.0, 0.5, 0.7, 0.05), 0.3, 1.02),
        (TeacherStudent(0.5, 5.0, 20.0, 3.0), 0.01, 1.2),
        (TeacherStudent(2.0, 300.0, 5.0, 0.5), 0.01, 1.5),
    ],
)
def test_clocks_are_where_the_curves_are_last_above_their_levels(problem, fraction, factor):
    clocks = grokking_time(problem, train_fraction=fraction, test_factor=factor)
    start, end = losses(problem, flow(0.0))[0], losses(problem, ended)[1]
    assert crosses_last(lambda time: losses(problem, flow(time))[0], fraction * start, float(clocks.train_time))
    assert crosses_last(lambda time: losses(problem, flow(time))[1], factor * end, float(clocks.test_time))
    assert clocks.delay == clocks.test_time - clocks.train_time
    frozen, decay = max(1 - problem.samples_per_dim, 0) * problem.inr * problem.noise**2, problem.weight_decay
    if frozen > 0 and decay > 0:
        exact = np.log(frozen / ((factor - 1) * end)) / (2 * decay)
        assert np.isclose(clocks.estimate, exact, rtol=1e-12, atol=0)
    else:
        assert clocks.estimate is None


@pytest.mark.parametrize(
    "problem",
    [
        TeacherStudent(0.5, 5.0, 20.0),
        TeacherStudent(0.5, 5.0, 0.0, weight_decay=0.1),
        TeacherStudent(1.0, 5.0, 20.0, weight_decay=0.1),
        TeacherStudent(2.0, 5.0, 20.0, weight_decay=0.1),
    ],
)
def test_without_decay_start_or_frozen_weights_there_is_no_estimate(problem):
    assert grokking_time(problem, train_fraction=0.5).estimate is None


def test_without_decay_at_the_threshold_the_test_error_has_no_clock():
    problem = TeacherStudent(1.0, 5.0)
    clocks = grokking_time(problem, train_fraction=1e-3)
    assert crosses_last(lambda time: losses(problem, flow(time))[0], 6e-3, float(clocks.train_time))
    assert np.isnan(clocks.test_time)
    assert np.isnan(clocks.delay)


def test_the_slowest_decay_that_is_told():
    """At g -> 0 only the frozen weights are left, 0.1 INR exp(-2 g t) = (2 - 1) E_inf = 0.1 SNR + 1/0.1 = 20.

    The scan ends at e^620: from g = 1000 e^-620 = 5.4e-267 down nothing is told.
    """
    clocks = grokking_time(TeacherStudent(0.9, 100.0, 1e4, weight_decay=6e-267))
    assert np.isclose(clocks.test_time, np.log(1000 / 20) / 12e-267, rtol=1e-10, atol=0)
    with pytest.raises(gt.SolveFailed, match="grokking_time cannot tell"):
        grokking_time(TeacherStudent(0.9, 100.0, 1e4, weight_decay=5e-267))


def test_clocks_of_descent_are_whole_steps():
    """Every step looked at; eta (l+ + g) = 1.48, so that modes at the upper edge alternate.

    The level of the train error lies next to its value at step 5: a part in 1e9 decides.
    """
    problem, rate = TeacherStudent(0.5, 5.0, 50.0, 3.0, 0.05), 0.5
    train, test = np.array([losses(problem, lambda r, k=k: (1 - rate * r) ** k) for k in range(400)]).T
    end = losses(problem, ended)[1]
    for beside, step in ((1 - 1e-9, 6), (1 + 1e-9, 5)):
        fraction = train[5] / train[0] * beside
        clocks = grokking_time(problem, train_fraction=fraction, test_factor=1.5, dynamics=gt.GradientDescent(rate))
        assert float(clocks.train_time) == np.flatnonzero(train > fraction * train[0])[-1] + 1 == step
        assert float(clocks.test_time) == np.flatnonzero(test > 1.5 * end)[-1] + 1 > 1
    assert np.isclose(clocks.estimate, np.log(0.5 * 50 * 9 / (0.5 * end)) / 0.1 / rate, rtol=1e-12, atol=0)
    # Without decay at alpha = 1 the test error never ends.
    peak = TeacherStudent(1.0, 5.0)
    clocks = grokking_time(peak, train_fraction=0.2, dynamics=gt.GradientDescent(0.4))
    train = np.array([losses(peak, lambda r, k=k: (1 - 0.4 * r) ** k)[0] for k in range(100)])
    assert float(clocks.train_time) == np.flatnonzero(train > 1.2)[-1] + 1 > 1
    assert np.isnan(clocks.test_time)


def test_never_and_from_the_start():
    above = grokking_time(TeacherStudent(2.0, 5.0))
    assert np.isinf(above.train_time)
    assert np.isnan(above.delay)
    assert above.estimate is None
    already = grokking_time(TeacherStudent(0.5, 0.5), test_factor=10.0)
    assert already.test_time == 0


def test_batches_match_single_calls():
    decays = np.array([1e-3, 1e-2])
    batch = jax.vmap(lambda g: grokking_time(TeacherStudent(0.9, 100.0, 1e4, weight_decay=g)))(decays)
    for i, decay in enumerate(decays):
        single = grokking_time(TeacherStudent(0.9, 100.0, 1e4, weight_decay=decay))
        assert np.isclose(batch.test_time[i], single.test_time, rtol=1e-12, atol=0)
        assert np.isclose(batch.estimate[i], single.estimate, rtol=1e-12, atol=0)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"train_fraction": 0.0}, "train_fraction is 0.0.*share"),
        ({"train_fraction": 1.0}, "train_fraction is 1.0"),
        ({"train_fraction": 1.5}, "train_fraction is 1.5"),
        ({"test_factor": 1.0}, "test_factor is 1.0.*above 1"),
        ({"test_factor": float("nan")}, "test_factor is nan"),
    ],
)
def test_bad_thresholds_are_refused(options, words):
    with pytest.raises(gt.BadValue, match=words):
        grokking_time(TeacherStudent(0.9, 1.0), **options)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "teacher is None"),  # the share of the test error that is taken when none is passed was allowed
        ({"test_fraction": 0.9}, "teacher is None"),
        ({"test_fraction": 0.0}, "test_fraction is 0.0.*share"),
        ({"test_fraction": 1.0}, "test_fraction is 1.0"),
        ({"test_fraction": 1.5}, "test_fraction is 1.5"),
    ],
)
def test_a_share_of_the_test_error_of_a_network_is_between_zero_and_one(options, words):
    with pytest.raises(gt.BadValue, match=words):
        grokking_time(DiagonalNetwork(np.eye(2, 4), [1.0, -1.0], start=0.1, weight_decay=0.01), **options)


NOISELESS = [(1.5, 1e-3, 0.95), (1.5, 0.1, 0.6), (4.0, 1e-6, 0.99), (1.0, 0.5, 0.9), (0.5, 1.5, 0.95)]


@pytest.mark.parametrize(("alpha", "tolerance", "accuracy"), NOISELESS)
def test_a_noiseless_learner_is_right_where_a_gaussian_error_is_small(alpha, tolerance, accuracy):
    """Shares of errors beyond the tolerance are tails of a normal law, its variance a sum over the modes."""
    l, w = bulk(alpha)
    clocks = noiseless_delay(alpha, tolerance, accuracy=accuracy)

    def wrong(variance):
        return 2 * stats.norm.sf(tolerance / np.sqrt(max(variance, 1e-300)))

    def train(time):
        return wrong(w @ (l * np.exp(-2 * l * time)) / alpha)

    def test(time):
        return wrong(w @ np.exp(-2 * l * time) + max(1 - alpha, 0))

    assert crosses_last(train, 1 - accuracy, float(clocks.train_time))
    assert crosses_last(test, 1 - accuracy, float(clocks.test_time))
    assert clocks.delay == clocks.test_time - clocks.train_time
    if alpha > 1:
        edge = (np.sqrt(alpha) - 1) ** 2
        assert np.isclose(clocks.estimate, np.log(alpha / edge) / (2 * edge), rtol=1e-13, atol=0)
    else:
        assert np.isinf(clocks.estimate)


def test_a_noiseless_learner_may_be_right_from_the_start_or_never():
    """At the start both variances are 1, three tolerances lie within 99.7 %; at alpha = 1/2 a half is never learned."""
    known = noiseless_delay(0.5, 3.0, accuracy=0.99)
    assert (known.train_time, known.test_time, known.delay) == (0, 0, 0)
    never = noiseless_delay(0.5, 1.3, accuracy=0.95)
    assert 0 < never.train_time < np.inf
    assert np.isinf(never.test_time)


@pytest.mark.parametrize("values", [(-1.0, 0.1, 0.95), (1.5, -0.1, 0.95), (1.5, 0.1, -0.5), (1.5, 0.1, 1.0)])
def test_what_is_out_of_range_where_it_was_traced_is_nan(values):
    """A tolerance below zero was taken for the one above. The program inside is asked, which knows no range."""
    assert np.isnan(jax.tree_util.tree_leaves(_noiseless(*(jnp.asarray(v, float) for v in values)))).all()


def test_what_a_noiseless_learner_cannot_be_asked():
    for values, words in (
        ((0.0, 0.1, 0.95), "samples_per_dim is 0.0"),
        ((1.5, 0.0, 0.95), "tolerance is 0.0"),
        ((1.5, 0.1, 0.0), "accuracy is 0.0.*share"),
        ((1.5, 0.1, 1.0), "accuracy is 1.0"),
        ((1.5, 0.1, 1.5), "accuracy is 1.5"),
        ((np.array([1.5, 2.0]), 0.1, 0.95), r"samples_per_dim has shape \(2,\)"),
    ):
        with pytest.raises(gt.BadValue, match=words):
            noiseless_delay(*values[:2], accuracy=values[2])
    with pytest.raises(gt.SolveFailed, match="noiseless_delay cannot tell"):
        noiseless_delay(1.5, 1e-146)


def slope_by_differences(function, at, share=2e-4):
    """Central differences of the values, of fourth order."""
    step = share * at
    far, near, after, beyond = (np.asarray(function(at + k * step)) for k in (-2, -1, 1, 2))
    return (far - 8 * near + 8 * after - beyond) / (12 * step)


@jax.jit
def clocks_of(at):
    problem = TeacherStudent(at[0], at[1], at[2], weight_decay=at[3])
    found = grokking_time(problem, train_fraction=at[4], test_factor=at[5])
    return jnp.stack([found.train_time, found.test_time, found.delay])


slopes_of = jax.jit(jax.jacfwd(clocks_of))


@pytest.mark.parametrize(("alpha", "field"), [(0.9, 0), (0.9, 1), (0.9, 2), (0.9, 3), (0.9, 4), (0.9, 5), (1.0, 0)])
def test_the_derivatives_of_the_clocks_are_those_of_their_values(alpha, field):
    at = np.array([alpha, 100.0, 1e4, 1e-2, 0.01, 2.0])
    by_values = slope_by_differences(lambda x: clocks_of(np.where(np.arange(6) == field, x, at)), at[field])
    # The values are right to 1e-10: their differences to 1e-6 of the time.
    room = 1e-6 * np.asarray(clocks_of(at)) / at[field]
    assert np.all(np.abs(slopes_of(at)[:, field] - by_values) < room + 1e-5 * np.abs(by_values))


@pytest.mark.parametrize("field", range(3))
def test_the_derivatives_of_the_noiseless_delay_are_those_of_its_values(field):
    at = np.array([1.5, 1e-3, 0.95])
    delay = jax.jit(lambda at: noiseless_delay(at[0], at[1], accuracy=at[2]).delay)
    by_values = slope_by_differences(lambda x: delay(np.where(np.arange(3) == field, x, at)), at[field], 1e-3)
    assert float(jax.grad(delay)(at)[field]) == pytest.approx(float(by_values), rel=1e-6, abs=0)


def test_a_clock_that_is_not_read_leaves_the_derivatives_of_the_other_alone():
    """At alpha = 1 without decay the test error has no end, and no clock."""
    train = jax.grad(lambda factor: grokking_time(TeacherStudent(1.0, 5.0), test_factor=factor).train_time)
    assert float(train(2.0)) == 0.0
