"""Designs: ten targets on solvers and forecasts, each held against an answer that the search had no part in."""

import jax
import numpy as np
import pytest
from chance import binomial

import grok_theory as gt
from grok_theory import AtMost, CurveAt, DelayBetween, FreeValue, Front, Least, find

T = gt.linear.TeacherStudent
LATE = 1e4  # tau: training has ended


def test_smallest_samples_for_a_loss_of_ridge_regression():
    found = find(
        T(1.0, 5.0, weight_decay=0.2),
        free={"samples_per_dim": (0.3, 20.0)},
        target=AtMost(CurveAt("test_loss", LATE), 1.5),
    )
    at = lambda alpha: float(gt.linear.ridge(T(alpha, 5.0), 0.2).test_loss)  # noqa: E731
    assert found.reached
    assert at(found.value) <= 1.5 * (1 + 1e-9) < at(found.value * (1 - 1e-4))


def test_whole_samples_where_a_size_is_given():
    goal = AtMost(CurveAt("test_loss", LATE), 1.49)
    found = find(T(1.0, 5.0, weight_decay=0.2), free={"samples_per_dim": (0.5, 20.0)}, target=goal, dim=40)
    samples = round(found.value * 40)
    at = lambda count: float(gt.linear.ridge(T(count / 40, 5.0), 0.2).test_loss)  # noqa: E731
    assert found.whole
    assert found.value == samples / 40
    assert at(samples) <= 1.49 < at(samples - 1)


def test_best_decay_is_the_exact_one():
    found = find(T(0.8, 5.0), free={"weight_decay": (1e-3, 10.0)}, target=Least(CurveAt("test_loss", LATE)))
    exact = gt.linear.optimal_ridge(T(0.8, 5.0))
    np.testing.assert_allclose(found.value, float(exact.penalty), rtol=1e-3, atol=0)
    assert abs(found.sensitivity) < 1e-4


def test_best_time_is_the_exact_one():
    found = find(T(0.8, 5.0), free={"time": (1e-2, 100.0)}, target=Least(CurveAt("test_loss")))
    np.testing.assert_allclose(found.value, float(gt.linear.optimal_stopping(T(0.8, 5.0)).time), rtol=1e-3, atol=0)


def test_smallest_step_under_descent():
    rate = gt.GradientDescent(0.05)
    found = find(T(2.0, 5.0), free={"step": (1, 1000)}, target=AtMost(CurveAt("test_loss"), 3.0), dynamics=rate)
    at = lambda step: float(gt.linear.solve(T(2.0, 5.0), [float(step)], dynamics=rate)["test_loss"][0])  # noqa: E731
    assert found.whole
    assert at(found.value) <= 3.0 < at(found.value - 1)


def test_smallest_k_of_a_judge_is_the_exact_one():
    prompt = gt.best_of_k.Prompt(0.3, 0.3)
    exact = float(gt.best_of_k.samples_needed(prompt, 0.1, temperature=0.0))
    found = find(prompt, free={"samples": (1, 10_000)}, target=AtMost(CurveAt("error"), 0.1), temperature=0.0)
    assert found.value == np.ceil(exact)


SAME = [
    (T(0.8, 5.0), {"weight_decay": (1e-3, 10.0)}, Least(CurveAt("test_loss", LATE)), {}, "optimal_ridge"),
    (T(0.8, 5.0), {"time": (1e-2, 100.0)}, Least(CurveAt("test_loss")), {}, "optimal_stopping"),
    (T(2.0, 5.0, weight_decay=0.05), {"time": (1e-2, 100.0)}, Least(CurveAt("test_loss")), {}, "optimal_stopping"),
    (
        T(0.8, 5.0),
        {"step": (1, 1000)},
        Least(CurveAt("test_loss")),
        {"dynamics": gt.GradientDescent(0.02)},
        "optimal_stopping",
    ),
    (
        gt.best_of_k.Prompt(0.3, 0.3),
        {"samples": (1, 10_000)},
        AtMost(CurveAt("error"), 1e-3),
        {"temperature": 0.0},
        "samples_needed",
    ),
]


@pytest.mark.parametrize(("template", "free", "target", "how", "verb"), SAME)
def test_exact_answers_are_what_the_search_finds_with_fewer_solves(template, free, target, how, verb, monkeypatch):
    from grok_theory.designs import verb as searching

    solves, solve = [], searching.Forward.__call__
    monkeypatch.setattr(searching.Forward, "__call__", lambda *a, **k: solves.append(1) or solve(*a, **k))
    exact = find(template, free=free, target=target, **how)
    of_exact = len(solves)
    monkeypatch.setattr(searching, "exact_answer", lambda *_: None)
    searched = find(template, free=free, target=target, **how)
    assert verb in exact.reason
    assert verb not in searched.reason
    assert exact.reached
    assert searched.reached
    # Around a minimum a search knows the value to the root of what it knows the loss to.
    np.testing.assert_allclose(exact.value, searched.value, rtol=0 if exact.whole else 1e-3, atol=0)
    np.testing.assert_allclose(exact.quantity, searched.quantity, rtol=1e-9, atol=0)
    assert exact.quantity <= searched.quantity * (1 + 1e-12)
    assert of_exact <= 6 < len(solves) - of_exact
    assert type(exact.problem) is type(searched.problem)


def test_exact_answers_are_not_taken_where_they_are_none():
    """Training that has not ended, a range without the answer, a condition besides."""
    early = find(T(0.8, 5.0), free={"weight_decay": (1e-3, 10.0)}, target=Least(CurveAt("test_loss", 3.0)))
    assert "optimal_ridge" not in early.reason
    assert early.value < 0.19
    aside = find(T(0.8, 5.0), free={"weight_decay": (0.5, 10.0)}, target=Least(CurveAt("test_loss", LATE)))
    assert (aside.value, "an end of the range" in aside.reason) == (0.5, True)
    condition = AtMost(CurveAt("train_loss", LATE), 0.02)
    bound = Least(CurveAt("test_loss", LATE), subject_to=condition)
    both = find(T(0.8, 5.0), free={"weight_decay": (1e-3, 10.0)}, target=bound)
    assert both.value < 0.19


@pytest.mark.statistical
def test_a_loss_with_90_percent_probability(rng, plausible):
    """Would notice a bound on the mean, or a two-sided band's end taken for one-sided."""
    goal = AtMost(CurveAt("test_loss", 5.0, probability=0.9), 1.6)
    found = find(T(1.0, 5.0, weight_decay=0.5), free={"samples_per_dim": (0.5, 30.0)}, target=goal, dim=60)
    assert found.reached
    runs = gt.linear.simulate(found.problem, [5.0], dim=60, runs=1000, key=jax.random.key(3))
    below = int(np.sum(np.asarray(runs["test_loss"])[:, 0] <= 1.6))
    plausible(binomial(below, 1000, 0.9))


def test_smallest_dim_for_a_probability():
    goal = AtMost(CurveAt("test_loss", 5.0, probability=0.99), 2.4)
    template = T(2.0, 5.0, weight_decay=0.5)
    found = find(template, free={"dim": (10, 2000)}, target=goal)
    high = lambda dim: gt.linear.forecast(template, [5.0], dim=dim, level=0.98).pointwise["test_loss"].high[0]  # noqa: E731
    assert found.whole
    assert high(int(found.value)) <= 2.4 < high(int(found.value) - 1)


def test_least_delay_subject_to_a_loss():
    delay = DelayBetween(1.0, 2.0, last=1e3)
    condition = AtMost(CurveAt("test_loss", LATE), 1.7)
    free = {"samples_per_dim": (1.5, 8.0)}
    found = find(T(2.0, 5.0, weight_decay=0.2), free=free, target=Least(delay, subject_to=condition))
    assert found.reached
    assert float(gt.linear.ridge(found.problem, 0.2).test_loss) <= 1.7
    x = np.geomspace(1e-2, 100, 4000)
    curves = gt.linear.solve(found.problem, x)
    times = [x[np.argmax(np.asarray(curves[n]) <= level)] for n, level in (("train_loss", 1.0), ("test_loss", 2.0))]
    np.testing.assert_allclose(found.quantity, times[1] - times[0], rtol=2e-2, atol=0)


def test_smallest_curvature_of_a_committee():
    template, method = gt.lazy_rich.QuadraticCommittee(1.0, 1.0, 4.0), gt.lazy_rich.Population()
    goal = AtMost(CurveAt("test_loss", 10.0), 0.6)
    found = find(template, free={"curvature": (0.05, 2.0)}, target=goal, method=method)
    at = lambda eps: float(  # noqa: E731
        gt.lazy_rich.solve(gt.lazy_rich.QuadraticCommittee(1.0, eps, 4.0), [10.0], method=method)["test_loss"][0]
    )
    assert found.reached
    assert at(found.value) <= 0.6 * (1 + 1e-6) < at(found.value * 0.999)


def test_a_front_holds_what_nothing_beats():
    target = Front(FreeValue(), CurveAt("test_loss", LATE))
    found = find(T(1.0, 5.0), free={"samples_per_dim": (0.2, 8.0)}, target=target)
    kept = found.quantities[found.front]
    for row in found.quantities:
        beaten = ((kept <= row).all(axis=1)).any()
        assert beaten
    # Double descent without decay: samples near 1 per dim are worse than few, and on no front.
    assert not ((found.values[found.front] > 0.6) & (found.values[found.front] < 1.2)).any()
    assert "test_loss" in str(found)


def test_what_is_not_reachable_says_the_best_there_is():
    found = find(T(2.0, 5.0), free={"weight_decay": (1e-3, 10.0)}, target=AtMost(CurveAt("test_loss", LATE), 1.0))
    assert not found.reached
    assert found.verdict == "not reachable"
    exact = gt.linear.optimal_ridge(T(2.0, 5.0))
    np.testing.assert_allclose(found.quantity, float(exact.test_loss), rtol=1e-6, atol=0)


def test_designs_are_saved(tmp_path):
    found = find(T(2.0, 5.0), free={"weight_decay": (1e-3, 10.0)}, target=Least(CurveAt("test_loss", 10.0)))
    again = gt.load(found.save(tmp_path / "design.npz"))
    assert again == found
    assert str(again) == str(found)


@pytest.mark.parametrize(
    ("free", "target", "said"),
    [
        ({"snrr": (1, 2)}, AtMost(CurveAt("test_loss", 1.0), 2), "free names 'snrr'.*snr"),
        ({"snr": (2, 1)}, AtMost(CurveAt("test_loss", 1.0), 2), "low < high"),
        ({"snr": (1, 2)}, AtMost(CurveAt("test_loss"), 2), "x of test_loss is left out"),
        ({"dim": (1, 20)}, AtMost(CurveAt("test_loss", 1.0), 2), "theory of the mean has no dim"),
        ({"snr": (1, 2)}, 2.0, "target is 2.0"),
    ],
)
def test_refusals_name_what_is_wrong(free, target, said):
    with pytest.raises(gt.BadValue, match=said):
        find(T(2.0, 5.0), free=free, target=target)
