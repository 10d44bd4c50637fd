"""Trained nodes against predicted maxima: planted answers, and a short training."""

import dataclasses

import jax
import numpy as np
import pytest

from grok_theory import BadValue
from grok_theory.li2 import GroupTask, feature, local_maxima, simulate
from grok_theory.li2.comparison import trained_features
from grok_theory.li2.groups import cyclic
from grok_theory.li2.training import ZeroReadout
from grok_theory.results import Ensemble
from grok_theory.status import Status

KEY = jax.random.key(8)


@pytest.fixture(scope="module")
def trained():
    task = GroupTask(cyclic(7), train_fraction=0.8, centering="classes")
    return simulate(task, [0, 300], width=24, runs=3, key=KEY, initial=ZeroReadout())


def planted(ensemble, hidden):
    return dataclasses.replace(ensemble, stats={**ensemble.stats, "hidden": hidden})


def test_planted_maxima_are_read_back(trained):
    rows = np.arange(24) % 3
    nodes = np.stack([3.0 * feature(cyclic(7), int(r), [1.0, 0.3], [0.2, 1.0], [1.0, -1.0]) for r in rows])
    nodes[5] = 0
    found = trained_features(planted(trained, np.stack([nodes] * 3)))
    alive = rows != -1
    alive[5] = False
    np.testing.assert_array_equal(found.alive[0], alive)
    np.testing.assert_array_equal(found.row[0][alive], rows[alive])
    np.testing.assert_allclose(found.purity[0][alive], 1, rtol=1e-12)
    np.testing.assert_allclose(found.energy_ratio[0][alive], 1, rtol=1e-9)
    assert found.found.all()
    share = np.bincount(found.predicted[0][alive], minlength=3) / 23
    assert found.chance[0] == pytest.approx(share @ np.bincount(rows[alive], minlength=3) / 23)


def test_untrained_nodes_scaled_to_their_ascent_are_all_predicted(trained):
    """If the network did what stage II says, the rate would be one."""
    ends = trained_features(trained).predicted
    nodes = np.stack([[feature(cyclic(7), int(r), [1.0, 0], [1.0, 0], [1.0, 0]) for r in run] for run in ends])
    found = trained_features(planted(trained, nodes))
    np.testing.assert_allclose(found.rate, 1)


def test_training_beats_chance(trained):
    found = trained_features(trained)
    mean, low, high = found.interval("rate")
    assert low <= mean <= high
    assert mean > found.interval("chance")[0]
    assert "nodes predicted" in str(found)
    assert local_maxima(GroupTask(cyclic(7))).energy.max() == pytest.approx(7 / 4)


def test_what_is_refused(trained):
    bare = Ensemble(trained.problem, trained.x, {"train_loss": trained["train_loss"]}, "step", trained.dynamics)
    with pytest.raises(BadValue, match="hidden layers"):
        trained_features(bare)
    with pytest.raises(BadValue, match="negligible"):
        trained_features(trained, negligible=-1.0)
    with pytest.raises(BadValue, match="confidence"):
        trained_features(trained, confidence=1.0)
    with pytest.raises(BadValue, match="not finite"):
        trained_features(planted(trained, np.full((3, 24, 14), np.nan)))
    with pytest.raises(BadValue, match=r"ensemble has failed.*Use a smaller step"):
        trained_features(dataclasses.replace(trained, status=Status(2, failed="Use a smaller step.")))
