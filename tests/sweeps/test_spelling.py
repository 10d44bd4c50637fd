"""Two functions or problems that may give different numbers have different addresses, and one has one everywhere."""

import argparse
import collections
import contextvars
import dataclasses
import enum
import functools
import operator
import os
import subprocess
import sys
import threading
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType, SimpleNamespace

import jax
import jax.numpy as jnp
import ml_dtypes
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


def over(function, factor):
    """As `scaled`, in code instead of a closure: only that is seen to differ."""
    if factor == 2:

        @functools.wraps(function)
        def inside(x):
            return 2 * function(x)

    else:

        @functools.wraps(function)
        def inside(x):
            return 3 * function(x)

    return inside


def with_rule(factor, kind):
    @kind
    def function(x):
        return jnp.sin(x)

    if kind is jax.custom_jvp:
        function.defjvp(lambda at, step: (function(at[0]), factor * step[0]))
    else:
        function.defvjp(lambda x: (function(x), x), lambda rest, step: (factor * step,))
    return function


def noting(**notes):
    def function(x):
        return x * function.factor

    vars(function).update(notes)
    return function


PAIRS = {
    "decorators of this package's": (over(gt.linear.limits, 2), over(gt.linear.limits, 3)),
    "decorators of NumPy's": (over(np.linalg.norm, 2), over(np.linalg.norm, 3)),
    "decorators of JAX's": (over(jnp.square, 2), over(jnp.square, 3)),
    "attributes of functions": (noting(factor=2), noting(factor=3)),
    "attributes of compiled ones": (jax.jit(noting(factor=2)), jax.jit(noting(factor=3))),
    "forward rules": (with_rule(2, jax.custom_jvp), with_rule(3, jax.custom_jvp)),
    "backward rules": (with_rule(2, jax.custom_vjp), with_rule(3, jax.custom_vjp)),
    "gradients by rules": (jax.grad(with_rule(2, jax.custom_vjp)), jax.grad(with_rule(3, jax.custom_vjp))),
    "forward and backward": (jax.jacfwd(plain), jax.jacrev(plain)),
    "functions by elements": (jnp.frompyfunc(plain, 2, 1), jnp.frompyfunc(over(plain, 2), 2, 1)),
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


def heirs(base, *words):
    """Two objects that hold the same, of classes of one name, whose methods differ."""
    return tuple(
        type("Heir", (base,), {"f": method, "__module__": __name__})(*words)
        for method in (lambda self, x: 2 * x, lambda self, x: 3 * x)
    )


def members():
    return tuple(enum.Enum("Shade", {"RED": 1, "f": method}, module=__name__).RED for method in (plain, other))


def made_by(factor):
    return type("Meta", (type,), {"k": factor, "__module__": __name__})("Made", (), {"__module__": __name__})


def with_attribute(value):
    law = Opened(1.0)
    law.extra = value
    return law


@dataclasses.dataclass
class Opened:
    power: float


class Uncopied:
    def __init__(self, factor):
        self.factor, self.lock = factor, threading.Lock()

    def __reduce_ex__(self, protocol):
        raise TypeError


def said_to_be_numpy_s(factor):
    return functools.wraps(np.poly1d, updated=())(type("Inside", (), {"f": over(plain, factor)}))()


def program(factor):
    held = np.full(9, factor)
    return jax.make_jaxpr(lambda x: x * held)(1.0)


Pair = collections.namedtuple("Pair", "a b")


GLOBALS = {
    **{
        f"an heir of {base.__name__}": heirs(base, *words)
        for base, *words in (
            *((dict, {1: 2}), (list, [1, 2]), (tuple, (1, 2)), (set, {"x", "y"}), (frozenset, {"x", "y"})),
            *((float, 1.5), (int, 3), (str, "x"), (bytes, b"x"), (complex, 1j), (Pair, 1, 2), (np.float64, 1.0)),
            *((np.ndarray, (0,)), (Fraction, 1, 3), (collections.defaultdict, list), (functools.partial, plain)),
        )
    },
    "a member of an enum": members(),
    "a class by its metaclass": (made_by(2), made_by(3)),
    "a factory": (collections.defaultdict(lambda: 2), collections.defaultdict(lambda: 3)),
    "an attribute beside the fields": (with_attribute(2), with_attribute(3)),
    "a class that says it is NumPy's": (said_to_be_numpy_s(2), said_to_be_numpy_s(3)),
    "what may not be copied": (Uncopied(2), Uncopied(3)),
    "variables": tuple(contextvars.ContextVar("rate", default=value) for value in (2, 3)),
    "a view of bytes": (memoryview(b"a"), memoryview(b"b")),
    "constants of a program": (program(2.0), program(3.0)),
    "the order of a table": ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
    "beside a lock": ([threading.Lock(), 2], [threading.Lock(), 3]),
    "a view": (MappingProxyType({"a": 2}), MappingProxyType({"a": 3})),
    "code": (compile("2", "here", "eval"), compile("3", "here", "eval")),
    "a shape": (jax.ShapeDtypeStruct((2,), float), jax.ShapeDtypeStruct((3,), float)),
    "orders": (collections.OrderedDict(a=1, b=2), collections.OrderedDict(b=2, a=1)),
    **{
        f"arrays of {kind}": (jnp.array([1, 2], kind), jnp.array([1, 3], kind))
        for kind in ("bfloat16", "float8_e4m3fn", "int4", "uint4")
    },
    "one of bfloat16": (jnp.bfloat16(1), jnp.bfloat16(3)),
    "NumPy's of bfloat16": (np.array([1, 2], ml_dtypes.bfloat16), np.array([1, 3], ml_dtypes.bfloat16)),
    "records": (np.array([(1, 2.0)], "i4,f8"), np.array([(1, 3.0)], "i4,f8")),
    "widths": (np.array([100], np.int8), np.array([100.0])),
    "precisions": (np.array([1.0], np.float32), np.array([1.0])),
    "a narrow number": (np.uint8(200), 200),
    "a short number": (np.float32(0.5), 0.5),
    "a fraction": (Fraction(1, 2), 0.5),
    "truths": (np.True_, True),
    "a list and an array": ([1.0, 2.0], np.array([1.0, 2.0])),
    "a list and a tuple": ([1.0, 2.0], (1.0, 2.0)),
    "JAX's and NumPy's": (jnp.array([1.0]), np.array([1.0])),
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
    "widths": (np.array([200], np.uint8), np.array([200.0])),
    "precisions": (np.array([0.5], np.float32), np.array([0.5])),
    "a list": ([1, 2], np.array([1, 2])),
    "of numbers": ([1, 2], (1, 2)),
    "short floats": (np.array([1, 2], ml_dtypes.bfloat16), np.array([1, 3], ml_dtypes.bfloat16)),
    "heirs": heirs(dict, {"a": 1}),
    "factories": (collections.defaultdict(lambda: 2), collections.defaultdict(lambda: 3)),
}
SAME = {
    "floats": (0.5, np.float64(0.5), jnp.asarray(0.5), np.array(0.5)),
    "whole numbers": (1, 1.0, np.int64(1), np.float64(1), jnp.asarray(1)),
    "in lists": ([1, 2], [1.0, 2.0], [np.int64(1), np.float64(2)]),
    "arrays": (np.array([1.0, 2.0]), jnp.array([1.0, 2.0]), np.array([[1.0, 2.0]])[0], np.array([1, 0, 2.0])[::2]),
}


@pytest.mark.parametrize("name", SAME)
def test_one_problem_has_one_address(name):
    assert len({addresses.text_of(addresses.canonical({"a": value})) for value in SAME[name]}) == 1


def test_one_number_is_one_around_a_function(monkeypatch):
    for one, two in [(0.5, np.float64(0.5)), (1, 1.0), (1, np.int64(1)), ([1, 2], [1.0, 2.0])]:
        assert len(set(both(monkeypatch, one, two))) == 1, (one, two)


def test_a_program_of_jax_is_refused():
    program = jax.jit(plain).lower(1.0).compile()
    with pytest.raises(gt.BadValue, match="is Compiled, but a cache needs an address"):
        addresses.fingerprint(lambda problem: program(problem))


@pytest.mark.parametrize("name", PROBLEMS)
def test_other_problems_have_other_addresses(name):
    one, two = ({"a": value} for value in PROBLEMS[name])
    assert addresses.text_of(addresses.canonical(one)) != addresses.text_of(addresses.canonical(two))
    assert addresses.text_of(addresses.canonical(one)) == addresses.text_of(addresses.canonical(one))


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
