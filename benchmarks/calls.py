"""One call for each thing a wing does, as a user makes it: what benchmarks of starts and of devices measure.

`python -m benchmarks.calls NAME` makes one of them in this process, four times, and prints its CPU seconds as JSON.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
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


def _particles(number, length, scale):
    from grok_theory import lazy_rich

    inputs, targets = np.cos(np.arange(8.0 * scale)).reshape(-1, 2), np.sin(np.arange(4.0 * scale))
    return lazy_rich.solve(lazy_rich.MeanFieldNetwork(inputs, targets, 1.0 + number), _times(length))


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


def _posterior(number, length, scale):
    from grok_theory import best_of_k

    problem = best_of_k.Posterior(0.3, 0.8 + number, 0.3)
    return best_of_k.solve(problem, np.geomspace(1, 1e9, length), temperature=0.7)


def _answers(number, length, scale):
    from grok_theory import best_of_k

    problem = best_of_k.Posterior(0.3, 0.8 + number, 0.3)
    samples = np.unique(np.geomspace(1, 200, length).astype(int))
    return best_of_k.simulate(problem, samples, temperature=0.7, runs=4, key=_key(), test_points=250 * scale)


def _kernel(number, length, scale):
    from grok_theory import kernels

    inputs = np.random.default_rng(0).normal(size=(length * scale, 10)) + number
    return kernels.ntk(kernels.FullyConnected("relu"), inputs)


CALLS = {
    "teacher": Call("linear.solve, TeacherStudent", _teacher),
    "correlated": Call("linear.solve, CorrelatedInputs, 200 eigenvalues", _correlated),
    "regressions": Call("linear.simulate, TeacherStudent, dim 100, 8 runs", _regressions),
    "dmft": Call("lazy_rich.solve, DMFT, flow to tau = 10", _dmft),
    "particles": Call("lazy_rich.solve, MeanFieldNetwork, particles", _particles),
    "committees": Call("lazy_rich.simulate, dim 40, 8 runs", _committees),
    "lazy_stage": Call("li2.solve, lazy stage, Z_12", _lazy_stage),
    "ascent": Call("li2.ascend, Z_12 (starts for times)", _ascent),
    "networks": Call("li2.simulate, Z_11, 2 runs", _networks),
    "posterior": Call("best_of_k.solve, Posterior (k for times)", _posterior),
    "answers": Call("best_of_k.simulate, Posterior, 4 runs", _answers),
    "kernel": Call("kernels.ntk (inputs for times)", _kernel),
}
LENGTH, OTHER_LENGTH = 60, 50


def done(result: Any) -> Any:
    """`result`, once all of it is computed."""
    import jax

    return jax.block_until_ready(result)


def main(name: str) -> None:
    """Print the CPU seconds of a first call, one of another length, and the lesser of two of the first length again."""
    import jax

    jax.config.update("jax_enable_x64", True)
    from grok_theory.compilations import keep_all_compilations

    keep_all_compilations()
    seconds = []
    for number, length in ((0.0, LENGTH), (0.1, OTHER_LENGTH), (0.2, LENGTH), (0.3, LENGTH)):
        began = time.process_time()
        done(CALLS[name].make(number, length, 1))
        seconds.append(time.process_time() - began)
    print(json.dumps({"first": seconds[0], "other length": seconds[1], "warm": min(seconds[2:])}))


if __name__ == "__main__":
    main(sys.argv[1])
