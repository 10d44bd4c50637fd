"""Settings of every test: float64, strict promotion, reproducible draws."""

import os
import zlib

os.environ.setdefault("MPLBACKEND", "Agg")

import hypothesis
import jax
import pytest

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_numpy_rank_promotion", "raise")
jax.config.update("jax_numpy_dtype_promotion", "strict")

hypothesis.settings.register_profile("default", max_examples=40, deadline=None, derandomize=True)
hypothesis.settings.register_profile("verify", max_examples=2000, deadline=None)
hypothesis.settings.load_profile("default")


def pytest_addoption(parser):
    parser.addoption("--key", type=int, default=None, help="number added to every statistical test's key")


@pytest.fixture
def key(request):
    """A key of this test's own, the same in every run; `--key N` asks for another draw."""
    # crc32, not hash(): the latter changes from process to process.
    number = zlib.crc32(request.node.name.encode()) + (request.config.getoption("--key") or 0)
    return jax.random.key(number)


@pytest.fixture(autouse=True, scope="module")
def _compiled_lightly(request):
    """XLA optimizes little in `make test`: tests compile longer than they compute (a third less processor time).

    What is checked stays: the same functions, tolerances and oracles; without fused loops rounding differs by a few
    ulp, as it does between versions of XLA. `make verify` runs every test as XLA optimizes for a user, and so do in
    `make test` all processes that a test starts (the guard against XLA's bad fusion, commands, figures, sweeps). A file
    whose tests compute longer than they compile says `COMPUTES_LONG = True`, as figures do.
    """
    config = request.config
    whole = config.getoption("--hypothesis-profile") == "verify" or getattr(request.module, "COMPUTES_LONG", False)
    jax.config.update("jax_disable_most_optimizations", not whole)
