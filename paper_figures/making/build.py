"""Build one figure: steps from the cache or computed, picture, numbers, claims, and the record of how it was made."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from grok_theory import storage
from paper_figures.figure import Claim, Figure, Label, load_figure
from paper_figures.making import sources
from paper_figures.making.cache import Step, StepCache, address_of, plain_arrays
from paper_figures.making.output import write_numbers, write_picture
from paper_figures.making.parameters import make_parameters
from paper_figures.making.record import Order, circumstances, failed_record, head_of, processor_seconds
from paper_figures.making.theory_lines import theory_lines

Told = Callable[[str, str, float], None]


def build_figure(label: Label, order: Order, *, told: Told, warn: Callable[[str], None]) -> dict[str, Any]:
    """Build one figure and return its record, which is also written as `<name>.json`.

    A figure that fails does not raise: its record says `failed` and carries the traceback. `told(event, step,
    seconds)` hears of every step started and finished.
    """
    started = time.perf_counter()
    record = head_of(label, order)
    try:
        figure = load_figure(label)
        parameters = make_parameters(figure, order.size, order.settings)
        steps = _run_steps(figure, parameters, order, told, warn)
        receipt = _receipt(label, record, steps)
        kept = None if order.fresh else _unchanged(order.out, label.name, receipt)
        if kept is not None:
            return kept | {"unchanged": True}
        told("start", "drawing", 0.0)
        drawing = processor_seconds()
        record |= _write(figure, parameters, steps, order.out) | {"receipt": receipt, "status": "built"}
        drawing = processor_seconds() - drawing
        # Steps from the cache count with the time they took when they were computed.
        working = drawing + sum(step.cpu_seconds for step in steps.values())
        record |= circumstances(time.perf_counter() - started, working)
    except Exception as error:
        reason = "".join(traceback.format_exception(error)).rstrip()
        record = failed_record(label, order, f"{type(error).__name__}: {error}", reason)
    storage.write_whole(order.out / f"{label.name}.json", json.dumps(record, indent=1).encode())
    return record


def _run_steps(
    figure: Figure, parameters: Any, order: Order, told: Told, warn: Callable[[str], None]
) -> dict[str, Step]:
    cache = StepCache(order.cache, warn)
    text = sources.computing_text(figure.label.path)
    common = {
        "figure": figure.name,
        "parameters": described(parameters),
        "text": text,
        "theory": sources.theory_hash(text),
        "circumstances": sources.circumstances(),
    }
    done = {}
    for name, compute in figure.steps(parameters).items():
        address = address_of(step=name, **common)
        step = None if order.fresh else cache.get(figure.name, name, address)
        if step is None:
            told("start", name, 0.0)
            began, working = time.perf_counter(), processor_seconds()
            arrays = plain_arrays(figure.name, name, compute())
            took = time.perf_counter() - began, processor_seconds() - working
            step = cache.put(figure.name, name, address, arrays, *took)
        told("cached" if step.cached else "done", name, step.seconds)
        done[name] = step
    return done


def _write(figure: Figure, parameters: Any, steps: dict[str, Step], out: Path) -> dict[str, Any]:
    data = {name: step.arrays for name, step in steps.items()}
    claims = figure.claims(parameters, data)
    for claim in claims:
        if not isinstance(claim, Claim):
            raise TypeError(
                f"claims of {figure.name} returned a {type(claim).__name__}; it must return a list of Claim."
            )
    files = write_numbers(figure.name, data, out)
    files |= write_picture(figure, parameters, data, out)
    code = storage.write_whole(out / f"{figure.name}.py", figure.label.path.read_bytes())
    files["code"] = code.name
    return {
        "parameters": described(parameters),
        "theory_lines": theory_lines(figure.label.path, described(parameters)),
        "keys": {n: v for n, v in described(parameters).items() if n.split("_")[-1] in ("key", "seed")},
        "claims": [dataclasses.asdict(claim) for claim in claims],
        "steps": {n: {"seconds": s.seconds, "computed": s.computed, "address": s.address} for n, s in steps.items()},
        "files": files,
        "checksums": {name: _checksum(out / name) for name in _all_names(files)},
    }


def described(parameters: Any) -> dict[str, Any]:
    """The fields of a Parameters object as JSON values; what JSON does not know is shown by its repr."""

    def plain(value: Any) -> Any:
        if isinstance(value, np.ndarray | np.generic):
            return value.tolist()
        if isinstance(value, tuple | list):
            return [plain(part) for part in value]
        return value if value is None or isinstance(value, bool | int | float | str) else repr(value)

    return {field.name: plain(getattr(parameters, field.name)) for field in dataclasses.fields(parameters)}


def _receipt(label: Label, record: dict[str, Any], steps: dict[str, Step]) -> str:
    """What the written files depend on; the same receipt and whole files need no second drawing."""
    drawing = [sources.PACKAGE / "style.mplstyle", *sorted((sources.PACKAGE / "plot").glob("*.py"))]
    framework = [Path(__file__), Path(__file__).with_name("output.py"), *drawing]
    return address_of(
        record=record,
        steps={name: step.address for name, step in steps.items()},
        texts=[_checksum(path) for path in (label.path, *framework)],
        versions=sources.versions(),
    )


def _unchanged(out: Path, name: str, receipt: str) -> dict[str, Any] | None:
    try:
        record = json.loads((out / f"{name}.json").read_bytes())
        whole = record["receipt"] == receipt and all(_checksum(out / n) == s for n, s in record["checksums"].items())
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):  # of another time, or not ours
        return None
    return record if whole else None


def _all_names(files: dict[str, Any]) -> Sequence[str]:
    names = [files["png"], files["pdf"], files["npz"], *files["csv"], files["code"]]
    return [str(name) for name in names]


def _checksum(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
