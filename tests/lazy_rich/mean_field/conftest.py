"""The specification's small data set: four training inputs, five test inputs, two dimensions."""

import numpy as np
import pytest

from grok_theory.lazy_rich import MeanFieldNetwork

TIMES = np.array([0.5, 2.0, 6.0])


@pytest.fixture(scope="session")
def network():
    """A function (richness, activation, **fields) -> the Problem of the reference values."""
    row, column = np.arange(9)[:, None], np.arange(2)[None]
    inputs = np.sqrt(2) * np.sin(0.7 + 1.3 * row + 2.1 * (column + 1) * (row + 1))
    targets = np.cos(1.1 * np.arange(9))

    def make(richness=1.0, activation="tanh", **fields):
        parts = {"inputs": inputs[:4], "targets": targets[:4], "test_inputs": inputs[4:], "test_targets": targets[4:]}
        return MeanFieldNetwork(richness=richness, activation=activation, **(parts | fields))

    return make


@pytest.fixture
def times():
    return TIMES.copy()
