"""Calls of the wing `linear`: every `solve` and `simulate`, on small examples of other numbers, lengths and sizes."""

from __future__ import annotations

import numpy as np

from benchmarks.call_numbers import Call, key, steps, times


def _teacher(number, length, scale):
    from grok_theory import linear

    return linear.solve(linear.TeacherStudent(0.5 + number, 5.0), times(length))


def _layers(number, length, scale):
    from grok_theory import linear

    return linear.solve(linear.DeepLinear(0.5 + number, 5.0, 2, 0.5, 0.5), times(length))


def _diagonal(number: float, scale: int):
    from grok_theory import linear

    inputs = np.random.default_rng(0).normal(size=(10 * scale, 20 * scale))
    teacher = np.where(np.arange(20 * scale) < 2, 1.0 + number, 0.0)
    return linear.DiagonalNetwork(inputs, inputs @ teacher, start=1.0, weight_decay=0.01, teacher=teacher)


def _dual_flow(number, length, scale):
    from grok_theory import linear

    return linear.solve(_diagonal(number, scale), times(length))


def _interpolator(number, length, scale):
    from grok_theory import linear

    return linear.solve(_diagonal(number, scale), times(length), method=linear.Interpolator())


def _one_pass(number, length, scale):
    from grok_theory import linear

    modes = np.arange(1.0, 50 * scale + 1)
    problem = linear.CorrelatedInputs(modes**-1.2, modes**-0.3, np.inf, 0.1 + number)
    return linear.solve(problem, steps(length), dynamics=linear.OnePass(0.05, 4))


def _correlated(number, length, scale):
    from grok_theory import linear

    modes = np.arange(1.0, 200 * scale + 1)
    samples = 100 * scale + 2 * round(10 * number)
    return linear.solve(linear.CorrelatedInputs(modes**-1.2, modes**-0.3, samples), times(length))


def _regressions(number, length, scale):
    from grok_theory import linear

    problem = linear.TeacherStudent(0.5, 5.0 + number)
    return linear.simulate(problem, times(length), dim=100 * scale, runs=8, key=key())


def _descent(number, length, scale):
    import grok_theory as gt

    problem = gt.linear.TeacherStudent(0.5 + number, 5.0)
    return gt.linear.solve(problem, steps(length), dynamics=gt.GradientDescent(0.1))


def _features(number, length, scale):
    from grok_theory import linear

    problem = linear.RandomFeatures(*_first_layers(scale), 40 * scale, 0.1 + number)
    return linear.solve(problem, times(length))


def _first_layers(scale):
    rng = np.random.default_rng(0)
    return rng.normal(size=(20 * scale, 10)), rng.normal(size=(4, 10)), rng.normal(size=4)


def _power_law(number, length, scale):
    from grok_theory import linear

    return linear.solve(linear.PowerLawInputs(200 * scale, 100, 1.2 + number, 1.6), times(length))


def _power_law_once(number, length, scale):
    from grok_theory import linear

    problem = linear.PowerLawInputs(50 * scale, np.inf, 1.2 + number, 1.6)
    return linear.solve(problem, steps(length), dynamics=linear.OnePass(0.05, 4))


def _sparse(number, length, scale):
    from grok_theory import linear

    return linear.solve(linear.SparseTask(0.4, 0.05, 1.0, 0.1 + number), times(length))


def _run(problem, x, **more):
    from grok_theory import linear

    return linear.simulate(problem, x, runs=4, key=key(), **more)


def _descents(number, length, scale):
    import grok_theory as gt

    problem = gt.linear.TeacherStudent(0.5, 5.0 + number)
    return _run(problem, steps(length), dynamics=gt.GradientDescent(0.1), dim=100 * scale)


def _layers_trained(number, length, scale):
    from grok_theory import linear

    return _run(linear.DeepLinear(0.5, 5.0 + number, 2, 0.5, 0.5), times(length), dim=40 * scale)


def _correlated_trained(number, length, scale):
    from grok_theory import linear

    modes = np.arange(1.0, 50 * scale + 1)
    return _run(linear.CorrelatedInputs(modes**-1.2, modes**-0.3, 30 * scale, number), times(length))


def _features_trained(number, length, scale):
    from grok_theory import linear

    return _run(linear.RandomFeatures(*_first_layers(scale), 40 * scale, 0.1 + number), times(length))


def _one_pass_trained(number, length, scale):
    from grok_theory import linear

    modes = np.arange(1.0, 50 * scale + 1)
    problem = linear.CorrelatedInputs(modes**-1.2, modes**-0.3, np.inf, 0.1 + number)
    return _run(problem, steps(length), dynamics=linear.OnePass(0.05, 4))


def _power_law_trained(number, length, scale):
    from grok_theory import linear

    return _run(linear.PowerLawInputs(50 * scale, 30 * scale, 1.2, 1.6, noise=number), times(length))


def _diagonal_trained(number, length, scale):
    return _run(_diagonal(number, scale), times(length))


def _diagonal_descended(number, length, scale):
    import grok_theory as gt

    return _run(_diagonal(number, scale), steps(length), dynamics=gt.GradientDescent(0.001))


def _sparse_trained(number, length, scale):
    from grok_theory import linear

    return _run(linear.SparseTask(0.4, 0.05, 1.0, 0.1 + number), times(length), dim=20 * scale)


CALLS = {
    "teacher": Call("linear.solve, TeacherStudent", _teacher),
    "layers": Call("linear.solve, DeepLinear", _layers),
    "dual flow": Call("linear.solve, DiagonalNetwork, DualFlow", _dual_flow),
    "interpolator": Call("linear.solve, DiagonalNetwork, Interpolator", _interpolator),
    "one pass": Call("linear.solve, CorrelatedInputs, OnePass", _one_pass),
    "correlated": Call("linear.solve, CorrelatedInputs, 200 eigenvalues", _correlated),
    "regressions": Call("linear.simulate, TeacherStudent, dim 100, 8 runs", _regressions),
    "descent": Call("linear.solve, TeacherStudent by descent", _descent),
    "features": Call("linear.solve, RandomFeatures of width 20", _features),
    "power law": Call("linear.solve, PowerLawInputs of 200 modes", _power_law),
    "power law once": Call("linear.solve, PowerLawInputs, OnePass", _power_law_once),
    "sparse": Call("linear.solve, SparseTask", _sparse),
    "descents": Call("linear.simulate, TeacherStudent by descent, 4 runs", _descents),
    "layers trained": Call("linear.simulate, DeepLinear, dim 40, 4 runs", _layers_trained),
    "correlated trained": Call("linear.simulate, CorrelatedInputs, 4 runs", _correlated_trained),
    "features trained": Call("linear.simulate, RandomFeatures, 4 runs", _features_trained),
    "one pass trained": Call("linear.simulate, CorrelatedInputs, OnePass, 4 runs", _one_pass_trained),
    "power law trained": Call("linear.simulate, PowerLawInputs, 4 runs", _power_law_trained),
    "diagonal trained": Call("linear.simulate, DiagonalNetwork by flow", _diagonal_trained),
    "diagonal descended": Call("linear.simulate, DiagonalNetwork by descent", _diagonal_descended),
    "sparse trained": Call("linear.simulate, SparseTask, dim 20, 4 runs", _sparse_trained),
}
