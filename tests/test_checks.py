"""Every check refuses what is wrong with field, value and remedy, and lets pass what has no number yet."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from grok_theory import checks, errors
from grok_theory.errors import BadValue

WRONG = {
    checks.check_positive: [0, -1, np.nan, np.inf, -np.inf, "0.5", True, [1.0, -2.0], None, 1j],
    checks.check_non_negative: [-1e-300, np.nan, np.inf, "0", False, [[0.0, np.nan]]],
    checks.check_finite: [np.nan, np.inf, "x", [0.0, -np.inf]],
}


@pytest.mark.parametrize(("check", "value"), [(check, value) for check, values in WRONG.items() for value in values])
def test_wrong_numbers_are_refused_by_name_value_and_remedy(check, value):
    with pytest.raises(BadValue, match=r"^field.*but it must be .*\. Pass 0\.5\.$") as raised:
        check("field", value, "Pass 0.5.")
    if np.ndim(value) == 0:
        assert str(value) in str(raised.value)


@pytest.mark.parametrize("check", list(WRONG))
def test_what_has_no_number_yet_passes(check):
    for value in (object(), jax.ShapeDtypeStruct((3,), float)):
        check("field", value, "remedy")
    jax.jit(lambda x: check("field", x, "remedy") or x)(-1.0)
    jax.jit(lambda x: check("field", [x, 1.0], "remedy") or x)(-1.0)


def test_the_index_of_the_first_wrong_element_is_named():
    with pytest.raises(BadValue, match=r"field\[1, 0\] is -3\.0"):
        checks.check_positive("field", np.array([[1.0, 2.0], [-3.0, -4.0]]), "Pass 0.5.")


def test_what_a_mask_hides_is_no_number():
    masked = np.ma.masked_array([1.0, -2.0], [False, True])
    with pytest.raises(BadValue, match=r"field has values that a mask hides.*Pass 0\.5\."):
        checks.check_positive("field", masked, "Pass 0.5.")
    with pytest.raises(BadValue, match=r"field has values that a mask hides.*Pass 0\.5\."):
        checks.check_finite("field", [masked, masked], "Pass 0.5.")
    checks.check_finite("field", np.ma.masked_array([1.0, -2.0]), "Pass 0.5.")


@pytest.mark.parametrize("kind", [np.float32, np.float64, int, complex])
def test_what_a_mask_hides_is_nan_where_nothing_may_be_known(kind):
    masked = np.ma.masked_array([1, 999], [False, True], dtype=kind)
    plain = checks.hidden_as_nan(masked)
    assert type(plain) is np.ndarray
    assert plain.dtype == (float if kind is int else kind)
    np.testing.assert_array_equal(plain, [1.0, np.nan])
    np.testing.assert_array_equal(checks.hidden_as_nan([masked, [3, 4]]), [[1.0, np.nan], [3.0, 4.0]])
    bare = checks.hidden_as_nan(np.ma.masked_array([1, 2], dtype=kind))
    assert (type(bare), bare.dtype) == (np.ndarray, np.dtype(kind))
    assert checks.hidden_as_nan(same := [1.0, 2.0]) is same


def test_between_shows_which_ends_are_allowed():
    checks.check_between("field", [0.0, 0.999], 0, 1, "Pass 0.5.", include_high=False)
    with pytest.raises(BadValue, match=r"field is 1\.0, but it must be in \[0, 1\)"):
        checks.check_between("field", 1.0, 0, 1, "Pass 0.5.", include_high=False)
    with pytest.raises(BadValue, match=r"in \(0, 1\]"):
        checks.check_between("field", np.nan, 0, 1, "Pass 0.5.", include_low=False)


@pytest.mark.parametrize("value", [2.5, True, np.nan, np.inf, "3", 0, None, [3], np.array([3, 4])])
def test_integers_only(value):
    with pytest.raises(BadValue, match=r"runs is .* but it must be an integer of at least 1"):
        checks.check_integer("runs", value, 1, "Pass 3.")


@pytest.mark.parametrize("value", [3, 3.0, np.int64(3), np.float64(3), jnp.asarray(3), np.array(3)])
def test_whole_numbers_of_any_kind_are_integers(value):
    got = checks.check_integer("runs", value, 1, "Pass 3.", high=5)
    assert got == 3
    assert type(got) is int


def test_choices_name_the_near_one():
    with pytest.raises(BadValue, match=r"activation is 'rellu', .*Did you mean 'relu'\?"):
        checks.check_choice("activation", "rellu", ["tanh", "relu"])


@pytest.mark.parametrize(
    ("times", "message"),
    [
        ([], "non-empty"),
        (3.0, "non-empty"),
        ([[1.0]], "non-empty"),
        ([1.0, 0.5], r"times\[1\] is 0\.5, but it must not be below times\[0\] = 1\.0"),
        ([-1.0, 0.5], r"times\[0\] is -1\.0"),
        ([1.0, np.nan], r"times\[1\] is nan"),
        ([1.0, np.inf], r"times\[1\] is inf"),
    ],
)
def test_times(times, message):
    with pytest.raises(BadValue, match=message) as raised:
        checks.check_times(times)
    assert "geomspace" in str(raised.value)


def test_repeated_times_and_zero_are_allowed():
    checks.check_times([0, 0.0, 1, 1])


def test_sizes_that_are_no_integers_name_the_nearest_usable_one():
    with pytest.raises(BadValue, match=r"samples_per_dim \* dim is 50\.5, .* The nearest usable dim is 100\."):
        checks.check_size("samples_per_dim * dim", 0.5 * 101, knob="dim", per=0.5)
    assert checks.check_size("samples_per_dim * dim", 0.1 * 30, knob="dim", per=0.1) == 3
    with pytest.raises(BadValue, match="Choose dim so that"):
        checks.check_size("samples_per_dim * dim", np.pi * 7, knob="dim", per=np.pi)


@pytest.mark.parametrize("key", [0, None, "key", jax.random.PRNGKey(0), jax.random.split(jax.random.key(0))])
def test_keys_are_typed_and_single(key):
    with pytest.raises(BadValue, match=r"jax\.random\.key\(0\)"):
        checks.check_key(key)


def test_shapes():
    checks.check_shape("hidden", np.zeros((3, 4)), (None, 4), "remedy")
    with pytest.raises(BadValue, match=r"hidden has shape \(3, 4\), but it must have shape \(any, 5\)\. Pass more\."):
        checks.check_shape("hidden", np.zeros((3, 4)), (None, 5), "Pass more.")
    with pytest.raises(BadValue, match="shape"):
        checks.check_shape("hidden", np.zeros((0, 4)), (None, 4), "Pass more.")


def test_memory_is_refused_with_number_and_knob():
    checks.check_memory("The kernel", 8.0, "Lower `paths`.")
    with pytest.raises(
        errors.TooLarge, match=r"The kernel needs 1e\+06 GiB, but only .* GiB are free\. Lower `paths`\."
    ):
        checks.check_memory("The kernel", 1e6 * 2**30, "Lower `paths`.")


def test_float32_gets_one_sentence_with_the_line_to_add():
    checks.require_float64("solve")
    jax.config.update("jax_enable_x64", False)
    try:
        with pytest.raises(errors.Float64Required, match=r'solve needs float64.*jax\.config\.update\("jax_enable_x64"'):
            checks.require_float64("solve")
    finally:
        jax.config.update("jax_enable_x64", True)


def test_kinds_of_error_are_also_the_builtin_kinds():
    for kind, builtin in (
        (BadValue, ValueError),
        (errors.SolveFailed, RuntimeError),
        (errors.TooLarge, MemoryError),
        (errors.DamagedFile, ValueError),
        (errors.Float64Required, RuntimeError),
    ):
        assert issubclass(kind, builtin)
        assert issubclass(kind, errors.GrokTheoryError)


def test_numbers_kinds_and_empty_arrays():
    checks.check_numbers("values", [1.0, np.nan, np.inf], "Pass numbers.")
    with pytest.raises(BadValue, match=r"values is 'abc', but it must be a real number.*Pass numbers\."):
        checks.check_numbers("values", "abc", "Pass numbers.")
    checks.check_kind("count", 3, int, "Pass a count.")
    with pytest.raises(BadValue, match=r"count is 'abc', but it must be a ndarray. Pass a count\."):
        checks.check_kind("count", "abc", np.ndarray, "Pass a count.")
    checks.check_not_empty("eigenvalues", [1.0], "Pass one a mode.")
    with pytest.raises(BadValue, match=r"eigenvalues is empty, but it must hold.*Pass one a mode\."):
        checks.check_not_empty("eigenvalues", np.zeros((0, 3)), "Pass one a mode.")
