"""The explorer's script gives the digits of the package: what it shows is held to the very code it shows.

Without a page, by node where there is one; `python -m docs.making.browser` does the same with the page's sliders.
"""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from docs.making.explorer import FOLDER, MAP, METHOD, SAMPLES, SCALES, differences

SCRIPTS = ("explorer.js", "page.js")
LINEAR = [(0.5, 5, 0, 0), (0.8, 100, 1e4, 1e-3), (1, 5, 1, 0), (2, 0.5, 3, 0.1), (10, 100, 0, 0)]
BEST_OF_K = [(1.5, 1.5, 0), (1.5, 3, 0), (0.3, 1, 1), (4, 4, 0.2), (2, 0, 50)]
SETTINGS = {
    "linear": [dict(zip(("alpha", "snr", "inr", "decay"), values, strict=True)) for values in LINEAR],
    "best_of_k": [dict(zip(("teacher_gap", "reward_gap", "temperature"), values, strict=True)) for values in BEST_OF_K],
    "dmft": [{"scale": 8.0, "data": 4.0}],
}


def shown(model):
    """What the page would show of a model at each setting."""
    if not shutil.which("node"):
        pytest.skip("there is no node here")
    asked = (
        "const [folder, model, settings] = JSON.parse(require('fs').readFileSync(0));"
        "require(folder + '/map.js'); require(folder + '/explorer.js');"
        "const {solve, code} = explorer.models[model];"
        "console.log(JSON.stringify(settings.map(s => ({code: code(s), ...solve(s)}))));"
    )
    said = json.dumps([str(FOLDER), model, SETTINGS[model]])
    done = subprocess.run(["node", "-e", asked], input=said, capture_output=True, text=True, check=True, timeout=120)
    return json.loads(done.stdout)


@pytest.mark.parametrize("model", ["linear", "best_of_k", pytest.param("dmft", marks=pytest.mark.slow)])
def test_a_curve_is_that_of_the_call_beside_it(model):
    found = shown(model)
    assert len(found) == len(SETTINGS[model])
    for each in found:
        assert differences(model, each) == []


def test_a_digit_that_is_off_is_noticed():
    code = "from types import SimpleNamespace as S\nclass T(dict): x = [1.0]\ntheory = T(error=[2.0])"
    page = {"code": code, "x": [1.0], "curves": {"error": [2.0 + 1e-8]}}
    (said,) = differences("best_of_k", page)
    assert said.startswith("best_of_k: error is 2.00000001 in the page and 2.0 by its code")
    assert differences("best_of_k", page | {"curves": {"error": [2.0]}}) == []


def test_the_scripts_are_small_and_ask_nothing_of_a_network():
    texts = [(FOLDER / name).read_text() for name in SCRIPTS]
    assert sum(map(len, texts)) <= 30_000
    for text in texts:
        assert not re.search(r"https?:|fetch\(|import\(|XMLHttpRequest", text)


def test_the_map_has_a_curve_in_every_cell_and_names_its_method():
    held = json.loads(MAP.read_text().partition("EXPLORER_MAP=")[2].rstrip(";\n"))
    assert held["method"] == METHOD
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
