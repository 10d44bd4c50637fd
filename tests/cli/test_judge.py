"""`grok-theory judge`: table, picture, best setting, exit codes."""

import json
from pathlib import Path

import numpy as np
import pytest

from grok_theory.cli import main


@pytest.fixture
def scores(tmp_path, monkeypatch):
    """30 prompts, 8 answers each (4 for every tenth), a noisy judge."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    lines = ["prompt,score,value"]
    for prompt in range(30):
        good = rng.random(8 if prompt % 10 else 4) < 0.4
        noisy = np.round(5 + 2 * good + rng.normal(size=good.size))
        lines += [f"q{prompt},{score:.0f},{int(value)}" for score, value in zip(noisy, good)]
    (tmp_path / "scores.csv").write_text("\n".join(lines) + "\n")
    return tmp_path


def run(*words):
    with pytest.raises(SystemExit) as ended:
        main(list(words))
    return ended.value.code or 0


def test_table_picture_and_best_setting(scores, capsys):
    assert run("judge", "scores.csv", "--samples", "1,4,8", "--temperature", "0,1") == 0
    printed = capsys.readouterr().out
    assert "Records of 30 prompts, 4 to 8 answers each" in printed
    assert "T = 0" in printed
    assert "prompts left out" in printed
    assert "Best setting: k = " in printed
    assert "95 % interval" in printed
    assert (scores / "scores.png").read_bytes()[1:4] == b"PNG"


def test_json_is_for_machines(scores, capsys):
    assert run("judge", "scores.csv", "--json", "--no-plot") == 0
    result = json.loads(capsys.readouterr().out)
    assert [row["k"] for row in result["best_of_k"]] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert [row["k"] for row in result["pass_at_k"]] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert result["majority_vote"] is None
    assert "Name it (--answer)" in result["missing"]["majority_vote"]
    assert [row["left_out"] for row in result["pass_at_k"]] == [0] * 4 + [3] * 4
    assert result["best"]["class"] == "Choice"
    assert result["plot"] is None
    assert not (scores / "scores.png").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["scores.csv", "--failed", "worst"], "failed is 'worst', but it must be 'drop'"),
        (["scores.csv", "--answer", "said"], "no column 'said'"),
        (["scores.csv", "scores.csv"], "twice"),
        (["nowhere.csv"], "cannot be read"),
        (["scores.csv", "--samples", "1,64"], "at most the 8 answers recorded"),
        (["scores.csv", "--samples", "few"], "samples is 'few'"),
        (["scores.csv", "--temperature", "-1"], "temperature is -1"),
        (["scores.csv", "--plot", "curves.txt"], "must end in .png"),
    ],
)
def test_bad_input_is_one_sentence(scores, capsys, words, message):
    assert run("judge", *words) == 2
    error = capsys.readouterr().err
    assert message in error
    assert "Traceback" not in error


def test_few_prompts_still_get_their_table(scores, capsys):
    (scores / "two.csv").write_text("prompt,score,value\na,1,0\na,2,1\nb,3,1\nb,1,0\n")
    assert run("judge", "two.csv", "--no-plot") == 0
    assert "No setting is named" in capsys.readouterr().out


CASES = Path(__file__).resolve().parents[1] / "cases"


def told(capsys, *words):
    """The JSON of `grok-theory judge`, after a check that every interval lies in [0, 1] and holds its value."""
    assert run("judge", *words, "--no-plot", "--json") == 0
    result = json.loads(capsys.readouterr().out)
    for key in ("best_of_k", "pass_at_k", "majority_vote"):
        for row in result[key] or []:
            assert 0 <= row["interval"][0] <= row["value"] <= row["interval"][1] <= 1
    return result


def by_k(rows):
    return {row["k"]: row["value"] for row in rows}


def test_a_harness_file_with_failed_scores(capsys):
    """Failed scores cost best of k their answers and pass@k nothing; `lowest` keeps them last."""
    answers = json.loads((CASES / "answers.json").read_text())["c12_humaneval_results.jsonl"]["pass@1,2,3,4"]
    path = str(CASES / "c12_humaneval_results.jsonl")
    for policy, longest in (("drop", 3), ("lowest", 4)):
        result = told(capsys, path, "--score", "overall_score", "--failed", policy)
        np.testing.assert_allclose(list(by_k(result["pass_at_k"]).values()), answers, rtol=1e-14, atol=0)
        assert max(by_k(result["best_of_k"])) == longest
        assert result["failed"] == {"answers": 3, "policy": policy}
        assert result["columns"] == {"prompt": "task_id", "score": "overall_score", "value": "passed", "answer": None}
    without = told(capsys, path)
    assert without["best_of_k"] is None
    assert "style_score, overall_score may be scores" in without["notes"][0]
    np.testing.assert_allclose(list(by_k(without["pass_at_k"]).values()), answers, rtol=1e-14, atol=0)


def test_prompts_left_out_are_those_of_each_curve(tmp_path, monkeypatch, capsys):
    """a has 3 scores of 4 answers, b 2 of 4, c 2 of 4, d none of 3: counted by hand."""
    monkeypatch.chdir(tmp_path)
    rows = ["a,1,1", "a,2,0", "a,3,1", "a,,0", "b,1,1", "b,,0", "b,,0", "b,2,0", "c,1,0", "c,5,1", "c,,0", "c,,0"]
    rows += ["d,,1"] * 3
    Path("lo.csv").write_text("\n".join(["prompt,score,value", *rows]) + "\n")

    def table(*words):
        assert run("judge", "lo.csv", "--no-plot", *words) == 0
        printed = capsys.readouterr().out
        return printed[printed.index("samples ") :].split("\n\n")[0].splitlines()

    head, *lines = table("--temperature", "0,1")
    assert [part.split("  ")[0] for part in head.split("left out: ")[1:]] == ["best of k", "pass@k"]
    ends = [line.split("]")[-1].split() for line in lines]
    assert ends == [["1", "0"], ["1", "0"], ["3", "0"], ["1"]]  # best of k has no k = 4
    result = told(capsys, "lo.csv")
    assert [row["left_out"] for row in result["best_of_k"]] == [1, 1, 3]
    assert [row["left_out"] for row in result["pass_at_k"]] == [0, 0, 0, 1]
    # Where the curves agree there is one column, or none.
    head, *lines = table("--failed", "lowest")
    assert head.endswith("prompts left out")
    assert [line.split("]")[-1].split() for line in lines] == [["0"], ["0"], ["0"], ["1"]]
    assert "left out" not in table("--failed", "lowest", "--samples", "1,3")[0]


def test_tied_scores_share(capsys):
    answers = json.loads((CASES / "answers.json").read_text())["c13_ties.csv"]["T=0,k=1..4"]
    result = told(capsys, str(CASES / "c13_ties.csv"))
    np.testing.assert_allclose(list(by_k(result["best_of_k"]).values()), answers, rtol=1e-14, atol=0)


def test_votes_with_partial_credit(capsys):
    answers = json.loads((CASES / "answers.json").read_text())["c14_answers.jsonl"]
    result = told(capsys, str(CASES / "c14_answers.jsonl"))
    assert by_k(result["majority_vote"])[5] == pytest.approx(answers["majority@5"], rel=1e-14, abs=0)
    kept = by_k(result["best_of_k"])
    np.testing.assert_allclose([kept[k] for k in (1, 2, 5)], answers["best_of_k@1,2,5"], rtol=1e-14, atol=0)
    assert run("judge", str(CASES / "c14_answers.jsonl"), "--no-plot") == 0
    assert "majority vote" in capsys.readouterr().out


def test_several_files_are_one(tmp_path, monkeypatch, capsys):
    """Two files of two answers each are one of four: a prompt goes on where its name comes again."""
    monkeypatch.chdir(tmp_path)
    rows = (CASES / "c13_ties.csv").read_text().splitlines()
    for name, part in (("a.csv", rows[1::2]), ("b.csv", rows[2::2])):
        Path(name).write_text("\n".join([rows[0], *part]) + "\n")
    both, one = told(capsys, "a.csv", "b.csv"), told(capsys, str(CASES / "c13_ties.csv"))
    assert both["best_of_k"] == one["best_of_k"]
    Path("c.csv").write_text("prompt,score,passed\nq1,1,1\n")
    assert run("judge", "a.csv", "c.csv", "--no-plot") == 2
    assert "c.csv has the columns prompt = prompt, score = score, value = passed" in capsys.readouterr().err
