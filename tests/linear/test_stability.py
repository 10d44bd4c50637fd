"""The learning rate below which descent is stable, against eigenvalues of drawn samples and the law of equal ones."""

import numpy as np
import pytest

from grok_theory.errors import BadValue
from grok_theory.linear import CorrelatedInputs, DeepLinear, RandomFeatures, TeacherStudent, stable_below
from grok_theory.linear.stability import largest_eigenvalue

TWO_LEVELS = np.concatenate([np.full(40, 4.0), np.full(160, 0.5)])
POWER_LAW = np.arange(1, 201) ** -1.2


@pytest.mark.parametrize("samples", [40, 200, 900])
def test_equal_variances_are_the_teacher_and_student(samples):
    same = CorrelatedInputs(np.ones(200) / 200, np.ones(200), samples)
    exact = 2 / (1 + np.sqrt(samples / 200)) ** 2
    assert float(stable_below(same)) == pytest.approx(exact, rel=1e-12, abs=0)
    assert float(stable_below(TeacherStudent(samples / 200, 5.0))) == pytest.approx(exact, rel=1e-12, abs=0)


# The largest eigenvalue lies below the end of the law by about 1.2 (Tracy, Widom) of a width that falls as size^(-2/3).
@pytest.mark.parametrize(("spectrum", "samples", "rtol"), [(TWO_LEVELS, 400, 0.05), (POWER_LAW, 300, 0.05)])
def test_the_largest_eigenvalue_of_drawn_samples(spectrum, samples, rtol):
    """Fails where the end is that of another law: the largest variance times n is 44 % and 2 % off the mean here."""
    rng = np.random.default_rng(5)
    drawn = [np.sqrt(spectrum)[:, None] * rng.normal(size=(spectrum.size, samples)) for _ in range(20)]
    mean = np.mean([np.linalg.eigvalsh(x @ x.T)[-1] for x in drawn])
    assert largest_eigenvalue(spectrum, samples) == pytest.approx(mean, rel=rtol, abs=0)


def test_descent_on_one_side_of_the_edge_converges_and_on_the_other_does_not():
    rng = np.random.default_rng(7)
    problem = CorrelatedInputs(TWO_LEVELS, np.ones(200), 400)
    x = np.sqrt(TWO_LEVELS)[:, None] * rng.normal(size=(200, 400))
    y = x.T @ np.ones(200)
    loss = {}
    for share in (0.9, 1.15):
        w = np.zeros(200)
        for _ in range(200):
            w += share * float(stable_below(problem)) * x @ (y - x.T @ w)
        loss[share] = np.mean(np.square(y - x.T @ w))
    assert loss[0.9] < np.mean(np.square(y))
    assert loss[1.15] > 10 * np.mean(np.square(y))


def test_features_are_their_equivalent_and_layers_are_refused():
    rng = np.random.default_rng(1)
    problem = RandomFeatures(rng.normal(size=(6, 4)), rng.normal(size=(2, 4)), rng.normal(size=2), 30)
    x = np.maximum(rng.normal(size=(400_000, 4)) @ np.asarray(problem.features).T, 0)
    moments = np.linalg.eigvalsh(x.T @ x / x.shape[0])
    assert 2 / float(stable_below(problem)) == pytest.approx(largest_eigenvalue(moments, 30), rel=0.02, abs=0)
    with pytest.raises(BadValue, match=r"DeepLinear, but grok_theory\.linear\.stable_below takes TeacherStudent"):
        stable_below(DeepLinear(0.5, 5.0, 2, 0.7, 0.7))
