"""Problems are frozen, checked by their constructor only, and go through every JAX transformation."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from grok_theory.checks import check_positive
from grok_theory.errors import BadValue
from grok_theory.fields import problem, structure
from grok_theory.pytrees import record, same
from grok_theory.ranges import Whole


@problem
class Toy:
    gain: float
    depth: int = structure(Whole(1), symbol="D", meaning="layers", default=2)

    def check(self):
        check_positive("gain", self.gain, "Pass 0.5.")


def test_the_constructor_checks_and_the_class_is_frozen():
    with pytest.raises(BadValue, match="gain is -1"):
        Toy(-1.0)
    with pytest.raises(dataclasses.FrozenInstanceError):
        Toy(1.0).gain = 2.0


def test_unflattening_does_not_check():
    leaves, structure = jax.tree_util.tree_flatten(Toy(1.0))
    assert leaves == [1.0]
    for anything in (-1.0, None, object(), jnp.arange(3.0)):
        assert jax.tree_util.tree_unflatten(structure, [anything]).gain is anything


def test_grad_vmap_stack_and_shapes():
    def area(toy):
        return toy.gain**toy.depth

    assert jax.grad(area)(Toy(3.0)).gain == 6.0
    stacked = jax.tree_util.tree_map(lambda *g: jnp.stack([jnp.asarray(v) for v in g]), Toy(1.0), Toy(3.0))
    np.testing.assert_array_equal(jax.vmap(area)(stacked), [1.0, 9.0])
    axes = jax.tree_util.tree_map(lambda _: 0, Toy(1.0))
    np.testing.assert_array_equal(jax.vmap(area, in_axes=(axes,))(stacked), [1.0, 9.0])
    assert jax.eval_shape(lambda toy: toy, Toy(1.0)).gain.shape == ()


def test_equal_means_same_class_structure_and_numbers():
    assert Toy(0.5) == Toy(np.float64(0.5)) == Toy(jnp.asarray(0.5))
    assert len({Toy(0.5), Toy(np.float64(0.5)), Toy(jnp.asarray(0.5)), Toy(0.5, 3), Toy(0.25)}) == 3
    assert Toy(0.5) != Toy(0.5, 3)
    assert Toy(0.5) != 0.5
    assert same({"a": np.array([1.0, np.nan])}, {"a": np.array([1.0, np.nan])})
    assert not same({"a": np.zeros(2)}, {"a": np.zeros(3)})
    assert same(1.0, 1.0 + 1e-13, tolerance=1e-12)
    assert same(jax.random.key(1), jax.random.key(1))
    assert not same(jax.random.key(1), jax.random.key(2))


def test_printed_as_numbers():
    assert repr(Toy(jnp.asarray(0.5))) == "Toy(gain=0.5, depth=2)"
    assert repr(Toy(np.ones(30))) == "Toy(gain=array(30,), depth=2)"


def test_mistakes_of_the_author_are_named():
    with pytest.raises(TypeError, match="no field"):
        record(static=("width",))(type("Odd", (), {"__annotations__": {"gain": float}}))
