"""Settings are read by the type of their field, and refused by name."""

import pytest

from grok_theory.errors import BadValue
from paper_figures.figure import catalogue, load_figure
from paper_figures.making.parameters import check_settings, make_parameters, read_value


@pytest.fixture
def figure(figures):
    return load_figure(catalogue(figures)["small"])


def test_sizes_and_settings_lie_on_top_of_the_defaults(figure):
    assert make_parameters(figure, "default").points == 12
    assert make_parameters(figure, "quick").points == 5
    assert make_parameters(figure, "full").points == 12
    assert make_parameters(figure, "quick", ["points=3"]).points == 3
    assert make_parameters(figure, "quick", ["small.points=4"]).points == 4
    assert make_parameters(figure, "quick", ["wide.points=4"]).points == 5


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("height=2", 2.0),
        ("height=1e-3", 1e-3),
        ("ratios=1,2,3", (1.0, 2.0, 3.0)),
        ("ratios=(1, 2)", (1.0, 2.0)),
        ("pair=3,4", (3, 4)),
        ("fast=true", True),
        ("fast=0", False),
        ("best=none", None),
        ("best=0.5", 0.5),
    ],
)
def test_values_are_read_by_type(figure, setting, value):
    got = getattr(make_parameters(figure, "default", [setting]), setting.split("=")[0])
    assert got == value
    assert type(got) is type(value)


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("points=2.5", ["points", "'2.5'", "whole number"]),
        ("points=many", ["points", "'many'", "whole number"]),
        ("height=high", ["height", "'high'", "a number"]),
        ("height=", ["height", "''", "a number"]),
        ("ratios=1,b", ["ratios", "'1,b'", "1,2,3", "a number"]),
        ("pair=1,2,3", ["pair", "'1,2,3'", "2 values"]),
        ("fast=perhaps", ["fast", "'perhaps'", "true or false"]),
        ("best=soon", ["best", "'soon'", "a number or none"]),
        ("small.hight=1", ["small", "'hight'", "did you mean 'height'"]),
        ("points", ["'points'", "field=value", "--set runs=20"]),
        ("=3", ["field=value"]),
    ],
)
def test_a_bad_setting_names_field_value_and_remedy(figure, setting, words):
    with pytest.raises(BadValue) as caught:
        make_parameters(figure, "default", [setting])
    for word in words:
        assert word in str(caught.value)


def test_settings_nobody_takes_are_refused(figures):
    both = [load_figure(label) for label in catalogue(figures).values()]
    check_settings(["points=3", "small.height=2"], both)
    with pytest.raises(BadValue, match=r"None of the chosen figures has a parameter 'pints'; did you mean 'points'\?"):
        check_settings(["pints=3"], both)
    with pytest.raises(BadValue, match=r"'big' is not among the figures to build \(small, wide\)"):
        check_settings(["big.points=3"], both)
    with pytest.raises(BadValue, match=r"small has no parameter 'x'; the parameters are best, fast"):
        check_settings(["small.x=3"], both[:1])


def test_a_size_that_sets_what_is_not_there_is_named(figures, write):
    path = write("odd")
    path.write_text(path.read_text().replace('{"points": 5}', '{"pints": 5}'))
    with pytest.raises(BadValue, match=r"SIZES\['quick'\] of odd sets \['pints'\]"):
        make_parameters(load_figure(catalogue(figures)["odd"]), "quick")


def test_a_type_that_cannot_be_written_says_so():
    with pytest.raises(BadValue, match="given in the figure file"):
        read_value("group", "S5", dict)
