"""What a Problem's field is, is said once: check, mask, docstring, strategy, command line and doors agree with it."""

import dataclasses
import inspect
import math
import pickle

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import grok_theory as gt
from benchmarks.doors import arrays, best_of_k, in_context, lazy_rich, li2, linear
from grok_theory import kernels, verify
from grok_theory.errors import BadValue
from grok_theory.fields import all_in_range, array, check_single, in_range, number, problem, quantities
from grok_theory.ranges import Finite, Interval, Positive

KINDS = verify.public_problems() | {
    f"kernels.{kind.__name__}": kind for kind in (kernels.KernelRegression, kernels.FullyConnected)
}
FIELDS = [(name, field.name) for name, kind in KINDS.items() for field in dataclasses.fields(kind)]
DOORS = {
    door.name: door
    for room in (linear, lazy_rich, li2, best_of_k, in_context, arrays)
    for door in room.doors()
    if door.name in KINDS
}


@pytest.mark.parametrize(("name", "field"), FIELDS)
def test_every_field_of_every_public_problem_is_said(name, field):
    quantity = quantities(KINDS[name])[field]
    for text in (quantity.symbol, quantity.unit, quantity.meaning, quantity.range.words):
        assert isinstance(text, str)
        assert text.strip()
    assert quantity.symbol in inspect.getdoc(KINDS[name])
    assert "| " not in inspect.getdoc(KINDS[name]).split("Parameters")[0], "a table by hand says it a second time"


@pytest.mark.parametrize("name", KINDS)
def test_the_docstring_has_every_field_in_a_section(name):
    doc = inspect.getdoc(KINDS[name])
    assert doc.count("Parameters\n----------\n") == 1
    section = doc.split("Parameters\n----------\n")[1].split("\n\n")[0].splitlines()
    heads = [line for line in section if not line.startswith(" ")]
    assert [head.split(" : ")[0] for head in heads] == [field.name for field in dataclasses.fields(KINDS[name])]
    for field, head in zip(dataclasses.fields(KINDS[name]), heads, strict=True):
        said = section[section.index(head) + 1 :]
        assert f"range: {quantities(KINDS[name])[field.name].range.words}"[:20] in " ".join(map(str.strip, said))
        assert (", default" in head) == (field.default is not dataclasses.MISSING)


@pytest.mark.parametrize("name", KINDS)
def test_editors_see_defaults_and_names(name):
    parameters = inspect.signature(KINDS[name]).parameters
    for field in dataclasses.fields(KINDS[name]):
        default = parameters[field.name].default
        assert default is (inspect.Parameter.empty if field.default is dataclasses.MISSING else field.default)


@pytest.mark.parametrize(("name", "field"), FIELDS)
def test_what_lies_beyond_a_range_is_refused_with_its_name(name, field):
    door = DOORS[name]
    door.call(**door.good)
    for value in door.extra[field]:
        with pytest.raises(BadValue) as refused:
            door.call(**{**door.good, field: value})
        assert field in str(refused.value) or door.speaks_as[field] in str(refused.value)


# What other fields decide, the class's own check says.
NUMBERS = [(n, f) for n, f in FIELDS if quantities(KINDS[n])[f].kind == "number" and f != "upper_norm"]


@pytest.mark.parametrize(("name", "field"), NUMBERS)
def test_the_mask_says_what_the_check_says(name, field):
    """At the ends, beside them, at nan and infinities; subnormal numbers are zero to JAX and left out."""
    range_ = quantities(KINDS[name])[field].range

    @given(
        st.floats(allow_subnormal=False)
        | st.sampled_from([0.0, -0.0, 1.0, -1.0, math.nextafter(1.0, 0.0), 1e-300, 1e-50, 1e50, 2e50])
    )
    def agree(value):
        try:
            range_.refuse(field, value, "Pass another.")
            legal = True
        except BadValue:
            legal = False
        assert bool(range_.holds(value)) == legal

    agree()


@problem
class Toy:
    """Something with two numbers and a row.

    Notes
    -----
    Only a test knows it.
    """

    gain: float = number(Positive(), symbol="g", meaning="gain", remedy="Pass 1.0.")
    row: np.ndarray = array(Finite(), symbol="r_i", meaning="a row", axes=("modes",), remedy="Pass a row.")
    share: float = number(Interval(0.0, 1.0), symbol="s", meaning="share", remedy="Pass 0.5.", default=0.5)


def test_an_element_is_named_by_field_and_index():
    with pytest.raises(BadValue, match=r"^gain\[1\] is -2\.0, but it must be positive and finite\. Pass 1\.0\.$"):
        Toy(np.array([1.0, -2.0]), np.ones(2))
    with pytest.raises(BadValue, match=r"row\[1\] is nan, but it must be finite\. Pass a row\."):
        Toy(1.0, [1.0, np.nan])
    with pytest.raises(BadValue, match=r"row is \[1\.0, 'a'\].* Pass an array, all rows of one length\."):
        Toy(1.0, [1.0, "a"])


def test_lists_become_arrays_and_numbers_stay():
    toy = Toy(1, (1, 2))
    assert toy.gain == 1
    assert isinstance(toy.gain, int)
    np.testing.assert_array_equal(toy.row, [1.0, 2.0])


def test_a_stack_is_refused_and_values_are_checked_again():
    stacked = jax.tree_util.tree_map(lambda leaf: jnp.stack([jnp.asarray(leaf)] * 3), Toy(1.0, np.ones(2)))
    with pytest.raises(BadValue, match=r"gain has shape \(3,\), but it must have shape \(\)\. One problem has one num"):
        check_single(stacked)
    with pytest.raises(BadValue, match=r"gain has shape \(3,\).*Map over it\."):
        check_single(stacked, "Map over it.")
    with pytest.raises(BadValue, match="gain is -1"):
        check_single(jax.tree_util.tree_map(jnp.negative, Toy(1.0, np.ones(2))))


def test_the_mask_goes_through_jit_vmap_and_grad():
    gains = jnp.array([1.0, 0.0, -1.0, jnp.nan, jnp.inf])
    expected = [True, False, False, False, False]
    masks = jax.jit(jax.vmap(lambda gain: in_range(Toy(gain, jnp.ones(2)))))(gains)
    np.testing.assert_array_equal(masks, expected)
    np.testing.assert_array_equal(all_in_range(Toy, {"gain": gains, "row": np.ones(2), "share": 0.5}), expected)
    assert not all_in_range(Toy, {"gain": 1.0, "row": np.array([1.0, np.inf]), "share": 0.5})
    assert jax.grad(lambda gain: jnp.where(in_range(Toy(gain, jnp.ones(2))), gain**2, jnp.nan))(3.0) == 6.0


def test_the_section_stands_before_the_others():
    doc = inspect.getdoc(Toy)
    assert doc.index("Parameters\n---") < doc.index("Notes\n---")
    assert "share : float or array, default 0.5\n    s: share; range: [0, 1]." in doc
    assert "row : array (modes)\n    r_i: a row; range: any finite number." in doc


@pytest.mark.parametrize("name", verify.public_problems())
def test_drawn_problems_are_in_range_survive_pickling_and_equal_themselves(name):
    @given(verify.problems(KINDS[name]))
    def whole(drawn):
        check_single(drawn)
        assert bool(jnp.all(in_range(drawn)))
        assert pickle.loads(pickle.dumps(drawn)) == drawn

    whole()


def test_a_field_without_a_range_is_left_to_the_class():
    @problem
    class Free:
        gain: float

        def check(self):
            """Anything goes."""

    assert Free(-1.0).gain == -1.0
    assert quantities(Free) == {}
    assert quantities(gt.linear.TeacherStudent).keys() == {"samples_per_dim", "snr", "inr", "noise", "weight_decay"}
