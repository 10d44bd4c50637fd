"""Solutions and ensembles of one curve, made up for what judges them."""

import numpy as np

from grok_theory.dynamics import GradientFlow
from grok_theory.linear import TeacherStudent
from grok_theory.results import Ensemble, Solution

FLOW = GradientFlow()
PROBLEM = TeacherStudent(0.5, 5.0)
TIMES = np.linspace(1.0, 10.0, 50)
THEORY = np.exp(-TIMES / 5)


def solution(values=THEORY, **more):
    fields = {"x_name": "times", "dynamics": FLOW, "method": None, **more}
    return Solution(fields.pop("problem", PROBLEM), fields.pop("x", TIMES), {"test_loss": values}, **fields)


def ensemble(count, spread, *, factor=1.0, seed=0, correlation=0.95, **more):
    """Runs with relative Gaussian noise of this `spread`, correlated in time as training curves are."""
    draw = np.random.default_rng(seed).standard_normal((count, TIMES.size))
    for t in range(1, TIMES.size):
        draw[:, t] = correlation * draw[:, t - 1] + np.sqrt(1 - correlation**2) * draw[:, t]
    return Ensemble(PROBLEM, TIMES, {"test_loss": THEORY * factor * (1 + spread * draw)}, "times", FLOW, **more)
