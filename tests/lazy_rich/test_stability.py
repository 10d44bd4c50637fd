"""The learning rate below which descent is stable, against descent in plain NumPy."""

import numpy as np
import pytest

from grok_theory.dynamics import GradientDescent
from grok_theory.errors import BadValue
from grok_theory.lazy_rich import (
    MeanFieldNetwork,
    Population,
    QuadraticCommittee,
    largest_stable_learning_rate,
    solve,
    stable_below,
)


def test_a_network_near_its_start_is_stable_below_and_not_above():
    rng = np.random.default_rng(3)
    inputs, gamma, width = rng.normal(size=(20, 8)), 1e-3, 4000
    targets = inputs[:, 0]
    limit = float(stable_below(MeanFieldNetwork(inputs, targets, richness=gamma, activation="linear")))
    loss = {}
    for share in (0.9, 1.1):
        w, a = rng.normal(size=(width, 8)), rng.normal(size=width)
        start = inputs @ w.T / np.sqrt(8) @ a / (gamma * width)
        eta = share * limit * gamma**2 * width
        for _ in range(30):
            h = inputs @ w.T / np.sqrt(8)
            gap = h @ a / (gamma * width) - start - targets
            of_a = 2 / 20 * gap @ h / (gamma * width)
            of_w = 2 / 20 * np.outer(a, gap @ inputs) / np.sqrt(8) / (gamma * width)
            a, w = a - eta * of_a, w - eta * of_w
        loss[share] = np.mean(np.square(gap))
    assert loss[0.9] < 1e-3
    assert loss[1.1] > 10


def test_a_committee_has_the_edge_of_its_closed_form_and_of_its_population():
    problem = QuadraticCommittee(output_scale=1.0, curvature=1.0, samples_per_dim=2.0, teacher_overlap=0.3)
    largest = 2.807033768343811**2 / 2  # the 0.5 % point of a normal, both sides: 100 samples
    few = float(stable_below(problem, samples=100))
    assert few == pytest.approx(float(largest_stable_learning_rate(problem, 2.575829303548901**2 / 2)), rel=1e-9, abs=0)
    assert few > float(largest_stable_learning_rate(problem, largest))
    all_of_them = float(stable_below(problem))
    with pytest.raises(BadValue, match="stable only below"):
        solve(problem, [0, 1], dynamics=GradientDescent(1.01 * all_of_them), method=Population())
    solve(problem, [0, 1], dynamics=GradientDescent(0.5 * all_of_them), method=Population())


@pytest.mark.parametrize(("problem", "samples", "words"), [(3.0, None, "a float"), ("committee", 0, "samples")])
def test_what_has_no_edge_is_refused(problem, samples, words):
    if problem == "committee":
        problem = QuadraticCommittee(output_scale=1.0, curvature=1.0, samples_per_dim=2.0)
    with pytest.raises(BadValue, match=words):
        stable_below(problem, samples=samples)
