"""Columns found by name and by how much of the log they cover; equals refused; both curves of one kind."""

import json

import pytest

from grok_theory import read_log
from grok_theory.errors import BadValue
from grok_theory.tables.names import is_share, part, rises, words


def guess(tmp_path, rows, **more):
    path = tmp_path / "log.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    log = read_log(path, **more)
    return tuple(log.columns[role] for role in ("x", "train", "test", "run"))


def full(*names, rows=6, **constant):
    return [{"step": 10 * i, **dict.fromkeys(names, 1.0 / (1 + i)), **constant} for i in range(rows)]


@pytest.mark.parametrize(
    ("name", "said", "which", "up"),
    [
        ("train_loss", ("train", "loss"), "train", False),
        ("valAcc", ("val", "acc"), "test", True),
        ("Train Loss", ("train", "loss"), "train", False),
        ("test/top-1", ("test", "top1"), "test", True),
        ("eval.exact_match", ("eval", "em"), "test", True),
        ("valloss", ("val", "loss"), "test", False),
        ("loss", ("loss",), None, False),
        ("learning_rate", ("learning", "rate"), None, None),
        ("train_val_loss_gap", ("train", "val", "loss", "gap"), None, False),
        ("train_error_rate", ("train", "error", "rate"), "train", False),
        ("test_cross_entropy", ("test", "crossentropy"), "test", False),
        ("1-test_accuracy", ("1", "test", "accuracy"), "test", None),
        ("test_1-acc", ("test", "1", "acc"), "test", None),
        ("test_acc_loss", ("test", "acc", "loss"), "test", False),
        ("top-1 error", ("top1", "error"), None, False),
        ("loss_acc", ("loss", "acc"), None, None),
        ("hold_out_loss", ("holdout", "loss"), "test", False),
        ("neg_loss", ("neg", "loss"), None, None),
        ("eval_runtime", ("eval", "runtime"), "test", None),
    ],
)
def test_what_a_name_says(name, said, which, up):
    assert (words(name), part(name), rises(name)) == (said, which, up)


def test_shares():
    assert [is_share(n) for n in ("acc", "error_rate", "error", "loss", "top5", "lr", "top1_err", "acc_loss")] == [
        *(True, True, False, False, True, False, True, False)
    ]


@pytest.mark.parametrize("name", ["Step [k]", "step (thousands)", "trainer/global_step", "globalStep", "Global Step"])
def test_times_with_a_folder_or_unit(tmp_path, name):
    rows = [{name: row.pop("step"), **row} for row in full("train_loss", "val_loss")]
    assert guess(tmp_path, rows)[0] == name


def test_a_summary_with_one_record_does_not_win(tmp_path):
    """The last line of many trainers has a mean loss under the usual name."""
    rows = [*full("loss", "eval_loss"), {"step": 60, "train_loss": 0.3}]
    assert guess(tmp_path, rows) == ("step", "loss", "eval_loss", None)
    rows = [{"step": 0, "epoch": 0}, *full("train_loss", "val_loss")]
    del rows[0]["step"]
    assert guess(tmp_path, rows)[0] == "step"
    rows = [{"iteration": row.pop("step"), **row} for row in full("train_loss", "val_loss")]
    assert guess(tmp_path, [{"step": 5}, *rows])[0] == "iteration"


def test_a_constant_is_no_time(tmp_path):
    rows = [{**row, "epoch": row["step"], "step": 0} for row in full("train_loss", "val_loss")]
    assert guess(tmp_path, rows)[0] == "epoch"


def test_a_seed_in_one_row_is_no_run(tmp_path):
    rows = full("train_loss", "val_loss")
    assert guess(tmp_path, [{"seed": 3}, *rows])[3] is None
    rows[0]["seed"] = 3
    assert guess(tmp_path, rows)[3] is None
    assert guess(tmp_path, full("train_loss", "val_loss", seed=3))[3] is None


def test_a_column_that_seems_to_tell_runs_apart_is_not_passed_over(tmp_path):
    """Two runs that are taken for one give a delay of neither."""
    rows = [{**row, "run": "ab"[i // 3]} for i, row in enumerate(full("train_loss", "val_loss"))]
    assert guess(tmp_path, rows)[3] == "run"
    del rows[2]["run"]
    with pytest.raises(BadValue, match="line 3: run is missing beside a value, but elsewhere it tells 2 runs apart"):
        guess(tmp_path, rows)
    with pytest.raises(BadValue, match="trial is another one in every row"):
        guess(tmp_path, [{**row, "trial": i} for i, row in enumerate(full("train_loss", "val_loss"))])


def test_two_columns_of_times_called_alike(tmp_path):
    rows = [{"Step": i, **row} for i, row in enumerate(full("train_loss", "val_loss"))]
    with pytest.raises(BadValue, match="has Step and step, which are equally good"):
        guess(tmp_path, rows)
    assert guess(tmp_path, rows, x="Step")[0] == "Step"
    assert guess(tmp_path, [{**row, "Step": row["step"]} for row in rows])[0] in ("step", "Step")


def test_the_finest_run_column(tmp_path):
    rows = [
        {**row, "seed": seed, "run": f"wd{decay}-s{seed}"}
        for decay in (0, 1)
        for seed in (0, 1)
        for row in full("train_loss", "val_loss")
    ]
    assert guess(tmp_path, rows)[3] == "run"
    crossed = [{**row, "run": row["run"][:3]} for row in rows]
    with pytest.raises(BadValue, match="several columns that tell runs apart: run, seed"):
        guess(tmp_path, crossed)


def test_both_curves_are_of_one_kind(tmp_path):
    assert guess(tmp_path, full("train_loss", "test_acc", "test_loss"))[1:3] == ("train_loss", "test_loss")
    both = full("train_loss", "test_loss", "train_acc", "test_acc")
    assert guess(tmp_path, both)[1:3] == ("train_loss", "test_loss")
    assert guess(tmp_path, both, rising=(True, True))[1:3] == ("train_acc", "test_acc")
    assert guess(tmp_path, both, train="train_acc")[1:3] == ("train_acc", "test_acc")
    assert guess(tmp_path, both, test="test_loss")[1:3] == ("train_loss", "test_loss")
    with pytest.raises(BadValue, match="no train and test column of the same kind"):
        guess(tmp_path, full("train_loss", "test_acc"))
    # Beside valid_loss a plain accuracy is that of the validation set.
    fastai = full("train_loss", "valid_loss", "accuracy")
    assert guess(tmp_path, fastai)[1:3] == ("train_loss", "valid_loss")


def test_equals_are_refused(tmp_path):
    with pytest.raises(BadValue, match=r"several pairs.*train_mse with test_mse.*train_nll with test_nll.*--train"):
        guess(tmp_path, full("train_mse", "test_mse", "train_nll", "test_nll"))
    rows = full("train_mse", "test_mse", "train_nll", "test_nll", "train_accuracy", "test_accuracy")
    with pytest.raises(BadValue, match=r"--rising takes train_accuracy with test_accuracy"):
        guess(tmp_path, rows)
    assert guess(tmp_path, rows, rising=(True, True))[1] == "train_accuracy"


def test_what_is_no_number_is_no_time(tmp_path):
    rows = [{**row, "time": "00:03"} for row in full("train_loss", "val_loss")]
    for i, row in enumerate(rows):
        row["x"] = row.pop("step") + i
    assert guess(tmp_path, rows)[0] == "x"


def test_what_is_guessed_is_said(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text("step,train_loss,test_loss,train_acc,test_acc\n0,2,2,.1,.1\n1,1,1,.5,.5\n")
    log = read_log(path, test="test_loss")
    assert log.recognised == "columns: x = step (guessed), train = train_loss (guessed), test = test_loss"
    assert "train_acc with test_acc is there too" in read_log(path).recognised


def test_a_value_without_its_time_is_said(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text("step,train_loss,test_loss\n0,2,2\n1,1,1\n,0.3,\n")
    log = read_log(path)
    assert "line 4 has train_loss but no step, and is not used" in str(log)
    assert log.runs[""]["train"].values.tolist() == [2, 1]
