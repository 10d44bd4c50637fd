"""The band of one committee, held against committees of a plain NumPy code whose every weight is explicit."""

import jax
import numpy as np
import pytest
from chance import binomial
from scipy import stats

import grok_theory as gt
from benchmarks import plain_runs
from grok_theory.lazy_rich import ExactReduction, Interpolated, MeanFieldNetwork, QuadraticCommittee, forecast, simulate
from grok_theory.lazy_rich.single_runs import unseen_width

PROBLEM = QuadraticCommittee(output_scale=0.5, curvature=0.5, samples_per_dim=4.0, teacher_overlap=0.4)
DESCENT = gt.GradientDescent(0.1)
STEPS = np.unique(np.round(np.geomspace(1, 80, 16)))
SETTING = {
    "dim": 16,
    "width": 30,
    "rate": 0.1,
    "output_scale": 0.5,
    "curvature": 0.5,
    "samples_per_dim": 4.0,
    "teacher_overlap": 0.4,
}


def own(**more):
    return forecast(PROBLEM, STEPS, dim=16, width=30, dynamics=DESCENT, **more)


@pytest.fixture(scope="module")
def told():
    return own(test_samples=plain_runs.TEST_SAMPLES)


def test_its_draws_are_runs_that_are_not_stratified(told):
    run = simulate(
        PROBLEM,
        [0, *STEPS],
        dim=16,
        width=30,
        dynamics=DESCENT,
        runs=1,
        key=jax.random.fold_in(jax.random.key(0), 3),
        method=ExactReduction(stratified=False),
    )
    for name in ("train_loss", "test_loss"):
        np.testing.assert_allclose(told.draws[name][3], run[name][0, 1:], rtol=1e-9, atol=0)
        np.testing.assert_allclose(told.starts[name][3], run[name][0, 0], rtol=1e-9, atol=0)
    assert (told.count, told.dim, told.width, told.made_from) == (48, 16, 30, "runs")


def test_ends_are_student_s_of_as_many_looks_as_the_curve_has(told):
    logs = np.log(told.draws["train_loss"])
    half = logs.std(0, ddof=1) * np.sqrt(1 + 1 / 48)
    point = (np.log(told.pointwise["train_loss"].high) - logs.mean(0)) / half
    np.testing.assert_allclose(point, stats.t.isf(0.05, 47), rtol=1e-10, atol=0)
    # One factor for the whole curve, between one look and as many as there are steps.
    whole = (np.log(told["train_loss"].high) - logs.mean(0)) / half
    np.testing.assert_allclose(whole, whole[0], rtol=1e-10, atol=0)
    assert stats.t.isf(0.05, 47) < whole[0] < stats.t.isf(0.05 / STEPS.size, 47)


def test_a_test_sample_scatters_as_the_squares_of_its_errors(told):
    """At the start the error is the target, y = g^2/2: the variance of y^2 over its squared mean is 32/3."""
    exact = own()
    moment = lambda k: float(stats.norm.moment(2 * k)) / 2**k  # noqa: E731  E y^k
    share = (moment(4) - moment(2) ** 2) / moment(2) ** 2 / plain_runs.TEST_SAMPLES
    gap = told.scatter["test_loss"] ** 2 - np.log(exact.draws["test_loss"]).var(0, ddof=1)
    np.testing.assert_allclose(gap, np.log1p(share), rtol=1e-9, atol=0)
    assert (told.scatter["train_loss"] == exact.scatter["train_loss"]).all()


@pytest.mark.statistical
def test_runs_of_another_code_stay_inside(rng, told, plausible):
    """One estimate of the scatter serves all runs, so the rate is one of a range; would notice a wrong unit of time."""
    with np.errstate(over="ignore", invalid="ignore"):  # one in 10000 diverges at this rate: it is outside
        curves = [plain_runs.committee(rng, STEPS, **SETTING) for _ in range(60)]
    inside = []
    for i, name in enumerate(("train_loss", "test_loss")):
        band = told[name]
        inside.append(sum(bool(((band.low <= run[i]) & (run[i] <= band.high)).all()) for run in curves))
    plausible(binomial(np.array(inside), 60, (0.8, 0.98)))
    kept = [gt.applies(told, plain_runs.log_of(run, STEPS, "step", "")).verdict for run in curves]
    assert kept.count("cannot tell") == 0
    plausible(binomial(kept.count("does not apply"), 60, (0.0, 0.05)))


@pytest.mark.parametrize("changed", [{"batch": 8}, {"momentum": 0.8}, {"noise": 1.5}, {"start": 2.5}, {"rate": 0.03}])
def test_foreign_networks_are_told_from_one_log(changed, rng, told):
    with np.errstate(over="ignore", invalid="ignore"):  # what diverges is told too
        logs = [plain_runs.committee(rng, STEPS, **(SETTING | changed)) for _ in range(4)]
    found = [gt.applies(told, plain_runs.log_of(run, STEPS, "step", "")) for run in logs]
    assert sum(one.verdict == "does not apply" for one in found) >= 3, [one.reason for one in found]


def test_few_draws_cannot_tell(rng):
    few = own(draws=12)
    assert "12 runs is itself uncertain" in few.status.text
    log = plain_runs.log_of(plain_runs.committee(rng, STEPS, **(SETTING | {"noise": 3.0})), STEPS, "step", "")
    found = gt.applies(few, log)
    assert (found.verdict, "draws=48" in found.reason) == ("cannot tell", True)


def test_times_of_its_own_start(told, tmp_path):
    time = told.crossing("train_loss", fraction=0.5)
    assert time.low < time.median < time.high
    delay = told.delay(0.5, 0.5, fraction=True)
    assert delay.factor.median > 1
    assert gt.load(told.save(tmp_path / "told.npz")) == told


@pytest.mark.parametrize(
    ("scale", "width", "centred", "said"),
    [
        (3.0, 30, False, "alpha^2/width is 0.3"),
        (3.0, 90, False, ""),  # .1 itself
        (3.0, 89, False, "alpha^2/width is 0.1"),
        (3.0, 30, True, ""),  # the output at the start is taken away
        (3.0, None, False, ""),
    ],
)
def test_a_width_that_dmft_does_not_see_is_noted(scale, width, centred, said):
    remark = unseen_width(QuadraticCommittee(scale, 0.5, 4.0, 0.3, centred=centred), width)
    assert remark.startswith(said)
    assert bool(remark) == bool(said)
    assert ("OwnSize()" in remark) == bool(said)


@pytest.mark.slow  # DMFT
def test_a_forecast_by_dmft_carries_that_note():
    own = {"dim": 16, "width": 20, "draws": 24}
    problem = QuadraticCommittee(3.0, 0.5, 4.0, 0.3, centred=False)
    cheap = forecast(problem, [0.5, 1.0], method=Interpolated(), **own)
    assert cheap.status.name == "noted"
    assert "alpha^2/width is 0.45" in cheap.status.text
    assert "alpha^2/width" not in forecast(problem, [0.5, 1.0], **own).status.text


@pytest.mark.slow  # DMFT and two sizes of a flow
def test_interpolated_lies_where_draws_of_its_own_size_do():
    problem = QuadraticCommittee(1.0, 0.5, 4.0, 0.3)
    x = np.geomspace(0.5, 60.0, 30)
    whole = forecast(problem, x, dim=40)
    cheap = forecast(problem, x, dim=40, method=Interpolated())
    assert cheap.stats["smaller_dim"] == 20
    for name in ("train_loss", "test_loss"):
        seen = whole[name].median > 1e-3
        off = np.abs(cheap.middle[name] - whole.middle[name])[seen]
        assert (off <= 2.5 * cheap.scatter[name][seen]).all()
        inside = (whole.draws[name] >= cheap[name].low) & (whole.draws[name] <= cheap[name].high)
        assert inside[:, seen].all(axis=1).mean() >= 0.8
        assert np.median((cheap[name].high / cheap[name].low)[seen]) <= 2.5
        np.testing.assert_allclose(cheap.draws[name].std(0), whole.draws[name].std(0), rtol=1.5, atol=0.02)


@pytest.mark.slow  # 30 s of trained networks
def test_a_network_on_given_data_scatters_by_its_start(rng):
    inputs = rng.standard_normal((12, 4)) / 2
    problem = MeanFieldNetwork(inputs, inputs[:, :1] * inputs[:, 1:2], richness=1.0, activation="tanh")
    times = [0.5, 2.0, 8.0]
    found = forecast(problem, times, width=40, draws=24)
    assert list(found.curves) == ["train_loss"]
    wide = forecast(problem, times, width=160, draws=24)
    ratio = found.scatter["train_loss"] / wide.scatter["train_loss"]
    assert ((ratio > 1.1) & (ratio < 3.7)).all()  # four times as many neurons
    with pytest.raises(gt.BadValue, match=r"dim is 3.*own data"):
        forecast(problem, times, width=40, dim=3)
    with pytest.raises(gt.BadValue, match="method is Interpolated"):
        forecast(problem, times, width=40, method=Interpolated())


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        ({}, "dim is None"),
        ({"dim": 12, "draws": 4}, "draws is 4"),
        ({"dim": 12, "level": 0.0}, "level is 0.0"),
        ({"dim": 12, "method": gt.lazy_rich.Population()}, r"takes OwnSize\(\) or Interpolated"),
        ({"dim": 12, "method": Interpolated(12)}, "dim of Interpolated is 12"),
        ({"dim": 12, "width": 31}, "width is 31"),
        ({"dim": 12, "test_samples": 0}, "test_samples is 0"),
    ],
)
def test_refusals_name_what_is_wrong(ask, words):
    with pytest.raises(gt.BadValue, match=words):
        forecast(PROBLEM, STEPS, dynamics=DESCENT, **ask)
    with pytest.raises(gt.BadValue, match="problem is 3"):
        forecast(3, STEPS, dim=3)
