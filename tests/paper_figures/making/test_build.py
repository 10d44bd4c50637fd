"""One figure is built: picture, numbers, record; nothing is computed or drawn twice without need."""

import csv
import json

import numpy as np
import pytest

from paper_figures.figure import catalogue
from paper_figures.making.build import build_figure
from paper_figures.making.output import png_size
from paper_figures.making.record import Order


@pytest.fixture
def build(figures, tmp_path):
    def run(name="small", out="out", **changes):
        order = Order(figures, tmp_path / out, tmp_path / "cache", **changes)
        heard, warned = [], []
        record = build_figure(
            catalogue(figures)[name], order, told=lambda *said: heard.append(said), warn=warned.append
        )
        return record, [event for event, *_ in heard], warned

    return run


def test_a_build_writes_picture_numbers_code_and_record(build, tmp_path, figures):
    record, events, _ = build()
    out = tmp_path / "out"
    assert record == json.loads((out / "small.json").read_text())
    assert record["status"] == "built"
    assert events == ["start", "done", "start", "done", "start"]
    assert record["claims"] == [{"text": "The greatest is at most 1.", "holds": True, "measured": "1"}]
    assert record["parameters"] == {
        "points": 12, "height": 1.0, "ratios": [0.5, 2.0], "pair": [1, 2], "fast": False, "best": None, "key": 7,
    }  # fmt: skip
    assert record["keys"] == {"key": 7}
    assert {"jax", "numpy", "python"} <= set(record["versions"])
    assert record["machine"]["cpus"] >= 1
    assert png_size((out / "small.png").read_bytes()) == record["files"]["pixels"] == [748, 440]
    assert (out / "small.pdf").read_bytes().startswith(b"%PDF")
    assert (out / "small.py").read_bytes() == (figures / "small.py").read_bytes()
    with np.load(out / "small.npz") as numbers:
        assert numbers["power 1/y"].tolist() == np.linspace(0, 1, 12).tolist()
        assert numbers["power 1/table"].shape == (12, 12)
    # Two lengths of one-dimensional arrays give two tables a step; a table of numbers is no column.
    assert len(record["files"]["csv"]) == 4
    with open(out / "small.power_1.12.csv") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["x", "y"]
    assert [float(row[1]) for row in rows[1:]] == np.linspace(0, 1, 12).tolist()


def test_a_second_build_computes_and_draws_nothing(build, computed):
    build()
    record, events, _ = build()
    assert record["unchanged"]
    assert events == ["cached", "cached"]
    assert computed() == ["small 0", "small 1"]


def test_a_lost_picture_is_drawn_again_without_computing(build, computed, tmp_path):
    build()
    (tmp_path / "out" / "small.png").write_bytes(b"torn")
    record, events, _ = build()
    assert not record.get("unchanged")
    assert events == ["cached", "cached", "start"]
    assert len(computed()) == 2


def test_other_parameters_are_other_steps(build, computed):
    build()
    record, _, _ = build(settings=("height=3",))
    assert not record["claims"][0]["holds"]
    assert len(computed()) == 4
    build()
    assert len(computed()) == 4


def test_a_damaged_step_is_named_and_computed_again(build, computed, tmp_path):
    first, _, _ = build()
    victim = next((tmp_path / "cache" / "small").glob("power_1-*.npz"))
    content = bytearray(victim.read_bytes())
    content[len(content) // 2] ^= 4
    victim.write_bytes(content)
    second, events, warned = build()
    assert len(warned) == 1
    assert str(victim) in warned[0]
    assert events[:3] == ["cached", "start", "done"]
    assert computed() == ["small 0", "small 1", "small 1"]
    assert second["checksums"] == first["checksums"]


def test_the_same_numbers_give_the_same_bytes(build):
    first, _, _ = build(out="one")
    second, _, _ = build(out="two", fresh=True)
    assert first["checksums"] == second["checksums"]


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"drawing": "raise ValueError('no ink')"}, "ValueError: no ink"),
        ({"delay": "1 / 0"}, "ZeroDivisionError: division by zero"),
    ],
)
def test_a_figure_that_fails_says_why_and_does_not_raise(build, write, changes, error):
    write("broken", **changes)
    record, _, _ = build("broken")
    assert record["status"] == "failed"
    assert record["error"] == error
    assert "Traceback" in record["traceback"]
    assert record["claims"] == []


def test_what_is_no_claim_is_refused(build, write):
    path = write("odd")
    path.write_text(path.read_text().replace("[Claim(", "[(").replace('f"{greatest:g}")]', '"x")]'))
    record, _, _ = build("odd")
    assert "must return a list of Claim" in record["error"]
