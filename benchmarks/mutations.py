"""Small errors planted into a source file by machine, each against the tests beside it: killed, or a survivor by name.

A mutant changes one operator, comparison, constant or sign of a function's body. Tests run in copies of the checkout,
one a core: nothing here is touched and a run that is killed leaves nothing behind. A mutant that hangs is stopped and
counted as killed. Which mutants are tried is drawn with a fixed seed, so that a run can be repeated.
"""

from __future__ import annotations

import ast
import os
import random
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from threading import Lock
from typing import Any

from scipy import stats

from benchmarks.planting import ROOT, Checkout, Journal, Outcome, digest
from benchmarks.report import Headline, PageTable, Rows, code, markdown, publish

# Source -> tests that should notice; of every room a file or two whose tests are quick enough to run for each mutant.
FILES = {
    "grok_theory/linear/closed_forms.py": "tests/linear/test_closed_forms.py",
    "grok_theory/linear/projections.py": "tests/linear/test_projections.py",
    "grok_theory/linear/grokking.py": "tests/linear/test_grokking.py",
    "grok_theory/lazy_rich/closed_forms.py": "tests/lazy_rich/test_closed_forms.py",
    "grok_theory/best_of_k/closed_forms.py": "tests/best_of_k/test_closed_forms.py tests/best_of_k/test_evaluation.py",
    "grok_theory/li2/discovery.py": "tests/li2/test_discovery.py",
    "grok_theory/in_context/closed_forms.py": "tests/in_context/test_linear_attention.py",
    "grok_theory/in_context/urn_forms.py": "tests/in_context/test_mixture.py",
    "grok_theory/in_context/regression_forms.py": "tests/in_context/test_mixture.py",
    "grok_theory/in_context/strategies.py": "tests/in_context/test_strategies.py",
    "grok_theory/kernels/exact_activations.py": "tests/kernels/test_activations.py tests/kernels/test_networks.py",
    "grok_theory/bounds/pac_bayes.py": "tests/bounds/test_pac_bayes.py",
    "grok_theory/observables/crossing.py": "tests/observables/test_crossing.py",
    "grok_theory/observables/delay.py": "tests/observables/test_delay.py",
    "grok_theory/observables/distance.py": "tests/observables/test_distance.py",
    "grok_theory/observables/progress_line.py": "tests/observables/test_progress_line.py",
    "grok_theory/tables/cells.py": "tests/tables/test_cells.py",
    "grok_theory/tables/one_grid.py": "tests/tables/test_one_grid.py",
    "grok_theory/tables/repeats.py": "tests/tables/test_repeats.py",
    "grok_theory/numerics/mean_intervals.py": "tests/numerics/test_mean_intervals.py",
    "grok_theory/numerics/two_levels.py": "tests/numerics/test_two_levels.py tests/numerics/test_level_borders.py",
    "grok_theory/numerics/bounded_means.py": "tests/numerics/test_bounded_means.py",
    "grok_theory/numerics/unseen_runs.py": "tests/numerics/test_unseen_runs.py",
    "grok_theory/size_law.py": "tests/test_size_law.py",
    "grok_theory/comparison.py": "tests/test_comparison.py tests/test_comparison_of_jumps.py tests/test_runs_needed.py",
    "grok_theory/storage.py": "tests/test_storage.py tests/test_storage_on_disk.py",
}
# 0 was drawn before tests were written because of what survived; the same mutants again would flatter them.
_DRAW = 1
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


def drawn(files: Iterable[str]) -> list[Mutant]:
    """All mutants of `files` in an order drawn with a fixed seed."""
    # A function inside a function is walked twice.
    chosen = list(dict.fromkeys(mutant for file in files for mutant in mutants(file)))
    random.Random(_DRAW).shuffle(chosen)
    return chosen


def run_all(files: dict[str, str], journal: Journal, *, limit: int, seconds: float, budget: float) -> list[dict]:
    """One row a mutant: at most `limit`, `seconds` each, and no new one after `budget` seconds."""
    chosen, suites = drawn(files), sorted(set(files.values()))
    began = time.monotonic()
    with ExitStack() as copies:
        trials = Trials(journal, [copies.enter_context(Checkout()) for _ in range(os.cpu_count() or 1)])
        for tests, whole in zip(
            suites, trials.each(partial(trials.outcome, seconds=10 * seconds), suites), strict=True
        ):
            if whole.verdict != "survived":
                raise SystemExit(f"{tests} is not green without a mutant ({whole.by}); nothing can be said.")

        def row(mutant: Mutant) -> dict[str, Any] | None:
            left = budget - (time.monotonic() - began)
            return trials.row(mutant, files[mutant.file], seconds, new=left > 0)

        rows = [found for found in trials.each(row, chosen[:limit]) if found is not None]
    return [found | {"of": len(chosen)} for found in rows]


class Trials:
    """Mutants against their tests in several copies of the checkout at once, each finished verdict in the journal."""

    def __init__(self, journal: Journal, copies: list[Checkout]) -> None:
        self._journal, self._writing = journal, Lock()
        self._sources = copies[0].contents
        self._count = len(copies)
        self._free: SimpleQueue[Checkout] = SimpleQueue()
        for copy in copies:
            self._free.put(copy)

    def each(self, function: Callable[[Any], Any], items: list[Any]) -> Iterator[Any]:
        """`function` of every item, in order; stopped, what has not begun is left."""
        threads = ThreadPoolExecutor(self._count)
        try:
            yield from threads.map(function, items)
        finally:
            threads.shutdown(cancel_futures=True)

    def outcome(self, tests: str, seconds: float, mutant: Mutant | None = None) -> Outcome:
        """What `tests` say of a mutant, or of the sources as they are."""
        copy = self._free.get()
        try:
            with copy.spoiled(mutant.file, mutant.source) if mutant else nullcontext():
                return copy.test(tests, seconds)
        finally:
            self._free.put(copy)

    def row(self, mutant: Mutant, tests: str, seconds: float, *, new: bool) -> dict[str, Any] | None:
        """The row of a mutant from the journal, or, if `new` ones are asked for, from its tests."""
        # A verdict holds for this mutant among these sources, these tests, and the time they were given.
        key = digest(self._sources, mutant.file, mutant.source, tests, str(seconds))
        found = self._journal.get(key)
        if found is None and new:
            outcome = self.outcome(tests, seconds, mutant)
            found = {name: getattr(mutant, name) for name in ("file", "line", "was", "became")}
            found |= {"verdict": outcome.verdict, "by": outcome.by, "seconds": outcome.seconds}
            with self._writing:
                self._journal.add(key, found)
        return found


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


def _page(rows: Rows) -> str:
    """The tables of docs/planted_faults.md: how many of each file are noticed, and all that are not."""
    killed = [
        (code(file.removeprefix("grok_theory/")), f"{sum(row['verdict'] != 'survived' for row in of)} of {len(of)}")
        for file in FILES
        if (of := [row for row in rows if row["file"] == file])
    ]
    alive = sorted((row for row in rows if row["verdict"] == "survived"), key=lambda row: (row["file"], row["line"]))
    lines = (
        (code(f"{row['file'].removeprefix('grok_theory/')} {row['line']}"), code(row["was"]), code(row["became"]))
        for row in alive
    )
    return f"{markdown(('file', 'noticed'), killed)}\n\n{markdown(('survives in', 'was', 'became'), lines)}"


TABLES = (PageTable("planted_faults", "mutations", _page),)
HEADLINES = (Headline("Mutants", "mutations"),)
