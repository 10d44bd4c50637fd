"""Intervals over prompts hold the mean over all prompts."""

import chance
import numpy as np
import pytest

from benchmarks import best_of_k_prompts


@pytest.mark.statistical
def test_intervals_over_prompts_hold_the_mean_over_all(plausible):
    """300 draws of 5 and 20 prompts, 95 %. Planted: Student's t, which misses the rare ones in 78 %."""
    rows = best_of_k_prompts.coverage(300, (5, 20), ks=(4,))
    missed = np.array([round(3 * row["missed %, worst k"]) for row in rows])
    plausible(chance.binomial(missed, 300, (0.0, 0.05)))
    assert max(row["Student's %, worst k"] for row in rows) > 50
