"""Two functions or problems that may give different numbers have different addresses, and one has one everywhere."""

import argparse
import dataclasses
import enum
import functools
import operator
import os
import subprocess
import sys
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
import scipy.special
import scipy.stats
from scipy.interpolate import CubicSpline

import grok_theory as gt
from grok_theory.sweeps import addresses


class Scaled:
    """A run that is an object without fields."""

    def __init__(self, factor):
        self.factor = factor

    def __call__(self, problem):
        return self.factor * problem


@dataclasses.dataclass(frozen=True)
class Law:
    power: float

    def inner(self, x):
        return x**self.power

    def run(self, x):
        return self.inner(x)


class Heir(Law):
    pass


class Colour(enum.Enum):
    RED = 1


def scaled(factor):
    def decorate(function):
        @functools.wraps(function)
        def inside(*words):
            return factor * function(*words)

        return inside

    return decorate


def plain(x, y=1.0):
    return x * y


def other(x, y=1.0):
    return x + y


PAIRS = {
    "objects": (Scaled(1), Scaled(2)),
    "bound methods": (Scaled(1).__call__, Scaled(2).__call__),
    "items": (operator.itemgetter("x"), operator.itemgetter("y")),
    "methods by name": (operator.methodcaller("mean"), operator.methodcaller("sum")),
    "NumPy's": (np.exp, np.sin),
    "JAX's": (jnp.add, jnp.subtract),
    "scipy's": (scipy.special.gamma, scipy.special.erf),
    "bound to a dict": ({1: 2}.get, {1: 3}.get),
    "bound to an array": (np.ones(2).dot, np.zeros(2).dot),
    "polynomials": (np.poly1d([1, 2]), np.poly1d([1, 3])),
    "splines": (CubicSpline([0, 1, 2], [0, 1, 2]), CubicSpline([0, 1, 2], [0, 1, 3])),
    "vectorized": (np.vectorize(lambda x: x), np.vectorize(lambda x: x + 1)),
    "a gradient": (plain, jax.grad(plain)),
    "gradients": (jax.grad(plain), jax.grad(plain, argnums=1)),
    "value and gradient": (jax.grad(plain), jax.value_and_grad(plain)),
    "batched": (jax.vmap(plain, in_axes=(0, None)), jax.vmap(plain, in_axes=(None, 0))),
    "compiled": (jax.jit(plain), jax.jit(other)),
    "remembered": (functools.lru_cache(plain), functools.lru_cache(other)),
    "decorated": (scaled(2)(plain), scaled(3)(plain)),
    "a decorated one": (plain, scaled(2)(plain)),
    "partial": (functools.partial(plain, y=2), functools.partial(plain, y=3)),
    "arguments": (lambda x, y: x - y, lambda y, x: x - y),
    "optimizers": (optax.adam(0.1).update, optax.adam(0.2).update),
    "of this package": (
        functools.partial(gt.linear.solve, times=[1.0]),
        functools.partial(gt.linear.solve, times=[2.0]),
    ),
    "records": (Law(1.0).run, Heir(1.0).run),
}


@pytest.mark.parametrize("name", PAIRS)
def test_other_functions_have_other_addresses(name):
    one, two = PAIRS[name]
    assert addresses.fingerprint(one) != addresses.fingerprint(two)
    assert addresses.fingerprint(one) == addresses.fingerprint(one)

    def through(function):  # taken from around it, and held in a table
        table = {"function": [function]}
        return lambda problem: table["function"][0](problem)

    if name != "items":  # an object that tells what it holds
        assert addresses.fingerprint(through(one)) != addresses.fingerprint(through(two))


HELD = None


def reads(problem):
    return HELD, problem


def both(monkeypatch, one, two):
    found = []
    for value in (one, two):
        monkeypatch.setitem(globals(), "HELD", value)
        found.append(addresses.fingerprint(reads))
    return found


GLOBALS = {
    "arguments of a script": (argparse.Namespace(rate=0.1), argparse.Namespace(rate=0.2)),
    "a namespace": (SimpleNamespace(a=[1, {"b": 2}]), SimpleNamespace(a=[1, {"b": 3}])),
    "a set": ({1, 2}, {1, 3}),
    "an object": (Scaled(1), Scaled(2)),
    "in a list": ([Scaled(1)], [Scaled(2)]),
    "an optimizer": (optax.adam(0.1), optax.adam(0.2)),
    "a schedule": (optax.exponential_decay(0.1, 10, 0.5), optax.exponential_decay(0.1, 10, 0.6)),
    "a distribution": (scipy.stats.norm(0, 1), scipy.stats.norm(0, 2)),
    "a decimal": (Decimal("0.1"), Decimal("0.2")),
    "a mask": (np.ma.array([1.0, 2.0], mask=[0, 1]), np.ma.array([1.0, 2.0], mask=[1, 0])),
    "a path": (Path("a.csv"), Path("b.csv")),
    "dates": (np.datetime64("2020-01-01"), np.datetime64("2020-01-02")),
    "objects in an array": (np.array([Scaled(1)], object), np.array([Scaled(2)], object)),
    "a partial function": (functools.partial(max, 3), functools.partial(max, 4)),
    "a stream of random numbers": (np.random.default_rng(0), np.random.default_rng(1)),
}


@pytest.mark.parametrize("name", GLOBALS)
def test_what_is_read_around_it_counts(monkeypatch, name):
    one, two = both(monkeypatch, *GLOBALS[name])
    assert one != two


def test_what_cannot_tell_what_it_holds_is_passed_over(monkeypatch, tmp_path):
    with open(tmp_path / "a", "w") as a, open(tmp_path / "b", "w") as b:
        one, two = both(monkeypatch, a, b)
    assert one == two
    circle = []
    circle.append(circle)
    assert len(set(both(monkeypatch, circle, circle))) == 1
    around = SimpleNamespace()
    around.itself = around
    assert len(set(both(monkeypatch, around, around))) == 1


def test_a_class_counts_by_its_methods_and_constants(monkeypatch):
    before = addresses.fingerprint(Law(2.0).run), addresses.text_of(Law(2.0)), addresses.fingerprint(Heir(2.0).run)
    monkeypatch.setattr(Law, "inner", lambda self, x: x + self.power)
    after = addresses.fingerprint(Law(2.0).run), addresses.text_of(Law(2.0)), addresses.fingerprint(Heir(2.0).run)
    assert all(one != two for one, two in zip(before, after, strict=True))
    monkeypatch.setattr(Law, "offset", 1.0, raising=False)
    assert addresses.fingerprint(Law(2.0).run) not in (before[0], after[0])


PROBLEMS = {
    "fractions": (Fraction(1, 3), Fraction(2, 3)),
    "long floats": (np.longdouble("0.1"), np.longdouble("0.1") + np.longdouble(1e-19)),
    "arrays of long floats": tuple(np.array([np.longdouble(part)]) for part in ("0.1", "0.1000000000000000001")),
    "long whole numbers in a list": ([2**60, 1], [2**60 + 1, 1]),
    "keys of a table": ({1: 2.0}, {"1": 2.0}),
    "a tuple": ([1, "x"], (1, "x")),
    "an enum": (Colour.RED, "RED"),
    "sets": ({1, 2}, {1, 3}),
    "nothing": (None, {}),
    "signs of zero": (0.0, -0.0),
}


@pytest.mark.parametrize("name", PROBLEMS)
def test_other_problems_have_other_addresses(name):
    one, two = ({"a": value} for value in PROBLEMS[name])
    assert addresses.text_of(addresses.canonical(one)) != addresses.text_of(addresses.canonical(two))
    assert addresses.text_of(addresses.canonical(one)) == addresses.text_of(addresses.canonical(one))


def test_a_masked_array_is_no_problem():
    masked = {"a": np.ma.array([1.0, 2.0], mask=[0, 1])}
    with pytest.raises(gt.BadValue, match="MaskedArray, but a cache needs an address"):
        addresses.text_of(addresses.canonical(masked))


SCRIPT = """
import sys; sys.path.insert(0, sys.argv[1])
from grok_theory.sweeps import addresses
import hashlib, test_spelling as here
said = [addresses.fingerprint(one) for one, _ in here.PAIRS.values()]
for value, _ in here.GLOBALS.values():
    here.HELD = value
    said.append(addresses.fingerprint(here.reads))
print(*(hashlib.sha256(text.encode()).hexdigest()[:12] for text in said))
"""


def test_everything_has_one_address_in_every_process():
    found = set()
    for seed in ("1", "2"):
        words = [sys.executable, "-c", SCRIPT, str(Path(__file__).parent)]
        environment = os.environ | {"PYTHONHASHSEED": seed}
        found.add(subprocess.run(words, env=environment, capture_output=True, text=True, check=True).stdout)
    assert len(found) == 1, [*zip([*PAIRS, *GLOBALS], *(text.split() for text in found), strict=True)]
