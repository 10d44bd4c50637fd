"""Three verdicts, each where it belongs; and everything that must not be compared is refused."""

import jax
import numpy as np
import pytest
from made_curves import FLOW, PROBLEM, THEORY, TIMES, ensemble, solution
from scipy import stats

import grok_theory as gt
from grok_theory import Absolute, Relative, compare, comparison
from grok_theory.dynamics import GradientDescent
from grok_theory.errors import BadValue
from grok_theory.linear import TeacherStudent
from grok_theory.results import Ensemble, Solution
from grok_theory.status import Status


def test_enough_runs_of_a_right_theory_agree():
    agreement = compare(solution(), ensemble(200, 0.1), margin=0.05)
    assert agreement.verdict == "agrees"
    assert str(agreement).startswith("agrees: 200 runs")


def test_a_wrong_theory_disagrees():
    for factor in (1.1, 0.9):
        assert compare(solution(), ensemble(200, 0.1, factor=factor), margin=0.05).verdict == "disagrees"


def test_few_runs_are_underpowered_and_the_number_needed_is_said():
    agreement = compare(solution(), ensemble(8, 0.1), margin=0.05)
    assert agreement.verdict == "underpowered"
    needed = agreement["test_loss"].runs_needed
    assert f"{needed:.0f}" in str(agreement)
    # The number said is enough, or nearly: another draw has another spread.
    assert 100 < needed < 1000
    judged = compare(solution(), ensemble(int(needed), 0.1, seed=1), margin=0.05)["test_loss"]
    half = (judged.simultaneous_high - judged.simultaneous_low) / 2
    assert np.median(half) < np.log1p(0.05) / 2


@pytest.mark.parametrize(("ratio", "needed"), [(0.25, 10), (0.5, 21), (1.0, 63), (2.0, 229)])
def test_runs_needed_against_a_hand_calculation(ratio, needed):
    # Two runs, one at each side of the theory, have sample spread sqrt(2) a; 99 %, 50 looks, absolute margin 1.
    values = THEORY + ratio / np.sqrt(2) * np.array([[1.0], [-1.0]])
    runs = Ensemble(PROBLEM, TIMES, {"test_loss": values}, "times", FLOW)
    judged = compare(solution(), runs, margin={"test_loss": Absolute(1.0)})["test_loss"]
    assert (judged.verdict, judged.runs_needed) == ("underpowered", needed)


def test_an_interval_beyond_floating_numbers_is_shown():
    """Two runs, thousands of looks: the ends of the interval are factors of e^-1000 and e^1000."""
    values = THEORY * np.array([[1e-3], [1e3]])
    agreement = compare(solution(), Ensemble(PROBLEM, TIMES, {"test_loss": values}, "times", FLOW), margin=0.05)
    judged = agreement["test_loss"]
    assert judged.high[judged.worst] > 100
    assert "-100.00% to +" in str(agreement)
    assert len(str(agreement).splitlines()[2]) < 140
    assert "test_loss" in agreement._repr_html_()


def test_one_run_has_no_band():
    agreement = compare(solution(), ensemble(1, 0.1), margin=0.05)
    assert agreement.verdict == "underpowered"
    assert "unknown" in str(agreement)
    assert "one run says nothing about the mean" in agreement.remarks[0]
    assert "forecast" in agreement.remarks[0]


def test_one_run_is_told_the_call_of_its_forecast(monkeypatch):
    monkeypatch.setattr(gt.linear, "forecast", None, raising=False)
    theory = gt.linear.solve(gt.linear.TeacherStudent(0.5, 5.0), [0.5, 1.0])
    values = {"test_loss": np.asarray(theory["test_loss"])[None]}
    runs = Ensemble(theory.problem, theory.x, values, "time", FLOW, x_unit="tau")
    said = compare(theory, runs, margin=0.05, curves=["test_loss"]).remarks[0]
    assert "gt.applies(gt.linear.forecast(problem, time, dim=...), log)" in said


def test_few_runs_say_where_one_run_more_would_lie():
    """Two runs at 1 -+ 0.2 of the theory: Student with one degree of freedom in logs, at the first of equal gaps."""
    values = THEORY * np.array([[0.8], [1.2]])
    runs = Ensemble(PROBLEM, TIMES, {"test_loss": values}, "times", FLOW)
    agreement = compare(solution(), runs, margin=0.05, confidence=0.9)
    logs = np.log([0.8, 1.2])
    half = np.tan(np.pi * 0.45) * logs.std(ddof=1) * np.sqrt(1.5)
    at = agreement["test_loss"].worst
    low, high = THEORY[at] * np.exp(logs.mean() - half), THEORY[at] * np.exp(logs.mean() + half)
    (told,) = agreement.remarks
    assert f"would lie in {low:.4g} to {high:.4g} at times {TIMES[at]:.4g}" in told
    assert f"the theory, {THEORY[at]:.4g}, is inside" in told
    assert told in str(agreement)


@pytest.mark.parametrize(("count", "spread"), [(200, 0.1), (30, 0.8)])
def test_many_runs_and_verdicts_say_nothing_of_one(count, spread):
    assert compare(solution(), ensemble(count, spread), margin=0.05).remarks == ()


def test_a_theory_of_run_2_is_held_against_run_2_alone():
    runs = ensemble(5, 0.3)
    of_run_2 = solution(np.asarray(runs["test_loss"])[2] * 1.01, run=2)
    assert compare(of_run_2, runs, margin=0.02).verdict == "agrees"
    assert compare(of_run_2, runs, margin=0.005).verdict == "disagrees"
    of_run_0 = compare(solution(np.asarray(runs["test_loss"])[0], run=0), runs, margin=0.005)
    assert (of_run_0.verdict, of_run_0.runs) == ("agrees", 1)
    with pytest.raises(BadValue, match="conditional on run 7, but the ensemble has runs 0 to 4"):
        compare(solution(run=7), runs, margin=0.1)


def test_positive_curves_are_compared_as_the_log_of_the_mean():
    """Heavy-tailed runs whose mean is exactly the theory: the mean of the log is lower, the log of the mean is not."""
    # 101 equally likely quantiles of a log-normal of log-spread 1, normalised to mean 1.
    quantiles = np.exp(stats.norm.ppf((np.arange(101) + 0.5) / 101))
    quantiles /= quantiles.mean()
    assert np.log(quantiles).mean() < -0.4
    runs = Ensemble(PROBLEM, TIMES, {"test_loss": THEORY * quantiles[:, None]}, "times", FLOW)
    np.testing.assert_allclose(compare(solution(), runs, margin=0.05)["test_loss"].gap, 0, atol=1e-14)


def test_the_band_is_students_with_the_delta_method():
    runs = ensemble(9, 0.1)
    judged = compare(solution(), runs, margin=0.05, confidence=0.95)["test_loss"]
    values = np.asarray(runs["test_loss"])
    error = values.std(0, ddof=1) / np.sqrt(9)
    # The hull holds Student's interval with the delta method; at a spread of 10 % it is little wider.
    for low, high, tail in (
        (judged.low, judged.high, 0.025),
        (judged.simultaneous_low, judged.simultaneous_high, 0.025 / 50),
    ):
        half = stats.t.isf(tail, 8) * error / values.mean(0)
        assert np.all(low <= judged.gap - half * (1 - 1e-12))
        assert np.all(high >= judged.gap + half * (1 - 1e-12))
        assert np.all(high - low < 1.4 * 2 * half)
    absolute = compare(solution(), runs, margin={"test_loss": Absolute(0.1)}, confidence=0.95)["test_loss"]
    np.testing.assert_allclose(absolute.high - absolute.gap, stats.t.ppf(0.975, 8) * error, rtol=1e-9)
    np.testing.assert_allclose(absolute.gap - absolute.low, stats.t.ppf(0.975, 8) * error, rtol=1e-9)
    np.testing.assert_allclose(absolute.gap, values.mean(0) - THEORY, rtol=1e-12)


def test_the_solvers_own_error_widens_the_band():
    shaky = solution(numerical_error={"test_loss": 0.04 * THEORY})
    assert compare(shaky, ensemble(200, 0.1), margin=0.05).verdict == "underpowered"
    # A gap of 8 % is beyond the margin, but not beyond margin and numerical error together.
    assert compare(solution(), ensemble(2000, 0.1, factor=1.08), margin=0.05).verdict == "disagrees"
    assert compare(shaky, ensemble(2000, 0.1, factor=1.08), margin=0.05).verdict == "underpowered"
    # An error beyond the margin: more runs do not help, and no number of them is named.
    worse = compare(solution(numerical_error={"test_loss": 0.1 * THEORY}), ensemble(200, 0.1), margin=0.05)
    assert (worse.verdict, worse["test_loss"].runs_needed) == ("underpowered", np.inf)
    assert "none suffices" in str(worse)
    assert "the theory's own error exceeds the margin" in str(worse)


def test_what_is_not_valid_or_outside_where_is_not_judged():
    wrong_late = solution(np.where(TIMES > 5, 2.0, 1.0) * THEORY)
    runs = ensemble(200, 0.1)
    assert compare(wrong_late, runs, margin=0.05).verdict == "disagrees"
    assert compare(wrong_late, runs, margin=0.05, where=(0, 5)).verdict == "agrees"
    marked = ensemble(200, 0.1, valid={"test_loss": TIMES <= 5})
    assert compare(wrong_late, marked, margin=0.05).verdict == "agrees"
    with pytest.raises(BadValue, match=r"no times in it is valid for 'test_loss'"):
        compare(wrong_late, marked, margin=0.05, where=(6, 10))


def test_verdicts_combine_and_bonferroni_counts_all_curves():
    theory = Solution(PROBLEM, TIMES, {"a": THEORY, "b": THEORY}, x_name="times", dynamics=FLOW, method=None)
    good, bad = (np.asarray(ensemble(200, 0.1, factor=f)["test_loss"]) for f in (1.0, 1.2))
    both = Ensemble(PROBLEM, TIMES, {"a": good, "b": bad}, "times", FLOW)
    agreement = compare(theory, both, margin=0.05)
    assert (agreement["a"].verdict, agreement["b"].verdict, agreement.verdict) == ("agrees", "disagrees", "disagrees")
    alone = compare(theory, both, margin=0.05, curves=["a"])
    assert np.all(agreement["a"].simultaneous_high > alone["a"].simultaneous_high)
    np.testing.assert_array_equal(agreement["a"].high, alone["a"].high)
    assert alone.verdict == "agrees"


def other(**change):
    fields = {"problem": PROBLEM, "x": TIMES, "dynamics": FLOW, **change}
    values = fields.pop("values", np.tile(THEORY, (3, 1)))
    return Ensemble(fields["problem"], fields["x"], {"test_loss": values}, "times", fields["dynamics"])


@pytest.mark.parametrize(
    ("runs", "arguments", "message"),
    [
        (other(problem=TeacherStudent(0.7, 5.0)), {}, r"ensemble has problem TeacherStudent\(samples_per_dim=0\.7"),
        (other(dynamics=GradientDescent(0.1)), {}, "ensemble has dynamics"),
        (other(x=TIMES * (1 + 1e-8)), {}, "equal to 1e-9"),
        (other(values=np.full((3, 50), np.nan)), {}, r"ensemble\['test_loss'\] in run 0 is nan at times = 1"),
        (other(values=np.zeros((3, 50))), {}, r"a relative margin needs positive curves\. Pass margin"),
        (other(), {"margin": 0.0}, r"margin is 0\.0"),
        (other(), {"margin": {}}, "curves is empty"),
        (other(), {"margin": {"test_loss": 0.1}}, r"must be Relative\(size\) or Absolute\(size\)"),
        (other(), {"curves": ["tets_loss"]}, "Did you mean 'test_loss'"),
        (other(), {"where": (3, 2)}, "low <= high"),
        (other(), {"confidence": 1.0}, r"confidence is 1\.0"),
    ],
)
def test_refused(runs, arguments, message):
    with pytest.raises(BadValue, match=message):
        compare(solution(), runs, **({"margin": 0.05} | arguments))


def test_a_theory_that_is_not_finite_is_refused():
    with pytest.raises(BadValue, match=r"solution\['test_loss'\] is inf at times = 10"):
        compare(solution(np.where(TIMES > 9.9, np.inf, THEORY)), ensemble(5, 0.1), margin=0.05)


def test_a_batch_of_theories_is_refused():
    both = jax.tree_util.tree_map(lambda *leaves: np.stack(leaves), solution(), solution())
    with pytest.raises(BadValue, match=r"solution is a batch of shape \(2,\).*one solution is compared at a time"):
        compare(both, ensemble(5, 0.1), margin=0.05)


def test_margins_are_symmetric_in_logs():
    limit = compare(solution(), ensemble(5, 0.1), margin={"test_loss": Relative(0.05)})["test_loss"].margin
    assert limit == pytest.approx(np.log(1.05), rel=1e-15, abs=0)


def test_a_run_that_diverged_is_left_out_and_said():
    values = np.asarray(ensemble(20, 0.01)["test_loss"]).copy()
    values[3, 30:], values[3, 29] = np.nan, np.inf
    broken = Ensemble(PROBLEM, TIMES, {"test_loss": values}, "times", FLOW)
    judged = compare(solution(), broken, margin=0.05)
    others = Ensemble(PROBLEM, TIMES, {"test_loss": np.delete(values, 3, axis=0)}, "times", FLOW)
    assert (judged.verdict, judged.runs, list(judged.failed_runs)) == ("agrees", 19, [3])
    assert "1 of 20 runs failed (not finite: run 3)" in str(judged)
    np.testing.assert_array_equal(judged["test_loss"].low, compare(solution(), others, margin=0.05)["test_loss"].low)
    # Where it was still finite it is one of them.
    early = compare(solution(), broken, margin=0.05, where=(1, 5))
    assert (early.runs, early.failed_runs.size) == (20, 0)
    assert "failed" not in str(early)


def test_statuses_are_looked_at():
    bad, remark = Status(2, failed="The root was not found. Widen it."), Status(1, noted="outside the tested range")
    with pytest.raises(BadValue, match=r"solution has failed.*The root was not found\. Widen it\."):
        compare(solution(status=bad), ensemble(9, 0.1), margin=0.05)
    with pytest.raises(BadValue, match=r"ensemble has failed.*Widen it\."):
        compare(solution(), ensemble(9, 0.1, status=bad), margin=0.05)
    judged = compare(solution(status=remark), ensemble(9, 0.1, status=remark), margin=0.05)
    assert judged.remarks == ("theory: noted: outside the tested range", "runs: noted: outside the tested range")
    assert "theory: noted: outside the tested range" in str(judged)
    assert compare(solution(), ensemble(9, 0.1), margin=0.05).remarks == ()


def test_other_units_are_refused_with_the_conversion():
    steps = Ensemble(PROBLEM, TIMES, {"test_loss": np.tile(THEORY, (3, 1))}, "step", FLOW)
    with pytest.raises(BadValue, match=r"x in step, but the solution has times \[tau\].*x_name='times', x_unit='tau'"):
        compare(solution(x_unit="tau"), steps, margin=0.05)
    seconds = Ensemble(PROBLEM, TIMES, {"test_loss": np.tile(THEORY, (3, 1))}, "times", FLOW, "s")
    with pytest.raises(BadValue, match=r"x in times \[s\], but the solution has times \[tau\]"):
        compare(solution(x_unit="tau"), seconds, margin=0.05)


@pytest.mark.parametrize("margin", [Relative(0.05), Absolute(0.05)])
@pytest.mark.parametrize("error", [0.01, 0.2, 0.4, 0.9, 1.0, 5.0])
@pytest.mark.parametrize("side", [1, -1])
def test_a_solver_s_own_error_never_makes_a_disagreement(margin, error, side):
    """The truth lies at the very end of what the solver states, above or below: in logs the two ends are not alike."""
    stated = THEORY * error
    if side < 0 and error < 1:
        wrong = THEORY / (1 - error)  # too high by exactly its error
        stated = wrong * error
    else:
        wrong = THEORY / (1 + error)
        stated = wrong * error
    told = compare(
        solution(wrong, numerical_error={"test_loss": stated * (1 + 1e-9)}),
        ensemble(200, 0.001),
        margin={"test_loss": margin},
    )
    assert told.verdict == ("agrees" if error == 0.01 else "underpowered")


def test_an_error_that_is_not_stated_is_unknown_and_said():
    silent = compare(solution(), ensemble(200, 0.1), margin=0.05)
    assert np.isnan(silent["test_loss"].numerical).all()
    assert "the theory's own error is unknown for test_loss" in str(silent)
    exact = compare(solution(numerical_error={"test_loss": np.zeros(50)}), ensemble(200, 0.1), margin=0.05)
    assert (exact["test_loss"].numerical == 0).all()
    assert "unknown" not in str(exact)
    assert silent.verdict == exact.verdict == "agrees"


def about(course, size, count=8, **more):
    """Runs at fixed places about a course, each at a constant factor of it; their mean is the course's."""
    place = np.linspace(-1, 1, count)
    return Ensemble(
        PROBLEM, TIMES, {"test_loss": course * (1 + size * place / place.std(ddof=1))[:, None]}, "times", FLOW, **more
    )


@pytest.mark.parametrize("at", [0, 25, 49])
def test_every_x_is_judged_and_both_ends_of_where(at):
    wrong = solution(THEORY * np.where(np.arange(50) == at, 2.0, 1.0))
    judged = compare(wrong, about(THEORY, 1e-3), margin=0.05)["test_loss"]
    assert (judged.verdict, judged.worst) == ("disagrees", at)
    np.testing.assert_array_equal(judged.x, TIMES)
    for first, last in ((0, 49), (3, 7), (at, at)):
        judged = compare(wrong, about(THEORY, 1e-3), margin=0.05, where=(TIMES[first], TIMES[last]))["test_loss"]
        np.testing.assert_array_equal(judged.x, TIMES[first : last + 1])
        assert judged.verdict == ("disagrees" if first <= at <= last else "agrees")


def test_simultaneous_bands_share_the_chance_among_all_looks():
    """Student's quantiles at .5 % over 50 and, with a curve judged at 10 times more, over 60."""
    runs = ensemble(9, 0.1)
    values = np.asarray(runs["test_loss"])
    both = Ensemble(PROBLEM, TIMES, {"a": values, "b": values}, "times", FLOW, valid={"b": np.arange(50) < 10})
    theory = Solution(PROBLEM, TIMES, {"a": THEORY, "b": THEORY}, x_name="times", dynamics=FLOW, method=None)
    margin = {"a": Absolute(0.1), "b": Absolute(0.1)}
    for curves, looks in ((["a"], 50), (["a", "b"], 60)):
        judged = compare(theory, both, margin=margin, curves=curves)["a"]
        half = stats.t.isf(0.005 / looks, 8) * stats.sem(values, axis=0)
        np.testing.assert_allclose(judged.simultaneous_high - judged.gap, half, rtol=1e-13, atol=0)
        np.testing.assert_allclose(judged.gap - judged.simultaneous_low, half, rtol=1e-13, atol=0)


@pytest.mark.parametrize(
    ("low", "high", "lowest", "highest", "error", "verdict"),
    [
        (-0.9, 0.9, -2.0, 2.0, np.nan, "agrees"),
        (-1.0, 0.9, -2.0, 2.0, np.nan, "underpowered"),  # an end on the margin is not inside it
        (-0.9, 1.0, -2.0, 2.0, np.nan, "underpowered"),
        (-0.9, 0.9, -2.0, 2.0, 0.05, "agrees"),
        (-0.9, 0.5, -2.0, 2.0, 0.15, "underpowered"),
        (-0.5, 0.9, -2.0, 2.0, 0.15, "underpowered"),
        (1.5, 2.0, 1.0, 3.0, np.nan, "underpowered"),  # nor beyond it
        (1.5, 2.0, 1.1, 3.0, np.nan, "disagrees"),
        (-2.0, -1.5, -3.0, -1.0, np.nan, "underpowered"),
        (-2.0, -1.5, -3.0, -1.1, np.nan, "disagrees"),
        (1.5, 2.0, 1.1, 3.0, 0.05, "disagrees"),
        (1.5, 2.0, 1.1, 3.0, 0.15, "underpowered"),
        (-2.0, -1.5, -3.0, -1.1, 0.05, "disagrees"),
        (-2.0, -1.5, -3.0, -1.1, 0.15, "underpowered"),
    ],
)
def test_the_verdict_at_one_of_two_x_at_a_margin_of_one(low, high, lowest, highest, error, verdict):
    """The other agrees. What holds pointwise decides `agrees`, what holds for all together `disagrees`."""
    ends = [np.array([0.0, end]) for end in (low, high, lowest, highest)]
    assert comparison._verdict(*ends, np.array([np.nan, error]), 1.0) == verdict


@pytest.mark.parametrize(("error", "needed"), [(1.0, np.inf), (0.99, 229)])
def test_no_number_of_runs_tells_where_the_theorys_own_error_is_the_margin(error, needed):
    """The hand calculation of above at a ratio of two; intervals must lie inside the margin, not on it."""
    values = THEORY + np.sqrt(2) * np.array([[1.0], [-1.0]])
    runs = Ensemble(PROBLEM, TIMES, {"test_loss": values}, "times", FLOW)
    shaky = solution(numerical_error={"test_loss": np.where(TIMES > 9, error, 0.0)})
    judged = compare(shaky, runs, margin={"test_loss": Absolute(1.0)})["test_loss"]
    assert (judged.verdict, judged.runs_needed) == ("underpowered", needed)
    assert ("exceeds the margin" in judged.reason) == (needed == np.inf)


@pytest.mark.parametrize("positive", [True, False])
@pytest.mark.parametrize(("confidence", "inside"), [(0.9, "inside"), (0.2, "outside")])
def test_one_run_more_is_told_of_where_the_gap_is_greatest(positive, confidence, inside):
    """Two runs about a course that is 1.3 times the theory at one time; with one degree of freedom t is a tangent.
    Lower by 2 they are not positive, and what is said is in their unit."""
    bumped = THEORY * np.where(np.arange(50) == 20, 1.3, 1.0)
    values, theory = bumped * np.array([[0.8], [1.2]]), THEORY
    here, margin = np.log(values[:, 20]), Relative(0.05)
    if not positive:
        values, theory = values - 2, THEORY - 2
        here, margin = values[:, 20], Absolute(0.01)
    runs = Ensemble(PROBLEM, TIMES, {"test_loss": values}, "times", FLOW)
    (told,) = compare(solution(theory), runs, margin={"test_loss": margin}, confidence=confidence).remarks
    ends = here.mean() + np.array([-1, 1]) * np.tan(np.pi * confidence / 2) * here.std(ddof=1) * np.sqrt(1.5)
    low, high = np.exp(ends) if positive else ends
    assert f"would lie in {low:.4g} to {high:.4g} at times {TIMES[20]:.4g} ({confidence:.0%}, from" in told
    assert f"the theory, {theory[20]:.4g}, is {inside}." in told


@pytest.mark.parametrize(("count", "told"), [(8, 1), (9, 0)])
def test_up_to_eight_runs_are_few(count, told):
    judged = compare(solution(), about(THEORY, 0.3, count), margin=0.05)
    assert (judged.verdict, len(judged.remarks)) == ("underpowered", told)
