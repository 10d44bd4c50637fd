"""Which benchmarks there are, and which of them may share the machine."""

from __future__ import annotations

from pathlib import Path

NAMES = sorted(p.stem for p in Path(__file__).parent.glob("*.py") if "\ndef main(out: Path" in p.read_text())
# What the tests are worth: by `make verify`, or by name.
OF_TESTS = ("coverage", "keys", "mutations", "planted")
# Counts and errors, longest first: what is timed has the machine for itself, these have a core each.
SIDE_BY_SIDE = (
    "compare",
    "lazy_rich_descent",
    "numerical_error_best_of_k",
    "robustness",
    "fits",
    "numerical_error",
    "lazy_rich_dmft_error",
    "numerical_error_lazy_rich",
    "formulas",
    "li2_sample_threshold",
    "li2_thresholds",
    "tickets",
    "best_of_k_prompts",
    "files",
    "bounds",
    "li2_labels",
)
ALONE = tuple(name for name in NAMES if name not in (*OF_TESTS, *SIDE_BY_SIDE))
