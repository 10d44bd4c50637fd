"""What trainers print between warnings and progress bars: dicts and lines of losses."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grok_theory.errors import BadValue
from grok_theory.tables import read_table
from grok_theory.tables.forms.printed import printed_rows

NUMBERS = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(10**12), 10**12)


def read(tmp_path, text, **more):
    path = tmp_path / "out.txt"
    path.write_text(text)
    return read_table(path, **more)


@given(st.lists(st.dictionaries(st.text("abc_'\"", min_size=1), NUMBERS, min_size=1), min_size=2, max_size=5))
def test_what_print_shows_is_read_back(rows):
    rows = [row for row in rows if repr(row).startswith("{'")]  # a quote in the first name makes print use the other
    text = "Loading, please wait\n" + "".join(f"  3%|#   | 1/30 [00:01]{row}\n" for row in rows)
    found = printed_rows(text)
    if len(rows) < 2:
        assert found is None
        return
    assert [line for line, _ in found[0]] == [i + 2 for i in range(len(rows))]
    # Negative numbers stay texts, which are read as numbers where the column is.
    assert [{k: float(v) for k, v in row.items()} for _, row in found[0]] == [
        {k: float(v) for k, v in row.items()} for row in rows
    ]


def test_dicts_between_other_lines(tmp_path):
    table = read(
        tmp_path,
        "Some weights were not initialized: ['a', 'b']\n{'loss': 4.3, 'epoch': 0.5}\n 3%|# | 1/30\r"
        "{'eval_loss': nan, 'ok': True, 'epoch': 1.0}\n{'loss': np.float64(-1.5), 'epoch': 1.5}\n"
        "{'loss': tensor(0.25, device='cuda:0'), 'epoch': 2.0}\n{'loss': __import__('os').getcwd(), 'loss': 1}\n",
    )
    np.testing.assert_array_equal(table.numbers("loss")[0], [4.3, np.nan, -1.5, 0.25])
    assert table.logged("loss").tolist() == [True, False, True, True]
    assert np.isnan(table.numbers("eval_loss")[0][1])
    assert table.logged("eval_loss").tolist() == [False, True, False, False]
    assert table.places == ["line 2", "line 4", "line 5", "line 6"]
    assert table.notes == (
        "line 7 looks like a record that is broken, and is passed over",
        "3 lines that are no records are passed over",
    )


@pytest.mark.parametrize("value", ["1_0", "4,41", "1,234.5", "0x10", "1e", "5%", "1.2.3", "1e999", "١", "1e-400"])
def test_a_number_printed_oddly_is_refused_whole(tmp_path, value):
    """Nothing of it is taken: 4 of 4,41, 1 of 1_0, 16 of 0x10."""
    lines = [f"step {10 * i}: train loss {v}, val loss 1.5\n" for i, v in enumerate((5, value, "0.1."))]
    for text in ("".join(lines), f"{{'step': 0, 'train_loss': 1}}\n{{'train_loss': {value}, 'step': 1}}\n"):
        if text.startswith("{") and value in ("5%", "1e", "1.2.3", "4,41", "1,234.5", "١"):
            continue  # no Python
        with pytest.raises(BadValue, match=r"out\.txt, line 2: train_loss is '.*must be a number"):
            read(tmp_path, text).numbers("train_loss")


@pytest.mark.parametrize(("step", "right"), [("1_000", None), ("1,000", None), ("1e3", 1000), ("1000/5000", 1000)])
def test_a_step_printed_oddly(tmp_path, step, right):
    table = read(tmp_path, f"step 0: train loss 5, val loss 5\n[{3}] step {step}: train loss 3, val loss 4\n")
    if right:
        assert table.numbers("step")[0].tolist() == [0, right]
        return
    with pytest.raises(BadValue, match=r"line 2: step is '1.000'"):
        table.numbers("step")


def test_lines_that_begin_as_json_does(tmp_path):
    table = read(tmp_path, "[rank0] step 0: train loss 5, val loss 5\n[rank0] step 1: train loss 3., val loss n/a\n")
    assert table.numbers("val_loss")[1].tolist() == [True, False]


def test_nothing_is_run(tmp_path):
    table = read(tmp_path, "{'a': __import__('os').getcwd(), 'b': 1}\n{'a': 2, 'b': 3}\n")
    assert table.cells["a"] == ["__import__('os').getcwd()", 2]
    with pytest.raises(BadValue, match=r"line 1: a is .*must be a number"):
        table.numbers("a")


def test_lines_of_losses(tmp_path):
    table = read(
        tmp_path,
        "tokens per iteration will be: 16,384\nstep 0: train loss 4.5280, val loss 4.6210\niter 0: loss 4.6186, "
        "time 41.20ms\nstep 250: train loss nan, val loss 1e-3\n",
    )
    assert table.cells == {"step": ["0", "250"], "train_loss": ["4.5280", "nan"], "val_loss": ["4.6210", "1e-3"]}
    assert table.notes == ("2 lines that are no records are passed over",)


def test_a_pattern_of_ones_own(tmp_path):
    text = "start\n[3] tr=0.5 te=2\n[4] tr=0.25 te=1\nend\n"
    table = read(tmp_path, text, pattern=r"\[(?P<step>\d+)\] tr=(?P<train>\S+) te=(?P<test>\S+)")
    assert table.cells == {"step": ["3", "4"], "train": ["0.5", "0.25"], "test": ["2", "1"]}
    for pattern, message in [
        ("(", "is no regular expression"),
        (r"\d+", "no named groups"),
        ("(?P<a>zebra)", "has no line that the pattern"),
    ]:
        with pytest.raises(BadValue, match=message):
            read(tmp_path, text, pattern=pattern)


def test_a_broken_table_is_no_print(tmp_path):
    with pytest.raises(BadValue, match="line 3: more cells"):
        read(tmp_path, "a,b\n1,2\n1,2,3\n")
    rows = json.dumps({"a": 1}) + "\n" + json.dumps({"a": 2}) + "\n"
    assert read(tmp_path, rows).cells == {"a": [1, 2]}
