"""Each check passes what is true, and finds a planted error with a simple counter-example."""

import dataclasses

import jax
import numpy as np
import pytest
from hypothesis import strategies as st

import grok_theory as gt
from grok_theory import verify
from grok_theory.dynamics import GradientFlow
from grok_theory.errors import BadValue
from grok_theory.results import Ensemble, Solution
from grok_theory.status import Status

POSITIVE = verify.numbers(0.1, 10.0, special=(1.0,))
GRID = np.geomspace(1.0, 1e4, 9)


def decay(rate, x):
    return np.exp(-rate * x)


def saturating(scale, x):
    return {"rising": scale * x / (1 + x), "falling": scale / (1 + x)}


def saturated(scale):
    return {"rising": scale}


# check_against


def test_against_gives_a_certificate_with_domain_points_and_worst():
    found = verify.check_against(lambda x: np.exp(x) ** 2, lambda x: np.exp(2 * x), strategy=POSITIVE, rtol=1e-13)
    assert found.points == 40
    assert 0 < found.worst < 1e-13
    text = str(found)
    assert "the lambda at test_checks.py" in text
    assert "argument 1 in [" in text
    assert "candidate" in text
    assert f"{found.points} in" in text


def test_a_planted_factor_is_found_at_the_simplest_argument():
    def candidate(x):
        return {"loss": np.array([1.0, x if x < 3 else 2 * x])}

    with pytest.raises(
        verify.CounterExample, match=r"(?s)loss\[1\]: candidate 6, reference 3.*relative error 1, allowed"
    ) as found:
        verify.check_against(candidate, lambda x: {"loss": np.array([1.0, x])}, strategy=st.floats(0.1, 9.0), rtol=1e-9)
    assert found.value.argument == (3.0,)
    assert found.value.error == 1.0


@pytest.mark.parametrize(
    ("candidate", "message"),
    [
        (lambda x: np.nan, "relative error inf"),
        (lambda x: [x], "only one of candidate and reference has"),
        (lambda x: np.array([x, x]), r"has shape \(2,\) in candidate, \(\) in reference"),
        (lambda x: 1 / 0, "the candidate raised ZeroDivisionError: division by zero"),
    ],
)
def test_nan_other_shapes_and_exceptions_are_errors(candidate, message):
    with pytest.raises(verify.CounterExample, match=message):
        verify.check_against(candidate, lambda x: x, strategy=POSITIVE, rtol=1.0)


def test_what_says_of_itself_that_it_failed_certifies_nothing():
    flow, x, lost = GradientFlow(), np.array([1.0, 2.0]), Status(2, failed="No root. Widen it.")

    def theory(scale, status=None):
        return Solution(flow, x, {"loss": scale * x}, "time", flow, None, status=status or Status(1, noted="near"))

    assert verify.check_against(theory, theory, strategy=POSITIVE, rtol=0.0).worst == 0
    for pair, role in (
        ((lambda s: theory(s, lost), theory), "candidate"),
        ((theory, lambda s: theory(s, lost)), "reference"),
    ):
        with pytest.raises(verify.CounterExample, match=f"the {role} failed: No root. Widen it"):
            verify.check_against(*pair, strategy=POSITIVE, rtol=1.0)
    with pytest.raises(verify.CounterExample, match="the function failed: No root"):
        verify.check_monotone(lambda s, _: {"both": [theory(s, lost)]}, strategy=POSITIVE, over=x)

    def runs(scale, *, key):
        return Ensemble(flow, x, {"loss": noisy(scale, key=key)["loss"]}, "time", flow, status=lost)

    with pytest.raises(verify.CounterExample, match="the reference failed: No root"):
        verify.check_against(theory, runs, strategy=POSITIVE, margin=0.05, key=jax.random.key(1), examples=2)


def test_zero_and_infinity_are_equal_only_to_themselves():
    verify.check_against(lambda x: [0.0, np.inf], lambda x: [0.0, np.inf], strategy=POSITIVE, rtol=0.0)
    for wrong in ([1e-300, np.inf], [0.0, 1e300], [0.0, -np.inf]):
        with pytest.raises(verify.CounterExample):
            verify.check_against(lambda x, w=wrong: w, lambda x: [0.0, np.inf], strategy=st.just(1.0), rtol=1e-3)


def noisy(scale, *, key):
    """50 runs of two positive numbers with means scale and 2 scale, as a user's simulator gives them."""
    draw = np.asarray(jax.random.normal(key, (50, 2)))
    return {"loss": scale * np.array([1.0, 2.0]) * (1 + 0.1 * draw)}


def test_random_references_are_judged_to_a_margin():
    key = jax.random.key(4)
    found = verify.check_against(
        lambda scale: {"loss": scale * np.array([1.0, 2.0])}, noisy, strategy=POSITIVE, margin=0.05, key=key
    )
    assert found.worst == 0.0
    with pytest.raises(
        verify.CounterExample, match=r"(?s)is the mean of noisy.*loss\[1\]: candidate 3, 50 runs "
    ) as wrong:
        verify.check_against(
            lambda scale: {"loss": scale * np.array([1.0, 3.0])}, noisy, strategy=POSITIVE, margin=0.05, key=key
        )
    assert wrong.value.argument == (1.0,)


def test_solutions_are_held_against_ensembles():
    flow, x = GradientFlow(), np.array([1.0, 2.0])

    def theory(scale, factor=1.0):
        curves = {"test_loss": factor * scale * np.array([1.0, 2.0])}
        return Solution(flow, x, curves, x_name="time", dynamics=flow, method=None)

    def runs(scale, *, key):
        return Ensemble(flow, x, {"test_loss": noisy(scale, key=key)["loss"]}, "time", flow)

    scales = st.sampled_from((1.0, 2.0, 3.0))
    options = {"strategy": scales, "margin": 0.05, "key": jax.random.key(1), "examples": 3}
    assert verify.check_against(theory, runs, **options).points == 3
    with pytest.raises(verify.CounterExample, match="test_loss at time = 1"):
        verify.check_against(lambda scale: theory(scale, 2.0), runs, **options)


# check_limit, check_monotone, check_exponent, check_symmetry


def test_two_solutions_in_other_units_or_at_other_times_are_not_the_same():
    x = np.array([1.0, 2.0])

    def solved(scale, x=x, **unit):
        return Solution(None, x, {"test_loss": scale / x}, "time", GradientFlow(), None, **unit)

    options = {"strategy": st.floats(1.0, 2.0), "rtol": 1e-12, "examples": 3}
    assert verify.check_against(solved, lambda scale: solved(scale), **options).points == 3
    with pytest.raises(BadValue, match=r"candidate has x in time \[s\], but the reference has time .*x_unit='tau'"):
        verify.check_against(lambda s: solved(s, x_unit="s"), lambda s: solved(s, x_unit="tau"), **options)
    with pytest.raises(verify.CounterExample, match="other values of time"):
        verify.check_against(lambda s: solved(s), lambda s: solved(2 * s, 2 * x), **options)


def test_limits():
    options = {"strategy": POSITIVE, "approach": GRID}
    found = verify.check_limit(saturating, saturated, rtol=2e-4, **options)
    assert found.worst == pytest.approx(1e-4, rel=1e-3, abs=0)
    assert "saturating tends to saturated as x goes to 10000" in found.claim
    with pytest.raises(verify.CounterExample, match=r"rising: value .*limit 2, errors on the way"):
        verify.check_limit(saturating, lambda scale: {"rising": 2 * scale}, rtol=2e-4, **options)
    verify.check_limit(lambda scale, x: scale * x, lambda scale: np.inf, rtol=1e-2, **options)
    with pytest.raises(verify.CounterExample):
        verify.check_limit(lambda scale, x: -scale * x, lambda scale: np.inf, rtol=1e-2, **options)


def test_monotony():
    rising = {"strategy": POSITIVE, "over": GRID}
    verify.check_monotone(lambda scale, x: saturating(scale, x)["rising"], strict=True, **rising)
    verify.check_monotone(lambda scale, x: saturating(scale, x)["falling"], direction="decreasing", **rising)
    with pytest.raises(verify.CounterExample, match=r"(?s)falling: .* at x = .*, then .* at x = .*step the wrong way"):
        verify.check_monotone(saturating, **rising)
    with pytest.raises(verify.CounterExample):
        verify.check_monotone(lambda scale, x: np.minimum(x, 100.0), strict=True, **rising)
    verify.check_monotone(lambda scale, x: np.minimum(x, 100.0), **rising)


def test_functions_that_ignore_the_grid_are_named():
    grid = np.array([1.0, 2.0, 4.0])
    for check in (
        lambda: verify.check_monotone(lambda a, x: a, strategy=POSITIVE, over=grid, direction="increasing"),
        lambda: verify.check_exponent(lambda a, x: a, 1.0, strategy=POSITIVE, over=grid),
    ):
        with pytest.raises(verify.CounterExample, match=r"has shape \(\), but its last axis must be the grid"):
            check()
    with pytest.raises(verify.CounterExample, match=r"does not return \(\*limit, grid\)"):
        verify.check_limit(lambda a, x: a, lambda a: a, strategy=POSITIVE, approach=grid, rtol=1e-3)


def test_a_wrong_exponent_is_found():
    options = {"strategy": (POSITIVE, st.floats(0.3, 3.0)), "over": GRID}

    def law(scale, power, x):
        return scale * x**power * (1 + 1e-3 / x)

    verify.check_exponent(law, lambda scale, power: power, **options)
    with pytest.raises(verify.CounterExample, match=r"fitted exponent 1\.5000, expected 1"):
        verify.check_exponent(lambda scale, x: scale * x**1.5, 1.0, strategy=POSITIVE, over=GRID)
    with pytest.raises(verify.CounterExample, match="not finite and of one sign"):
        verify.check_exponent(lambda scale, x: np.sin(x), 1.0, strategy=POSITIVE, over=GRID)


def test_symmetries():
    verify.check_symmetry(abs, lambda x: -x, strategy=st.floats(-5, 5))
    verify.check_symmetry(
        lambda x, a: x**3, lambda x, a: (a * x, a), image=lambda v, x, a: a**3 * v, strategy=(POSITIVE, POSITIVE)
    )
    with pytest.raises(verify.CounterExample, match="after the transform -1, by the symmetry 1"):
        verify.check_symmetry(lambda x: x**3, lambda x: -x, strategy=POSITIVE)


# what is no evidence


def checks_of(call):
    """Every check, of a function that gives `call()` whatever it is asked."""
    grid, few = np.array([1.0, 2.0]), {"strategy": POSITIVE, "examples": 3}
    key = jax.random.key(0)
    return {
        "against": lambda: verify.check_against(lambda a: call(), lambda a: call(), rtol=1e-6, **few),
        "margin": lambda: verify.check_against(lambda a: call(), lambda a, key: call(), margin=0.1, key=key, **few),
        "limit": lambda: verify.check_limit(lambda a, x: a * x, lambda a: call(), approach=grid, rtol=1e-6, **few),
        "monotone": lambda: verify.check_monotone(lambda a, x: call(), over=grid, **few),
        "exponent": lambda: verify.check_exponent(lambda a, x: call(), 1.5, over=grid, **few),
        "symmetry": lambda: verify.check_symmetry(lambda a: call(), lambda a: -a, **few),
    }


@pytest.mark.parametrize("nothing", [None, {}, np.zeros((0, 2)), {"loss": np.zeros((2, 0))}])
def test_where_nothing_is_compared_nothing_is_certified(nothing):
    for check in checks_of(lambda: nothing).values():
        with pytest.raises(BadValue, match=r"returned nothing to compare .*forgotten return"):
            check()
    with pytest.raises(verify.CounterExample, match="only one of candidate and reference"):
        verify.check_against(lambda a: None, lambda a: a, strategy=POSITIVE, rtol=1.0)


def test_an_empty_entry_beside_others_is_passed_over():
    def empty_and(values):
        return {"a": np.asarray(values), "b": np.zeros((0, *np.shape(values)))}

    grid, few = np.array([1.0, 2.0]), {"strategy": POSITIVE, "examples": 3}
    verify.check_monotone(lambda a, x: empty_and(a * x), over=grid, **few)
    verify.check_exponent(lambda a, x: empty_and(a * x), 1.0, over=grid, **few)
    verify.check_limit(lambda a, x: empty_and(a + 0 * x), lambda a: empty_and(a), approach=grid, rtol=0.0, **few)


def test_complex_numbers_have_no_order():
    turn = np.array([1.0 + 5j, 2.0 - 5j])
    checks = checks_of(lambda: turn)
    for name in ("margin", "monotone", "exponent"):
        with pytest.raises(BadValue, match=r"returned complex numbers, .*the real part or the absolute value"):
            checks[name]()
    assert checks["against"]().worst == 0


def test_hidden_values_are_no_numbers():
    hidden = np.ma.array([1.0, 2.0], mask=[False, True])
    for check in checks_of(lambda: {"loss": hidden}).values():
        with pytest.raises(BadValue, match=r"\['loss'\] has values that a mask hides"):
            check()


def test_narrow_integers_do_not_wrap():
    options = {"strategy": POSITIVE, "over": [1.0, 2.0, 3.0], "examples": 3}
    for kind in (np.uint8, np.int8, np.uint64, bool):
        rise = np.array([0, 1, 1], kind) if kind is bool else np.array([1, 2, 127], kind)
        verify.check_monotone(lambda a, x, rise=rise: rise, **options)
        with pytest.raises(verify.CounterExample, match="step the wrong way"):
            verify.check_monotone(lambda a, x, rise=rise: rise, direction="decreasing", **options)
    # 200 = 127 - (-73) is no int8, and beyond 2^53 not every integer is a float.
    verify.check_monotone(lambda a, x: np.array([-128, 0, 127], np.int8), strict=True, **options)
    verify.check_monotone(lambda a, x: 2**60 + np.arange(3), strict=True, **options)
    with pytest.raises(verify.CounterExample, match="candidate 100, reference -128"):
        verify.check_against(lambda a: 100.0, lambda a: np.int8(-128), strategy=POSITIVE, rtol=1.0)
    verify.check_exponent(
        lambda a, x: np.array([-1, -64, -128], np.int8)[[0, 1]], 6.0, **options | {"over": [1.0, 2.0]}
    )
    narrow = {"strategy": POSITIVE, "approach": [1.0, 2.0], "rtol": 0.5, "examples": 3}
    with pytest.raises(verify.CounterExample, match="value 100, limit -128"):
        verify.check_limit(lambda a, x: np.array([0, 100], np.int8), lambda a: np.int8(-128), **narrow)


def test_right_laws_at_the_ends_of_the_floats_pass():
    options = {"strategy": POSITIVE, "over": [1.0, 2.0, 4.0], "examples": 5}
    for unit in (1e-170, 1e-300, 1e300, -1e-170):
        verify.check_exponent(lambda a, x, unit=unit: a * unit * x**1.5, 1.5, **options)
    for unit in (0.0, np.nan):
        with pytest.raises(verify.CounterExample, match="not finite and of one sign"):
            verify.check_exponent(lambda a, x, unit=unit: a * unit * x**1.5, 1.5, **options)
    rise, fall = [-np.inf, 0.0, np.inf], [np.inf, 2.0, 1.0]
    verify.check_monotone(lambda a, x: np.array(rise), strict=True, **options)
    verify.check_monotone(lambda a, x: np.array([-1.5e308, 0.0, 1.5e308]), **options)
    verify.check_monotone(lambda a, x: np.array(fall), direction="decreasing", **options)
    for values, direction in ((rise, "decreasing"), (fall, "increasing"), ([1.0, np.nan, 2.0], "increasing")):
        with pytest.raises(verify.CounterExample, match="wrong way inf"):
            verify.check_monotone(lambda a, x, v=values: np.array(v), direction=direction, **options)


def test_keys_with_dots_do_not_run_into_each_other():
    with pytest.raises(verify.CounterExample, match=r"a\.b: candidate 1, reference 5"):
        verify.check_against(
            lambda a: {"a": {"b": 1.0}, "a.b": 2.0},
            lambda a: {"a": {"b": 5.0}, "a.b": 2.0},
            strategy=POSITIVE,
            rtol=0.1,
        )


# the first customer


def late_loss(problem, factor=1.0):
    """Advani & Saxe: where gradient flow from zero ends, below and above one sample a weight."""
    alpha, snr = problem.samples_per_dim, problem.snr
    if alpha == 1:
        return np.inf
    excess = factor * (alpha / (1 - alpha) if alpha < 1 else 1 / (alpha - 1))
    return problem.noise**2 * (1 + max(0.0, 1 - alpha) * snr + excess)


def test_the_kit_judges_the_linear_wing():
    drawn = verify.problems(gt.linear.TeacherStudent, inr=0.0, weight_decay=0.0)

    def reference(problem):
        return gt.linear.limits(problem).test_loss

    assert verify.check_against(late_loss, reference, strategy=drawn, rtol=1e-12).worst < 1e-13
    with pytest.raises(verify.CounterExample) as found:
        verify.check_against(lambda problem: late_loss(problem, 2.0), reference, strategy=drawn, rtol=1e-12)
    (problem,) = found.value.argument
    assert dataclasses.astuple(problem)[2:] == (0.0, 1.0, 0.0)
    assert problem.samples_per_dim in (0.5, 2.0)


# the door


def test_bad_arguments_are_named():
    def check(**wrong):
        return verify.check_against(float, float, **({"strategy": POSITIVE} | wrong))

    with pytest.raises(gt.BadValue, match="exactly one of them is needed"):
        check()
    with pytest.raises(gt.BadValue, match="exactly one of them is needed"):
        check(rtol=1.0, margin=1.0)
    with pytest.raises(gt.BadValue, match="rtol is nan"):
        check(rtol=float("nan"))
    with pytest.raises(gt.BadValue, match="key is None, but it must be one typed JAX key"):
        check(margin=0.1)
    with pytest.raises(gt.BadValue, match=r"strategy is 3, but it must be a hypothesis strategy.*verify\.problems"):
        check(rtol=1.0, strategy=3)
    with pytest.raises(gt.BadValue, match=r"over has shape \(\), but it must be a list of at least two"):
        verify.check_monotone(decay, strategy=POSITIVE, over=3.0)
    with pytest.raises(gt.BadValue, match=r"over\[0\] is 0\.0, but it must be positive"):
        verify.check_exponent(decay, 1.0, strategy=POSITIVE, over=[0.0, 1.0])
    with pytest.raises(gt.BadValue, match="direction is 'up', but it must be one of 'increasing', 'decreasing'"):
        verify.check_monotone(decay, strategy=POSITIVE, over=[0.0, 1.0], direction="up")
    with pytest.raises(gt.BadValue, match="only numbers can be checked"):
        verify.check_against(lambda x: "one", lambda x: "one", strategy=POSITIVE, rtol=1.0)
