"""What a notebook shows of a result: well-formed markup with the numbers of the report, and a picture a curve."""

import xml.etree.ElementTree as ET
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import grok_theory as gt
from grok_theory.agreement import Agreement
from grok_theory.applicability import Applicability, CurveApplicability
from grok_theory.results.log import Record
from grok_theory.sparklines import HEIGHT, WIDTH, gauge, sparkline, strip
from grok_theory.sweeps.record import Failure, Note, Sweep
from grok_theory.verify.certificate import Certificate

PROBLEM = gt.linear.TeacherStudent(samples_per_dim=0.5, snr=5.0)
TIMES = np.geomspace(0.1, 10.0, 8)


@pytest.fixture(scope="module")
def theory():
    return gt.linear.solve(PROBLEM, TIMES)


@pytest.fixture(scope="module")
def runs():
    return gt.linear.simulate(PROBLEM, TIMES, dim=40, runs=6, key=jax.random.key(0))


def read(result) -> ET.Element:
    return ET.fromstring(result._repr_html_())


def words(result) -> str:
    return " ".join(read(result).itertext())


def pictures(result) -> list[ET.Element]:
    return read(result).findall(".//{http://www.w3.org/2000/svg}svg")


def test_a_solution_shows_every_curve_with_its_numbers_and_a_line(theory):
    assert len(pictures(theory)) == len(theory.curves)
    for name, values in theory.curves.items():
        assert name in words(theory)
        assert f"{float(values[-1]):.6g}" in words(theory)
    assert "TeacherStudent" in words(theory)
    assert str(theory.status) in words(theory)


def test_a_wide_table_scrolls_in_its_own_box_on_a_phone(theory):
    box = read(theory)
    assert box.find("table") is not None
    assert "overflow-x:auto" in box.attrib["style"]


def test_an_ensemble_shows_its_mean_on_its_runs(runs):
    assert len(pictures(runs)) == len(runs.curves)
    assert f"{np.asarray(runs['test_loss']).mean(0)[0]:.6g}" in words(runs)
    # One line a run, and one for the mean.
    assert [len(picture) for picture in pictures(runs)] == [7] * len(runs.curves)


def test_an_agreement_shows_its_verdict_and_the_gap_in_its_band(theory, runs):
    agreement = gt.compare(theory, runs, margin=0.3, curves=["test_loss"])
    assert agreement.verdict in words(agreement)
    assert len(pictures(agreement)) == 1
    assert isinstance(agreement, Agreement)


def test_a_forecast_shows_its_band():
    told = gt.linear.forecast(PROBLEM, TIMES, dim=100, curves=["test_loss"], draws=64)
    assert len(pictures(told)) == len(told.curves)
    assert f"{float(told['test_loss'].median[0]):.6g}" in words(told)
    assert 'fill-opacity=".16"' in told._repr_html_()


def test_a_size_law_shows_its_points():
    law = gt.SizeLaw(np.array([40.0, 10.0, 20.0]), np.array([0.1, 0.4, 0.2]), np.full(3, 0.01))
    assert all(f"{gap:+.4g}" in words(law) for gap in law.gaps)
    assert len(pictures(law)) == 1


def test_a_sweep_shows_what_failed_and_what_was_noted():
    sweep = Sweep((1, 2, 3), (1.0, 2.0, None), (Failure(2, 3, "it <broke>"),), 2, 1, (), 0.5, (Note(1, "read this"),))
    assert "it <broke>" in words(sweep)
    assert "read this" in words(sweep)
    drawn = pictures(sweep)[0][0].get("d")
    assert [tick.partition("v")[2] for tick in drawn.split("M")[1:]] == ["-4", "-14", "-24"]


def test_a_certificate_and_an_applicability_show_their_bars():
    held = Certificate("a < b & c", "x in [0, 1]", 30, 2.5e-13, "x = 0.5", "", 1e-12, "relative error", 0.1)
    assert "a < b & c" in words(held)
    assert float(pictures(held)[0][1].get("width")) == pytest.approx((WIDTH - 4) / 4, abs=0.1)
    curve = CurveApplicability("test_loss", 1, 0, 0.9, np.inf, "", 0.4, 0.5)
    said = Applicability(PROBLEM, "applies", "nothing against it", {"test_loss": curve}, 1, 0.9, 0.5, "time")
    assert "nothing against it" in words(said)
    assert len(pictures(said)) == 1


def test_a_log_shows_its_runs_and_escapes_what_they_are_called():
    record = Record(np.arange(4.0), np.array([1.0, np.nan, 0.5, 0.25]))
    columns = {"x": "step", "train": "<script>alert(1)</script>", "test": None, "run": "seed"}
    log = gt.Log({f"<b>{i}</b>": {"train": record} for i in range(30)}, columns)
    assert "<script>" not in log._repr_html_()
    assert "<b>0</b>" in words(log)
    assert "10 more runs" in words(log)
    assert len(pictures(log)) == 20


def test_a_batch_and_what_is_traced_are_shown_without_falling(theory):
    batch = jax.vmap(lambda snr: gt.linear.solve(gt.linear.TeacherStudent(0.5, snr), TIMES))(jnp.array([1.0, 5.0]))
    assert "batch (2, 8)" in words(batch)
    assert [len(picture) for picture in pictures(batch)] == [2] * len(batch.curves)
    seen = []

    @jax.jit
    def inside(snr):
        seen.append(gt.linear.solve(gt.linear.TeacherStudent(0.5, snr), TIMES)._repr_html_())
        return snr

    inside(5.0)
    assert "traced" in " ".join(ET.fromstring(seen[0]).itertext())


def test_a_repr_has_arrays_by_their_shape(runs, theory):
    assert len(repr(runs)) < 800
    assert "curves={'train_loss': array(6, 8), 'test_loss': array(6, 8)" in repr(runs)
    assert "numerical_error={'train_loss': array(8,)" in repr(theory)
    for result in (runs, theory):
        assert repr(result).startswith(f"{type(result).__name__}(problem=TeacherStudent(")


def points(svg: str) -> list[tuple[float, float]]:
    path = ET.fromstring(svg)[-1].get("d")
    return [tuple(map(float, point.split())) for point in path.removeprefix("M").split("L")]


def test_a_line_fills_its_box_and_rises_where_its_values_do():
    drawn = points(sparkline([0.0, 1.0, 2.0], [[0.0, 1.0, 2.0]]))
    assert drawn == [(2.0, HEIGHT - 2.0), (WIDTH / 2, HEIGHT / 2), (WIDTH - 2.0, 2.0)]


def test_decades_are_drawn_in_logs():
    drawn = points(sparkline(np.geomspace(1, 1e4, 5), [np.geomspace(1e-3, 10, 5)]))
    np.testing.assert_allclose(np.diff(drawn, axis=0), np.diff(drawn, axis=0)[:1].repeat(4, 0), rtol=0, atol=0.11)


def test_what_is_missing_breaks_the_line_and_what_is_constant_is_flat():
    path = ET.fromstring(sparkline(np.arange(6.0), [[1, 2, np.nan, 2, np.inf, 1]]))[-1].get("d")
    assert path.count("M") == 3
    assert path.count("h.8") == 2
    assert {y for _, y in points(sparkline([0, 1], [[3.0, 3.0]]))} == {HEIGHT / 2}
    assert sparkline([0, 1], [[np.nan, np.inf]]) == ""
    assert sparkline([], [[]]) == ""
    assert strip([]) == ""
    assert gauge(np.nan) == ""


def test_the_largest_numbers_do_not_overflow():
    with np.errstate(all="raise"):
        drawn = points(sparkline([0.0, 1.0], [[-1e308, 1e308]]))
    assert drawn == [(2.0, HEIGHT - 2.0), (WIDTH - 2.0, 2.0)]


def test_a_long_curve_makes_no_long_picture():
    assert len(sparkline(np.arange(10**5), [np.random.default_rng(0).random(10**5)])) < 2500


def test_results_know_no_matplotlib():
    for file in ("sparklines.py", "html_reports.py"):
        assert "matplotlib" not in (Path(gt.__file__).parent / file).read_text()
