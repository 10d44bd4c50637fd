"""Roles: several settings with the same seeds, and stage I beside each."""

import jax
import pytest

from grok_theory import BadValue
from grok_theory.dynamics import Adam
from grok_theory.li2 import GroupTask
from grok_theory.li2.comparison import roles
from grok_theory.li2.groups import symmetric
from grok_theory.li2.training import ZeroReadout

KEY = jax.random.key(8)


def test_roles_put_runs_and_theory_side_by_side():
    task = GroupTask(symmetric(3), train_fraction=0.8, weight_decay=1e-3)
    table = roles(
        task,
        {"usual": {}, "zero": {"initial": ZeroReadout()}, "no decay": {"weight_decay": 0.0}},
        [0, 20, 100],
        width=12,
        runs=2,
        key=KEY,
    )
    assert table["zero"].early_alignment > table["usual"].early_alignment
    assert table["usual"].ridge == pytest.approx(29 * 1e-3 / 2)
    assert table["no decay"].ridge == 0
    assert 0 <= table["usual"].interval[0] <= table["usual"].generalised <= table["usual"].interval[1] <= 1
    assert len(str(table).splitlines()) == 5
    with pytest.raises(BadValue, match="no setting"):
        table["muon"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"settings": {}}, "settings is empty"),
        ({"settings": {"a": {"lr": 1}}}, "changes 'lr'"),
        ({"test_threshold": 1.5}, "test_threshold"),
        ({"task": GroupTask(symmetric(3))}, "full table"),
    ],
)
def test_roles_refuse(change, words):
    arguments = {"task": GroupTask(symmetric(3), train_fraction=0.8), "settings": {"a": {"dynamics": Adam(0.01)}}}
    arguments |= {"steps": [0, 20, 100], "width": 12, "runs": 2, "key": KEY} | change
    with pytest.raises(BadValue, match=words):
        roles(arguments.pop("task"), arguments.pop("settings"), arguments.pop("steps"), **arguments)
