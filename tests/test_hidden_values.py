"""What a NumPy mask hides is never taken for a number: doors that need every number refuse it, records hold nan."""

import numpy as np
import pytest

from grok_theory import best_of_k, li2, observables
from grok_theory.errors import BadValue
from grok_theory.li2.companion.network import ModularNetwork


def hidden(values):
    """`values` with the last one hidden."""
    values = np.asarray(values)
    mask = np.zeros(values.shape, bool)
    mask.flat[-1] = True
    return np.ma.array(values, mask=mask)


UNIT, Z3 = [1.0, 0.0], (np.arange(3)[:, None] + np.arange(3)) % 3
DOORS = {
    "a list of rows": (lambda: observables.kernel_movement([hidden(UNIT)] * 2, np.eye(2)), "kernel"),
    "gradient_coherence": (lambda: observables.gradient_coherence({"w": hidden(np.eye(2))}), "gradients"),
    "pass_at_k": (lambda: best_of_k.pass_at_k(hidden([1, 0, 0, 1]), [1]), "values"),
    "pass_at_k, rows": (lambda: best_of_k.pass_at_k([hidden([1, 0, 1]), [1, 0]], [1]), "values"),
    "samples": (lambda: best_of_k.pass_at_k([1, 0, 0, 1], hidden([1, 2])), "samples"),
    "majority_of_counts": (lambda: best_of_k.majority_of_counts(hidden([4, 3, 2]), 4), "counts"),
    "feature": (lambda: li2.feature(li2.groups.cyclic(5), 0, hidden(UNIT), UNIT, UNIT), "left"),
    "irrep_share": (lambda: li2.groups.irrep_share(li2.groups.cyclic(5), hidden(np.ones(10))), "w"),
    "from_cayley_table": (lambda: li2.groups.from_cayley_table(hidden(Z3)), "table"),
    "GroupTask": (lambda: li2.GroupTask(li2.groups.cyclic(3), train_pairs=hidden([[0, 1], [1, 2]])), "train_pairs"),
    "muon_column": (lambda: li2.muon_column(np.eye(4)[:, :2], hidden(np.ones(4))), "new"),
    "ModularNetwork": (lambda: ModularNetwork(hidden(np.ones((2, 3))), np.ones((2, 3)), np.ones((3, 2))), "left"),
}


@pytest.mark.parametrize("door", DOORS)
def test_it_is_refused_by_name_where_every_number_is_needed(door):
    call, name = DOORS[door]
    with pytest.raises(BadValue, match=f"^{name} has values that a mask hides, and they would be taken for numbers"):
        call()


def test_it_is_nan_in_what_was_logged():
    np.testing.assert_array_equal(observables.accuracy_progress(hidden([0.25, 0.5, 1.0])), [0.25, 0.5, np.nan])
    np.testing.assert_array_equal(observables.loss_progress(hidden([1.0, 0.1, 9.0]), 0.1), [0.0, 1.0, np.nan])
