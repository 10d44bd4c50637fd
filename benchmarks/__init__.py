"""Accuracy, speed, scaling, robustness: measured by commands, never typed in.

Every module here has `main(out: Path, *, quick: bool) -> None`: it prints its table and writes `<name>.json` below
`out`. `python -m benchmarks [names] [--quick] [--out DIR]` runs them.
"""
