"""Settings of every test: float64, strict promotion, compiled programs kept, reproducible draws, one level for all that
is random.
"""

import gc
import os
import signal
import zlib
from contextlib import suppress
from pathlib import Path

os.environ.setdefault("MPLBACKEND", "Agg")
# Started in the background (nohup, some CI), a process ignores Ctrl-C, and so do its children: tests that interrupt one
# would wait in vain.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

import hypothesis
import jax
import numpy as np
import pytest
from many_keys import Sparing, Teller, without_key

from grok_theory.compilations import keep_all_compilations
from grok_theory.errors import BadValue

if not jax.config.jax_compilation_cache_dir:
    # More than half of the tests' time is XLA's. Loading a program counts as compiling it (JAX's events, the sizes of
    # jitted functions' caches), so that tests which count stay what they are. JAX_ENABLE_COMPILATION_CACHE=false: none.
    with suppress(BadValue):  # a checkout that cannot be written
        keep_all_compilations(Path(__file__).parents[1] / "out" / "compiled")

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_numpy_rank_promotion", "raise")
jax.config.update("jax_numpy_dtype_promotion", "strict")

hypothesis.settings.register_profile("default", max_examples=40, deadline=None, derandomize=True)
hypothesis.settings.register_profile("verify", max_examples=2000, deadline=None)
hypothesis.settings.load_profile("default")

# What a right theory must be too improbable for, test by test: about a hundred of them stay below one false alarm in a
# thousand runs of the whole suite under fresh keys.
LEVEL = 1e-5


def pytest_addoption(parser):
    parser.addoption("--key", type=int, default=None, help="number added to every statistical test's key")
    parser.addoption("--keys", type=int, default=None, help="how many keys each statistical test runs under")
    parser.addoption(
        "--keys-seconds", type=float, default=None, help="a test begins no key after so many seconds of them"
    )
    parser.addoption("--resume", default=None, help="file of the tests that have passed: they are left out")
    parser.addoption("--tell", default=None, help="file that gets a JSON line for each statistical test as it ends")


def pytest_collection_modifyitems(items):
    for item in items:
        if mark := item.get_closest_marker("statistical"):
            item.user_properties.append(("rate", float(mark.kwargs.get("rate", LEVEL))))


def pytest_configure(config):
    if (path := config.getoption("--tell")) and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Teller(path))
    if seconds := config.getoption("--keys-seconds"):
        config.pluginmanager.register(Sparing(seconds))
    if path := config.getoption("--resume"):
        from tests.resuming import Resuming

        passed = getattr(config, "workerinput", {}).get("passed")
        config.pluginmanager.register(Resuming(Path(path), passed))


def pytest_generate_tests(metafunc):
    """`--keys N`: each statistical test N times in one process, compiled once; `statistical(keys=n)` is its most."""
    asked, mark = metafunc.config.getoption("--keys"), metafunc.definition.get_closest_marker("statistical")
    if asked and mark and "key_number" in metafunc.fixturenames:
        numbers = range(min(asked, mark.kwargs.get("keys", asked)))
        metafunc.parametrize("key_number", numbers, ids=lambda n: f"key{n}")


@pytest.fixture
def key_number():
    """Which repetition under `--keys` this is."""
    return 0


@pytest.fixture
def key(request, key_number):
    """A key of this test's own, the same in every run; `--key N` asks for another draw."""
    # crc32, not hash(): the latter changes from process to process.
    number = zlib.crc32(without_key(request.node.name).encode()) + (request.config.getoption("--key") or 0) + key_number
    return jax.random.key(number)


@pytest.fixture
def rng(key):
    """NumPy's generator for the same key."""
    return np.random.default_rng(np.asarray(jax.random.key_data(key)))


@pytest.fixture
def plausible(record_property):
    """`plausible(p)`: fails if what was seen has a chance below LEVEL; several calls share it (say how many)."""

    def plausible(p_value, *, of=1):
        record_property("p_value", min(1.0, of * p_value))
        assert of * p_value >= LEVEL, f"p = {p_value:.1e} where {LEVEL / of:.0e} is allowed"

    return plausible


@pytest.fixture(autouse=True, scope="module")
def compiled_lightly(request):
    """Whether XLA optimizes little, as in `make test`: tests compile longer than they compute (a third less time).

    What is checked stays: the same functions, tolerances and oracles; without fused loops rounding differs by a few
    ulp, as it does between versions of XLA. `make verify` runs every test as XLA optimizes for a user, and so do in
    `make test` all processes that a test starts (the guard against XLA's bad fusion, commands, figures, sweeps). A file
    whose tests compute longer than they compile says `COMPUTES_LONG = True`, as figures do.
    """
    config = request.config
    whole = config.getoption("--hypothesis-profile") == "verify" or getattr(request.module, "COMPUTES_LONG", False)
    jax.config.update("jax_disable_most_optimizations", not whole)
    return not whole


# Each compiled program is a few maps of memory, of which Linux gives a process 65530; where none is left XLA crashes.
MOST_MAPS = 30_000


@pytest.fixture(autouse=True, scope="module")
def few_maps():
    """Compiled programs are let go before they are too many for a process; loaded from disk they are soon back."""
    yield
    with suppress(OSError):  # not on Linux
        if Path("/proc/self/maps").read_bytes().count(b"\n") > MOST_MAPS:
            jax.clear_caches()
            gc.collect()


@pytest.fixture
def optimized(compiled_lightly):
    """For one test that computes longer than it compiles: XLA optimizes as for a user."""
    jax.config.update("jax_disable_most_optimizations", False)
    yield
    jax.config.update("jax_disable_most_optimizations", compiled_lightly)


def pytest_collection_finish():
    # What is imported by now stays: the garbage collector need not look through it again and again.
    gc.freeze()
