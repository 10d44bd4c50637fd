"""Fits: planted values found, what a log cannot tell named, and refusals."""

import jax
import numpy as np
import pytest
from chance import binomial

import grok_theory as gt

T = gt.linear.TeacherStudent
X = np.geomspace(0.05, 20.0, 40)


def run(problem, x=X, seed=0, runs=1, **how):
    return gt.linear.simulate(problem, x, runs=runs, key=jax.random.key(seed), dim=how.pop("dim", 100), **how)


@pytest.mark.parametrize("free", [["exponent"], ["exponent", "target_exponent"]])
def test_exponents_of_power_laws_are_found(free):
    power_law = gt.linear.PowerLawInputs
    true = power_law(40, samples=60, exponent=1.7, target_exponent=1.2, noise=0.3)
    log = gt.linear.simulate(true, np.geomspace(0.01, 3.0, 20), runs=2, key=jax.random.key(4))
    guess = {"exponent": 1.0, "target_exponent": 2.0 if len(free) == 2 else 1.2}
    found = gt.fit(power_law(40, samples=60, **guess, noise=0.3), log, free=free, draws=24)
    assert found.applicability.verdict == "applies"
    for name in free:
        low, high = found[name].low, found[name].high
        # Nearer than the guess, and twice the 90 % interval holds what was planted.
        assert low - (high - low) / 2 < getattr(true, name) < high + (high - low) / 2
        assert abs(found[name].value - getattr(true, name)) < 0.25


@pytest.mark.statistical
def test_intervals_hold_planted_values(rng, plausible):
    """Would notice intervals of pointwise least squares, which are a third as wide."""
    held = []
    for i in range(6):
        true = T(2.0, float(np.exp(rng.uniform(0, 3))), weight_decay=float(np.exp(rng.uniform(-3, 0))))
        found = gt.fit(T(2.0, 5.0, weight_decay=0.3), run(true, seed=i), free=["snr", "weight_decay"], dim=100)
        held += [found[name].low <= getattr(true, name) <= found[name].high for name in found.parameters]
    plausible(binomial(sum(held), len(held), 0.9))


@pytest.mark.slow  # a valley without an end is walked for 25 s
def test_without_decay_only_the_sum_is_seen(tmp_path):
    found = gt.fit(T(2.0, 1.0, inr=1.0), run(T(2.0, 4.0, inr=2.0)), free=["snr", "inr"], dim=100)
    assert not found.identified
    assert not found["snr"].identified
    assert "cannot be told apart from inr" in found["snr"].reason
    (seen,) = found.together
    assert seen.says == "snr + inr"
    assert seen.low < 6.0 < seen.high < 2 * seen.low
    assert "only snr + inr" in str(found)
    again = gt.load(found.save(tmp_path / "fit.npz"))
    assert again == found
    assert str(again) == str(found)


def test_a_window_of_a_log_does_not_tell_richness_from_the_learning_rate():
    """Three rows of one fall hold one number: a richer committee is as far as one with a larger learning rate."""
    committee = gt.lazy_rich.QuadraticCommittee
    true, rate = committee(0.3, 0.5, 4.0, 0.4), gt.GradientDescent(0.01)
    run_of = {"dim": 24, "width": 40, "dynamics": rate}
    log = gt.lazy_rich.simulate(true, [18, 20, 22], runs=1, key=jax.random.key(1), **run_of)
    free = ["output_scale", "learning_rate"]
    found = gt.fit(true, log, free=free, curves=["test_loss"], draws=24, **run_of)
    assert not found["output_scale"].identified
    assert "cannot be told apart from output_scale" in found["learning_rate"].reason
    (seen,) = found.together
    assert seen.of == ("output_scale", "learning_rate")
    # Richer is a smaller scale, and does what a larger rate does: their ratio is seen, at some power.
    said, power = seen.says.partition(" / ")[::2]
    assert said.removesuffix("^2") == "output_scale"
    assert power.startswith("learning_rate")
    # The planted values are in its interval.
    exponent = float(power.partition("^")[2] or 1.0)
    planted = 0.3 ** (2.0 if said.endswith("^2") else 1.0) / 0.01**exponent
    assert seen.low < planted < seen.high < 300 * seen.low


def test_a_short_log_does_not_see_the_decay():
    log = run(T(2.0, 4.0, weight_decay=0.3), x=np.geomspace(0.01, 0.1, 20))
    found = gt.fit(T(2.0, 1.0, weight_decay=0.1), log, free=["snr", "weight_decay"], dim=100)
    assert found["snr"].identified
    assert not found["weight_decay"].identified or found["weight_decay"].reason == "only an upper bound"
    assert found["weight_decay"].low == 0.0


def test_several_templates_are_ranked():
    true = T(2.0, 4.0, weight_decay=0.5)
    log = run(true, runs=4)
    found = gt.fit([T(2.0, 1.0), T(2.0, 1.0, weight_decay=0.5)], log, free=["snr"], dim=100)
    assert float(found.problem.weight_decay) == 0.5
    assert found.apart == (True,)
    assert found.applicability.verdict == "applies"
    assert found.rivals[0].applicability.verdict == "does not apply"
    alike = gt.fit([T(2.0, 1.0, weight_decay=0.49), T(2.0, 1.0, weight_decay=0.5)], log, free=["snr"], dim=100)
    assert alike.apart == (False,)
    assert "cannot be told apart" in alike.verdict


def test_more_runs_tell_more():
    true = T(2.0, 4.0)
    one, nine = (gt.fit(T(2.0, 1.0), run(true, runs=n), free=["snr"], dim=100)["snr"] for n in (1, 9))
    ratio = np.log(one.high / one.low) / np.log(nine.high / nine.low)
    assert 2.0 < ratio < 4.5


@pytest.mark.parametrize(
    ("template", "free", "how", "said"),
    [
        (T(2.0, 1.0), [], {"dim": 100}, "free is \\[\\]"),
        (T(2.0, 1.0), ["snrr"], {"dim": 100}, "free names 'snrr'"),
        (T(2.0, 1.0), ["learning_rate"], {"dim": 100}, "dynamics is GradientFlow"),
        (T(2.0, 1.0), ["snr"], {"dim": 100, "confidence": 2}, "confidence is 2"),
        (gt.best_of_k.Prompt(0.3, 0.3), ["spread"], {}, "grok_theory.best_of_k.fit"),
        (3.0, ["snr"], {}, "must be a Problem"),
    ],
)
def test_refusals_name_what_is_wrong(template, free, how, said):
    with pytest.raises(gt.BadValue, match=said):
        gt.fit(template, run(T(2.0, 4.0)), free=free, **how)


def as_log(runs, **config):
    names = {"train": "train_loss", "test": "test_loss"}
    parts = {part: gt.Record(np.asarray(runs.x), np.asarray(runs[name][0])) for part, name in names.items()}
    return gt.Log({"": parts}, {"x": "time", **names, "run": None}, x_unit="tau", config=config)


@pytest.mark.parametrize(
    ("config", "free", "said"),
    [
        ({"dim": 2000}, ["snr"], "dim is 100, but the log's config says 2000. Fit with dim=2000"),
        ({"samples": 400}, ["snr"], "samples_per_dim of the template makes 200 samples, but the log's config says 400"),
        ({"dim": 100, "samples": 200}, ["snr"], None),
        ({"samples": 210}, ["samples_per_dim"], None),
        ({"dim": "many"}, ["snr"], None),
    ],
)
def test_sizes_that_the_log_knows_otherwise_are_refused(config, free, said):
    log = as_log(run(T(2.0, 4.0), X[::5]), **config)
    if said is None:
        assert gt.fit(T(2.0, 4.0), log, free=free, dim=100).runs == 1
        return
    with pytest.raises(gt.BadValue, match=said):
        gt.fit(T(2.0, 4.0), log, free=free, dim=100)


@pytest.mark.parametrize("dim", ["3", [100], 3.5, -1, float("nan")])
def test_a_dim_that_is_none_is_refused_before_it_is_held_against_the_log(dim):
    with pytest.raises(gt.BadValue, match=r"dim is .*, but it must be an integer of at least 1"):
        gt.fit(T(2.0, 5.0), run(T(2.0, 5.0)), free=["snr"], dim=dim)
