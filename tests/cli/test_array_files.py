"""Arrays from files: `field=@FILE:PART` in each form, and one sentence for each that is none."""

import json

import numpy as np
import pytest

import grok_theory as gt
from grok_theory.cli.array_files import read_array
from grok_theory.cli.problems import make_problem
from grok_theory.cli.values import read_axis
from grok_theory.errors import BadValue

X = np.array([[1.0, -2.5], [3.0, 4e-3], [5.0, 6.0]])
ROWS = "\n".join(",".join(repr(float(v)) for v in row) for row in X) + "\n"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.save("x.npy", X)
    np.savez("two.npz", x=X, labels=np.arange(3))
    np.savez("one.npz", x=X)
    np.save("words.npy", np.array(["a", "b"]))
    np.save("objects.npy", np.array([1, "b"], object), allow_pickle=True)
    np.save("none.npy", np.zeros((0, 2)))
    (tmp_path / "bare.csv").write_text(ROWS)
    (tmp_path / "spaced.txt").write_text(ROWS.replace(",", "   "))
    (tmp_path / "semicolons.csv").write_text(ROWS.replace(",", ";"))
    (tmp_path / "named.csv").write_text("a,b\n" + ROWS)
    (tmp_path / "lines.jsonl").write_text("".join(json.dumps({"a": a, "b": b}) + "\n" for a, b in X))
    (tmp_path / "col:umn.csv").write_text(ROWS)
    (tmp_path / "word.csv").write_text("a,b\n1,2\n3,x\n")
    (tmp_path / "gap.csv").write_text("a,b\n1,2\n3,\n")
    (tmp_path / "ragged.csv").write_text("1,2\n3\n")
    (tmp_path / "damaged.npz").write_bytes((tmp_path / "two.npz").read_bytes()[:80])
    (tmp_path / "empty.csv").write_text("")
    return tmp_path


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        *((f"@{whole}", X) for whole in ("x.npy", "one.npz", "bare.csv", "spaced.txt", "semicolons.csv", "named.csv")),
        ("@two.npz:x", X),
        ("@two.npz:labels", np.arange(3)),
        ("@named.csv:b", X[:, 1]),
        ("@lines.jsonl:a", X[:, 0]),
        ("@col:umn.csv", X),
    ],
)
def test_each_form_is_read_to_the_bit(folder, text, expected):
    found = read_array("inputs", text)
    assert np.array_equal(found, expected)
    assert found.shape == expected.shape


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("@", ["names no file", "inputs=@data.npz:x"]),
        ("@gone.npz:x", ["'gone.npz' cannot be read", "No such file"]),
        ("@two.npz", ["holds 2 arrays (x, labels)", "inputs=@two.npz:x"]),
        ("@two.npz:label", ["'label'", "one of x, labels", "Did you mean 'labels'?"]),
        ("@x.npy:x", ["a .npy file is one array", "Leave :x out"]),
        ("@words.npy", ["holds <U1 values", "numbers"]),
        ("@objects.npy", ["cannot be read", "something else than plain numbers"]),
        ("@none.npy", ["holds nothing"]),
        ("@damaged.npz:x", ["cannot be read", "damaged"]),
        ("@named.csv:c", ["no column 'c'", "a, b"]),
        ("@word.csv", ["line 3", "b is 'x'", "a number"]),
        ("@gap.csv", ["line 3", "b is empty", "inputs needs a number in every row"]),
        ("@ragged.csv", ["no table of numbers", "row 2", "same count"]),
        ("@empty.csv", ["empty.csv"]),
    ],
)
def test_what_is_no_array_of_numbers_is_one_sentence(folder, text, parts):
    with pytest.raises(BadValue) as refused:
        read_array("inputs", text)
    said = str(refused.value)
    assert "\n" not in said
    for part in parts:
        assert part in said, said


def test_a_problem_is_made_from_files_as_from_arrays(folder):
    words = ["spectrum=@x.csv:spectrum", "target=@x.csv:target", "samples=5"]
    (folder / "x.csv").write_text("spectrum,target\n2,0.25\n1,-1\n0.5,3\n")
    made, _ = make_problem(gt.linear, gt.linear.CorrelatedInputs, words)
    assert made.samples == 5.0
    assert np.array_equal(made.spectrum, [2.0, 1.0, 0.5])
    assert np.array_equal(made.target, [0.25, -1.0, 3.0])
    assert made.spectrum.dtype == np.float64


def test_times_come_from_a_log(run, folder):
    (folder / "log.csv").write_text("step,loss\n0,0.5\n10,2.0\n")
    assert np.array_equal(read_axis("@log.csv:step"), [0.0, 10.0])


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (["linear.TeacherStudent", "snr=@x.npy", "samples_per_dim=1"], ["snr is '@x.npy'", "(3, 2)", "no array"]),
        (["li2.GroupTask", "group=@x.npy", "width=2"], ["group is '@x.npy'", "no array"]),
        (["linear.TeacherStudent", "snr=1", "samples_per_dim=1", "--times", "@x.npy"], ["times has shape (3, 2)"]),
        (["linear.TeacherStudent", "snr=1", "samples_per_dim=1", "--times", "@named.csv:b"], ["times[0] is -2.5"]),
    ],
)
def test_an_array_where_none_belongs_is_one_sentence(run, folder, words, parts):
    code, out, err = run("solve", *words)
    assert (code, out, len(err.strip().splitlines())) == (2, "", 1)
    for part in parts:
        assert part in err


def test_indices_in_a_table_are_whole_numbers(folder):
    (folder / "pairs.csv").write_text("g,h\n0,1\n1,2\n2,2\n")
    task, _ = make_problem(gt.li2, gt.li2.GroupTask, ["group=cyclic(3)", "train_pairs=@pairs.csv"])
    assert np.array_equal(task.train_pairs, [[0, 1], [1, 2], [2, 2]])
    assert task.train_pairs.dtype.kind == "i"
