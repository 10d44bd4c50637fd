"""`compiled` is `jax.jit` wherever it stands, and where XLA does not know the option."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from grok_theory.errors import BadValue
from grok_theory.numerics import programs
from grok_theory.numerics.programs import compiled
from tests.compiled import counted


def wave(x, scale):
    return jnp.sum(jnp.exp(-((scale * x) ** 2)) * jnp.sin(x))


X = np.linspace(-2.0, 3.0, 50)


@pytest.mark.parametrize(
    "around",
    [
        lambda f: f(X, 1.5),
        lambda f: jax.jit(f)(X, 1.5),
        lambda f: jax.jit(lambda y: y + f(X, 1.5))(2.0),  # numbers inside another compilation
        lambda f: jax.grad(f, argnums=1)(X, 1.5),
        lambda f: jax.hessian(f, argnums=1)(X, 1.5),
        lambda f: jax.vmap(f, (None, 0))(X, jnp.arange(3.0)),
        lambda f: jax.jit(jax.vmap(jax.grad(f, argnums=1), (None, 0)))(X, jnp.arange(3.0)),
        lambda f: jax.lax.map(lambda s: f(X, s), jnp.arange(3.0)),
        lambda f: jax.linearize(lambda s: f(X, s), 1.5)[1](1.0),
        lambda f: jax.grad(jax.checkpoint(f), argnums=1)(X, 1.5),
        lambda f: jax.eval_shape(f, X, 1.5).size,
        lambda f: f(X, scale=1.5),
    ],
)
def test_it_is_jit_wherever_it_stands(around):
    np.testing.assert_allclose(around(compiled(wave)), around(jax.jit(wave)), rtol=1e-14, atol=0)


def test_an_xla_without_the_option_compiles_all_the_same():
    twice = compiled(lambda x: 2 * x, options={"xla_an_option_that_is_none": True})
    assert twice(3.0) == 6.0
    with counted() as found:  # and is not asked again
        assert twice(4.0) == 8.0
    assert not found


@pytest.mark.parametrize("options", [programs.QUICKLY, programs.SOONEST, programs.LONG_RUNNING, programs.ONE_THREAD])
def test_this_xla_knows_the_options(options):
    assert jax.jit(lambda x: 2 * x, compiler_options=options)(3.0) == 6.0


def test_the_option_reaches_xla(monkeypatch):
    asked = []
    jit = jax.jit
    monkeypatch.setattr(jax, "jit", lambda function, **given: asked.append(given) or jit(function, **given))
    compiled(wave)
    assert [given.get("compiler_options") for given in asked] == [None, programs.QUICKLY]


def test_what_is_static_is_compiled_for_and_counted():
    raised = compiled(lambda x, *, power: x**power, static_argnames="power")
    assert (raised(2.0, power=3), raised(3.0, power=3), raised(2.0, power=2)) == (8.0, 27.0, 4.0)
    assert raised._cache_size() == 2
    assert compiled(lambda x, power: x**power, static_argnums=1)(2.0, 3) == 8.0


def test_what_the_function_refuses_is_refused():
    def refuses(x):
        raise BadValue("x is x, but it must be y. Pass y.")

    with pytest.raises(BadValue, match="x is x, but it must be y"):
        compiled(refuses)(1.0)
