"""The groups that the li2 figures name are what their names say."""

import numpy as np
import pytest

from grok_theory.li2.groups import irreps
from paper_figures.li2_groups import FROBENIUS, group_of

ORDERS = {"Z_7": 7, "D_5": 10, "S_3": 6, "A_4": 12, "Q_8": 8, "SL(2,3)": 24, "Z_4xZ_4": 16, "Z_2^3": 8, "Z_2xS_3": 12}


@pytest.mark.parametrize(("name", "order"), ORDERS.items())
def test_orders(name, order):
    assert group_of(name).order == order


@pytest.mark.parametrize("name", FROBENIUS)
def test_frobenius_groups(name):
    """Order p q; the p - 1 translations besides the identity have order p, so that irreps of degree q appear."""
    prime, _ = FROBENIUS[name]
    group = group_of(name)
    assert group.order == int(name[2:])
    power = np.arange(group.order)
    for _ in range(prime - 1):
        power = group.table[power, np.arange(group.order)]
    assert np.sum(power == group.identity) == prime
    assert max(irrep.degree for irrep in irreps(group)) == group.order // prime


def test_powers_of_two_have_no_element_of_higher_order():
    group = group_of("Z_2^3")
    assert (np.diag(group.table) == group.identity).all()
