"""Runs that jump at times of their own: what no run shows is left open."""

import chance
import numpy as np
import pytest
from made_curves import FLOW, PROBLEM, TIMES, solution

from benchmarks import compare_levels
from grok_theory import compare, load
from grok_theory.results import Ensemble


def jumping(count, *, seed=0, late=0.0, ratio=50.0, **more):
    """Runs that fall from `ratio` to 1 at times of their own, early in the record; a share `late` after its end."""
    rng = np.random.default_rng(seed)
    arrival = np.where(rng.uniform(size=count) < late, 20.0, rng.uniform(2.0, 5.0, count))[:, None]
    values = np.where(arrival > TIMES, ratio, 1.0) * (1 + 0.01 * rng.standard_normal((count, TIMES.size)))
    return Ensemble(PROBLEM, TIMES, {"test_loss": values}, "times", FLOW, **more)


def test_runs_that_jump_leave_open_what_none_of_them_shows():
    runs = jumping(8)
    # A right theory of a law of which a tenth arrives later, and the wrong one that knows only what arrived.
    for level in (1 + 0.1 * 49, 1.0):
        judged = compare(solution(np.full(50, level)), runs, margin=0.05, where=(6, 10))
        assert judged.verdict == "underpowered"
        assert "0 of 8 runs lie on the upper one" in judged["test_loss"].reason
        assert judged["test_loss"].reason in str(judged)
    # Of 8 runs a share of 1 - .005^(1/8) is not excluded: what lies beyond it is.
    most = 1 + 49 * (1 - 0.005 ** (1 / 8))
    assert compare(solution(np.full(50, 2 * most)), runs, margin=0.05, where=(9.9, 10)).verdict == "disagrees"
    # Without the history nothing can be known: it is what every Agreement prints.
    alone = jumping(8)
    alone = Ensemble(PROBLEM, TIMES[-3:], {"test_loss": np.asarray(alone["test_loss"])[:, -3:]}, "times", FLOW)
    judged = compare(solution(np.ones(3), x=TIMES[-3:]), alone, margin=0.05)
    assert judged.verdict == "agrees"
    assert judged.unseen_share == pytest.approx(1 - 0.005 ** (1 / 8), rel=1e-12, abs=0)
    assert "8 runs cannot exclude that a share of up to 0.48 of all runs" in str(judged)


def test_enough_runs_that_jump_agree_and_their_number_is_said():
    judged = compare(solution(np.ones(50)), jumping(60), margin=0.05, where=(6, 10))
    needed = judged["test_loss"].runs_needed
    # So many leave a share open whose effect is half the margin: 49 share = .0247, at .005 over 20 looks.
    looks = int(np.sum(TIMES >= 6))
    share = -np.log(0.005 / looks) / needed
    assert 0.8 * np.log1p(0.05) / 2 < np.log1p(49 * share) <= 1.05 * np.log1p(0.05) / 2
    assert compare(solution(np.ones(50)), jumping(int(needed)), margin=0.05, where=(6, 10)).verdict == "agrees"


def test_runs_that_all_wait_do_not_exclude_that_some_have_left():
    # At 1.5 no run has jumped; the law may have a fifth that has.
    theory = np.where(TIMES < 5, 50 * 0.8 + 0.2, 1.0)
    judged = compare(solution(theory), jumping(8), margin=0.05, where=(1.4, 1.8))
    assert judged.verdict == "underpowered"
    assert "0 of 8 runs lie on the lower one" in judged["test_loss"].reason


@pytest.mark.statistical
@pytest.mark.parametrize("count", [3, 8, 30])
def test_false_alarms_and_agreements_on_curves_that_jump(count, rng, plausible):
    """400 ensembles, shares .3 to .02 not arrived, single times and windows: at most 2 % wrong each.
    Planted: no levels (up to 90 %)."""
    shape = compare_levels.SHAPES["sharp, noise 0.1, drifts"]
    curves = compare_levels.course("uniform", shape, 30.0, (0.3, 0.1, 0.02))
    runs = curves.draw(rng, 400, count)
    rows = compare_levels.judged(curves, runs)
    wrong = np.array([row[word].sum() for row in rows.values() for word in compare_levels.WRONG])
    plausible(chance.binomial(wrong, 400, (0.0, 0.02)))
    assert max(row["plain alarm"].sum() for row in rows.values()) > 80
    # The fast path is `compare`.
    for trial in range(3):
        ensemble_ = Ensemble(PROBLEM, curves.x, {"test_loss": runs[trial]}, "times", FLOW)
        for where, at in curves.judged.items():
            window, theory = (curves.x[at[0]], curves.x[at[-1]]), solution(curves.means, x=curves.x)
            judged = compare(theory, ensemble_, margin=0.05, where=window)["test_loss"]
            alarm = np.any((judged.simultaneous_low > 0) | (judged.simultaneous_high < 0))
            assert bool(rows[where]["alarm"][trial]) == bool(alarm), where


@pytest.mark.parametrize(("factor", "alone"), [(1.0, "agrees"), (1.2, "disagrees"), (np.exp(-0.012) / 1.05, None)])
def test_the_reason_is_said_where_the_spread_alone_would_decide(factor, alone):
    """Eight runs fall to 3 and are 1 % apart there: .0035 is their error in logs. A gap of .012 beyond the margin is
    3.4 of these, less than the 6 that all 22 looks together ask for: then the levels are not the reason."""
    arrival = np.linspace(2.0, 5.0, 8)[:, None]
    place = np.linspace(-1, 1, 8)[:, None]
    values = np.where(arrival > TIMES, 150.0, 3.0) * (1 + 0.01 * place / place.std(ddof=1))
    runs = Ensemble(PROBLEM, TIMES, {"test_loss": values}, "times", FLOW)
    judged = compare(solution(np.full(50, 3.0 * factor)), runs, margin=0.05, where=(6, 10))["test_loss"]
    assert judged.verdict == "underpowered"
    assert judged.reason.endswith(f"by the spread of these runs alone it would say {alone!r}" if alone else "")
    assert bool(judged.reason) == (alone is not None)


def test_an_agreement_with_its_reason_is_kept_in_a_file(tmp_path):
    judged = compare(solution(np.ones(50)), jumping(8), margin=0.05, where=(6, 10))
    back = load(judged.save(tmp_path / "judged.npz"))
    assert back == judged
    assert str(back) == str(judged)
