"""One run, written as many loggers and trainers write it: whatever the form, its two times are the same."""

import gzip
import json
import math

import numpy as np
import pytest

from grok_theory import read_log
from grok_theory.observables import log_delay

STEPS = range(0, 2001, 100)
SEEN = range(0, 2001, 200)  # where some logs have the test loss


def train(step, rate=1.0):
    return round(2 * math.exp(-step * rate / 200), 5)


def held_out(step, rate=1.0):
    return round(2 / (1 + math.exp((step - 1200) / 100)), 5)


def crossing(curve, steps, rate=1.0):
    values = [curve(s, rate) for s in steps]
    i = next(i for i, v in enumerate(values) if v <= 0.5)
    share = (0.5 - values[i - 1]) / (values[i] - values[i - 1])
    return steps[i - 1] + share * (steps[i] - steps[i - 1])


BOTH = (crossing(train, STEPS), crossing(held_out, STEPS))
APART = (BOTH[0], crossing(held_out, SEEN))
FASTER = (crossing(train, STEPS, 2.0), BOTH[1])


def csv(header, rows, separator=","):
    cells = (separator.join("" if cell is None else str(cell) for cell in row) for row in rows)
    return "\n".join([separator.join(header), *cells]) + "\n"


def lines(form, steps=STEPS, **more):
    return "".join(form.format(s=s, a=train(s), b=held_out(s), i=i, **more) for i, s in enumerate(steps))


def dumped(rows):
    return "".join(json.dumps(row) + "\n" for row in rows)


def bar(step):
    return f"\r {step // 20}%|{'#' * (step // 200)} | {step}/2000 [00:01<00:30, 3.2it/s]"


def both_rows():
    rows = []
    for s in STEPS:
        rows.append({"step": s, "loss": train(s), "epoch": s / 100})
        rows += [{"step": s, "eval_loss": held_out(s), "eval_runtime": 1.0, "epoch": s / 100}] if s in SEEN else []
    return rows


PAIRS = [[s, train(s)] for s in STEPS], [[s, held_out(s)] for s in SEEN]
RATES = (1.0, 2.0)
COLUMNS = {"step": list(STEPS), "train_loss": [train(s) for s in STEPS], "test_loss": [held_out(s) for s in STEPS]}
BARE = {"train_loss": [train(s) for s in STEPS], "test_loss": [held_out(s) for s in STEPS]}
RUN_COLUMNS = [
    {"seed": int(k), "step": list(STEPS), "train_loss": [train(s, k) for s in STEPS], "test_loss": COLUMNS["test_loss"]}
    for k in RATES
]
RUN_ROWS = [
    {"name": f"r{k:g}", "curve": [{"step": s, "train_loss": train(s, k), "test_loss": held_out(s)} for s in STEPS]}
    for k in RATES
]
NAMED = [{"step": s, "train_loss": train(s), "val_loss": held_out(s)} for s in STEPS]
BY_PART = {part: {"loss": [curve(s) for s in STEPS]} for part, curve in (("train", train), ("test", held_out))}
BY_STEP = {name: {str(s): v for s, v in zip(STEPS, values, strict=True)} for name, values in BARE.items()}
IN_TYPES = [{"type": "train", "step": s, "loss": train(s)} for s in STEPS]
IN_TYPES += [{"type": "eval", "step": s, "loss": held_out(s)} for s in SEEN]
OF_SACRED = {
    name: {"steps": [x for x, _ in pairs], "values": [y for _, y in pairs], "timestamps": []}
    for name, pairs in zip(("loss", "val_loss"), PAIRS, strict=True)
}
OWN_STEPS = {"step": list(STEPS), "train_loss": BARE["train_loss"], "eval_step": list(SEEN)}
OWN_STEPS |= {"eval_loss": [held_out(s) for s in SEEN]}


def in_turn(of_train, of_test):
    """Lines of text: at every step the first form, at some the second too."""
    return "".join(
        of_train.format(s=s, v=train(s)) + (of_test.format(s=s, v=held_out(s)) if s in SEEN else "") for s in STEPS
    )


GAPS = [[s, train(s), held_out(s) if s in SEEN else "NaN"] for s in STEPS]
THREE = [[s, train(s), held_out(s)] for s in STEPS]
TEXT = {
    "other_names.csv": csv(["valid_loss", "iteration", "lr", "training_loss"], [[b, s, 1, a] for s, a, b in THREE]),
    "other_order.csv": csv(["Train Loss", "Val Loss", "Step"], [[a, b, s] for s, a, b in THREE]),
    "slashes.csv": csv(["iter", "loss/train", "loss/test"], THREE),
    "updates.tsv": csv(["num_updates", "train_nll", "valid_nll"], THREE, "\t"),
    "tokens.csv": csv(["tokens", "train_loss", "eval_loss"], THREE),
    "train_step.csv": csv(["train_step", "train_loss", "eval_loss"], THREE),
    "fastai.txt": "epoch   train_loss  valid_loss  accuracy  time\n" + lines("{s}   {a}   {b}   0.5   00:0{i}\n"),
    "bars.log": "Loading\n" + "".join(bar(row["step"]) + "\n" + dumped([row]) for row in NAMED),
    "bars_first.log": "".join(dumped([row]) + bar(row["step"]) + "\n" for row in NAMED),
    "prefixed.log": "".join(
        "2024-01-01 10:00:00 INFO - " + dumped([{"step": s, "train": {"loss": train(s)}, "val": {"loss": held_out(s)}}])
        for s in STEPS
    ),
    "stamped.log": lines("[2024-01-01 10:00:00][INFO] {{'step': {s}, 'train_loss': {a}, 'val_loss': {b}}}\n"),
    "equals.txt": lines("step={s} train_loss={a} val_loss={b}\n"),
    "table.txt": lines("Epoch {s:04d} | Train Loss: {a} | Test Loss: {b} | lr 1e-3\n"),
    "plain_train.txt": lines("Epoch {s}: loss={a} val_loss={b}\n"),
    "short_names.csv": csv(["n_steps", "tr_loss", "te_loss"], THREE),
    "optimizer_steps.csv": csv(["optimizer_steps", "trainLoss", "testLoss"], THREE),
    "inner_dicts.log": lines("epoch {s} {{'train': {{'loss': {a}}}, 'val': {{'loss': {b}}}, 'epoch': {s}}}\n"),
    "histories.json": json.dumps({f"{part}_history": of for part, of in BY_PART.items()} | {"steps": list(STEPS)}),
    "by_row.json": json.dumps({str(s): {"train_loss": a, "test_loss": b} for s, a, b in THREE}),
    "columns.json": json.dumps({"steps": list(STEPS), "metrics": BY_PART}),
    "by_step.json": json.dumps(BY_STEP),
    "nested.json": json.dumps({"args": {"lr": 1}, "results": {"curves": {"log": NAMED}}}),
}  # fmt: skip
TEXT_APART = {
    "trainer.json": json.dumps({"state": {"records": both_rows()}, "best_metric": None}),
    "types.jsonl": dumped(IN_TYPES),
    "pairs.json": json.dumps(dict(zip(("train_loss", "test_loss"), PAIRS, strict=True))),
    "sacred.json": json.dumps(OF_SACRED),
    "own_steps.json": json.dumps(OWN_STEPS),
    "two_lines.txt": in_turn("step: {s}\ttrain_loss: {v}\n", "step: {s}\tval_loss: {v}\n"),
    "end_of_epoch.txt": in_turn(
        "| epoch {s:3d} | train loss {v}\n", "------\n| end of epoch {s:3d} | valid loss {v} | valid ppl 3\n"
    ),
    "iter_and_step.txt": in_turn("iter {s}: loss {v}, time 12ms\n", "step {s}: val loss {v}\n"),
    "nan_between.csv": csv(["step", "train_loss", "test_loss"], GAPS),
    "mixed_bars.log": "".join(bar(r["step"]) + "\r" + bar(r["step"]) + "\r" + str(r) + "\n" for r in both_rows()),
    "crlf.log": "".join(str(r) + "\r\n" for r in both_rows()),
}  # fmt: skip
ONE = {
    "loss.csv": (csv(["step", "loss"], [[s, train(s)] for s in STEPS]), "train"),
    "val.csv": (csv(["step", "val_loss", "lr"], [[s, held_out(s), 1] for s in STEPS]), "test"),
    "empty_test.csv": (csv(["step", "train_loss", "val_loss"], [[s, train(s), None] for s in STEPS]), "train"),
    "eval.jsonl": (dumped({"step": s, "eval_loss": held_out(s)} for s in STEPS), "test"),
    "train.txt": (lines("step {s}: train loss {a}\n"), "train"),
    "dicts.log": ("".join(str({"loss": train(s), "step": s}) + "\n" for s in STEPS), "train"),
}


def times(path, **options):
    found = log_delay(read_log(path, **options), train_threshold=0.5, test_threshold=0.5)
    both = (np.atleast_1d(c.time) for c in (found.delay.train, found.delay.test))
    return dict(zip(found.runs, zip(*both, strict=True), strict=True))


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("name", [*TEXT, *TEXT_APART])
def test_a_run_is_the_same_in_every_form(tmp_path, name, packed):
    path, text = tmp_path / name, {**TEXT, **TEXT_APART}[name].encode()
    if packed:
        path = tmp_path / f"{name}.gz"
    path.write_bytes(gzip.compress(text) if packed else text)
    (found,) = times(path).values()
    assert found == pytest.approx(BOTH if name in TEXT else APART, rel=1e-9, abs=0)


@pytest.mark.parametrize(
    ("value", "names"),
    [
        (RUN_COLUMNS, ("1", "2")),
        ({"results": RUN_COLUMNS}, ("1", "2")),
        ({"runs": RUN_ROWS}, ("r1", "r2")),
        ([{k: v for k, v in run.items() if k != "seed"} for run in RUN_COLUMNS], ("0", "1")),
    ],
    ids=["columns", "under_a_key", "rows", "nameless"],
)
def test_a_list_of_runs(tmp_path, value, names):
    (tmp_path / "runs.json").write_text(json.dumps(value))
    found = times(tmp_path / "runs.json")
    assert found == {name: pytest.approx(of, rel=1e-9, abs=0) for name, of in zip(names, (BOTH, FASTER), strict=True)}


def test_runs_of_tensorboard_that_are_parts_of_one(tmp_path):
    rows = [["r/train", "loss", s, train(s)] for s in STEPS] + [["r/val", "loss", s, held_out(s)] for s in SEEN]
    (tmp_path / "long.csv").write_text(csv(["run", "tag", "step", "value"], rows))
    assert times(tmp_path / "long.csv") == {"r": pytest.approx(APART, rel=1e-9, abs=0)}


def test_scalars_that_tensorboard_saves_as_json(tmp_path):
    files = []
    for tag, curve, steps in (("train_loss", train, STEPS), ("val_loss", held_out, SEEN)):
        files.append(tmp_path / f"run-a-tag-{tag}.json")
        files[-1].write_text(json.dumps([[1.7e9 + s, s, curve(s)] for s in steps]))
    assert times(files) == {"a": pytest.approx(APART, rel=1e-9, abs=0)}


def test_the_name_of_the_one_run_of_an_export(tmp_path):
    export = csv(["Step", "warm-sun-1 - loss", "warm-sun-1 - loss__MIN"], [[s, train(s), train(s)] for s in STEPS])
    (tmp_path / "chart.csv").write_text(export)
    ((name, (first, second)),) = times(tmp_path / "chart.csv").items()
    assert (name, first) == ("warm-sun-1", pytest.approx(BOTH[0], rel=1e-9, abs=0))
    assert np.isnan(second)


@pytest.mark.parametrize("name", ONE)
def test_a_log_of_one_curve(tmp_path, name):
    text, which = ONE[name]
    (tmp_path / name).write_text(text)
    log = read_log(tmp_path / name)
    other = {"train": "test", "test": "train"}[which]
    assert set(log.runs[""]) == {which}
    assert log.columns[other] is None
    assert f"there is no {other} curve" in log.recognised
    (found,) = times(tmp_path / name).values()
    wanted = {"train": (BOTH[0], np.nan), "test": (np.nan, BOTH[1])}[which]
    assert found == pytest.approx(wanted, rel=1e-9, nan_ok=True, abs=0)
    delay = log_delay(log, **{f"{which}_threshold": 0.5})
    assert delay.missing == other
    assert np.isinf(delay.delay.high) or np.isnan(delay.delay.delay)
    assert f"there is no {other} curve, so there is no delay" in str(delay)


def test_a_broken_record_among_printed_json_is_no_record(tmp_path):
    text = "Loading, please wait\n" + dumped(
        {"step": s, "train_loss": train(s), "val_loss": held_out(s)} for s in STEPS
    )
    (tmp_path / "a.log").write_text(text.replace('{"step": 300, ', '"step": 300, '))
    with pytest.raises(ValueError, match="line"):
        read_log(tmp_path / "a.log")


def test_the_best_so_far_is_no_record(tmp_path):
    text = "".join(f"step {s}: train loss {train(s)}\nstep {s}: best val loss 0.0\n" for s in STEPS)
    (tmp_path / "a.txt").write_text(text)
    assert set(read_log(tmp_path / "a.txt").runs[""]) == {"train"}
