"""Which number of each benchmark's file is published, and in which words: one line a headline."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Headline:
    """One published figure: what it says, the benchmark that makes it, the file it is in, and how it is read there."""

    what: str
    benchmark: str
    file: str
    read: Callable[[Rows], str]
    in_readme: bool = False


def worst(rows: Rows, column: str) -> dict[str, Any]:
    """The row with the largest value; NaN counts as largest."""
    return max(rows, key=lambda row: (row[column] != row[column], row[column]))


def span(values: list[float], form: str = "{:.3g}") -> str:
    """Least to largest, or the one value."""
    low, high = form.format(min(values)), form.format(max(values))
    return low if low == high else f"{low} to {high}"


def _largest(rows: Rows, column: str, name: str) -> str:
    found = worst(rows, column)
    return f"{found[column]:.1e} ({found[name]})"


def facts(rows: Rows) -> dict[str, Any]:
    """Rows of (what, measured) as a dict."""
    return {row["what"]: row["measured"] for row in rows}


LIMIT_LAW = 1e-7  # a formula that is allowed more is a limit, or is held against what costs digits


def _formulas(rows: Rows) -> str:
    over = [row["formula"] for row in rows if not row["share"] <= 1]
    exact = [row for row in rows if row["allowed"] < LIMIT_LAW]
    found = worst(exact, "worst error")
    what = f"none of {len(rows)} above its tolerance" if not over else f"ABOVE TOLERANCE: {', '.join(over)}"
    where = f"{found['worst error']:.1e} ({found['formula']} at {found['at']})"
    return f"{what}; largest of the {len(exact)} exact ones {where}"


def _effective_ridge(rows: Rows) -> str:
    ours, plain = worst(rows, "grok_theory"), worst(rows, "plain bisection")
    return f"{ours['grok_theory']:.1e} ({ours['spectrum']}); a plain bisection {plain['plain bisection']:.1e}"


def _limits(rows: Rows) -> str:
    found = worst([row for row in rows if "order" not in row["limit"]], "worst gap")
    return f"{found['worst gap']:.1e} ({found['limit']})"


def _printed_errors(rows: Rows) -> str:
    return "; ".join(
        f"{r['solver']} {r['violations']} of {r['problems']} ({r['median']:.2f}, {r['max']:.2f})" for r in rows
    )


def _orders(rows: Rows) -> str:
    return "; ".join(
        f"{number}: {span([row['slope'] for row in rows if row['order'] == number], '{:.2f}')}" for number in (1, 2, 3)
    )


def _linear_speed(rows: Rows) -> str:
    network = next(name for name in rows[0] if name.startswith("one run"))
    return (
        f"quad takes {span([row['quad / rule'] for row in rows], '{:.0f}')} times as long, {network.split(' / ')[0]} "
        f"{span([row[network] for row in rows], '{:.0f}')} times"
    )


def _first_calls(rows: Rows) -> str:
    return "; ".join(
        f"{r['call'].split(',')[0]} {r['first [s]']:.1f} s, then {1e3 * r['later [s]']:.1f} ms" for r in rows
    )


def _dmft_sweep(rows: Rows) -> str:
    return "; ".join(f"{row['what']}: {row['ratio']:.0f} times as long" for row in rows[1:])


def _growth(rows: Rows) -> str:
    steps = " ".join(f"{row['over half the nodes']:.1f}" for row in rows[1:])
    return f"{' -> '.join(str(row['nodes']) for row in rows)} nodes: times {steps} a doubling"


def _ratios(rows: Rows, name: str, column: str) -> str:
    found = worst(rows, column)
    return f"{span([row[column] for row in rows])}, largest {found[name]}"


def _best_of_k_ratio(rows: Rows) -> str:
    found = next(row for row in rows if row["case"].startswith("Monte Carlo point"))
    return f"one Monte Carlo point of 1e6 samples costs {found['warm, s']:.1f} times the exact curve at 50 k"


def _coverage(rows: Rows) -> str:
    return span([100 * row["share"] for row in rows], "{:.1f} %")


def _violations(rows: Rows) -> str:
    promised = [row for row in rows if row["p"] == row["p"]]
    few = min(promised, key=lambda row: row["p"])
    return (
        f"{len(promised)} bounds; smallest p {few['p']:.2g} ({few['bound']}: {few['violations']} of {few['problems']})"
    )


def _alarms(rows: Rows) -> str:
    found = worst(rows, "false alarms %")
    return (
        f"at most {found['false alarms %']:.1f} % ({found['law']}, {found['runs']} runs, {found['times']} times), "
        f"above 1 % beyond chance in {sum(row['nominal 1 % kept'] != 'yes' for row in rows)} of {len(rows)} cases; "
        f"false agreements at most {worst(rows, 'false agreements %')['false agreements %']:.1f} %"
    )


def _compare_planted(rows: Rows) -> str:
    wrong = [row for row in rows if not row["planted fault"].startswith("none")]
    right = [row for row in rows if row["planted fault"].startswith("none")]
    return (
        f"{sum(row['disagrees'] for row in wrong)} of {sum(row['tries'] for row in wrong)} wrong theories found, "
        f"{sum(row['agrees'] for row in right)} of {sum(row['tries'] for row in right)} right ones agree"
    )


def _two_levels(rows: Rows) -> str:
    alarm = max(max(row["false alarms %"], row["in windows %"]) for row in rows)
    return (
        f"false alarms at most {alarm:.2f} %, false agreements {max(row['false agreements %'] for row in rows):.1f} %, "
        f"above 2 % beyond chance in {sum(row['at most 2 %'] != 'yes' for row in rows)} of {len(rows)} cases; without "
        f"the levels up to {max(row['without levels %'] for row in rows):.0f} %"
    )


def _user_test(rows: Rows) -> str:
    planted = [row for row in rows if row["case"].startswith("planted")]
    right = [row for row in rows if not row["case"].startswith("planted")]
    return (
        f"{sum(row['error found'] for row in planted)} of {len(planted)} planted errors found, "
        f"{sum(row['error found'] for row in right)} of {len(right)} right ones refused, "
        f"at most {max(row['seconds, cold'] for row in rows):.0f} s cold"
    )


def _doors(rows: Rows) -> str:
    row = rows[-1]
    return (
        f"{row['tried']} at {row['door'].split()[-1]} doors: {row['refused']} refused by name with a remedy, "
        f"{row['unclear']} unclear, {row['crashed']} crashed, {row['accepted']} accepted"
    )


def _changed_files(rows: Rows) -> str:
    files, refused = (sum(row[column] for row in rows) for column in ("files", "refused"))
    odd = sum(sum((row["anything else"] or {}).values()) for row in rows)
    return f"{files} files: {refused} refused, {files - refused - odd} read and as good as before, {odd} anything else"


def _kills(rows: Rows) -> str:
    found = facts(rows)
    equal = "bit-equal" if found["bit-equal to the uninterrupted run"] else "NOT bit-equal"
    again = found["finished results recomputed"]
    return f"{found['kills']} kills, {again} finished results computed again, {equal} at the end"


def _corruptions(rows: Rows) -> str:
    found = facts(rows)
    return f"{found['planted']} planted, {found['noticed']} noticed, {found['named']} named"


def _cluster(rows: Rows) -> str:
    found = facts(rows)
    equal = "bit-equal to the local sweep" if found["bit-equal to the local sweep"] else "NOT bit-equal"
    struck = ", ".join(map(str, found["finished when the worker was killed"]))
    return (
        f"{found['problems']} problems, one of two workers killed after {struck}: {found['results']} results, "
        f"{found['failed']} failed, {equal}, {found['seconds']:.0f} s"
    )


def _full_disk(rows: Rows) -> str:
    full = {row["what"]: row["measured"] for row in rows if row["disk"] == "full"}
    if not full:
        return "not possible on this machine"
    said = "one sentence" if full["sentence names folder and remedy"] else "NO CLEAR SENTENCE"
    again = "nothing finished computed again" if full["nothing finished computed again"] else "COMPUTED AGAIN"
    equal = "bit-equal" if full["bit-equal to a sweep that had room"] else "NOT bit-equal"
    return f"{said}, {full['finished before']} results kept; with space again: {again}, {equal}"


def _two_processes(rows: Rows) -> str:
    good = sum(row["both bit-equal to one process alone"] and not row["damaged"] for row in rows)
    return f"{good} of {len(rows)} starts of both at once: all results whole and bit-equal"


def _same_numbers(rows: Rows) -> str:
    differ, arrays = (sum(row[column] for row in rows) for column in ("arrays that differ", "arrays"))
    return f"{differ} of {arrays} arrays of {len(rows)} figures differ"


def _imports(rows: Rows) -> str:
    seconds = {row["command"]: row["seconds"] for row in rows}
    return (
        f"import grok_theory {seconds['import grok_theory']:.2f} s (jax alone {seconds['import jax']:.2f} s), "
        f"grok-theory --help {seconds['grok-theory --help']:.2f} s"
    )


def _li2(rows: Rows) -> str:
    right, met = (sum(int(row["Hessians right"].split(" of ")[i]) for row in rows) for i in (0, 1))
    found = worst(rows, "largest energy error")
    error = found["largest energy error"]
    return f"{len(rows)} groups: {right} of {met} Hessian spectra right, energies to {error:.1e} ({found['group']})"


def _li2_training(rows: Rows) -> str:
    return "; ".join(f"{row['way']}: {row['times as long']:.1f} times as long" for row in rows[1:])


def _keys(rows: Rows) -> str:
    row = rows[-1]
    return f"{row['red']} red of {row['keys']} runs of {len(rows) - 1} tests (99 %: {row['99 %']})"


def _numerical_error(rows: Rows) -> str:
    found = max(rows, key=lambda row: row["violations"] / row["problems"])
    return (
        f"{len(rows)} solvers, at most {found['violations']} of {found['problems']} random problems above what is "
        f"printed ({found['solver']}); medians {span([row['median'] for row in rows], '{:.2g}')}"
    )


HEADLINES = (
    Headline("Closed forms against their oracles, relative errors", "formulas", "formulas", _formulas, True),
    Headline("Best of k, own error estimate, k to 1e9", "best_of_k", "best_of_k_accuracy",
             lambda rows: _largest(rows, "worst estimated relative error", "case")),
    Headline("Kernels, errors over their scale", "kernels", "kernels_accuracy",
             lambda rows: _largest(rows, "worst error over its scale", "quantity")),
    Headline("Effective ridge, relative error", "kernels", "kernels_effective_ridge", _effective_ridge, True),
    Headline("linear: gaps in exact limits", "linear", "linear_limits", _limits, True),
    Headline("lazy_rich: reduction against the explicit network", "lazy_rich", "lazy_rich_agreement",
             lambda rows: f"{rows[0]['worst relative gap']} over {rows[0]['problems']} problems"),
    Headline("DMFT, observed order of methods 1, 2, 3", "lazy_rich_dmft_error", "lazy_rich_dmft_order", _orders, True),
    Headline("lazy_rich, true over printed error (violations; median, largest)", "numerical_error_lazy_rich",
             "numerical_error_lazy_rich", _printed_errors, True),
    Headline("DMFT in two settings, true over printed error", "lazy_rich_dmft_error", "lazy_rich_dmft_printed_error",
             lambda rows: span([row["largest distance / printed"] for row in rows], "{:.2f}")),
    Headline("li2: maxima by closed form and by ascent", "li2", "li2_accuracy", _li2, True),
    Headline("linear: 200 times of one curve set", "linear", "linear_speed", _linear_speed, True),
    Headline("lazy_rich: a step of a network of 500 over a step of the reduction", "lazy_rich", "lazy_rich_cost",
             lambda rows: f"{span([row['ratio'] for row in rows], '{:.0f}')} times"),
    Headline("DMFT: CPU time of what one causal sweep replaces", "lazy_rich_dmft", "lazy_rich_dmft_sweep",
             _dmft_sweep, True),
    Headline("Best of k: exact curve against Monte Carlo", "best_of_k", "best_of_k_speed", _best_of_k_ratio, True),
    Headline("kernels: one call against the plain way", "kernels", "kernels_speed",
             lambda rows: "; ".join(f"{row['what']}: {row['ratio']:.0f} times" for row in rows)),
    Headline("li2: trained together, others' time over ours", "li2_training", "li2_training_speed", _li2_training),
    Headline("Growth: DMFT march", "lazy_rich_dmft", "lazy_rich_dmft_growth", _growth, True),
    Headline("Growth: linear, a time and eigenvalue, 100 x 10 to 1600 x 160", "linear", "linear_cost",
             lambda rows: span([row["a time and eigenvalue [us]"] for row in rows], "{:.1f}") + " us"),
    Headline("Memory, measured over predicted", "memory", "memory", lambda rows: _ratios(rows, "call", "ratio"), True),
    Headline("Memory of DMFT, measured over predicted", "lazy_rich_dmft_error", "lazy_rich_dmft_memory",
             lambda rows: _ratios(rows, "march", "ratio")),
    Headline("True error over printed: linear, li2, kernels", "numerical_error", "numerical_error",
             _numerical_error, True),
    Headline("True error over printed: best of k", "numerical_error_best_of_k", "numerical_error_best_of_k",
             _numerical_error),
    Headline("Start", "start", "start_imports", _imports, True),
    Headline("First call (compiles), then", "start", "start_calls", _first_calls),
    Headline("compare: false alarms at nominal 1 %", "compare", "compare_calibration", _alarms, True),
    Headline("compare: planted faults over 100 keys", "compare", "compare_planted", _compare_planted, True),
    Headline("compare: curves with two levels", "compare", "compare_two_levels", _two_levels),
    Headline("Best of k: coverage of nominal 95 % intervals", "best_of_k", "best_of_k_coverage", _coverage),
    Headline("Bounds violated where their assumptions hold", "bounds", "bounds_violations", _violations),
    Headline("A user's own property test", "verify", "verify", _user_test),
    Headline("Bad inputs", "robustness", "robustness", _doors, True),
    Headline("Result files changed at random, checksum fitting", "files", "files_changed", _changed_files),
    Headline("A sweep killed (-9) at random and resumed", "sweep", "sweep_kills", _kills, True),
    Headline("Damaged files in a cache", "sweep", "sweep_corruptions", _corruptions, True),
    Headline("A sweep on a Dask cluster", "sweep", "sweep_cluster", _cluster, True),
    Headline("A full disk", "disk", "disk_refusals", _full_disk, True),
    Headline("Two processes on one cache", "disk", "disk_two_processes", _two_processes, True),
    Headline("Figure numbers in a second run, bit by bit", "reproducibility", "reproducibility", _same_numbers, True),
    Headline("Statistical tests under up to 200 keys", "keys", "keys", _keys, True),
    Headline("Faults planted by hand", "planted", "planted", lambda rows: "", True),
    Headline("Mutants", "mutations", "mutations", lambda rows: "", True),
    Headline("li2: accuracy law of the exact network, law minus drawn", "li2_labels", "li2_labels_law",
             lambda rows: "{law - drawn:.3f} at p, N = {p, N}".format(**max(rows, key=lambda r: abs(r["law - drawn"]))),
             ),
    Headline("Branch coverage of the package", "coverage", "coverage",
             lambda rows: "{percent:.1f} % of lines and branches by {tests} tests".format(**rows[-1]), True),
)  # fmt: skip
