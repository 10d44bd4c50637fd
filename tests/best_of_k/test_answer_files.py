"""Recorded answers as they lie in files: names that harnesses use, lists, wide tables, and scores that failed."""

import itertools
import json

import numpy as np
import pytest

import grok_theory as gt
from grok_theory import best_of_k as bk
from grok_theory.best_of_k.answer_files import read_answers

UNASKED = dict.fromkeys(("prompt", "score", "value", "answer"))
LONG = [("a", 0.5, 1, "x"), ("a", 0.25, 0, "y"), ("a", 2.0, 1, "x"), ("b", 3.0, 0, "z")]


def same(records):
    assert [row.tolist() for row in records.scores] == [[0.5, 0.25, 2.0], [3.0]]
    assert [row.tolist() for row in records.values] == [[1, 0, 1], [0]]
    assert [row.tolist() for row in records.choices] == [[0, 1, 0], [0]]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("long.csv", "prompt,score,value,answer\n" + "".join(",".join(map(str, row)) + "\n" for row in LONG)),
        (
            "lists.jsonl",
            '{"prompt": "a", "scores": [0.5, 0.25, 2], "values": [true, false, true], "answers": ["x", "y", "x"]}\n'
            '{"prompt": "b", "scores": [3], "values": [false], "answers": ["z"]}\n',
        ),
        (
            "lists.csv",
            "prompt,scores,passed,answers\n"
            'a,"[0.5, 0.25, 2]","[True, False, True]","[\'x\', \'y\', \'x\']"\nb,[3],[False],"[""z""]"\n',
        ),
        (
            "columns.json",
            '{"task_id": ["a", "b"], "score": [[0.5, 0.25, 2], [3]], "correct": [[1, 0, 1], [0]], '
            '"prediction": [["x", "y", "x"], ["z"]]}',
        ),
        (
            "wide.csv",
            "prompt;value_1;value_2;value_3;score_1;score_2;score_3;answer_1;answer_2;answer_3\n"
            "a;1;0;1;0,5;0,25;2;x;y;x\nb;0;;;3;;;z;;\n",
        ),
        (
            "harness.jsonl",
            "".join(
                json.dumps({"doc_id": p, "filter": f, "filtered_resps": [a], "exact_match": v, "reward_score": s})
                + "\n"
                for f in ("strict", "flexible")
                for p, s, v, a in LONG
            ),
        ),
    ],
)
def test_one_table_in_many_shapes(tmp_path, name, text):
    (tmp_path / name).write_text(text)
    records = bk.read_records(tmp_path / name)
    assert records.prompts == ("a", "b")
    same(records)


def test_rows_without_a_prompt_are_prompts(tmp_path):
    path = tmp_path / "r.jsonl"
    path.write_text('{"scores": [1, 2], "values": [1, 0]}\n{"scores": [3], "values": [1]}\n')
    read = read_answers(path, UNASKED)
    assert read.records.answers.tolist() == [2, 1]
    assert read.columns["prompt"] is None
    assert "every row is a prompt" in read.notes


def test_names_are_guessed_and_said(tmp_path):
    path = tmp_path / "r.csv"
    path.write_text("task_id,is_correct,judge_score,style\na,1,0.5,9\na,0,0.25,8\n")
    read = read_answers(path, UNASKED)
    assert read.columns == {"prompt": "task_id", "score": "judge_score", "value": "is_correct", "answer": None}
    assert set(read.guessed) == {"prompt", "score", "value"}
    named = bk.read_records(path, score="style")
    assert named.scores[0].tolist() == [9, 8]


def test_the_right_answer_is_no_vote(tmp_path):
    """A column called answer that is the same for a prompt, while values differ, is what is right."""
    path = tmp_path / "r.csv"
    path.write_text("prompt,value,answer\na,1,4\na,0,4\nb,1,5\nb,0,5\n")
    read = read_answers(path, UNASKED)
    assert read.records.choices is None
    assert any("is not what was said" in note for note in read.notes)
    assert bk.read_records(path, answer="answer").choices  # who names it means it
    path.write_text("prompt,score,value,answer\nq1,7,1,42\nq1,4,0,42\nq1,3,0,42\n")  # of one prompt, too
    assert read_answers(path, UNASKED).columns["answer"] is None
    path.write_text("prompt,value,answer\nq1,1,42\nq1,1,42\n")  # all said what is right
    assert read_answers(path, UNASKED).columns["answer"] == "answer"
    path.write_text("prompt,value,answer,prediction\na,1,4,4\na,0,4,3\n")
    assert read_answers(path, UNASKED).columns["answer"] == "prediction"


def test_a_quoted_prompt_with_a_space_is_no_other_prompt(tmp_path):
    path = tmp_path / "r.csv"
    path.write_text('prompt,score,value\np1,1,1\n"p1 ",2,0\np2,3,1\n')
    records = bk.read_records(path)
    assert records.prompts == ("p1", "p2")
    assert records.answers.tolist() == [2, 1]


def test_answers_that_mean_the_same(tmp_path):
    path = tmp_path / "r.jsonl"
    path.write_text(
        "".join(
            json.dumps({"prompt": "a", "value": 1, "answer": a}) + "\n" for a in (1, "1", " 01", 1.0, "one", None, "")
        )
    )
    read = read_answers(path, UNASKED)
    assert read.records.choices[0].tolist() == [0, 0, 0, 0, 1, 2, 3]
    assert any("2 answers" in note and "no other gives" in note for note in read.notes)


@pytest.mark.parametrize("word", ["NA", "N/A", "None", " none", "null", "nan", "NaN", "-nan"])
def test_a_word_for_nothing_among_numbers_is_no_answer(tmp_path, word):
    """As an empty cell: of q1 three answers each of its own, a vote of which is their mean."""
    path = tmp_path / "r.csv"
    votes = []
    for missing in ("", f'"{word}"'):
        rows = f"q1,1,42\nq1,0,{missing}\nq1,0,{missing}\nq2,1,5.5\nq2,0,{missing}\nq2,0,-1e3\n"
        path.write_text("prompt,value,answer\n" + rows)
        read = read_answers(path, UNASKED)
        assert [row.tolist() for row in read.records.choices] == [[0, 1, 2], [0, 1, 2]]
        assert any("3 answers are missing" in note for note in read.notes)
        votes.append(bk.vote_curve(read.records, samples=[3]).stats["mean"][0])
    assert votes == [pytest.approx(1 / 3, rel=1e-14)] * 2
    # Beside a text it may have been said, in whichever file that stands.
    more = tmp_path / "more.csv"
    more.write_text("prompt,value,answer\nq2,1,x + 1\n")
    read = read_answers([path, more], UNASKED)
    assert [row.tolist() for row in read.records.choices] == [[0, 1, 1], [0, 1, 2, 3]]
    assert any(f"3 answers are {word.strip()}, taken as said" in note for note in read.notes)


@pytest.mark.parametrize(("first", "expected"), [("7", [0, 1, 2, 3]), ('"B"', [0, 1, 2, 1])])
def test_words_for_nothing_in_lists(tmp_path, first, expected):
    path = tmp_path / "r.jsonl"
    row = f'{{"prompt": "a", "values": [1, 0, 0, 0], "answers": [{first}, "None", null, "None"]}}\n'
    path.write_text(row + '{"prompt": "b", "values": [1], "answers": [NaN]}\n')
    assert bk.read_records(path).choices[0].tolist() == expected


def failing(tmp_path):
    path = tmp_path / "r.csv"
    path.write_text("prompt,score,value\na,1,0\na,,1\na,nan,1\nb,,1\nc,2,1\nc,-inf,0\n")
    return bk.read_records(path)


def test_failed_scores_are_counted_and_dropped(tmp_path):
    records = failing(tmp_path)
    assert records.failed == 4
    assert "4 of them without a score" in str(records)
    with pytest.raises(gt.BadValue, match=r"4 answers on which the judge failed.*judged\(failed='drop'\)"):
        bk.from_records(records, samples=[1], temperature=0.0)
    kept = records.judged("drop")
    assert kept.prompts == ("a", "c")
    assert kept.answers.tolist() == [1, 1]
    np.testing.assert_array_equal(bk.pass_curve(records, [1, 2])["value"][:, 0], [2 / 3, 1.0, 0.5])


@pytest.mark.parametrize("temperature", [0.0, 0.3, 100.0])
def test_failed_scores_rank_last(tmp_path, temperature):
    """Against all subsets: an answer without a score is kept only where all are, and then each alike.

    No prompt has two scored answers, so the temperature has nothing to choose between.
    """
    kept = bk.from_records(failing(tmp_path).judged("lowest"), samples=[1, 2], temperature=temperature)["value"]
    answers = {"a": [(1, 0), (None, 1), (None, 1)], "b": [(None, 1)], "c": [(2, 1), (None, 0)]}  # (score, value)
    for row, recorded in enumerate(answers.values()):
        for k in range(1, min(len(recorded), 2) + 1):
            worth = []
            for subset in itertools.combinations(recorded, k):
                scored = [value for score, value in subset if score is not None]
                worth.append(np.mean(scored or [value for _, value in subset]))
            assert kept[row, k - 1] == pytest.approx(np.mean(worth), rel=1e-12, abs=0)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("prompt,score,value_1\na,1,1\n", r"no column 'value'"),
        ("score,value\n1,1\n", r"no column 'prompt'"),
        ("prompt,value_1,value_2,score_1,score_3\na,1,0,1,2\n", r"2 columns value_1 .*score is not numbered"),
        ('prompt,values,scores\na,"[1, 0]","[1]"\n', r"line 2: scores has 1 entries and values 2"),
        ('prompt,values\na,"[1, 0]"\nb,1\n', r"line 3: values is '1', but other rows hold a list"),
        ('prompt,values\na,"[1, x]"\n', r"line 2: values is '\[1, x\]', but other rows hold a list"),
        ('prompt,values\na,"[1, 3e200]"\n', r"line 2, answer 2: values is 3e\+200"),
    ],
)
def test_bad_shapes_are_named(tmp_path, text, message):
    path = tmp_path / "r.csv"
    path.write_text(text)
    with pytest.raises(gt.BadValue, match=message):
        bk.read_records(path)


def test_no_score_at_all_is_said(tmp_path):
    path = tmp_path / "r.csv"
    path.write_text("prompt,value\na,1\n")
    with pytest.raises(gt.BadValue, match="scores has no number"):
        bk.read_records(path).judged()
    with pytest.raises(gt.BadValue, match="failed is 'skip'"):
        bk.read_records(path).judged("skip")
