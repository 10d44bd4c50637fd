"""The phases at and beside every threshold."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grok_theory import BadValue
from grok_theory.li2.companion import Phase, phase


@pytest.mark.parametrize(
    ("train", "test", "noise", "expected"),
    [
        (0.9, 0.9, 0.35, "coexistence"),
        (0.8999, 0.9, 0.35, "partial_inversion"),
        (0.7001, 0.9, 0.35, "partial_inversion"),
        (0.6999, 0.9, 0.35, "full_inversion"),
        (0.9, 0.8999, 0.35, "memorization"),
        (0.8999, 0.8999, 0.35, "forgetting"),
        (0.89, 0.95, 0.1, "full_inversion"),  # the partial window is empty below xi = .15
    ],
)
def test_thresholds(train, test, noise, expected):
    assert phase(train, test, noise) == expected


@given(train=st.floats(0, 1), test=st.floats(0, 1), noise=st.floats(0, 1))
def test_every_network_has_one_phase_and_better_tests_never_take_generalisation_away(train, test, noise):
    found = phase(train, test, noise)
    generalised = (Phase.COEXISTENCE, Phase.PARTIAL_INVERSION, Phase.FULL_INVERSION)
    assert (found in generalised) == (test >= 0.9)
    if found in generalised:
        assert phase(train, 1.0, noise) == found


@pytest.mark.parametrize("bad", [(1.2, 0.5, 0.1), (0.5, float("nan"), 0.1), (0.5, 0.5, -0.1)])
def test_what_is_refused(bad):
    with pytest.raises(BadValue, match=r"accuracy|label_noise"):
        phase(*bad)
