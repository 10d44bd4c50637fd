"""One clock: every wing that trains takes the same dynamics, names x after it, and refuses in the same words."""

import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import grok_theory as gt
from grok_theory.conditions import Conditions
from grok_theory.dynamics import (
    SGD,
    Adam,
    AdamW,
    GradientDescent,
    GradientFlow,
    Muon,
    check_x,
    same_dynamics,
    whole_steps,
)

KEY = jax.random.key(0)
TASK = gt.li2.GroupTask(gt.li2.groups.cyclic(5), train_fraction=0.6)
STUDENT = gt.linear.TeacherStudent(samples_per_dim=0.5, snr=5.0)
COMMITTEE = gt.lazy_rich.QuadraticCommittee(1.0, 0.5, 2.0, 0.3)
THEORIES = {
    "linear": lambda x, **how: gt.linear.solve(STUDENT, x, **how),
    "lazy_rich": lambda x, **how: gt.lazy_rich.solve(COMMITTEE, x, method=gt.lazy_rich.Population(), **how),
    "li2": lambda x, **how: gt.li2.solve(TASK, x, width=4, key=KEY, **how),
}
RUNS = {
    "linear": lambda x, **how: gt.linear.simulate(STUDENT, x, dim=8, runs=2, key=KEY, **how),
    "lazy_rich": lambda x, **how: gt.lazy_rich.simulate(COMMITTEE, x, dim=4, runs=2, key=KEY, **how),
    "li2": lambda x, **how: gt.li2.simulate(TASK, x, width=4, runs=2, key=KEY, **how),
}
PROBLEMS = {"linear": STUDENT, "lazy_rich": COMMITTEE, "li2": TASK}


@pytest.mark.parametrize("wing", THEORIES)
def test_x_means_one_thing(wing):
    descent = GradientDescent(0.1)
    for made in (THEORIES[wing]([0, 2, 4], dynamics=descent), RUNS[wing]([0, 2, 4], dynamics=descent)):
        assert (made.x_name, made.x_unit, made.dynamics) == ("step", "", descent)
        np.testing.assert_array_equal(made.x, [0, 2, 4])
    flow = THEORIES[wing]([0.0, 0.25, 0.5])
    assert (flow.x_name, flow.x_unit, flow.dynamics) == ("time", "tau", GradientFlow())
    worth = float(PROBLEMS[wing].tau_per_step(descent))
    assert f"a step is {worth:g} tau" in str(THEORIES[wing]([0, 1], dynamics=descent))


@pytest.mark.parametrize("wing", THEORIES)
def test_steps_become_the_flow_as_they_shrink(wing):
    """The worth of a step is right: half the rate and twice the steps end where the flow does, with half the error."""
    gaps = []
    for count in (200, 400):
        rate = 0.5 / count / float(PROBLEMS[wing].tau_per_step(GradientDescent(1.0)))
        descent = THEORIES[wing]([count], dynamics=GradientDescent(rate))["train_loss"][-1]
        gaps.append(abs(float(descent) - float(THEORIES[wing]([0.5])["train_loss"][-1])))
    assert gaps[0] / gaps[1] == pytest.approx(2, rel=0.05, abs=0)


@pytest.mark.parametrize("verbs", [THEORIES, RUNS], ids=["solve", "simulate"])
@pytest.mark.parametrize("wing", THEORIES)
def test_fractions_of_a_step_are_refused(wing, verbs):
    with pytest.raises(gt.BadValue, match=r"steps\[1\] is 1.5, but under GradientDescent x must be a whole number"):
        verbs[wing]([0, 1.5], dynamics=GradientDescent(0.1))


@pytest.mark.parametrize("wing", THEORIES)
def test_what_a_theory_cannot_follow_is_refused_by_name(wing):
    takes = r"dynamics is Adam\(learning_rate=0.1.*takes GradientFlow\(\) or GradientDescent\(learning_rate\)"
    with pytest.raises(gt.BadValue, match=takes):
        THEORIES[wing]([0, 1], dynamics=Adam(0.1))


def test_when_two_dynamics_are_one():
    assert same_dynamics(GradientFlow(), GradientFlow())
    assert same_dynamics(GradientDescent(0.3), GradientDescent(0.1 + 0.2))
    assert same_dynamics(GradientDescent(0.1), GradientDescent(jnp.asarray(0.1)))
    assert not same_dynamics(GradientDescent(0.1), GradientDescent(0.1 + 1e-9))
    assert not same_dynamics(GradientDescent(0.1), GradientFlow())
    assert not same_dynamics(Adam(0.1), AdamW(0.1))
    assert not same_dynamics(Adam(0.1), Adam(0.1, (0.9, 0.98)))
    assert same_dynamics(None, None)


def test_conditions_differ_where_both_say_something_else():
    one = Conditions(start=1.0, trained=("hidden",), linearised=False)
    assert one.differences(Conditions()) == []
    other = Conditions(start=0.6, trained=("hidden", "readout"), linearised=False)
    assert one.differences(other) == ["start", "trained"]
    assert one.differences(Conditions(linearised=True, temperature=1.0)) == ["linearised"]
    assert str(one) == "start 1.0, trained hidden, linearised False"
    assert Conditions(temperature=0.3).differences(Conditions(temperature=0.1 + 0.2)) == []


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"activation": float("nan")}, "activation is nan, but it must be a str"),
        ({"labels": 3}, "labels is 3, but it must be a str"),
        ({"linearised": float("nan")}, "linearised is nan, but it must be a bool"),
        ({"linearised": 1}, "linearised is 1, but it must be a bool"),
        ({"trained": "hidden"}, "trained is 'hidden', but it must be a tuple"),
        ({"trained": ("hidden", float("nan"))}, "must be a tuple of the names"),
    ],
)
def test_conditions_that_are_no_names(said, words):
    """A nan differs from itself, so a result that holds one would not be that which was saved."""
    with pytest.raises(gt.BadValue, match=re.escape(words)):
        Conditions(**said)


def test_compare_names_the_condition_that_differs():
    theory = gt.lazy_rich.solve(COMMITTEE, [0.0, 0.5], method=gt.lazy_rich.Population())
    frozen = gt.lazy_rich.simulate(COMMITTEE, [0.0, 0.5], dim=4, runs=2, key=KEY, method=gt.lazy_rich.FrozenKernel())
    with pytest.raises(gt.BadValue, match=r"run with linearised True, but the solution is for linearised False"):
        gt.compare(theory, frozen, margin=0.1)


@pytest.mark.parametrize("dynamics", [GradientDescent(0.1), SGD(0.1, 8), Adam(0.1), AdamW(0.1), Muon(0.1)])
def test_steps_are_whole(dynamics):
    check_x(dynamics, [0, 3.0, 7])
    assert whole_steps([0, 3.0, 7]).tolist() == [0, 3, 7]
    with pytest.raises(gt.BadValue, match=rf"steps\[0\] is 0.5, but under {type(dynamics).__name__}"):
        check_x(dynamics, [0.5])
    with pytest.raises(gt.BadValue, match=r"steps\[1\] is 1.0, but it must not be below"):
        check_x(dynamics, [2, 1])


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: GradientDescent(0.0), "learning_rate is 0.0"),
        (lambda: SGD(0.1, 0), "batch_size is 0"),
        (lambda: Adam(-1.0), "learning_rate is -1.0"),
        (lambda: AdamW(0.1, betas=(0.9, 1.0)), "betas is 1.0"),
        (lambda: Muon(0.02, readout_learning_rate=0.0), "readout_learning_rate is 0.0"),
    ],
)
def test_bad_numbers_are_refused(make, words):
    with pytest.raises(gt.BadValue, match=words):
        make()
