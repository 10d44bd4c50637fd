"""Where theory speaks about runs of a size: per curve and time."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from grok_theory.dynamics import GradientFlow
from grok_theory.errors import BadValue
from grok_theory.linear import CorrelatedInputs, DeepLinear, RandomFeatures, TeacherStudent, simulate, valid_at
from grok_theory.linear.valid import where_theory_speaks


def test_where_theory_speaks():
    late = jnp.array([1.0, 5.0, 1e3])

    def where(alpha, name):
        valid = where_theory_speaks(TeacherStudent(alpha, 5.0), GradientFlow(), late, 40, round(40 * alpha))
        return list(np.asarray(valid[name]))

    assert where(0.5, "train_loss") == [True, False, False]
    assert where(0.5, "test_loss") == [True, True, True]
    assert where(1.0, "test_loss") == [True, True, False]
    assert where(2.0, "train_loss") == [True, True, True]


@pytest.mark.parametrize(("samples", "until"), [(5, 2), (20, 3)])
def test_a_decayed_train_loss_of_few_samples_is_one_eigenvalues(samples, until):
    problem = CorrelatedInputs(np.ones(10), np.ones(10), samples, noise=0.1)
    runs = simulate(problem, [0.0, 0.1, 1e3], runs=2, key=jax.random.key(0))
    assert list(runs.valid["train_loss"]) == [at < until for at in range(3)]
    assert np.all(runs.valid["test_loss"])


@pytest.mark.parametrize(
    ("problem", "dim"),
    [(TeacherStudent(0.5, 5.0), 40), (TeacherStudent(1.0, 5.0), 10), (DeepLinear(0.5, 5.0, 2, 0.7, 0.7), 10)],
)
def test_valid_at_is_what_runs_of_that_size_say(problem, dim):
    late = jnp.array([1.0, 5.0, 100.0])
    runs = simulate(problem, late, runs=1, key=jax.random.key(0), dim=dim)
    found = valid_at(problem, late, dim=dim)
    assert set(found) == set(runs.valid)
    assert not all(np.all(mask) for mask in found.values())
    for name, mask in found.items():
        assert list(mask) == list(runs.valid[name]), name


@pytest.mark.parametrize("samples", [5, 20])
def test_valid_at_of_modes_is_what_runs_say(samples):
    """At times far from the one at which a hundredth of the train loss is left, theory and runs say the same."""
    problem, times = CorrelatedInputs(np.ones(10), np.ones(10), samples, noise=0.1), [0.0, 0.05, 1e3]
    runs = simulate(problem, times, runs=20, key=jax.random.key(0))
    for name, mask in valid_at(problem, times, dim=10).items():
        assert list(mask) == list(runs.valid[name]), name


def test_valid_at_refuses_other_sizes():
    with pytest.raises(BadValue, match=r"dim is 11, but the Problem has 10 modes"):
        valid_at(CorrelatedInputs(np.ones(10), np.ones(10), 5, noise=0.1), [1.0], dim=11)
    with pytest.raises(BadValue, match=r"dim is 5, but the Problem has 4 modes or features"):
        valid_at(RandomFeatures(np.ones((4, 3)), np.ones((2, 3)), np.ones(2), 5), [1.0], dim=5)
    with pytest.raises(BadValue, match=r"dim is 2\.5"):
        valid_at(TeacherStudent(0.5, 5.0), [1.0], dim=2.5)
