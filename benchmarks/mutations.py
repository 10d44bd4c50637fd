"""Small errors planted into a source file by machine, each against the tests beside it: killed, or a survivor by name.

A mutant changes one operator, comparison, constant or sign of a function's body. Tests run in a copy of the checkout,
so nothing here is touched and a run that is killed leaves nothing behind. A mutant that hangs is stopped and counted as
killed. Which mutants are tried is drawn with a fixed seed, so that a run can be repeated.
"""

from __future__ import annotations

import ast
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scipy import stats

from benchmarks.planting import ROOT, Checkout, Journal, digest
from benchmarks.report import Headline, publish

# Source -> tests that should notice; the mirror file unless named here.
FILES = {
    "grok_theory/linear/closed_forms.py": "tests/linear/test_closed_forms.py",
    "grok_theory/lazy_rich/closed_forms.py": "tests/lazy_rich/test_closed_forms.py",
    "grok_theory/best_of_k/closed_forms.py": "tests/best_of_k/test_closed_forms.py tests/best_of_k/test_evaluation.py",
    "grok_theory/li2/discovery.py": "tests/li2/test_discovery.py",
    "grok_theory/numerics/mean_intervals.py": "tests/numerics/test_mean_intervals.py",
    "grok_theory/storage.py": "tests/test_storage.py",
}
_SWAPS = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.Pow: ast.Mult,
    ast.Lt: ast.GtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.LtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
}


@dataclass(frozen=True)
class Mutant:
    """One planted error: where, the expression as it was and as it is, and the whole source with it."""

    file: str
    line: int
    was: str
    became: str
    source: str


def mutants(file: str) -> Iterator[Mutant]:
    """Every single change of `file`, in the order of its nodes."""
    text = (ROOT / file).read_text()
    places = sum(1 for _ in _targets(ast.parse(text)))
    for place in range(places):
        tree = ast.parse(text)
        node = next(target for number, target in enumerate(_targets(tree)) if number == place)
        was = ast.unparse(node)
        _change(node)
        yield Mutant(file, node.lineno, was, ast.unparse(node), ast.unparse(tree))


def _targets(tree: ast.Module) -> Iterator[Any]:
    """Nodes inside functions that can be changed; messages and subscripts of types are left alone."""
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef):
            continue
        for statement in function.body:
            for node in ast.walk(statement):
                if _can_change(node):
                    yield node


def _can_change(node: ast.AST) -> bool:
    match node:
        case ast.BinOp():
            return type(node.op) in _SWAPS and not _is_text(node)
        case ast.Compare():
            return len(node.ops) == 1 and type(node.ops[0]) in _SWAPS
        case ast.UnaryOp():
            return isinstance(node.op, ast.USub)
        case ast.Constant():
            return type(node.value) in (int, float)
    return False


def _is_text(node: ast.BinOp) -> bool:
    parts = (node.left, node.right)
    return any(
        isinstance(p, ast.JoinedStr) or (isinstance(p, ast.Constant) and isinstance(p.value, str)) for p in parts
    )


def _change(node: Any) -> None:
    if isinstance(node, ast.BinOp):
        node.op = _SWAPS[type(node.op)]()
    elif isinstance(node, ast.Compare):
        node.ops = [_SWAPS[type(node.ops[0])]()]
    elif isinstance(node, ast.UnaryOp):
        node.op = ast.UAdd()
    elif isinstance(node, ast.Constant):
        node.value = node.value + 1


def run_all(files: dict[str, str], journal: Journal, *, limit: int, seconds: float, budget: float) -> list[dict]:
    """One row a mutant: at most `limit`, `seconds` each, and no new one after `budget` seconds."""
    chosen = [mutant for file in files for mutant in mutants(file)]
    random.Random(0).shuffle(chosen)
    # A function inside a function is walked twice.
    chosen = list(dict.fromkeys(chosen))
    began, rows = time.monotonic(), []
    with Checkout() as checkout:
        for tests in sorted(set(files.values())):
            if (whole := checkout.test(tests, 10 * seconds)).verdict != "survived":
                raise SystemExit(f"{tests} is not green without a mutant ({whole.by}); nothing can be said.")
        for mutant in chosen[:limit]:
            tests = files[mutant.file]
            # A verdict holds for this mutant among these sources, these tests, and the time they were given.
            key = digest(checkout.contents, mutant.file, mutant.source, tests, str(seconds))
            row = journal.get(key)
            if row is None:
                if time.monotonic() - began > budget:
                    break
                with checkout.spoiled(mutant.file, mutant.source):
                    outcome = checkout.test(tests, seconds)
                row = {name: getattr(mutant, name) for name in ("file", "line", "was", "became")}
                row |= {"verdict": outcome.verdict, "by": outcome.by, "seconds": outcome.seconds}
                journal.add(key, row)
            rows.append(row | {"of": len(chosen)})
    return rows


def main(out: Path, *, quick: bool = False) -> None:
    """At most 300 mutants in two hours; quick: ten of one file."""
    files = dict([next(iter(FILES.items()))]) if quick else FILES
    journal = Journal(out / "mutations.jsonl")
    rows = run_all(files, journal, limit=10 if quick else 300, seconds=120.0, budget=7200.0)
    killed = sum(row["verdict"] != "survived" for row in rows)
    share = stats.binomtest(killed, len(rows)).proportion_ci()
    survivors = [row for row in rows if row["verdict"] == "survived"]
    title = (
        f"mutants: {killed} of {len(rows)} killed ({killed / len(rows):.0%}, 95 % interval "
        f"{share.low:.0%} to {share.high:.0%}), "
        f"{len(survivors)} survive ({rows[0]['of']} possible)"
    )
    publish("mutations", title, survivors + [row for row in rows if row["verdict"] != "survived"], out)


HEADLINES = (Headline("Mutants", "mutations"),)
