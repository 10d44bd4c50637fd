import jax
import jax.numpy as jnp
import numpy as np
import pytest

from grok_theory.numerics.invariants import ANY, COSINE, NON_NEGATIVE, PROBABILITY, hold
from grok_theory.pytrees import as_arrays


def held(values, error, bounds, level=0):
    curves = {"c": jnp.asarray(values, float)}
    return hold(curves, {} if error is None else {"c": jnp.asarray(error, float)}, level, {"c": bounds})


def test_a_value_within_its_error_of_the_range_is_moved_to_its_end():
    found = held([-1e-9, 0.5, 2.0], [2e-9, 1e-9, 1e-9], NON_NEGATIVE)
    np.testing.assert_array_equal(found.curves["c"], [0.0, 0.5, 2.0])
    assert int(found.level) == 1  # an error of 2e-9 on a value of 0


@pytest.mark.parametrize(
    ("value", "bounds"), [(-1e-8, NON_NEGATIVE), (1.0 + 6e-10, PROBABILITY), (-1.1, COSINE), (-1e-300, NON_NEGATIVE)]
)
def test_a_value_beyond_its_error_is_nan_and_failed(value, bounds):
    found = held([0.5, value], None, bounds)
    assert np.isnan(found.curves["c"][1])
    assert found.curves["c"][0] == 0.5
    assert int(found.level) == 2


def test_rounding_at_the_end_of_a_range_is_no_fault():
    found = held([1.0 + 2**-51], None, PROBABILITY)
    assert found.curves["c"][0] == 1.0
    assert int(found.level) == 0


def test_an_error_above_the_stated_share_is_noted():
    assert int(held([1.0, 1.0], [0.0, 0.0099], NON_NEGATIVE).level) == 0
    assert int(held([1.0, 1.0], [0.0, 0.0101], NON_NEGATIVE).level) == 1
    assert int(held([1.0, 1e-6], [0.0, 1e-7], NON_NEGATIVE).level) == 1
    # A curve of both signs passes through zero: its own size is the scale.
    assert int(held([1.0, 1e-6], [0.0, 1e-7], ANY).level) == 0


def test_the_solvers_own_level_is_never_lowered():
    assert int(held([1.0], [0.0], NON_NEGATIVE, level=2).level) == 2


def test_a_nan_passes_as_it_is():
    found = held([jnp.nan, 1.0], [0.0, 0.0], NON_NEGATIVE, level=2)
    assert np.isnan(found.curves["c"][0])
    assert int(found.level) == 2


def test_under_jit_and_vmap_it_is_the_same():
    values = jnp.array([[0.5, 1.0 + 1e-9], [0.5, 1.0]])
    found = jax.jit(jax.vmap(lambda v: hold({"c": v}, {"c": jnp.full(2, 1e-12)}, 0, {"c": PROBABILITY})))(values)
    np.testing.assert_array_equal(found.level, [2, 0])
    assert np.isnan(found.curves["c"][0, 1])


def test_a_curve_without_a_range_is_a_mistake_of_the_solver():
    with pytest.raises(KeyError):
        hold({"new": jnp.ones(1)}, {}, 0, {})


def test_outside_of_a_trace_nothing_is_compiled():
    """Shapes that no other test has: each of JAX's operations would compile a program for them."""
    compiled = []
    jax.monitoring.register_event_duration_secs_listener(
        lambda name, seconds, **more: compiled.append(name) if "backend_compile" in name else None
    )
    curves = {"loss": jax.device_put(np.linspace(-1e-3, 1.0, 77)), "overlap": np.linspace(-1.0, 1.0, 77)}
    errors = {"loss": np.full(77, 1e-2)}
    hold(curves, errors, 0, {"loss": NON_NEGATIVE, "overlap": COSINE})
    as_arrays((0.5, 3, np.float32(2.0), np.arange(79), jax.device_put(np.ones(81))))
    assert compiled == []
    jax.jit(lambda x: x + 1)(np.ones(83))
    assert compiled, "the listener hears"
