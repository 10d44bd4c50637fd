"""What the tests check of annotations while they run, and what they leave to the doors of the package."""

import jax.numpy as jnp
import pytest
from jaxtyping import Array, Float, TypeCheckError, jaxtyped
from typechecker import check


@jaxtyped(typechecker=check)
def scaled(values: Float[Array, " n"], weights: "Float[Array, ' n'] | None", factor: int) -> Float[Array, " n"]:
    return values[: values.size // factor] if factor else values


def test_shapes_are_checked_and_plain_types_are_not():
    assert scaled(jnp.ones(3), jnp.ones(3), 0.0).shape == (3,)
    assert scaled(jnp.ones(3), None, 1).shape == (3,)
    with pytest.raises(TypeCheckError):
        scaled(jnp.ones(3), jnp.ones(2), 1)
    with pytest.raises(TypeCheckError):
        scaled(jnp.ones((3, 1)), None, 1)


def test_a_returned_shape_is_checked():
    with pytest.raises(TypeCheckError):
        scaled(jnp.ones(4), None, 2)
