"""The Problem and the times: what is refused, and how a Problem passes through JAX."""

import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from grok_theory.errors import BadValue
from grok_theory.lazy_rich import QuadraticCommittee
from grok_theory.lazy_rich.timing import check_tau, dynamics_of, steps_of

GOOD = {"output_scale": 1.0, "curvature": 0.5, "samples_per_dim": 2.0, "teacher_overlap": 0.3, "centred": True}


@pytest.mark.parametrize(
    ("field", "value", "remedy"),
    [
        ("output_scale", 0.0, "Pass alpha"),
        ("output_scale", -1.0, "Pass alpha"),
        ("output_scale", np.nan, "Pass alpha"),
        ("output_scale", "large", "Pass alpha"),
        ("curvature", -0.1, "Pass eps"),
        ("curvature", np.inf, "Pass eps"),
        ("samples_per_dim", 0.0, "Pass samples / dim"),
        ("samples_per_dim", np.nan, "Pass samples / dim"),
        ("teacher_overlap", 1.0, "Pass the overlap"),
        ("teacher_overlap", -0.1, "Pass the overlap"),
        ("centred", 1, "True subtracts"),
    ],
)
def test_bad_fields_are_named_with_value_and_remedy(field, value, remedy):
    with pytest.raises(BadValue, match=rf"{field} is .*{re.escape(str(value))}.*but it must be.*{remedy}"):
        QuadraticCommittee(**{**GOOD, field: value})


def test_a_batch_names_the_index():
    with pytest.raises(BadValue, match=r"curvature\[1\] is -1"):
        QuadraticCommittee(1.0, jnp.array([0.5, -1.0]), 2.0)


def test_dressed_adds_the_chance_overlap():
    dressed = QuadraticCommittee(**GOOD).dressed(50)
    assert dressed.teacher_overlap**2 == pytest.approx(0.09 + 0.91 / 50, rel=1e-14)
    with pytest.raises(BadValue, match=r"dim is 1, but .* at least 2"):
        QuadraticCommittee(**GOOD).dressed(1)


def test_a_problem_is_a_pytree_whose_structure_is_the_centring():
    problem = QuadraticCommittee(**GOOD)
    assert len(jax.tree_util.tree_leaves(problem)) == 4
    slope = jax.grad(lambda p: p.output_scale * p.curvature)(problem)
    assert (slope.output_scale, slope.curvature, slope.centred) == (0.5, 1.0, True)
    assert bool(problem.in_range())
    assert not jax.jit(lambda a: QuadraticCommittee(a, 0.5, 2.0).in_range())(-1.0)


@pytest.mark.parametrize(
    ("times", "message"),
    [
        ([1.0, 0.5], r"times\[1\] is 0.5, but it must not be below"),
        ([-1.0], r"times\[0\] is -1.0, but it must be zero or positive"),
        ([np.nan], r"times\[0\] is nan"),
        ([], "non-empty"),
        (
            [0.0, 0.15],
            r"times\[1\] is 0.15, but it must be a multiple of learning_rate = 0.1. The nearest are 0.1 and 0.2",
        ),
    ],
)
def test_bad_times_are_refused(times, message):
    with pytest.raises(BadValue, match=message):
        check_tau(times, 0.1)


def test_steps_survive_rounding():
    times = np.arange(0, 10_001) * 0.1
    np.testing.assert_array_equal(steps_of(times, 0.1), np.arange(10_001))


def test_dynamics():
    assert dynamics_of(None).name == "gradient flow"
    assert dynamics_of(0.1).parameters == {"learning_rate": 0.1}
    with pytest.raises(BadValue, match=r"learning_rate is 0.0, but it must be positive"):
        dynamics_of(0.0)
