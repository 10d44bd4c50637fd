"""The explorer's script gives the digits of the package: what it shows is held to the very code it shows.

What it shows is on record, so that this holds where there is no node, too; `python -m docs.making.browser` does the
same with the page's sliders.
"""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from docs.making.explorer import FOLDER, MAP, METHOD, SAMPLES, SCALES, differences
from docs.making.explorer_record import RECORD, SETTINGS, checksum, node, shown

PAGE_SCRIPTS = ("explorer.js", "page.js")
HELD = json.loads(RECORD.read_text())


def test_the_record_is_of_the_script_as_it_stands():
    assert HELD["scripts"] == checksum(), "Run `python -m docs.making.explorer_record`, where there is node."
    assert {model: len(each) for model, each in HELD["shown"].items()} == {m: len(s) for m, s in SETTINGS.items()}


@pytest.mark.parametrize("model", ["linear", "best_of_k", pytest.param("dmft", marks=pytest.mark.slow)])
def test_a_curve_is_that_of_the_call_beside_it(model):
    for each in HELD["shown"][model]:
        assert differences(model, each) == []


@pytest.mark.skipif(node() is None, reason="there is no node here; the record's checksum is tested")
def test_the_record_is_what_the_script_shows():
    now = shown(str(node()))
    assert now.keys() == HELD["shown"].keys()
    for model, settings in now.items():
        for each, held in zip(settings, HELD["shown"][model], strict=True):
            assert each["code"] == held["code"]
            np.testing.assert_allclose(each["x"], held["x"], rtol=1e-11, atol=0)
            assert each["curves"].keys() == held["curves"].keys()
            for name, curve in each["curves"].items():  # another node may round exp another way
                np.testing.assert_allclose(curve, held["curves"][name], rtol=1e-10, atol=1e-30)


def test_a_digit_that_is_off_is_noticed():
    code = "from types import SimpleNamespace as S\nclass T(dict): x = [1.0]\ntheory = T(error=[2.0])"
    page = {"code": code, "x": [1.0], "curves": {"error": [2.0 + 1e-8]}}
    (said,) = differences("best_of_k", page)
    assert said.startswith("best_of_k: error is 2.00000001 in the page and 2.0 by its code")
    assert differences("best_of_k", page | {"curves": {"error": [2.0]}}) == []


def test_the_scripts_are_small_and_ask_nothing_of_a_network():
    texts = [(FOLDER / name).read_text() for name in PAGE_SCRIPTS]
    assert sum(map(len, texts)) <= 30_000
    for text in texts:
        assert not re.search(r"https?:|fetch\(|import\(|XMLHttpRequest", text)


def test_the_map_has_a_curve_in_every_cell_and_names_its_method():
    held = json.loads(MAP.read_text().partition("EXPLORER_MAP=")[2].rstrip(";\n"))
    assert held["method"] == METHOD
    assert 0 < held["numerical_error"] < 0.05  # of losses that begin at 3/4
    assert (held["samples_per_dim"], held["output_scale"]) == (SAMPLES, SCALES)
    for name in ("train_loss", "test_loss"):
        assert len(held[name]) == len(SAMPLES)
        for row in held[name]:
            assert [len(curve) for curve in row] == [len(held["times"])] * len(SCALES)
            assert all(value >= 0 for curve in row for value in curve)


def test_the_page_loads_what_is_there():
    page = (Path(FOLDER).parent / "explorer.md").read_text()
    for name in re.findall(r'(?:src|href)="_static/([^"]+)"', page):
        assert (FOLDER / name).exists()
    assert sorted(re.findall(r'data-model="(\w+)"', page)) == sorted(SETTINGS)
