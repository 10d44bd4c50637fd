"""The end of every solve: ranges, stated accuracy, and what is said where nothing was traced."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from grok_theory.lazy_rich.verdict import judged, status_of


def verdict(values, error, name="test_loss", good=True, noted=False):
    return judged({name: jnp.asarray(values)}, {name: jnp.asarray(error)}, good, noted=noted)


@pytest.mark.parametrize(
    ("name", "values"), [("train_loss", [0.5, -1e-6]), ("distance", [-0.1, 1.0]), ("alignment", [0.3, 1.01])]
)
def test_what_cannot_be_is_never_returned(name, values):
    found = verdict(values, [1e-9, 1e-9], name)
    assert int(found.level) == 2
    assert np.isnan(found.curves[name]).all()
    assert "left its mathematical range" in status_of(found, failed="Lower the tolerance.").text


def test_within_its_error_a_value_is_moved_to_the_end_of_its_range():
    found = verdict([0.5, -1e-10], [1e-9, 1e-9])
    np.testing.assert_array_equal(found.curves["test_loss"], [0.5, 0.0])


def test_an_inaccurate_curve_is_noted_and_the_solvers_own_remark_is_kept():
    found = verdict([1.0, 1e-3], [1e-9, 1e-4])
    status = status_of(found, remarks=["Ignored."], failed="No.")
    assert status.name == "noted"
    assert status.text.startswith("Ignored. The numerical_error of a curve exceeds 1%")
    assert status_of(verdict([1.0], [1e-9]), failed="No.").name == "good"
    assert status_of(verdict([1.0], [1e-9], noted=True), remarks=["Ignored."], failed="No.").text == "Ignored."


def test_only_who_traced_reads_of_traces():
    failed = status_of(verdict([1.0], [0.0], good=False), failed="The march lost a row.")
    assert failed.text == "The march lost a row."
    texts = []

    def inside(value):
        found = judged({"test_loss": value}, {"test_loss": jnp.full(2, 1e-9)}, True)
        texts.append(status_of(found, failed="The march lost a row.").failed)
        return found.level, found.curves["test_loss"]

    levels, curves = jax.jit(jax.vmap(inside))(jnp.array([[1.0, 0.5], [1.0, -0.5]]))
    np.testing.assert_array_equal(levels, [0, 2])
    assert np.isnan(curves[1]).all()
    assert "out of its range" in texts[0]
