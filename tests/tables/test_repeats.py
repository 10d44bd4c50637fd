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
    # A dictionary would hide a time that is still there twice.
    assert all(np.all(np.diff(r.x) > 0) for r in log.runs[""].values())
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


@pytest.mark.parametrize(("name", "told"), [("dropout", True), ("group", True), ("session", False), ("job_id", False)])
def test_whatever_is_no_metric_tells_runs_apart_but_what_a_resumption_changes(tmp_path, name, told):
    rows = told_with((0.0, 0.0, 0.0, 0.1, 0.1, 0.1), (0, 10, 20, 10, 20, 30), name=name)
    if told:
        with pytest.raises(BadValue, match=rf"line 4: .*, and {name} is 0\.1 after 0\.0\. Name it with"):
            read(tmp_path / "log.jsonl", rows)
    else:
        assert read(tmp_path / "log.jsonl", rows)[0]["train"] == {0: 9, 10: 6, 20: 5, 30: 4}


@pytest.mark.parametrize("name", ["aux_loss", "test_top5", "epoch"])
def test_a_metric_of_two_values_tells_nothing(tmp_path, name):
    rows = told_with((0, 0, 0, 1, 1), (0, 10, 20, 10, 20), name=name)
    asked = {"train": "train_loss", "test": "val_loss", "x": "step"}
    assert read(tmp_path / "log.jsonl", rows, **asked)[0]["train"] == {0: 9, 10: 6, 20: 5}


def test_a_run_that_begins_one_record_later_is_another_run(tmp_path):
    """Of 30 records one would be left; from the middle it is a resumption."""
    for begins, other in ((10, True), (150, False)):
        steps = [*range(0, 300, 10), *range(begins, 300, 10)]
        rows = [{"step": t, "train_loss": 1.0 + i, "val_loss": 1.0} for i, t in enumerate(steps)]
        if other:
            with pytest.raises(BadValue, match=r"line 31: step is 10 after 290.*--run"):
                read(tmp_path / "log.jsonl", rows)
        else:
            assert read(tmp_path / "log.jsonl", rows)[0]["train"][150] == 31.0


def test_lines_written_twice_are_one(tmp_path):
    """As two processes write that log to one file; where they differ it is not said which is right."""
    rows = [{"step": t, "train_loss": 9.0 - t, "val_loss": 2.0} for t in (0, 0, 1, 1, 2)]
    found, notes = read(tmp_path / "log.jsonl", rows)
    assert found["train"] == {0: 9, 1: 8, 2: 7}
    assert "4 repeated records are not used" in notes[0]
    rows[1]["val_loss"] = 3.0
    with pytest.raises(BadValue, match="line 2: step is 0 after 0"):
        read(tmp_path / "log.jsonl", rows)


@given(st.lists(st.integers(0, 3), min_size=2, max_size=9), st.data())
def test_values_on_both_sides_of_a_cut(values, data):
    rows = np.array(data.draw(st.lists(st.integers(0, 30), min_size=len(values), max_size=len(values), unique=True)))
    rows.sort()
    cuts = np.arange(32)
    plain = [any(a == b for a, r in zip(values, rows) for b, s in zip(values, rows) if r < cut <= s) for cut in cuts]
    np.testing.assert_array_equal(_spanned(np.array(values), rows, cuts), plain)


def told_with(settings, times, *, name="model"):
    """Rows of a run with a setting beside each time; None where the row does not say it."""
    rows = [{"step": t, "train_loss": 9.0 - i, "val_loss": 1.0} for i, t in enumerate(times)]
    return [row if s is None else {**row, name: s} for row, s in zip(rows, settings, strict=True)]


def test_steps_below_one_are_no_repeats(tmp_path):
    rows = [{"step": t, "train_loss": 1.0, "val_loss": 1.0} for t in (0.25, 0.5, 0.75, 1.75)]
    found, notes = read(tmp_path / "log.jsonl", rows)
    assert (list(found["train"]), notes) == ([0.25, 0.5, 0.75, 1.75], ())


def test_the_first_time_that_goes_back_is_told_after_the_highest_before_it(tmp_path):
    """Records of both curves count as before, and later ones do not."""
    path = tmp_path / "log.jsonl"
    rows = [{"step": t, "train_loss": 1.0, "val_loss": 1.0} for t in (0, 10, 20, 0, 30, 0)]
    with pytest.raises(BadValue, match=r"line 4: step is 0 after 20,"):
        read(path, rows)
    with pytest.raises(BadValue, match=r"line 4: step is 10 after 20,"):
        read(path, [*ROWS, ROWS[1], ROWS[2], ROWS[1]], repeats="refuse")
    rows = [{"step": t, "train_loss": 1.0, "val_loss": 1.0} for t in (0, 10, 20, 5, 15, 7, 17)]
    with pytest.raises(BadValue, match=r"line 4: step goes back to 5, but no step is written twice"):
        read(path, rows)


@pytest.mark.parametrize("settings", [(1, 1, 1, 2, 2, 2), (1, 1, 2, 2, 2, 2), (1, 2, 2, 2, 2, 2)])
def test_a_setting_that_changes_before_the_resumption_is_that_of_one_run(tmp_path, settings):
    """The last record before it was already written under the new setting: a schedule, and no other run."""
    rows = told_with(settings, (0, 10, 20, 30, 20, 30), name="lr")
    assert read(tmp_path / "log.jsonl", rows)[0]["train"] == {0: 9, 10: 8, 20: 5, 30: 4}


def test_another_setting_of_the_last_record_alone_is_another_run(tmp_path):
    with pytest.raises(BadValue, match=r"line 4: step goes back to 10, and model is b after a\."):
        read(tmp_path / "log.jsonl", told_with("aaab", (0, 10, 20, 10)))


def test_more_values_than_runs_are_a_schedule(tmp_path):
    """One resumption makes two runs at most, and a rate of three values is that of one."""
    path, times = tmp_path / "log.jsonl", (0, 10, 20, 10, 20)
    assert read(path, told_with([3, 2, 2, 1, 1], times, name="lr"))[0]["train"] == {0: 9, 10: 6, 20: 5}
    with pytest.raises(BadValue, match=r"line 4: .*, and lr is 1 after 2\."):
        read(path, told_with([2, 2, 2, 1, 1], times, name="lr"))


def test_a_setting_said_on_one_side_alone_tells_nothing(tmp_path):
    """Two values after the resumption, or before it: neither stands against one on the other side."""
    path, times = tmp_path / "log.jsonl", (0, 10, 20, 10, 20)
    for settings in ([None, None, None, "a", "b"], ["a", "b", "b", None, None], [None] * 5, ["a"] * 5):
        assert read(path, told_with(settings, times))[0]["train"] == {0: 9, 10: 6, 20: 5}


def test_the_settings_told_are_those_beside_the_resumption(tmp_path):
    """Three resumptions, four models: the last before line 4 is b, the first from there on c."""
    rows = told_with("aabcddddd", (0, 10, 20, 10, 20, 20, 30, 20, 30))
    with pytest.raises(BadValue, match=r"line 4: step goes back to 10, and model is c after b\."):
        read(tmp_path / "log.jsonl", rows)


def test_two_curves_in_rows_of_their_own_repeat_nothing(tmp_path):
    rows = [row for t in (0, 10) for row in ({"step": t, "train_loss": 1.0}, {"step": t - 1, "val_loss": 1.0})]
    assert read(tmp_path / "log.jsonl", rows)[1] == ()
