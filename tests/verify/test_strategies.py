"""Every public Problem can be drawn, legally, over its range; without hypothesis one sentence says so."""

import builtins

import pytest
from hypothesis import given
from hypothesis import strategies as st

import grok_theory as gt
from grok_theory import verify
from grok_theory.drawn import Span
from grok_theory.fields import number
from grok_theory.fields import problem as as_problem
from grok_theory.ranges import Positive

PUBLIC = verify.public_problems()


def test_the_wings_problems_are_discovered():
    assert {"linear.TeacherStudent", "lazy_rich.QuadraticCommittee", "li2.GroupTask"} <= PUBLIC.keys()
    assert {"best_of_k.Prompt", "best_of_k.Posterior", "best_of_k.LinearJudge"} <= PUBLIC.keys()
    assert not any("Gradient" in name for name in PUBLIC)


@pytest.mark.parametrize("name", PUBLIC)
def test_every_public_problem_has_a_strategy_of_legal_members(name):
    kind = PUBLIC[name]

    @given(verify.problems(kind))
    def legal(drawn):
        assert type(drawn) is kind
        drawn.check()

    legal()


@given(verify.numbers(0.05, 20.0, special=(1.0,)), verify.numbers(-2.0, 3.0))
def test_numbers_stay_inside(positive, signed):
    assert 0.05 <= positive <= 20.0
    assert -2.0 <= signed <= 3.0
    assert signed == 0 or abs(signed) >= 5e-3


def test_special_values_are_drawn_and_ends_are_visited():
    seen = []

    def look(x):
        seen.append(x)
        return x

    verify.check_against(look, float, strategy=verify.numbers(0.05, 20.0, special=(1.0,)), rtol=0.0, examples=300)
    assert 1.0 in seen
    assert min(seen) < 0.1
    assert max(seen) > 10


def test_fields_can_be_fixed_or_given_a_strategy():
    found = verify.check_against(
        lambda p: (p.snr, p.noise),
        lambda p: (3.0, 1.0),
        strategy=verify.problems(gt.linear.TeacherStudent, snr=3.0, noise=st.just(1.0)),
        rtol=0.0,
    )
    assert "snr = 3" in found.domain
    with pytest.raises(gt.BadValue, match="TeacherStudent has no field 'snt'; its fields are samples_per_dim"):
        verify.problems(gt.linear.TeacherStudent, snt=3.0)
    with pytest.raises(gt.BadValue, match="kind is 3, but it must be the class of a Problem"):
        verify.problems(3)


@as_problem
class Mine:
    noise: float = number(Positive(), symbol="s", meaning="noise", remedy="Pass 1.0.", drawn=Span(1e-2, 1e2, (1.0,)))
    stiffness: float

    def check(self):
        """Anything goes."""


def test_a_user_s_problem_needs_a_strategy_for_fields_that_say_none():
    with pytest.raises(gt.BadValue, match=r"Mine\.stiffness has no range here.*stiffness=verify\.numbers"):
        verify.problems(Mine)
    drawn = verify.problems(Mine, stiffness=verify.numbers(1.0, 2.0))
    assert "noise in [0.01" in verify.check_against(lambda p: 1.0, lambda p: 1.0, strategy=drawn, rtol=0.0).domain


def test_without_hypothesis_one_sentence_says_what_to_do(monkeypatch):
    real = builtins.__import__

    def none_of_it(name, *rest, **named):
        if name.partition(".")[0] == "hypothesis":
            raise ImportError(name)
        return real(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", none_of_it)
    for call in (
        lambda: verify.problems(gt.linear.TeacherStudent),
        lambda: verify.numbers(0.0, 1.0),
        lambda: verify.check_against(float, float, strategy=None, rtol=1.0),
    ):
        with pytest.raises(
            gt.BadValue, match=r"hypothesis, which is not installed\. Install it: pip install hypothesis"
        ):
            call()
