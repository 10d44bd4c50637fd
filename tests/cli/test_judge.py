"""`grok-theory judge`: table, picture, best setting, exit codes."""

import json

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
    assert run("judge", "scores.csv", "--json", "--no-figure") == 0
    result = json.loads(capsys.readouterr().out)
    assert result["tables"][0]["samples"] == [1, 2, 4, 8]
    assert result["best"]["class"] == "Choice"
    assert result["figure"] is None
    assert not (scores / "scores.png").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["nowhere.csv"], "cannot be read"),
        (["scores.csv", "--samples", "1,64"], "at most the 8 answers recorded"),
        (["scores.csv", "--samples", "few"], "samples is 'few'"),
        (["scores.csv", "--temperature", "-1"], "temperature is -1"),
        (["scores.csv", "--figure", "curves.txt"], "must end in .png"),
    ],
)
def test_bad_input_is_one_sentence(scores, capsys, words, message):
    assert run("judge", *words) == 2
    error = capsys.readouterr().err
    assert message in error
    assert "Traceback" not in error


def test_few_prompts_still_get_their_table(scores, capsys):
    (scores / "two.csv").write_text("prompt,score,value\na,1,0\na,2,1\nb,3,1\nb,1,0\n")
    assert run("judge", "two.csv", "--no-figure") == 0
    assert "No setting is named" in capsys.readouterr().out
