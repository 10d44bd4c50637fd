"""Resumed runs: what the last writer wrote, against replaying the file line by line."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grok_theory import read_log
from grok_theory.errors import BadValue
from grok_theory.tables.repeats import _spanned


def read(path, rows, **more):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    log = read_log(path, **more)
    return {which: dict(zip(r.x.tolist(), r.values.tolist())) for which, r in log.runs[""].items()}, log.notes


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(2, 4)), min_size=1, max_size=4))
def test_the_last_writer_wins(tmp_path_factory, resumptions):
    """A resumed run forgets all it had written from where it goes back to, of both curves."""
    path = tmp_path_factory.mktemp("log") / "log.jsonl"
    rows, kept, step, count = [], {"train": {}, "test": {}}, -10, 0
    for back, length in [(0, 3), *resumptions]:
        step = back * 10 if back * 10 < step else step + 10
        for which in kept:
            kept[which] = {t: v for t, v in kept[which].items() if t < step}
        for _ in range(length):
            count += 1
            rows.append({"step": step, "train_loss": count + 0.5, "val_loss": float(count)})
            kept["train"][step], kept["test"][step] = count + 0.5, float(count)
            step += 10
        step -= 10
    found, notes = read(path, rows)
    assert found == kept
    assert (len(notes) == 1) == (len(rows) > len(kept["train"]))


ROWS = [{"step": t, "train_loss": v, "val_loss": v + 1} for t, v in ((0, 9), (10, 8), (20, 7), (10, 6), (30, 5))]


def test_policies(tmp_path):
    path = tmp_path / "log.jsonl"
    assert read(path, ROWS)[0]["train"] == {0: 9, 10: 6, 30: 5}  # what was at 20 belongs to the lost branch
    assert read(path, ROWS, repeats="first")[0]["train"] == {0: 9, 10: 8, 20: 7, 30: 5}
    assert "2 repeated records are not used, the first are" in read(path, ROWS, repeats="first")[1][0]
    with pytest.raises(BadValue, match="line 4: step is 10 after 20"):
        read(path, ROWS, repeats="refuse")
    with pytest.raises(BadValue, match=r"repeats is 'lasst', but it must be one of .*Did you mean 'last'"):
        read(path, ROWS, repeats="lasst")


def test_a_test_record_of_a_lost_branch_goes_too(tmp_path):
    """Test is logged rarely: its own times never go back."""
    rows = [{"step": t, "train_loss": v} for t, v in ((0, 9), (10, 8), (20, 7), (10, 6), (20, 5), (30, 4))]
    rows[0]["val_loss"], rows[2]["val_loss"], rows[5]["val_loss"] = 3, 2, 1
    assert read(tmp_path / "log.jsonl", rows)[0]["test"] == {0: 3, 30: 1}


def test_back_to_the_start_is_another_run(tmp_path):
    rows = [{"step": t, "train_loss": 1.0, "val_loss": 1.0} for t in (0, 10, 0, 10)]
    with pytest.raises(BadValue, match=r"line 3: step is 0 after 10.*--run"):
        read(tmp_path / "log.jsonl", rows)


@pytest.mark.parametrize("steps", [(0, 20, 10, 30), (0, 10, 20, 30, 5, 15, 25)])
def test_what_repeats_nothing_is_no_resumption(tmp_path, steps):
    """Unsorted lines, or two runs on other steps: their records would be thrown away."""
    rows = [{"step": t, "train_loss": 1.0, "val_loss": 1.0} for t in steps]
    with pytest.raises(BadValue, match=r"step goes back to .*, but no step is written twice.*Sort the lines.*--run"):
        read(tmp_path / "log.jsonl", rows)


def test_another_setting_is_another_run(tmp_path):
    """Two runs under each other, the second from a later step: a column nobody named tells them apart."""
    rows = [{"step": t, "train_loss": 1.0, "val_loss": 1.0} for t in (0, 10, 20, 10, 20, 30)]
    models = [{**row, "model": "aaabbb"[i]} for i, row in enumerate(rows)]
    with pytest.raises(BadValue, match=r"line 4: step goes back to 10, and model is b after a\. Name it with --run"):
        read(tmp_path / "log.jsonl", models)
    path = tmp_path / "heads.jsonl"
    with pytest.raises(BadValue, match=r"lr is 2 after 1"):
        read(path, [{"lr": 1}, *ROWS[:3], {"lr": 2}, *ROWS[3:]])
    assert read(path, [{"lr": 1}, *ROWS[:3], {"lr": 1}, *ROWS[3:]])[0]["train"] == {0: 9, 10: 6, 30: 5}
    # A schedule is no setting: the resumed run writes again what it had.
    found = read(path, [{**row, "lr": row["step"]} for row in ROWS])[0]
    assert found["train"] == {0: 9, 10: 6, 30: 5}


@given(st.lists(st.integers(0, 3), min_size=2, max_size=9), st.data())
def test_values_on_both_sides_of_a_cut(values, data):
    rows = np.array(data.draw(st.lists(st.integers(0, 30), min_size=len(values), max_size=len(values), unique=True)))
    rows.sort()
    cuts = np.arange(32)
    plain = [any(a == b for a, r in zip(values, rows) for b, s in zip(values, rows) if r < cut <= s) for cut in cuts]
    np.testing.assert_array_equal(_spanned(np.array(values), rows, cuts), plain)


def test_two_curves_in_rows_of_their_own_repeat_nothing(tmp_path):
    rows = [row for t in (0, 10) for row in ({"step": t, "train_loss": 1.0}, {"step": t - 1, "val_loss": 1.0})]
    assert read(tmp_path / "log.jsonl", rows)[1] == ()
