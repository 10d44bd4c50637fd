"""One call for each thing a wing does, as a user makes it: what benchmarks of starts and of devices measure.

`python -m benchmarks.calls NAME` makes one of them in this process, four times, and prints its CPU seconds and the peak
of its memory as JSON.
"""

from __future__ import annotations

import json
import re
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.call_numbers import Call, key, steps, times
from benchmarks.calls_linear import CALLS as CALLS_OF_LINEAR


def _dmft(number, length, scale):
    from grok_theory import lazy_rich

    return lazy_rich.solve(lazy_rich.QuadraticCommittee(1.0 + number, 0.5, 2.0, 0.4), times(length))


def _population(number, length, scale):
    from grok_theory import lazy_rich

    problem = lazy_rich.QuadraticCommittee(1.0, 0.5 + number, 2.0, 0.4)
    return lazy_rich.solve(problem, times(length), method=lazy_rich.Population())


def _mean_field(number, scale, activation="tanh"):
    from grok_theory import lazy_rich

    inputs, targets = np.cos(np.arange(8.0 * scale)).reshape(-1, 2), np.sin(np.arange(4.0 * scale))
    return lazy_rich.MeanFieldNetwork(inputs, targets, 1.0 + number, activation)


def _tangent(number, length, scale):
    from grok_theory import lazy_rich

    return lazy_rich.solve(_mean_field(number, scale), times(length), method=lazy_rich.TangentLimit())


def _moments(number, length, scale):
    from grok_theory import lazy_rich

    problem = _mean_field(number, scale, "linear")
    return lazy_rich.solve(problem, times(length), method=lazy_rich.LinearMoments())


def _particles(number, length, scale):
    from grok_theory import lazy_rich

    return lazy_rich.solve(_mean_field(number, scale), times(length))


def _lazy_limit(number, length, scale):
    from grok_theory import lazy_rich

    problem = lazy_rich.QuadraticCommittee(1.0, 0.5 + number, 2.0)
    return lazy_rich.solve(problem, times(length), method=lazy_rich.LazyLimit())


def _descent_of_many_steps(number, length, scale):
    import grok_theory as gt

    problem = gt.lazy_rich.QuadraticCommittee(1.0, 0.5 + number, 2.0)
    return gt.lazy_rich.solve(problem, np.linspace(0, 1000, length).astype(int), dynamics=gt.GradientDescent(0.05))


def _trained_on_data(number, length, scale):
    from grok_theory import lazy_rich

    return lazy_rich.simulate(_mean_field(number, scale), times(length), width=64, runs=2, key=key())


def _committees(number, length, scale):
    import grok_theory as gt

    problem = gt.lazy_rich.QuadraticCommittee(1.0, 0.5 + number, 2.0, 0.4)
    descent = gt.GradientDescent(0.1)
    return gt.lazy_rich.simulate(problem, steps(length), dynamics=descent, dim=40 * scale, runs=8, key=key())


def _lazy_stage(number, length, scale):
    import grok_theory as gt

    task = gt.li2.GroupTask(gt.li2.groups.cyclic(12 * scale), train_fraction=0.5)
    descent = gt.GradientDescent(0.1 + number)
    return gt.li2.solve(task, steps(length), dynamics=descent, width=64 * scale, key=key())


def _feature_ascent(number, length, scale):
    from grok_theory import li2

    task = li2.GroupTask(li2.groups.cyclic(12 * scale), train_fraction=0.5)
    method = li2.FeatureAscent(1e-8 + number * 1e-8)
    return li2.solve(task, times(length), width=16 * scale, key=key(), method=method)


def _ascent(number, length, scale):
    import jax

    from grok_theory import li2

    task = li2.GroupTask(li2.groups.cyclic(12 * scale))
    return li2.ascend(task, key=jax.random.key(round(10 * number)), starts=length)


def _networks(number, length, scale):
    import grok_theory as gt

    task = gt.li2.GroupTask(gt.li2.groups.cyclic(11 * scale), train_fraction=0.5)
    optimizer = gt.Adam(0.01 + number / 100)
    return gt.li2.simulate(task, steps(length), dynamics=optimizer, width=64 * scale, runs=2, key=key())


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
    return best_of_k.simulate(problem, samples, temperature=0.7, runs=4, key=key(), test_points=250 * scale)


def _limit(method):
    def make(number, length, scale):
        from grok_theory import best_of_k

        temperature = 0.0 if method == "BestOfK" else 0.7 + number
        problem, own = best_of_k.Prompt(0.3 + number, 0.6), getattr(best_of_k, method)()
        return best_of_k.solve(problem, np.geomspace(10, 1e6, length), temperature=temperature, method=own)

    return make


def _judge(number, length, scale):
    from grok_theory import best_of_k

    problem = best_of_k.LinearJudge(2.0, 0.5 + number, 1.0)
    return best_of_k.solve(problem, np.geomspace(1, 1e9, length), temperature=0.7)


def _judged_answers(number, length, scale):
    from grok_theory import best_of_k

    problem, samples = (
        best_of_k.LinearJudge(2.0, 0.5 + number, 1.0),
        np.unique(np.geomspace(1, 200, length).astype(int)),
    )
    given = {"temperature": 0.7, "dim": 20 * scale, "test_points": 250 * scale}
    return best_of_k.simulate(problem, samples, runs=4, key=key(), **given)


def _attention(number, length, scale):
    from grok_theory import in_context

    return in_context.solve(in_context.LinearAttention(2.0 + number, 4.0, 0.5, ridge=0.001), times(length))


def _ridge_fits(number, length, scale):
    from grok_theory import in_context

    problem = in_context.LinearAttention(1.0, 0.5, 0.3 + number, ridge=0.1)
    sequences = np.arange(1, length + 1) / 16
    return in_context.simulate(problem, sequences, key=key(), runs=3, dim=8 * scale)


def _mixture(number, length, scale):
    from grok_theory import in_context

    problem = in_context.TaskMixture(8 * scale, in_context.GaussianRegression(4, 0.5 + number))
    return in_context.solve(problem, np.arange(1, length + 1))


def _attention_flow(number, length, scale):
    import grok_theory as gt

    problem = gt.in_context.LinearAttention(2.0 + number, 4.0, 0.5)
    return gt.in_context.solve(problem, times(length), dynamics=gt.GradientFlow())


def _one_pass(number, length, scale):
    import grok_theory as gt

    problem = gt.in_context.LinearAttention(1.0, 0.5, 0.3 + number)
    return gt.in_context.simulate(problem, times(length), key=key(), runs=3, dim=8 * scale, dynamics=gt.GradientFlow())


def _of_symbols(family, method, number, length, scale):
    from grok_theory import in_context

    problem = in_context.TaskMixture(8 * scale + round(10 * number), getattr(in_context, family)(4))
    return in_context.solve(problem, np.arange(1, length + 1), method=getattr(in_context, method)())


def _mixture_drawn(number, length, scale):
    from grok_theory import in_context

    problem = in_context.TaskMixture(8 * scale + round(10 * number), in_context.Urns(4))
    return in_context.simulate(problem, np.arange(1, length + 1), key=key(), runs=3)


def _strategies(number, length, scale):
    import grok_theory as gt

    mixture = gt.in_context.TaskMixture(8 * scale, gt.in_context.Urns(4))
    return gt.in_context.solve(gt.in_context.Strategies(mixture, 16, 10.0 + number, 0.7, 0.8), steps(length))


def _transformer(number, length, scale):
    import grok_theory as gt

    mixture = gt.in_context.TaskMixture(8 * scale, gt.in_context.Urns(4))
    problem = gt.in_context.Strategies(mixture, 16, 10.0, 0.7, 0.8)
    dynamics = gt.Adam(0.003 + number / 100)
    return gt.in_context.simulate(problem, steps(length), key=key(), runs=1, dynamics=dynamics)


def _kernel(number, length, scale):
    from grok_theory import kernels

    inputs = np.random.default_rng(0).normal(size=(length * scale, 10)) + number
    return kernels.ntk(kernels.FullyConnected("relu"), inputs)


def _kernel_regression(number, scale):
    from grok_theory import kernels

    modes = np.arange(1.0, 20 * scale + 1)
    return kernels.KernelRegression(modes**-1.5, 1 / modes, ridge=0.01 + number, noise=0.1)


def _learning_curves(number, length, scale):
    from grok_theory import kernels

    return kernels.solve(_kernel_regression(number, scale), np.geomspace(10, 1000, length))


def _regressions_on_kernels(number, length, scale):
    from grok_theory import kernels

    return kernels.simulate(_kernel_regression(number, scale), np.arange(1, length + 1), runs=4, key=key())


CALLS = {
    **CALLS_OF_LINEAR,
    "dmft": Call("lazy_rich.solve, DMFT, flow to tau = 10", _dmft),
    "descent of many steps": Call("lazy_rich.solve, DMFT, 1000 steps of descent", _descent_of_many_steps),
    "lazy limit": Call("lazy_rich.solve, LazyLimit", _lazy_limit),
    "population": Call("lazy_rich.solve, Population, flow", _population),
    "tangent": Call("lazy_rich.solve, MeanFieldNetwork, tangent limit", _tangent),
    "moments": Call("lazy_rich.solve, MeanFieldNetwork, linear moments", _moments),
    "particles": Call("lazy_rich.solve, MeanFieldNetwork, particles", _particles),
    "trained on data": Call("lazy_rich.simulate, MeanFieldNetwork, width 64, 2 runs", _trained_on_data),
    "committees": Call("lazy_rich.simulate, dim 40, 8 runs", _committees),
    "lazy_stage": Call("li2.solve, lazy stage, Z_12", _lazy_stage),
    "feature ascent": Call("li2.solve, FeatureAscent, Z_12", _feature_ascent),
    "ascent": Call("li2.ascend, Z_12 (starts for times)", _ascent),
    "networks": Call("li2.simulate, Z_11, 2 runs", _networks),
    "prompt": Call("best_of_k.solve, Prompt (k for times)", _prompt),
    "posterior": Call("best_of_k.solve, Posterior (k for times)", _posterior),
    "large k": Call("best_of_k.solve, Prompt, LargeK", _limit("LargeK")),
    "high temperature": Call("best_of_k.solve, Prompt, HighTemperature", _limit("HighTemperature")),
    "best of k": Call("best_of_k.solve, Prompt, BestOfK", _limit("BestOfK")),
    "judge": Call("best_of_k.solve, LinearJudge", _judge),
    "answers": Call("best_of_k.simulate, Posterior, 4 runs", _answers),
    "judged answers": Call("best_of_k.simulate, LinearJudge, dim 20, 4 runs", _judged_answers),
    "attention": Call("in_context.solve, LinearAttention", _attention),
    "attention flow": Call("in_context.solve, LinearAttention, flow", _attention_flow),
    "ridge fits": Call("in_context.simulate, LinearAttention, dim 8, 3 runs", _ridge_fits),
    "one-pass fits": Call("in_context.simulate, LinearAttention, one-pass descent, dim 8, 3 runs", _one_pass),
    "mixture": Call("in_context.solve, TaskMixture of regressions", _mixture),
    "urns": Call("in_context.solve, TaskMixture of Urns", partial(_of_symbols, "Urns", "MonteCarlo")),
    "urns exactly": Call("in_context.solve, TaskMixture of Urns, Exact", partial(_of_symbols, "Urns", "Exact")),
    "chains": Call("in_context.solve, TaskMixture of MarkovChains", partial(_of_symbols, "MarkovChains", "MonteCarlo")),
    "mixture drawn": Call("in_context.simulate, TaskMixture of Urns, 3 runs", _mixture_drawn),
    "strategies": Call("in_context.solve, Strategies", _strategies),
    "transformer": Call("in_context.simulate, Strategies, one transformer", _transformer),
    "learning curves": Call("kernels.solve, KernelRegression", _learning_curves),
    "kernel regressions": Call("kernels.simulate, KernelRegression, 4 runs", _regressions_on_kernels),
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
