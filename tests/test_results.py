"""Solutions and Ensembles: labelled, printable, saved to the bit, honest about their status."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import grok_theory as gt
from grok_theory.dynamics import GradientFlow
from grok_theory.errors import BadValue, DamagedFile, SolveFailed
from grok_theory.linear import TeacherStudent
from grok_theory.named_axes import Field
from grok_theory.results import Ensemble, Solution
from grok_theory.status import Status

FLOW = GradientFlow()
PROBLEM = TeacherStudent(0.1 + 0.2, 5.0)  # any record of the package can be a problem here


def decay(gain=1.0, level=0, **more):
    times = jnp.array([0.0, 1.0, 2.0, 4.0])
    values = gain * jnp.exp(-times)
    return Solution(
        PROBLEM,
        times,
        {"test_loss": values, "train_loss": values / 3},
        x_name="times",
        x_unit="tau",
        dynamics=FLOW,
        method=None,
        numerical_error={"test_loss": 1e-15 * values},
        fields={"memory": Field(jnp.outer(values, values), ("time", "earlier"), {"earlier": times})},
        status=Status(
            jnp.asarray(level, jnp.int8), noted="Outside the tested range.", failed="Not converged. Halve dt."
        ),
        stats={"nodes": 593, "source": "quadrature"},
        **more,
    )


def runs(count=3, **more):
    times = np.array([0.0, 1.0, 2.0, 4.0])
    values = np.exp(-times) * np.arange(1.0, count + 1)[:, None]
    return Ensemble(PROBLEM, times, {"test_loss": values}, "times", FLOW, "tau", **more)


def test_curves_are_read_by_name_and_a_wrong_name_lists_the_right_ones():
    assert decay()["test_loss"][0] == 1.0
    for thing in (decay(), runs()):
        with pytest.raises(BadValue, match=r"no curve 'tset_loss'; this .* has test_loss"):
            thing["tset_loss"]


def test_the_report_says_status_method_dynamics_and_every_curve():
    text = str(decay(level=1))
    for part in (
        "noted: Outside the tested range.",
        "GradientFlow()",
        "times [tau], 4 values from 0 to 4",
        "train_loss",
        "not estimated",
        "<= 1.0e-15",
        "field memory: time x earlier (4, 4)",
        "nodes = 593",
        "source = quadrature",
    ):
        assert part in text
    text = str(runs(valid={"test_loss": [True, True, False, False]}))
    for part in ("Ensemble of 3 runs", "2/4", "spread at the end"):
        assert part in text
    assert "failed: Not converged. Halve dt." in str(decay(level=2))


def test_only_failed_raises_and_only_when_asked_to():
    for level in (0, 1):
        assert decay(level=level).checked(True).status.name == ("good", "noted")[level]
    assert decay(level=2).checked(False).status.name == "failed"
    with pytest.raises(SolveFailed, match=r"Not converged\. Halve dt\. \(throw=False"):
        decay(level=2).checked(True)


def test_inside_traces_the_level_is_an_array_and_nothing_raises():
    jitted = jax.jit(lambda gain, level: decay(gain, level).checked(True))(2.0, 2)
    assert jitted.status.name == "failed"
    assert jitted.stats["source"] == "quadrature"
    batch = jax.vmap(lambda gain, level: decay(gain, level).checked(True))(jnp.ones(3), jnp.array([0, 2, 1]))
    assert batch["test_loss"].shape == (3, 4)
    assert batch.status.text.startswith("In the batch, member 1 failed.")
    assert "batch (3, 4)" in str(batch)
    gradient = jax.grad(lambda gain: decay(gain)["test_loss"][0])(2.0)
    assert gradient == 1.0


def test_at_interpolates_and_refuses_to_extrapolate():
    solution = decay()
    np.testing.assert_allclose(solution.at([0.0, 2.0])["test_loss"], np.exp([0.0, -2.0]), rtol=1e-15)
    assert np.exp(-4.0) < solution.at(3.0)["test_loss"] < np.exp(-2.0)
    with pytest.raises(BadValue, match=r"solved range \[0, 4\]"):
        solution.at(4.5)
    with pytest.raises(BadValue, match="x is nan"):
        solution.at(np.nan)


def test_saved_and_loaded_to_the_bit(tmp_path):
    odd = np.array([0.1 + 0.2, np.nextafter(1, 2), 5e-324, np.inf])
    solution = decay(run=3)
    solution.curves["test_loss"] = odd
    back = gt.load(solution.save(tmp_path / "theory.npz"))
    assert back["test_loss"].tobytes() == odd.tobytes()
    assert back.problem == PROBLEM
    assert back.fields["memory"].axes == ("time", "earlier")
    assert (back.run, back.status.name, back.stats["source"]) == (3, "good", "quadrature")
    ensemble = runs(valid={"test_loss": np.array([True, True, True, False])})
    again = gt.load(ensemble.save(tmp_path / "runs.npz"))
    assert again == ensemble
    agreement = gt.compare(decay(), ensemble, margin=0.5)
    assert str(gt.load(agreement.save(tmp_path / "verdict.npz"))) == str(agreement)


def test_saving_goes_where_it_was_told_or_nowhere(tmp_path):
    (tmp_path / "folder").mkdir()
    for name in ("theory", "folder", "theory.csv", "theory.txt", "theory.v2"):
        for thing in (decay(), runs(), gt.compare(decay(), runs(), margin=0.5)):
            with pytest.raises(BadValue, match=rf"^path is '.*{name}', but.*\.npz"):
                thing.save(tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def test_a_damaged_or_swapped_file_is_named(tmp_path):
    path = decay().save(tmp_path / "theory.npz")
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(DamagedFile, match=r"theory\.npz has no checksum: it is truncated"):
        gt.load(path)
    from grok_theory import storage

    path.write_bytes(storage.pack({"a": 1}))
    with pytest.raises(DamagedFile, match="holds dict, but a Solution, Ensemble or other result"):
        gt.load(path)


def test_dataframes():
    frame = decay().to_dataframe()
    assert list(frame.columns) == ["times", "test_loss", "train_loss"]
    assert frame.attrs["status"] == "good"
    failed = dataclasses.replace(decay(), status=Status(2, failed="No root. Widen it."))
    assert failed.to_dataframe().attrs["status"] == "failed: No root. Widen it."
    frame = dataclasses.replace(runs(), status=Status(1, noted="short runs")).to_dataframe()
    assert frame.attrs["status"] == "noted: short runs"
    assert list(frame.columns) == ["run", "times", "test_loss"]
    assert frame.shape == (12, 3)


def test_labelled_arrays():
    solution = decay()
    found = solution.to_xarray()
    assert found["test_loss"].dims == ("times",)
    assert found["times"].attrs == {"units": "tau"}
    np.testing.assert_array_equal(found["test_loss_error"], solution.numerical_error["test_loss"])
    memory = found["memory"]
    assert memory.dims == ("time", "earlier")
    np.testing.assert_array_equal(memory.coords["earlier"], [0.0, 1.0, 2.0, 4.0])
    assert float(memory.sel(earlier=2.0)[1]) == float(solution.fields["memory"].values[1, 2])
    assert runs().to_xarray()["test_loss"].dims == ("run", "times")
    with pytest.raises(BadValue, match=r"axes is \('a', 'a'\).*distinct"):
        Field(np.ones((2, 2)), ("a", "a"))
    with pytest.raises(BadValue, match=r"x has shape \(2, 4\): a batch has no one x"):
        jax.tree_util.tree_map(lambda leaf: np.stack([leaf, leaf]), solution).to_xarray()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"curves": {}}, "curves is empty"),
        ({"curves": {"test_loss": np.zeros(4)}}, r"curves\['test_loss'\] has shape \(4,\), but it must be \(runs, 4\)"),
        ({"curves": {"test_loss": np.zeros((0, 4))}}, "same number of runs"),
        ({"curves": {"a": np.zeros((2, 4)), "b": np.zeros((3, 4))}}, "same number of runs"),
        ({"x": [0.0, 2.0, 1.0, 4.0]}, r"x\[2\] is 1\.0"),
        ({"valid": {"test_loss": [True]}}, "Pass one boolean for every x"),
        ({"valid": {"other": [True] * 4}}, "must name a curve"),
    ],
)
def test_an_ensemble_that_is_none_is_refused(change, message):
    fields = {"x": [0.0, 1.0, 2.0, 4.0], "curves": {"test_loss": np.zeros((2, 4))}, **change}
    with pytest.raises(BadValue, match=message):
        Ensemble(PROBLEM, fields.pop("x"), fields.pop("curves"), "times", FLOW, **fields)


HIDDEN = np.array([False, True, False, False])


def test_what_a_mask_hides_in_a_result_is_nan():
    """The number under it, 999, is no value of anything."""
    x, masked = np.array([0.0, 1.0, 2.0, 4.0]), np.ma.array([3.0, 999.0, 2.0, 1.0], mask=HIDDEN)
    known = np.array([3.0, np.nan, 2.0, 1.0])
    theory = Solution(PROBLEM, x, {"loss": masked}, "times", FLOW, None, numerical_error={"loss": masked})
    for told in (theory["loss"], theory.numerical_error["loss"], Field(masked, ("times",)).values):
        assert type(told) is np.ndarray
        np.testing.assert_array_equal(told, known)
    for rows in (np.ma.stack([masked, masked]), [masked, masked]):
        np.testing.assert_array_equal(Ensemble(PROBLEM, x, {"loss": rows}, "times", FLOW)["loss"], [known, known])
    np.testing.assert_array_equal(gt.results.log.Record(x, masked).values, known)


def test_hidden_runs_have_failed():
    good = runs(20)
    values = np.ma.concatenate([good["test_loss"], np.ma.array(np.full((20, 4), 999.0), mask=True)])
    both = dataclasses.replace(good, curves={"test_loss": values})
    assert both.failed_runs("test_loss").tolist() == [False] * 20 + [True] * 20
    theory = decay(good["test_loss"].mean(axis=0)[0])
    verdicts = [gt.compare(theory, held, margin=0.5)["test_loss"].verdict for held in (good, both)]
    assert verdicts[0] == verdicts[1]


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda x, m: Solution(PROBLEM, np.ma.array(x, mask=m), {"a": x}, "t", FLOW, None), "x"),
        (lambda x, m: Ensemble(PROBLEM, np.ma.array(x, mask=m), {"a": [x]}, "t", FLOW), "x"),
        (
            lambda x, m: Ensemble(PROBLEM, x, {"a": [x]}, "t", FLOW, valid={"a": np.ma.array(x > 0, mask=m)}),
            "valid['a']",
        ),
        (lambda x, m: Field(x, ("t",), {"t": np.ma.array(x, mask=m)}), "coordinates['t']"),
        (lambda x, m: gt.results.log.Record(np.ma.array(x, mask=m), x), "x"),
    ],
)
def test_an_x_or_a_boolean_is_not_hidden(make, name):
    with pytest.raises(BadValue) as caught:
        make(np.array([0.0, 1.0, 2.0, 4.0]), HIDDEN)
    assert str(caught.value).startswith(f"{name} has values that a mask hides")


def test_a_numerical_error_needs_its_curve():
    with pytest.raises(BadValue, match="numerical_error names"):
        Solution(PROBLEM, [0.0], {"a": [0.0]}, x_name="t", dynamics=FLOW, method=None, numerical_error={"b": [0.0]})
