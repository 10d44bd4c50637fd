"""One call for each thing a wing does, as a user makes it: what benchmarks of starts and of devices measure.

`python -m benchmarks.calls NAME` makes one of them in this process, four times, and prints its CPU seconds and the peak
of its memory as JSON.
"""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np


class Call(NamedTuple):
    """A call by what it does: `make(number, length, scale)` with other numbers, so many times, sizes by `scale`."""

    what: str
    make: Callable[[float, int, int], Any]


def _times(length: int) -> np.ndarray:
    return np.geomspace(0.1, 10.0, length)


def _key():
    import jax

    return jax.random.key(0)


def _steps(length: int) -> np.ndarray:
    return np.arange(length)


def _teacher(number, length, scale):
    from grok_theory import linear

    return linear.solve(linear.TeacherStudent(0.5 + number, 5.0), _times(length))


def _layers(number, length, scale):
    from grok_theory import linear

    return linear.solve(linear.DeepLinear(0.5 + number, 5.0, 2, 0.5, 0.5), _times(length))


def _diagonal(number: float, scale: int):
    from grok_theory import linear

    inputs = np.random.default_rng(0).normal(size=(10 * scale, 20 * scale))
    teacher = np.where(np.arange(20 * scale) < 2, 1.0 + number, 0.0)
    return linear.DiagonalNetwork(inputs, inputs @ teacher, start=1.0, weight_decay=0.01, teacher=teacher)


def _dual_flow(number, length, scale):
    from grok_theory import linear

    return linear.solve(_diagonal(number, scale), _times(length))


def _interpolator(number, length, scale):
    from grok_theory import linear

    return linear.solve(_diagonal(number, scale), _times(length), method=linear.Interpolator())


def _one_pass(number, length, scale):
    from grok_theory import linear

    modes = np.arange(1.0, 50 * scale + 1)
    problem = linear.CorrelatedInputs(modes**-1.2, modes**-0.3, np.inf, 0.1 + number)
    return linear.solve(problem, _steps(length), dynamics=linear.OnePass(0.05, 4))


def _correlated(number, length, scale):
    from grok_theory import linear

    modes = np.arange(1.0, 200 * scale + 1)
    samples = 100 * scale + 2 * round(10 * number)
    return linear.solve(linear.CorrelatedInputs(modes**-1.2, modes**-0.3, samples), _times(length))


def _regressions(number, length, scale):
    from grok_theory import linear

    problem = linear.TeacherStudent(0.5, 5.0 + number)
    return linear.simulate(problem, _times(length), dim=100 * scale, runs=8, key=_key())


def _dmft(number, length, scale):
    from grok_theory import lazy_rich

    return lazy_rich.solve(lazy_rich.QuadraticCommittee(1.0 + number, 0.5, 2.0, 0.4), _times(length))


def _population(number, length, scale):
    from grok_theory import lazy_rich

    problem = lazy_rich.QuadraticCommittee(1.0, 0.5 + number, 2.0, 0.4)
    return lazy_rich.solve(problem, _times(length), method=lazy_rich.Population())


def _mean_field(number, scale, activation="tanh"):
    from grok_theory import lazy_rich

    inputs, targets = np.cos(np.arange(8.0 * scale)).reshape(-1, 2), np.sin(np.arange(4.0 * scale))
    return lazy_rich.MeanFieldNetwork(inputs, targets, 1.0 + number, activation)


def _tangent(number, length, scale):
    from grok_theory import lazy_rich

    return lazy_rich.solve(_mean_field(number, scale), _times(length), method=lazy_rich.TangentLimit())


def _moments(number, length, scale):
    from grok_theory import lazy_rich

    problem = _mean_field(number, scale, "linear")
    return lazy_rich.solve(problem, _times(length), method=lazy_rich.LinearMoments())


def _particles(number, length, scale):
    from grok_theory import lazy_rich

    return lazy_rich.solve(_mean_field(number, scale), _times(length))


def _committees(number, length, scale):
    import grok_theory as gt

    problem = gt.lazy_rich.QuadraticCommittee(1.0, 0.5 + number, 2.0, 0.4)
    descent = gt.GradientDescent(0.1)
    return gt.lazy_rich.simulate(problem, _steps(length), dynamics=descent, dim=40 * scale, runs=8, key=_key())


def _lazy_stage(number, length, scale):
    import grok_theory as gt

    task = gt.li2.GroupTask(gt.li2.groups.cyclic(12 * scale), train_fraction=0.5)
    descent = gt.GradientDescent(0.1 + number)
    return gt.li2.solve(task, _steps(length), dynamics=descent, width=64 * scale, key=_key())


def _ascent(number, length, scale):
    import jax

    from grok_theory import li2

    task = li2.GroupTask(li2.groups.cyclic(12 * scale))
    return li2.ascend(task, key=jax.random.key(round(10 * number)), starts=length)


def _networks(number, length, scale):
    import grok_theory as gt

    task = gt.li2.GroupTask(gt.li2.groups.cyclic(11 * scale), train_fraction=0.5)
    optimizer = gt.Adam(0.01 + number / 100)
    return gt.li2.simulate(task, _steps(length), dynamics=optimizer, width=64 * scale, runs=2, key=_key())


def _prompt(number, length, scale):
    from grok_theory import best_of_k

    return best_of_k.solve(best_of_k.Prompt(0.3 + number, 1.0), np.geomspace(1, 1e9, length), temperature=0.7)


def _posterior(number, length, scale):
    from grok_theory import best_of_k

    problem = best_of_k.Posterior(0.3, 0.8 + number, 0.3)
    return best_of_k.solve(problem, np.geomspace(1, 1e9, length), temperature=0.7)


def _answers(number, length, scale):
    from grok_theory import best_of_k

    problem = best_of_k.Posterior(0.3, 0.8 + number, 0.3)
    samples = np.unique(np.geomspace(1, 200, length).astype(int))
    return best_of_k.simulate(problem, samples, temperature=0.7, runs=4, key=_key(), test_points=250 * scale)


def _attention(number, length, scale):
    from grok_theory import in_context

    return in_context.solve(in_context.LinearAttention(2.0 + number, 4.0, 0.5, ridge=0.001), _times(length))


def _ridge_fits(number, length, scale):
    from grok_theory import in_context

    problem = in_context.LinearAttention(1.0, 0.5, 0.3 + number, ridge=0.1)
    sequences = np.arange(1, length + 1) / 16
    return in_context.simulate(problem, sequences, key=_key(), runs=3, dim=8 * scale)


def _mixture(number, length, scale):
    from grok_theory import in_context

    problem = in_context.TaskMixture(8 * scale, in_context.GaussianRegression(4, 0.5 + number))
    return in_context.solve(problem, np.arange(1, length + 1))


def _transformer(number, length, scale):
    import grok_theory as gt

    mixture = gt.in_context.TaskMixture(8 * scale, gt.in_context.Urns(4))
    problem = gt.in_context.Strategies(mixture, 16, 10.0, 0.7, 0.8)
    dynamics = gt.Adam(0.003 + number / 100)
    return gt.in_context.simulate(problem, _steps(length), key=_key(), runs=1, dynamics=dynamics)


def _kernel(number, length, scale):
    from grok_theory import kernels

    inputs = np.random.default_rng(0).normal(size=(length * scale, 10)) + number
    return kernels.ntk(kernels.FullyConnected("relu"), inputs)


CALLS = {
    "teacher": Call("linear.solve, TeacherStudent", _teacher),
    "layers": Call("linear.solve, DeepLinear", _layers),
    "dual flow": Call("linear.solve, DiagonalNetwork, DualFlow", _dual_flow),
    "interpolator": Call("linear.solve, DiagonalNetwork, Interpolator", _interpolator),
    "one pass": Call("linear.solve, CorrelatedInputs, OnePass", _one_pass),
    "correlated": Call("linear.solve, CorrelatedInputs, 200 eigenvalues", _correlated),
    "regressions": Call("linear.simulate, TeacherStudent, dim 100, 8 runs", _regressions),
    "dmft": Call("lazy_rich.solve, DMFT, flow to tau = 10", _dmft),
    "population": Call("lazy_rich.solve, Population, flow", _population),
    "tangent": Call("lazy_rich.solve, MeanFieldNetwork, tangent limit", _tangent),
    "moments": Call("lazy_rich.solve, MeanFieldNetwork, linear moments", _moments),
    "particles": Call("lazy_rich.solve, MeanFieldNetwork, particles", _particles),
    "committees": Call("lazy_rich.simulate, dim 40, 8 runs", _committees),
    "lazy_stage": Call("li2.solve, lazy stage, Z_12", _lazy_stage),
    "ascent": Call("li2.ascend, Z_12 (starts for times)", _ascent),
    "networks": Call("li2.simulate, Z_11, 2 runs", _networks),
    "prompt": Call("best_of_k.solve, Prompt (k for times)", _prompt),
    "posterior": Call("best_of_k.solve, Posterior (k for times)", _posterior),
    "answers": Call("best_of_k.simulate, Posterior, 4 runs", _answers),
    "attention": Call("in_context.solve, LinearAttention", _attention),
    "ridge fits": Call("in_context.simulate, LinearAttention, dim 8, 3 runs", _ridge_fits),
    "mixture": Call("in_context.solve, TaskMixture of regressions", _mixture),
    "transformer": Call("in_context.simulate, Strategies, one transformer", _transformer),
    "kernel": Call("kernels.ntk (inputs for times)", _kernel),
}
LENGTH, OTHER_LENGTH = 60, 50


def done(result: Any) -> Any:
    """`result`, once all of it is computed."""
    import jax

    return jax.block_until_ready(result)


def main(name: str) -> None:
    """Print the CPU seconds of a first call, one of another length, and the lesser of two of the first length again.

    Beside them the peak of the process's memory, in MiB.
    """
    import jax

    jax.config.update("jax_enable_x64", True)
    from grok_theory.compilations import keep_all_compilations

    keep_all_compilations()
    seconds = []
    for number, length in ((0.0, LENGTH), (0.1, OTHER_LENGTH), (0.2, LENGTH), (0.3, LENGTH)):
        began = time.process_time()
        done(CALLS[name].make(number, length, 1))
        seconds.append(time.process_time() - began)
    peak = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text()) if sys.platform == "linux" else None
    memory = int(peak[1]) / 1024 if peak else float("nan")
    print(json.dumps({"first": seconds[0], "other length": seconds[1], "warm": min(seconds[2:]), "peak": memory}))


if __name__ == "__main__":
    main(sys.argv[1])
