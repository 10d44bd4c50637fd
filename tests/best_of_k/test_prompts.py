"""Intervals over prompts hold the mean over all prompts."""

import chance
import numpy as np
import pytest

from benchmarks import best_of_k_prompts


@pytest.mark.statistical
def test_intervals_over_prompts_hold_the_mean_over_all(plausible):
    """100 draws of 5 prompts, 95 %. Planted: Student's t, which misses the rare ones in 78 %."""
    rows = best_of_k_prompts.coverage(100, (5,), ks=(4,))
    missed = np.array([round(row["missed %, worst k"]) for row in rows])
    plausible(chance.binomial(missed, 100, (0.0, 0.05)))
    assert max(row["Student's %, worst k"] for row in rows) > 50
