"""The Problem and the times: what is refused, and how a Problem passes through JAX."""

import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from grok_theory.dynamics import Adam, GradientDescent, GradientFlow
from grok_theory.errors import BadValue
from grok_theory.fields import in_range
from grok_theory.lazy_rich import QuadraticCommittee
from grok_theory.lazy_rich.clock import checked_x, rate_of

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
    assert dressed.teacher_overlap**2 == pytest.approx(0.09 + 0.91 / 50, rel=1e-14, abs=0)
    with pytest.raises(BadValue, match=r"dim is 1, but .* at least 2"):
        QuadraticCommittee(**GOOD).dressed(1)


def test_a_problem_is_a_pytree_whose_structure_is_the_centring():
    problem = QuadraticCommittee(**GOOD)
    assert len(jax.tree_util.tree_leaves(problem)) == 4
    slope = jax.grad(lambda p: p.output_scale * p.curvature)(problem)
    assert (slope.output_scale, slope.curvature, slope.centred) == (0.5, 1.0, True)
    assert bool(in_range(problem))
    assert not jax.jit(lambda a: in_range(QuadraticCommittee(a, 0.5, 2.0)))(-1.0)


@pytest.mark.parametrize(
    ("dynamics", "x", "message"),
    [
        (GradientFlow(), [1.0, 0.5], r"times\[1\] is 0.5, but it must not be below"),
        (GradientFlow(), [-1.0], r"times\[0\] is -1.0, but it must be zero or positive"),
        (GradientFlow(), [np.nan], r"times\[0\] is nan"),
        (GradientFlow(), [], "non-empty"),
        (GradientDescent(0.1), [0.0, 1.5], r"steps\[1\] is 1.5, but under GradientDescent x must be a whole number"),
        (GradientDescent(0.1), [2, 1], r"steps\[1\] is 1.0, but it must not be below"),
    ],
)
def test_a_bad_x_is_refused(dynamics, x, message):
    with pytest.raises(BadValue, match=message):
        checked_x(dynamics, x)


def test_the_rate_of_a_dynamics():
    assert rate_of(GradientFlow(), "solve") is None
    assert rate_of(GradientDescent(0.1), "solve") == 0.1
    with pytest.raises(
        BadValue, match=r"dynamics is Adam\(.*solve takes GradientFlow\(\) or GradientDescent\(learning_rate\)"
    ):
        rate_of(Adam(0.1), "solve")
    with pytest.raises(BadValue, match=r"learning_rate is \[0.1 0.2\], but it must be one number"):
        rate_of(GradientDescent(np.array([0.1, 0.2])), "solve")


def test_a_step_is_worth_eta_hat():
    assert QuadraticCommittee(**GOOD).tau_per_step(GradientDescent(0.25)) == 0.25
