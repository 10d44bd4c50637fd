"""`compiled`, in place of `jax.jit`: the same function, by options of XLA that suit it on a CPU.

XLA has two ways to write the loop of a fused operation for a CPU. The newer goes through MLIR, and costs a small solve
half of its first call; elementwise both give the same digits in the same time. `compiled` asks for the older one, by a
compiler option of this one program: nothing is changed for the user's own (`QUICKLY`). LLVM's first level of
optimisation in place of its third takes another sixth to a third off, where there is much to compile (`SOONEST`).

Sums of exponentials are up to 1.7 times slower by the older way, and steps of a training twice. What computes longer
than it compiles (trainings, means over prompts) keeps the newer one: with LLVM's first level it compiles a tenth sooner
and runs as fast (`LONG_RUNNING`); particles stay `jax.jit`.

The DMFT's march is a chain of loops too short for threads, which cost it a fifth and, where other processes want the
cores, more than half of its time: it runs in one (`ONE_THREAD`). Its loops are simple: by `SOONEST` it runs about as
fast, and compiles in half the time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any

import jax

from .padding import any_traced

__all__ = ["LONG_RUNNING", "ONE_THREAD", "QUICKLY", "SOONEST", "compiled", "compiled_ahead", "compiled_soonest"]

QUICKLY = {"xla_cpu_use_fusion_emitters": False, "xla_cpu_prefer_vector_width": 512}
LONG_RUNNING = {"xla_backend_optimization_level": 1, "xla_cpu_prefer_vector_width": 512}
SOONEST = {**QUICKLY, **LONG_RUNNING}
ONE_THREAD = {"xla_cpu_multi_thread_eigen": False}
_UNKNOWN = "compile option"  # stands in the error of an XLA that has no such option


def compiled(
    function: Callable[..., Any],
    *,
    static_argnums: int | Sequence[int] | None = None,
    static_argnames: str | Sequence[str] | None = None,
    options: Mapping[str, Any] = QUICKLY,
) -> Callable[..., Any]:
    """`jax.jit(function)` with `options` where it is called with numbers, on a CPU: compiled in about half the time.

    Where an argument is traced, or another compilation is under way around it, it is `jax.jit(function)`: JAX takes
    options of a whole program only. Results of the two may differ in the last digit, as those of a function inside and
    outside `jax.jit` do.

    Parameters
    ----------
    function : callable
        As for `jax.jit`.
    static_argnums, static_argnames : optional
        As for `jax.jit`.
    options : Mapping[str, Any], default QUICKLY
        Of XLA, for this program.

    Returns
    -------
    callable
        As `jax.jit` gives; `_cache_size()` counts the programs of both.

    Examples
    --------
    >>> import jax
    >>> double = compiled(lambda x: 2 * x)
    >>> print(double(3.0), jax.grad(double)(3.0), jax.jit(double)(3.0))
    6.0 2.0 6.0
    """
    structure: dict[str, Any] = {"static_argnums": static_argnums, "static_argnames": static_argnames}
    plain = jax.jit(function, **structure)
    chosen = jax.jit(function, compiler_options=dict(options), **structure)
    known = True

    @wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        nonlocal known
        if known and jax.default_backend() == "cpu" and not any_traced(args, kwargs):
            try:
                return chosen(*args, **kwargs)
            except ValueError:  # inside another compilation; what `function` itself refuses, it refuses again
                pass
            except jax.errors.JaxRuntimeError as error:  # what else went wrong, goes wrong again
                known = _UNKNOWN not in str(error)  # or XLA would be asked in vain at every call
        return plain(*args, **kwargs)

    call._cache_size = lambda: plain._cache_size() + chosen._cache_size()  # type: ignore[attr-defined]
    return call


def compiled_soonest(function: Callable[..., Any], **structure: Any) -> Callable[..., Any]:
    """`compiled` by the options `SOONEST`: for what is large, and runs in less time than it compiles.

    Parameters
    ----------
    function : callable
        As for `jax.jit`.
    **structure
        `static_argnums` or `static_argnames`, as for `jax.jit`.

    Returns
    -------
    callable
        As `compiled` gives.
    """
    return compiled(function, options=SOONEST, **structure)


def compiled_ahead(function: Callable[..., Any], *arguments: Any) -> Callable[..., Any]:
    """`function` for arrays like these alone, compiled now as by `compiled`: it gives numbers also inside a trace."""
    lowered = jax.jit(function).lower(*arguments)
    if jax.default_backend() == "cpu":
        try:
            return lowered.compile(compiler_options=dict(QUICKLY))
        except jax.errors.JaxRuntimeError:  # an XLA without the option
            pass
    return lowered.compile()
