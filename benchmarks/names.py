"""Which benchmarks there are, and which of them are too long for every day."""

from __future__ import annotations

from pathlib import Path

NAMES = sorted(p.stem for p in Path(__file__).parent.glob("*.py") if "\ndef main(out: Path" in p.read_text())
# Run by name, or with --all.
LONG = {
    "coverage": "twenty minutes",
    "keys": "half an hour",
    "lazy_rich_descent": "half an hour",
    "lazy_rich_dmft_error": "a quarter of an hour",
    "mutations": "two hours",
    "numerical_error": "more than an hour",
    "numerical_error_best_of_k": "half an hour",
    "numerical_error_lazy_rich": "ten minutes with the kept truths",
    "planted": "an hour",
    "tickets": "ten minutes",
}
SHORT = [name for name in NAMES if name not in LONG]
