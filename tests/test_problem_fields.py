"""A field that holds no number, several where one is wanted, or ragged rows: one sentence, in every wing."""

import dataclasses

import jax
import numpy as np
import pandas as pd
import pytest

from grok_theory import GradientDescent, best_of_k, kernels, lazy_rich, li2, linear
from grok_theory.errors import BadValue

TIMES = [0.0, 0.1]
COMMITTEE = lazy_rich.QuadraticCommittee(1.0, 0.5, 2.0, 0.3)
SMALL = lazy_rich.DMFT(paths=48, scrambles=1)
SINGLE = {
    "dmft": (COMMITTEE, lambda p: lazy_rich.solve(p, [0, 1], dynamics=GradientDescent(0.1), method=SMALL)),
    "population": (COMMITTEE, lambda p: lazy_rich.solve(p, TIMES, method=lazy_rich.Population())),
    "lazy limit": (
        lazy_rich.QuadraticCommittee(1.0, 0.5, 2.0),
        lambda p: lazy_rich.solve(p, TIMES, method=lazy_rich.LazyLimit()),
    ),
    "runs": (COMMITTEE, lambda p: lazy_rich.simulate(p, TIMES, dim=4, runs=1, key=jax.random.key(0))),
    "judge": (
        best_of_k.LinearJudge(2.0, 0.5, 1.0),
        lambda p: best_of_k.solve(p, [1.0, 2.0], temperature=0.5),
    ),
    "kernel": (kernels.KernelRegression([1.0, 0.5], [1.0, 1.0]), lambda p: kernels.solve(p, np.array([3.0, 4.0]))),
    "group": (
        li2.GroupTask(li2.groups.cyclic(5)),
        lambda p: li2.solve(p, TIMES, width=8, key=jax.random.key(0)),
    ),
}
FIELDS = {
    "dmft": ("output_scale", "curvature", "samples_per_dim", "teacher_overlap"),
    "population": ("output_scale", "curvature"),
    "lazy limit": ("output_scale", "curvature", "samples_per_dim"),
    "runs": ("output_scale", "curvature"),
    "judge": ("examples_per_dim", "overshoot"),
    "kernel": ("ridge", "noise"),
    "group": ("weight_decay", "label_noise"),
}


@pytest.mark.parametrize(("name", "field"), [(name, field) for name, fields in FIELDS.items() for field in fields])
@pytest.mark.parametrize("value", [np.full(2, 0.5), np.full((1, 1), 0.5)])
def test_several_numbers_where_one_is_wanted(name, field, value):
    refused(name, field, value)


@pytest.mark.parametrize(("name", "field"), [("population", "curvature"), ("group", "weight_decay")])
@pytest.mark.parametrize("value", [[0.5, 0.5], (0.5,), pd.Series([0.5, 0.5]), pd.DataFrame({"a": [0.5]})])
def test_lists_and_tables_where_one_number_is_wanted(name, field, value):
    refused(name, field, value)


def refused(name, field, value):
    problem, solve = SINGLE[name]
    with pytest.raises(BadValue, match=rf"{field} has shape \(.*must have shape \(\)"):
        solve(dataclasses.replace(problem, **{field: value}))


RAGGED = [[0.5, 0.5], [0.5]]


@pytest.mark.parametrize(
    ("field", "build"),
    [
        ("curvature", lambda: lazy_rich.QuadraticCommittee(1.0, RAGGED, 2.0)),
        ("inputs", lambda: lazy_rich.MeanFieldNetwork(RAGGED, [1.0, 1.0], 1.0)),
        ("targets", lambda: lazy_rich.MeanFieldNetwork(np.ones((2, 2)), RAGGED, 1.0)),
        ("eigenvalues", lambda: kernels.KernelRegression(RAGGED, [1.0, 1.0])),
        ("ridge", lambda: best_of_k.Posterior(1.0, 1.0, 0.5, ridge=np.array("0.5"))),
        ("spectrum", lambda: linear.CorrelatedInputs(np.array(["1", "2"]), np.ones(2), 3.0)),
        ("spectrum", lambda: linear.CorrelatedInputs(RAGGED, [1.0, 1.0], 3.0)),
        ("features", lambda: linear.RandomFeatures(RAGGED, [[1.0, 2.0]], [1.0], 3.0)),
        ("train_pairs", lambda: li2.GroupTask(li2.groups.cyclic(5), train_pairs=[[0, 1], [2]])),
    ],
)
def test_what_is_no_array_of_numbers(field, build):
    with pytest.raises(BadValue, match=rf"{field} is .*must be a real number or an array of them"):
        build()


def test_a_list_becomes_an_array_and_maps():
    problem = lazy_rich.QuadraticCommittee([1.0, 2.0], 0.5, 2.0)
    assert isinstance(problem.output_scale, np.ndarray)
    solved = jax.vmap(
        lambda alpha: lazy_rich.solve(
            dataclasses.replace(problem, output_scale=alpha), TIMES, method=lazy_rich.Population()
        )
    )(problem.output_scale)
    assert solved["test_loss"].shape == (2, 2)


def test_lists_in_the_linear_wing_are_arrays():
    """Before, a list was many leaves: `solve` ended in a TypeError."""
    lists = linear.CorrelatedInputs([2.0, 1.0], [1, -1], 3)
    assert lists == linear.CorrelatedInputs(np.array([2.0, 1.0]), np.array([1.0, -1.0]), 3)
    assert float(linear.limits(lists).test_loss) > 1
    features = linear.RandomFeatures([[1.0, 0.5]], [[1.0, 0.0]], [1.0], 3)
    assert features == linear.RandomFeatures(np.array([[1.0, 0.5]]), np.eye(2)[:1], np.ones(1), 3)
    slope = jax.grad(lambda l: linear.CorrelatedInputs([l, 1.0], [1.0, 1.0], 3).spectrum.sum())(2.0)
    assert slope == 1
