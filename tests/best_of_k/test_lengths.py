"""No length compiles: a curve of another number of samples, modes or settings is answered by what is compiled."""

import jax
import numpy as np
import pytest

from grok_theory import best_of_k as bk
from tests.compiled import counted

LENGTHS = (33, 34, 47, 64)


def compilations(call):
    """How many programs are compiled during a call."""
    with counted() as programs:
        call()
    return len(programs)


@pytest.mark.parametrize(
    ("problem", "temperature"),
    [(bk.Prompt(0.3, 0.8), 0.7), (bk.Prompt(0.3, 0.8), 0.0), (bk.Posterior(0.3, 0.8, 0.3), np.inf)],
)
def test_one_compilation_for_all_lengths(problem, temperature):
    jax.clear_caches()
    every = [
        compilations(lambda n=n: bk.solve(problem, np.geomspace(1, 1e9, n), temperature=temperature)) for n in LENGTHS
    ]
    assert every == [1, 0, 0, 0]


def test_a_number_of_modes_compiles_nothing():
    jax.clear_caches()
    every = [
        compilations(lambda n=n: bk.posterior(bk.LinearJudge(2.0, 0.5, 1.0, spectrum=np.geomspace(1, 9, n))))
        for n in LENGTHS
    ]
    assert every == [1, 0, 0, 0]


def test_modes_beyond_the_last_do_not_count():
    """One mode alone is padded fifteenfold; written as seventeen equal ones it is padded to thirty-two."""
    one = bk.posterior(bk.LinearJudge(2.0, 0.5, 1.0, spectrum=2.0, teacher_power=0.7))
    many = bk.posterior(bk.LinearJudge(2.0, 0.5, 1.0, spectrum=np.full(17, 2.0), teacher_power=0.7))
    for name in ("teacher_variance", "reward_variance", "covariance", "spread", "ridge"):
        np.testing.assert_allclose(getattr(one, name), getattr(many, name), rtol=1e-13, atol=0)
