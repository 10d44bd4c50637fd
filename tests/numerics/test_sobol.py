"""Sobol points against SciPy's sampler, and the sampler in the table's place."""

import numpy as np
import pytest
import scipy.stats

from grok_theory.numerics import sobol


@pytest.mark.parametrize(
    ("dim", "count", "bits"), [(1, 8, 30), (82, 256, 30), (2, 1, 30), (700, 64, 30), (5, 1000, 31)]
)
def test_they_are_scipys(dim, count, bits, monkeypatch):
    """Not only powers of two; and where SciPy keeps its table elsewhere, its sampler answers."""
    with pytest.warns(UserWarning, match="balance") if count & (count - 1) else np.errstate():
        points = scipy.stats.qmc.Sobol(dim, scramble=False, bits=bits).random(count)
    found = sobol.sobol_integers(dim, count, bits)
    assert np.array_equal(found, points * 2.0**bits)
    monkeypatch.setattr(sobol, "TABLE", "nowhere.npz")
    with pytest.warns(UserWarning, match="balance") if count & (count - 1) else np.errstate():
        assert np.array_equal(sobol.sobol_integers(dim, count, bits), found)


def test_the_table_is_there():
    """A SciPy that moves it costs the seconds of an import, and nobody would notice."""
    assert sobol._table() is not None
