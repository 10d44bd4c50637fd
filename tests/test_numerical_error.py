"""Every method of every wing states its numerical error for every curve, or its status says that it is not known.

Problems and methods are read off the sentences with which `solve` refuses others: one that is added without a case here
fails the first test.
"""

import dataclasses
import inspect
import re

import jax
import numpy as np
import pytest

from grok_theory import BadValue, best_of_k, in_context, kernels, lazy_rich, li2, linear
from grok_theory.comparison import Absolute, compare
from grok_theory.dynamics import GradientDescent, GradientFlow
from grok_theory.results import Ensemble, Solution

DESCENT = GradientDescent(0.1)
TIMES = np.array([0.0, 0.5, 3.0, 40.0])
DRAW = np.random.default_rng(0).standard_normal((7, 3))
GROUP = {"width": 6, "key": jax.random.key(3)}
SPARE = {"test_inputs": DRAW[3:4], "test_targets": DRAW[3:4, 0]}

PROBLEMS = {
    "TeacherStudent": linear.TeacherStudent(samples_per_dim=0.5, snr=5.0, inr=2.0, weight_decay=0.01),
    "DeepLinear": linear.DeepLinear(samples_per_dim=0.5, snr=5.0, depth=3, upper_norm=0.5, first_norm=0.3),
    "CorrelatedInputs": linear.CorrelatedInputs([2.0, 0.5, 0.0], [1.0, -1.0, 1.0], samples=5, noise=0.2),
    "RandomFeatures": linear.RandomFeatures(DRAW, np.eye(3), np.ones(3), samples=9, noise=0.3),
    "PowerLawInputs": linear.PowerLawInputs(3, samples=9, exponent=1.5, target_exponent=2.0, noise=0.3),
    "DiagonalNetwork": linear.DiagonalNetwork(DRAW[:2], DRAW[:2, 0], 2.0, 0.05, teacher=np.ones(3)),
    "SparseTask": linear.SparseTask(0.5, 0.1, 2.0, 0.05),
    "QuadraticCommittee": lazy_rich.QuadraticCommittee(1.0, 0.5, 2.0, 0.0),
    "MeanFieldNetwork": lazy_rich.MeanFieldNetwork(DRAW[:3], DRAW[:3, 0], 1.0, "linear", **SPARE),
    "GroupTask": li2.GroupTask(li2.groups.cyclic(5), train_fraction=0.8),
    "Prompt": best_of_k.Prompt(0.3, 0.6),
    "Posterior": best_of_k.Posterior(0.2, 0.2, 0.15),
    "LinearJudge": best_of_k.LinearJudge(examples_per_dim=2.0, noise=0.5, prior_scale=1.0),
    "LinearAttention": in_context.LinearAttention(2.0, 0.5, 0.3, ridge=0.01),
    "TaskMixture": in_context.TaskMixture(8, in_context.Urns(3)),
    "Strategies": in_context.Strategies(in_context.TaskMixture(8, in_context.Urns(3)), 8, 5.0, 0.3, 0.5),
    "KernelRegression": kernels.KernelRegression([2.0, 0.5, 0.1], [1.0, -1.0, 0.3], ridge=0.1, noise=0.2),
}
WINGS = {
    linear: TIMES,
    lazy_rich: TIMES,
    li2: TIMES,
    best_of_k: [1, 2.5, 64, np.inf],
    in_context: np.array([0.5, 1.0, 40.0]),
    kernels: np.array([10.0, 20.0, 40.0]),
}
WHOLE = {"TaskMixture": [1, 8], "Strategies": [0, 8]}  # x that are counted
# What `solve` of a wing needs besides.
MORE = {li2: GROUP, best_of_k: {"temperature": 0.5}}

# (Problem, method): the method, and what is given otherwise. Those of QUICK compile in a second or two.
_LIMITS = {
    "LargeK": (best_of_k.LargeK(), {}),
    "HighTemperature": (best_of_k.HighTemperature(3), {"temperature": 50.0}),
    "BestOfK": (best_of_k.BestOfK(), {"temperature": 0.0}),
}
QUICK = {
    ("TeacherStudent", "SpectralQuadrature"): (linear.SpectralQuadrature(), {}),
    ("QuadraticCommittee", "LazyLimit"): (lazy_rich.LazyLimit(), {}),
    ("LinearAttention", "DeterministicEquivalent"): (in_context.DeterministicEquivalent(), {}),
    ("TaskMixture", "Exact"): (in_context.Exact(), {"x": [1, 8]}),
    ("Prompt", "Exact"): (best_of_k.Exact(), {}),
    ("Prompt", "LargeK"): _LIMITS["LargeK"],
    ("Prompt", "HighTemperature"): _LIMITS["HighTemperature"],
}
SLOW = {
    ("DiagonalNetwork", "DualFlow"): (linear.DualFlow(), {}),
    ("DiagonalNetwork", "Interpolator"): (linear.Interpolator(), {}),
    ("SparseTask", "StateEvolution"): (linear.StateEvolution(), {}),
    ("DeepLinear", "Trajectory"): (linear.Trajectory(), {}),
    ("CorrelatedInputs", "ContourIntegral"): (linear.ContourIntegral(), {}),
    ("RandomFeatures", "ContourIntegral"): (linear.ContourIntegral(), {}),
    ("PowerLawInputs", "ContourIntegral"): (linear.ContourIntegral(), {}),
    ("QuadraticCommittee", "Population"): (lazy_rich.Population(), {}),
    ("QuadraticCommittee", "DMFT"): (lazy_rich.DMFT(32, 4, scrambles=3), {"x": [0, 3], "dynamics": DESCENT}),
    ("MeanFieldNetwork", "Particles"): (lazy_rich.Particles(count=64, scrambles=3), {"x": [0.0, 1.0]}),
    ("MeanFieldNetwork", "LinearMoments"): (lazy_rich.LinearMoments(), {}),
    ("MeanFieldNetwork", "TangentLimit"): (lazy_rich.TangentLimit(), {}),
    ("GroupTask", "Lazy"): (li2.Lazy(), {}),
    ("GroupTask", "FeatureAscent"): (li2.FeatureAscent(), {}),
    ("Prompt", "BestOfK"): _LIMITS["BestOfK"],
    ("TaskMixture", "MonteCarlo"): (in_context.MonteCarlo(64), {"x": [1, 8]}),
    ("Strategies", "MonteCarlo"): (in_context.MonteCarlo(64), {"x": [0, 8]}),
    ("KernelRegression", "EffectiveRidge"): (kernels.EffectiveRidge(), {}),
    **{(name, "Exact"): (best_of_k.Exact(), {}) for name in ("Posterior", "LinearJudge")},
    **{(name, limit): case for name in ("Posterior", "LinearJudge") for limit, case in _LIMITS.items()},
}
UNSTATED = {  # with their sentence
    ("QuadraticCommittee", "DMFT"): (lazy_rich.DMFT(32, 4, scrambles=1), {"x": [0, 3], "dynamics": DESCENT}),
    ("MeanFieldNetwork", "Particles"): (lazy_rich.Particles(count=64, scrambles=1), {"x": [0.0, 1.0]}),
}


def wing_of(name):
    return next(wing for wing in WINGS if name in wing.__all__)


def solved(name, method, changes):
    wing = wing_of(name)
    given = {"x": WINGS[wing], **MORE.get(wing, {}), "method": method} | changes
    return wing.solve(PROBLEMS[name], given.pop("x"), **given)


def named(wing, problem, x=None, **changes):
    """The public names in the sentence with which `solve` refuses."""
    with pytest.raises(BadValue) as refused:
        inspect.unwrap(wing.solve)(
            problem, WINGS[wing] if x is None else x, **MORE.get(wing, {}), **changes
        )  # as without type checks
    words = re.findall(r"\w+", str(refused.value).split("must be")[-1].split("takes")[-1].split("is solved by")[-1])
    return [word for word in dict.fromkeys(words) if word in wing.__all__ and isinstance(getattr(wing, word), type)]


def test_no_method_is_left_out():
    problems = [name for wing in WINGS for name in named(wing, None)]
    assert sorted(problems) == sorted(PROBLEMS)
    found = {
        (name, method)
        for name in problems
        for method in named(wing_of(name), PROBLEMS[name], WHOLE.get(name), method="none")
    }
    assert found == QUICK.keys() | SLOW.keys()


def test_descent_has_its_errors_too():
    solution = linear.solve(PROBLEMS["TeacherStudent"], [0, 1, 7, 900], dynamics=DESCENT)
    check(solution)
    assert set(solution.numerical_error) == set(solution.curves)


def check(solution):
    assert solution.status.name != "failed"
    for name, values in solution.curves.items():
        if name not in solution.numerical_error:
            assert "no numerical_error" in solution.status.text, name
            continue
        values, error = np.asarray(values), np.asarray(solution.numerical_error[name])
        assert error.shape == values.shape, name
        assert np.isfinite(error).all(), (name, error)
        assert (error >= 0).all(), (name, error)
        assert np.isfinite(values).all(), (name, values)


CASES = [*QUICK, *(pytest.param(name, marks=pytest.mark.slow) for name in SLOW)]


@pytest.mark.parametrize("name", CASES, ids="-".join)
def test_every_curve_has_its_error(name):
    solution = solved(name[0], *(QUICK | SLOW)[name])
    check(solution)
    assert set(solution.numerical_error) == set(solution.curves)


@pytest.mark.slow
@pytest.mark.parametrize("name", UNSTATED, ids="-".join)
def test_one_scramble_shows_no_error_and_says_so(name):
    solution = solved(name[0], *UNSTATED[name])
    check(solution)
    assert solution.numerical_error == {}


def test_compare_says_which_error_is_unknown():
    """Neither zero nor another curve's: nan in the record, the word in the report, the sentence with its name."""
    x, flow = np.array([1.0, 2.0]), GradientFlow()
    curves = {"known": 2 + x, "unknown": 3 + x, "in part": 4 + x}
    runs = {name: values + 1e-6 * DRAW[:, :2] for name, values in curves.items()}
    errors = {"known": np.full(2, 1e-3), "in part": np.array([1e-3, np.nan])}
    solution = Solution(flow, x, curves, "time", flow, None, numerical_error=errors)
    agreement = compare(solution, Ensemble(flow, x, runs, "time", flow), margin=0.05)
    np.testing.assert_allclose(agreement["known"].numerical, -np.log(1 - 1e-3 / (2 + x)), rtol=1e-9, atol=0)
    assert np.isnan(agreement["unknown"].numerical).all()
    np.testing.assert_array_equal(np.isnan(agreement["in part"].numerical), [False, True])
    report = str(agreement)
    assert re.search(r"^  unknown +agrees .* unknown ", report, re.MULTILINE)
    assert re.search(r"^  known +agrees .* 0.03", report, re.MULTILINE)
    assert "own error is unknown for unknown, in part: the verdict takes the solution as exact" in report
    assert "not estimated" in str(solution)
    stated = dataclasses.replace(solution, numerical_error={name: 1e-3 * x for name in curves})
    assert "is unknown" not in str(
        compare(stated, Ensemble(flow, x, runs, "time", flow), margin={"known": Absolute(1)})
    )
