"""Columns that by their names measure something else than a theory's curve are refused, the others let through."""

import numpy as np
import pytest

import grok_theory as gt
from grok_theory.tables.names import measure

PROBLEM = gt.linear.TeacherStudent(samples_per_dim=2.0, snr=5.0)
X = np.geomspace(0.1, 10.0, 20)


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("the root of a mean of squares", "train_rmse testRMSE rmse/test root_mean_squared_error sqrt_mse"),
        ("a cross-entropy", "train_cross_entropy val_nll crossEntropy/train val/bce_loss train/log_loss te_xent ce_l2"),
        ("a share of wrong answers", "train_error_rate top1_err classification_error 1-acc test_wer"),
        ("a mean of absolute errors", "test_mae mean_absolute_error l1_loss"),
        ("a perplexity", "val_ppl perplexity"),
        ("a mean of squares", "train_mse test_mse_loss mean_squared_error mse_l2"),
        (
            None,
            "loss train_loss test_error val_err risk objective test_accuracy acc log/train_loss logs/loss trainloss",
        ),
    ],
)
def test_what_a_name_says(kind, names):
    assert {name: measure(name) for name in names.split()} == dict.fromkeys(names.split(), kind)


def log(train, test, values=(1.0, 0.5), x=X):
    runs = {"": {part: gt.Record(x, np.geomspace(*values, x.size)) for part in ("train", "test")}}
    return gt.Log(runs, {"x": "time", "train": train, "test": test, "run": None}, x_unit="tau")


DOORS = {
    "overlay": lambda log, told: gt.overlay(log, PROBLEM),
    "overlay of a forecast": lambda log, told: gt.overlay(log, told),
    "applies": lambda log, told: gt.applies(told, log),
    "rank": lambda log, told: gt.rank([told, told], log),
    "fit": lambda log, told: gt.fit(PROBLEM, log, free=["snr"], dim=100),
    "compare": lambda log, told: gt.Ensemble.from_log(log, PROBLEM, None),
}


@pytest.fixture(scope="module")
def told():
    return gt.linear.forecast(PROBLEM, X, dim=100)


@pytest.mark.parametrize("door", DOORS)
def test_every_door_refuses_a_root_and_names_the_remedy(door, told):
    for names in (("train_rmse", "test_rmse"), ("train_loss", "test_rmse")):
        with pytest.raises(gt.BadValue) as refused:
            DOORS[door](log(*names), told)
        column = next(name for name in names if "rmse" in name)
        said = str(refused.value)
        assert f"is column '{column}', by its name the root of a mean of squares" in said
        assert "quare it" in said
    DOORS[door](log("train_mse", "test_error", (6.0, 1.0)), told)


def test_a_column_that_is_not_fitted_may_be_anything():
    found = gt.fit(PROBLEM, log("train_nll", "test_mse", (6.0, 1.0)), free=["snr"], dim=100, curves=["test_loss"])
    assert list(found.applicability.curves) == ["test_loss"]


@pytest.mark.parametrize("door", ["overlay", "overlay of a forecast", "applies", "rank", "fit"])
@pytest.mark.parametrize("names", ["nll", "cross_entropy", "error_rate", "perplexity", "mae"])
def test_other_measures_are_refused(door, names, told):
    with pytest.raises(gt.BadValue, match=r"by its name a .* a mean of squares\. Name a column with a mean of squares"):
        DOORS[door](log(f"train_{names}", f"test_{names}"), told)


def test_a_theory_of_cross_entropy_meets_one(key):
    task = gt.li2.GroupTask(gt.li2.groups.cyclic(5), train_fraction=0.8)
    own = {"width": 8, "draws": 8, "key": key, "loss": gt.li2.training.CrossEntropy()}
    told = gt.li2.forecast(task, steps := [1, 5, 10], **own)
    x = np.asarray(steps, float)
    runs = {"": {part: gt.Record(x, np.array([1.6, 1.5, 1.4])) for part in ("train", "test")}}

    def named(train, test):
        return gt.Log(runs, {"x": "step", "train": train, "test": test, "run": None})

    assert gt.applies(told, named("train_nll", "test_nll")).runs == 1
    for wrong in ("mse", "ppl"):
        with pytest.raises(gt.BadValue, match=r"train_loss of the theory is a cross-entropy"):
            gt.applies(told, named(f"train_{wrong}", f"test_{wrong}"))
    percent = {"": {part: gt.Record(x, np.array([20.0, 40.0, 98.5])) for part in ("train", "test")}}
    share = gt.Log(percent, {"x": "step", "train": "train_acc", "test": "test_acc", "run": None})
    with pytest.raises(
        gt.BadValue, match=r"reaches 98\.5, but train_accuracy of the theory is a fraction [\s\S]*0\.01"
    ):
        gt.applies(told, share)
    assert gt.applies(told, share.scaled(curves={"train": 0.01, "test": 0.01})).runs == 1
