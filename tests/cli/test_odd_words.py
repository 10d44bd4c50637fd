"""What people mistype at every option: exit code 2 and one sentence, which names the option and what was typed."""

import json
import math

import jax.numpy as jnp
import numpy as np
import pytest

from benchmarks.doors import command_line
from benchmarks.doors.command_line import LINEAR, told
from grok_theory.cli.as_json import plain
from grok_theory.cli.shown_number import number
from grok_theory.cli.values import read_axis, read_value
from grok_theory.errors import BadValue, TooLarge

DOORS = command_line.doors()
LONG = [
    "(" * 5000,
    "[" * 150,
    "-" * 100_000 + "1",
    "1+" * 5000 + "1",
    "a" * 100_001,
    "9" * 5000,
    "((1,2)",
    "{1:2}",
    "\0",
]


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.name)
def test_no_option_takes_an_odd_text(door):
    for argument, texts in door.extra.items():
        for text in texts:
            with pytest.raises(BadValue) as refused:
                door.call(**{argument: text})
            said = str(refused.value)
            assert door.speaks_as.get(argument, argument.replace("_", "-")) in said.replace("_", "-")
            assert len(said) < 1000


@pytest.mark.slow
@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.name)
def test_every_option_takes_what_is_right(door):
    door.call(**door.good)


@pytest.mark.parametrize("text", LONG, ids=range(len(LONG)))
def test_long_and_deep_texts_are_refused_and_cut(text):
    for words in (["snr=" + text], ["snr=5", "--method=" + text]):
        code, out, said = told(["solve", *LINEAR[:2], *words, "--times=1,2"])
        assert (code, out, len(said.splitlines())) == (2, "", 1)
        assert said.startswith(("snr is ", "method is "))
        assert len(said) < 600


def test_bad_usage_is_one_sentence_with_a_way_on():
    for words, part in (
        (["slove"], "No such command 'slove'. Did you mean 'solve'?"),
        (["solve", "--tims", "1"], "No such option: --tims"),
        (["solve", "--times"], "--times"),
        (["validate"], "problem"),
        (["delay"], "log"),
        (["delay", "log.csv"], "log.csv"),
        (["doctor", "now"], "now"),
        (["figures", "--nope"], "--nope"),
        (["figures", "nofigure"], "nofigure"),
        (["\udcff"], "No such command"),
    ):
        code, out, said = told(words)
        assert (code, out, len(said.splitlines())) == (2, "", 1), (words, said)
        assert part.lower() in said.lower()
        assert said.rstrip().endswith((".", "?"))


def test_many_times_and_runs_are_refused_before_anything_is_allocated():
    with pytest.raises(TooLarge, match=r"times with 1000000000000 values needs 7\.45e\+03 GiB, but only .* are free"):
        read_axis("0.1:10:1000000000000")
    with pytest.raises(BadValue, match="200000 values are asked for, and at most 100000"):
        read_axis("0.1:10:200000")
    _, _, said = told(["validate", *LINEAR, "dim=20", "--times=1,2", "--runs=1000000000000"])
    assert said.startswith("1000000000000 runs at 2 times needs 1.49e+04 GiB")


@pytest.mark.parametrize(
    ("text", "value"),
    [("5", 5.0), ("-.5", -0.5), ("+1.e3", 1000.0), ("1e308", 1e308), ("5e-324", 5e-324), ("0e-999", 0.0), ("0", 0.0)]
    + [(text, None) for text in ("", " 1", "1_0", "0x1", "1e", "e1", ".", "nan", "inf", "1e309", "1e-400", "٣", "1j")],
)
def test_numbers_are_what_people_write(text, value):
    assert number(text) == value


def test_numbers_inside_objects_are_read_as_strictly():
    def pair(first, second=None):
        if first == "burn":
            raise ZeroDivisionError("by zero")
        return first, second

    public = {"pair": pair}
    assert read_value("f", "pair(1, second=-2.5)", public) == (1, -2.5)
    assert read_value("f", "[true, none, +3]", public) == (True, None, 3)
    for text in ("pair(1_0)", "pair(1e400)", "[0x10]", "pair(second=1e-400, first=1)", "pair(burn)", "-true"):
        with pytest.raises(BadValue, match=r"^f is "):
            read_value("f", text, public)


def test_json_has_no_nan_and_no_infinity():
    def refuse(token):
        raise AssertionError(token)

    value = {
        "floats": [1.5, math.nan, math.inf, -math.inf, np.float32("nan"), np.float64("inf")],
        "arrays": [np.array([1.0, np.nan]), jnp.array([[np.inf]]), np.array(2), np.array([True])],
        "complex": 1 + 1j * math.inf,
        "huge": 10**400,
        "text": "\udcff",
        1: None,
    }
    read = json.loads(json.dumps(plain(value), allow_nan=False), parse_constant=refuse)
    assert read["floats"] == [1.5, None, None, None, None, None]
    assert read["arrays"] == [[1.0, None], [[None]], 2, [True]]
    assert read["complex"][1] is None
    assert read["huge"] == str(10**400)
    assert read["1"] is None
    code, out, _ = told(["solve", *LINEAR[:1], "samples_per_dim=1", "snr=5", "--times=0,1,1e9", "--json"])
    assert code == 0
    assert json.loads(out, parse_constant=refuse)["status"]["level"] in ("good", "noted")


def test_lists_in_fields_are_tables_of_numbers():
    for text in ("[1,[2]]", "['a',1]", "[none,1]", "[[1,2],3]"):
        code, _, said = told(["solve", "lazy_rich.MeanFieldNetwork", f"inputs={text}", "targets=1,-1", "richness=1"])
        assert code == 2
        assert said.startswith(f"inputs is {text!r}, but its rows differ in length or mix numbers and words")
