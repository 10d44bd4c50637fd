"""Which columns of a file of recorded answers are the prompt, the score, the value and the answer, if nobody says."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ..errors import BadValue
from ..tables import Table
from ..tables.names import called

# What evaluation harnesses and judges call them, in the order of preference.
USUAL = {
    "prompt": (
        *("prompt", "prompt_id", "task_id", "task", "question_id", "question", "problem_id", "problem", "doc_id"),
        *("example_id", "instance_id", "query_id", "query", "item", "idx", "id"),
    ),
    "score": (
        *("score", "scores", "judge", "judge_score", "judge_scores", "reward_score", "rm_score", "verifier_score"),
        *("reward_model_score", "rating", "ratings", "judge_rating"),
    ),
    "value": (
        *("value", "values", "passed", "pass", "correct", "is_correct", "solved", "resolved", "success", "exact_match"),
        *("acc", "accuracy", "right", "label", "labels", "reward", "rewards", "pass_1"),
    ),
    "answer": (
        # Beside a prediction, what is called answer is the right one.
        *("prediction", "predictions", "predicted_answer", "extracted_answer", "parsed_answer", "pred", "preds"),
        *("filtered_resps", "answer", "answers", "final_answer", "choice", "vote"),
    ),
}
REMEDY = "Name them: prompt, score, value, answer (--prompt, --score, --value, --answer)."
_NUMBERED = re.compile(r"(.*?)[\s_./\-]*[\[(]?([0-9]+)[\])]?")


def numbered(table: Table) -> dict[str, dict[int, str]]:
    """The columns of a wide table: {"value": {1: "value_1", 2: "value_2"}}, of a stem and a number behind it."""
    found: dict[str, dict[int, str]] = {}
    for name in table.names:
        match = _NUMBERED.fullmatch(name.strip())
        if match and match[1]:
            found.setdefault(match[1], {}).setdefault(int(match[2]), name)
    return {stem: columns for stem, columns in found.items() if len(columns) > 1}


def choose_columns(table: Table, asked: Mapping[str, str | None]) -> tuple[dict[str, str | None], list[str]]:
    """The column of every role, None where there is none, and the roles that were guessed.

    Parameters
    ----------
    table : Table
        The file.
    asked : Mapping[str, str or None]
        What the user says of the roles "prompt", "score", "value" and "answer".

    Returns
    -------
    tuple[dict[str, str or None], list[str]]
        (column of every role, guessed roles). A column of a wide table is called by its stem.

    Raises
    ------
    BadValue
        For a column named that is not there, and for a role that is needed and looks like none.
    """
    stems = [stem for stem in numbered(table) if stem not in table.cells]
    chosen: dict[str, str | None] = dict.fromkeys(USUAL)
    for role in ("value", *(role for role in USUAL if role != "value")):
        # Two judges' score_1 and score_2 beside one value are no wide table.
        wide = stems if role != "prompt" and (role == "value" or chosen["value"] in stems) else []
        name = asked[role]
        if name is not None and name not in wide:
            table.column(name, REMEDY)
        taken = {each for each in (*asked.values(), *chosen.values()) if each}
        # What stands in an object, such as doc/answer, is of the question.
        free = [each for each in (*table.names, *wide) if each not in taken and "/" not in each]
        by_word = {called(each): each for each in reversed(free)}
        chosen[role] = name or next((by_word[word] for word in USUAL[role] if word in by_word), None)
        if role == "value" and chosen[role] is None:
            raise BadValue(f"{table.source} has no column 'value'; its columns are {', '.join(table.names)}. {REMEDY}")
    value = chosen["value"]
    # Where a row holds all answers of a prompt, it is one.
    if chosen["prompt"] is None and not (value in stems or any(is_list(cell) for cell in table.cells[value])):  # type: ignore[index]
        raise BadValue(f"{table.source} has no column 'prompt'; its columns are {', '.join(table.names)}. {REMEDY}")
    return chosen, [role for role, name in chosen.items() if name and asked[role] is None and name != role]


def is_list(cell: object) -> bool:
    """Whether a cell is a list, of JSON or written as one."""
    return isinstance(cell, list) or (isinstance(cell, str) and cell.strip().startswith("[") and "]" in cell)
