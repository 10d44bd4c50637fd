"""`python -m docs.making.explorer`: solve the map of the explorer again, into docs/explorer/map.js (some minutes).

The explorer's page evaluates closed forms by itself, and looks the mean-field theory up in this map. `differences`
holds what a page shows to the package: it runs the very code that the page shows.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

FOLDER = Path(__file__).parents[1] / "explorer"
MAP = FOLDER / "map.js"
# All nine scrambles: two have a scatter, but Student's factor for it is 45.
METHOD = "DMFT()"
FIXED = {"curvature": 0.3, "teacher_overlap": 0.1}
SCALES = [0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0]
SAMPLES = [1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 6.0]
TIMES = np.append(0.0, np.geomspace(0.1, 1000.0, 33))
# Relative; the map holds four digits, and the theory of one Problem depends on the machine's rounding by less.
ALLOWED = {"linear": 1e-9, "best_of_k": 1e-9, "dmft": 2e-3}


def write_map() -> None:
    """Solve every cell; one whose solver has failed stops all."""
    import jax

    import grok_theory as gt
    from grok_theory.progress import counted

    jax.config.update("jax_enable_x64", True)
    method = eval(METHOD, {"DMFT": gt.lazy_rich.DMFT})
    losses: dict[str, list[list[list[float]]]] = {"train_loss": [], "test_loss": []}
    worst = 0.0
    for data in counted(SAMPLES, "rows of the map"):
        problems = [gt.lazy_rich.QuadraticCommittee(scale, samples_per_dim=data, **FIXED) for scale in SCALES]
        row = [gt.lazy_rich.solve(problem, TIMES, method=method) for problem in problems]
        for name, rows in losses.items():
            worst = max(worst, *(float(np.max(solved.numerical_error[name])) for solved in row))
            rows.append([[float(f"{value:.4g}") for value in np.asarray(solved[name])] for solved in row])
    held = {"method": METHOD, **FIXED, "output_scale": SCALES, "samples_per_dim": SAMPLES}
    held |= {"times": [float(f"{time:.6g}") for time in TIMES], "numerical_error": float(f"{worst:.2g}"), **losses}
    text = json.dumps(held, separators=(",", ":"))
    by = "// Made by `python -m docs.making.explorer`; not written by hand."
    MAP.write_text(f"{by}\nglobalThis.EXPLORER_MAP={text};\n", encoding="utf-8")


def differences(model: str, shown: dict[str, Any]) -> list[str]:
    """What a page shows and its own code does not give, a sentence each.

    `shown` has `code` (Python that assigns `theory`), `x` and `curves`, as the page draws them.
    """
    names: dict[str, Any] = {}
    exec(shown["code"], names)
    theory, wrong = names["theory"], []
    if not np.allclose(theory.x, shown["x"], rtol=1e-5, atol=0):
        wrong.append(f"{model}: the x of the page is not that of its code.")
    for name, values in shown["curves"].items():
        true = np.asarray(theory[name], float)
        # A loss that has decayed by thirty orders is gone: of e^-700 the exponent's rounding is seen.
        off = np.abs(np.array(values) - true) > ALLOWED[model] * np.abs(true) + (1e-6 if model == "dmft" else 1e-30)
        if off.any():
            at = int(np.argmax(off))
            wrong.append(f"{model}: {name} is {values[at]} in the page and {true[at]} by its code, at {theory.x[at]}.")
    return wrong


if __name__ == "__main__":
    write_map()
    print(f"{MAP}: {MAP.stat().st_size} bytes")
