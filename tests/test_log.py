"""A log as a result: its units, what is known of its training, its report, its file."""

import json

import numpy as np
import pytest

import grok_theory as gt

PROBLEM = gt.linear.TeacherStudent(samples_per_dim=0.5, snr=5.0)
STEPS = np.arange(0.0, 50.0, 5.0)


def written(path, rows, header="step,train_loss,val_loss"):
    path.write_text("\n".join([header, *(",".join(map(repr, row)) for row in rows)]) + "\n")
    return path


@pytest.fixture
def log(tmp_path):
    rows = zip(STEPS.tolist(), np.exp(-STEPS / 7).tolist(), np.exp(-STEPS / 20).tolist(), strict=True)
    return gt.read_log(written(tmp_path / "log.csv", rows))


def test_steps_become_tau_by_what_a_step_is_worth(log):
    found = log.in_units_of(PROBLEM, gt.GradientDescent(0.02))
    assert (found.x_name, found.x_unit) == ("time", "tau")
    assert found.runs[""]["test"].x == pytest.approx(0.02 * STEPS, rel=1e-15, abs=0)
    assert found.runs[""]["test"].values.tolist() == log.runs[""]["test"].values.tolist()
    assert found.dynamics == gt.GradientDescent(0.02)
    assert "converted: time [tau] = 0.02 x step" in str(found)


def test_a_step_of_another_wing_is_worth_what_it_says(log):
    task = gt.li2.GroupTask(gt.li2.groups.cyclic(5), train_fraction=0.8)
    found = log.in_units_of(task, gt.GradientDescent(0.5))
    assert found.runs[""]["train"].x == pytest.approx(2 * 0.5 / 20 * STEPS, rel=1e-12, abs=0)  # 2 eta / n, n = 20 pairs


@pytest.mark.parametrize(
    ("loss", "samples", "train", "test"),
    [
        ("mean", None, 1, 1),
        ("halved mean", None, 2, 2),
        ("sum", 200, 1 / 200, 1 / 200),
        ("halved sum", {"train": 200, "test": 1000}, 2 / 200, 2 / 1000),
    ],
)
def test_halved_and_summed_losses_become_means(log, loss, samples, train, test):
    found = log.in_units_of(PROBLEM, gt.GradientDescent(0.02), loss=loss, samples=samples).runs[""]
    assert found["train"].values == pytest.approx(train * np.exp(-STEPS / 7), rel=1e-12, abs=0)
    assert found["test"].values == pytest.approx(test * np.exp(-STEPS / 20), rel=1e-12, abs=0)


def test_accuracies_are_no_losses(tmp_path):
    path = written(tmp_path / "log.csv", [(0, 0.1, 0.1), (10, 0.9, 0.5)], "step,train_acc,val_acc")
    log = gt.read_log(path)
    found = log.in_units_of(PROBLEM, gt.GradientDescent(0.02), loss="halved mean").runs[""]
    assert found["train"].values.tolist() == [0.1, 0.9]
    assert log.named("train") == "train_accuracy"


def test_scales_follow_each_other_and_are_kept(log):
    found = log.scaled(x=(0.5, "epoch", "")).scaled(x=(1000, "sample", "k"), curves={"test": 3})
    assert found.runs[""]["test"].x == pytest.approx(500 * STEPS, rel=1e-15, abs=0)
    assert found.conversions == ("epoch = 0.5 x step", "sample [k] = 1000 x epoch", "test = 3 x val_loss")
    assert log.conversions == ()


@pytest.mark.parametrize(
    ("convert", "parts"),
    [
        (lambda log: log.scaled(), ("x and curves are both None", "Pass")),
        (lambda log: log.scaled(x=(0.0, "time", "tau")), ("x is 0", "positive", "Pass")),
        (lambda log: log.scaled(x=(float("nan"), "time", "tau")), ("x is nan", "Pass")),
        (lambda log: log.scaled(x=(2, "time")), ("(factor, name, unit)", "Pass")),
        (lambda log: log.scaled(x=(2, "", "")), ("called something", "Pass")),
        (lambda log: log.scaled(curves={"tset": 2}), ("curves is 'tset'", "Did you mean 'test'")),
        (lambda log: log.scaled(curves={"test": -1}), ("curves['test'] is -1", "positive")),
        (lambda log: log.in_units_of(PROBLEM, gt.GradientFlow()), ("GradientDescent(learning_rate)",)),
        (lambda log: log.in_units_of(PROBLEM, gt.Adam(0.1)), ("Adam", "GradientDescent(learning_rate)")),
        (lambda log: log.in_units_of(PROBLEM, gt.GradientDescent(0.1), loss="half"), ("loss is 'half'", "halved mean")),
        (lambda log: log.in_units_of(PROBLEM, gt.GradientDescent(0.1), loss="sum"), ("samples is None", "samples=400")),
        (
            lambda log: log.in_units_of(PROBLEM, gt.GradientDescent(0.1), loss="sum", samples={"train": 3}),
            ("samples is {'train': 3}", "which has no 'test'"),
        ),
        (
            lambda log: log.in_units_of(PROBLEM, gt.GradientDescent(0.1), loss="sum", samples=2.5),
            ("samples['train'] is 2.5", "integer"),
        ),
        (
            lambda log: log.in_units_of(PROBLEM, gt.GradientDescent(0.1)).in_units_of(PROBLEM, gt.GradientDescent(1)),
            ("time [tau] already",),
        ),
        (
            lambda log: log.scaled(x=(0.1, "epoch", "")).in_units_of(PROBLEM, gt.GradientDescent(0.1)),
            ("x in epoch", 'log.scaled(x=(steps, "step", ""))'),
        ),
        (lambda log: log.in_units_of(log, gt.GradientDescent(0.1)), ("no tau_per_step", "log.scaled")),
    ],
)
def test_a_conversion_that_means_nothing_is_refused_with_the_remedy(log, convert, parts):
    with pytest.raises(gt.BadValue) as refused:
        convert(log)
    assert all(part in str(refused.value) for part in parts), refused.value


def test_a_log_is_saved_and_loaded_to_the_bit(log, tmp_path):
    log = log.in_units_of(PROBLEM, gt.GradientDescent(0.1), loss="halved mean")
    found = gt.load(log.save(tmp_path / "kept.npz"))
    assert str(found) == str(log)
    for name in ("train", "test"):
        here, there = log.runs[""][name], found.runs[""][name]
        assert (here.x.tobytes(), here.values.tobytes()) == (there.x.tobytes(), there.values.tobytes())
    assert (found.columns, found.dynamics, found.config) == (log.columns, log.dynamics, log.config)


def test_what_is_no_log_is_not_saved(tmp_path):
    record = gt.Record(np.array([1.0, 0.0]), np.array([1.0, 0.0]))
    backwards = gt.Log({"": {"train": record}}, {"x": "step", "train": "a"})
    with pytest.raises(gt.BadValue, match="cannot be saved: x of a Record does not increase"):
        backwards.save(tmp_path / "kept.npz")
    assert not (tmp_path / "kept.npz").exists()


def test_the_report_names_runs_and_what_was_left_out(tmp_path):
    rows = ["seed,step,train_loss,val_loss", *(f"{s},{t},{1 / (1 + t)},{2 / (1 + t)}" for s in (0, 1) for t in (0, 9))]
    rows += ["2,0,nan,1", "2,9,nan,1"]
    (tmp_path / "log.csv").write_text("\n".join(rows))
    told = str(gt.read_log(tmp_path / "log.csv"))
    assert "Log of 2 runs" in told
    assert "run = seed (guessed)" in told
    assert "left out: run '2': train_loss is nan throughout" in told
    assert "0    train  2        0          9   1      0.1" in told


def test_a_unit_in_brackets_is_read_and_one_that_is_said_counts(tmp_path):
    path = written(tmp_path / "log.csv", [(0, 1, 1), (1, 0.5, 0.6)], "time [tau],train_loss,val_loss")
    log = gt.read_log(path)
    assert (log.x_name, log.x_unit, log.columns["x"]) == ("time", "tau", "time [tau]")
    assert gt.read_log(path, x_unit="s").x_unit == "s"


def test_what_is_known_of_the_training(tmp_path):
    path = written(
        tmp_path / "log.csv",
        [(0, 1.0, 1.0, 0.1, 32, 1), (1, 0.5, 0.6, 0.1, 32, 0.5)],
        "step,train_loss,val_loss,lr,train_batch_size,wd",
    )
    assert gt.read_log(path).config == {"learning_rate": 0.1, "batch_size": 32}  # the decay changes: it is not one
    said = {
        "bf16": True,
        "fp16": False,
        "n_train": 400,
        "weight_decay": {"value": 0.5},
        "betas": [0.9, 0.98],
        "lr": 0.2,
    }
    (tmp_path / "config.json").write_text(json.dumps(said))
    known = {"learning_rate": 0.2, "batch_size": 32, "dtype": "bfloat16", "samples": 400, "weight_decay": 0.5}
    assert gt.read_log(path, config=tmp_path / "config.json").config == known
    assert gt.read_log(path, config=said).config == known
    assert gt.read_log(path, config={"dtype": "torch.float64", "name": "mine"}).config["dtype"] == "float64"


def test_a_config_beside_the_rows_is_known(tmp_path):
    path = tmp_path / "results.json"
    rows = [{"step": s, "train_loss": 1.0, "test_loss": 2.0} for s in (0, 10)]
    settings = {"lr": 0.001, "weight_decay": 1.0, "prime": 59, "betas": [0.9, 0.98]}
    path.write_text(json.dumps({"config": settings, "seed": 3, "batch_size": 512, "history": rows}))
    assert gt.read_log(path).config == {"learning_rate": 0.001, "weight_decay": 1.0, "batch_size": 512}
    path.write_text(json.dumps({"config": settings, "history": {"runs": {"a": rows, "b": rows}}}))
    assert gt.read_log(path).config["weight_decay"] == 1.0
    path.write_text(json.dumps({"config": settings, "lr": 0.1, "history": rows}))
    assert gt.read_log(path).config == {}  # one of the rates is another's


@pytest.mark.parametrize(
    ("config", "words"),
    [({"lr": 0.1, "eta": 0.2}, "learning_rate is 0.1 and, as eta, 0.2"), ([("lr", 0.1)], "must map names to values")],
)
def test_a_config_that_is_none_is_refused(config, words, tmp_path):
    path = written(tmp_path / "log.csv", [(0, 1, 1), (1, 0.5, 0.6)])
    with pytest.raises(gt.BadValue, match=words):
        gt.read_log(path, config=config)
    (tmp_path / "config.json").write_text("lr: 0.1")
    with pytest.raises(gt.BadValue, match=r"config.json', which holds no JSON"):
        gt.read_log(path, config=tmp_path / "config.json")
    with pytest.raises(gt.BadValue, match="config is 'none', but there is no such file"):
        gt.read_log(path, config="none")


def test_a_sum_is_over_the_samples_that_the_log_knows():
    part = {"train": gt.Record(np.array([0.0, 1.0]), np.array([8.0, 4.0]))}
    columns = {"x": "step", "train": "train_loss", "test": None, "run": None}
    log = gt.Log({"": part}, columns, config={"samples": 4, "batch_size": 2})
    for count in (4, 2):  # of an epoch, of a batch
        found = log.in_units_of(PROBLEM, gt.GradientDescent(0.1), loss="sum", samples=count).runs[""]["train"]
        assert found.values.tolist() == [8.0 / count, 4.0 / count]
    with pytest.raises(gt.BadValue, match="samples is 3 for the train curve, but the log's config says 4"):
        log.in_units_of(PROBLEM, gt.GradientDescent(0.1), loss="sum", samples=3)
