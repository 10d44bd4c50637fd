"""A user's own table of runs becomes an Ensemble, and one that is none is refused by file, line and column."""

import numpy as np
import pytest

from grok_theory.errors import BadValue
from grok_theory.results import Dynamics, Ensemble

FLOW = Dynamics("gradient flow")
PROBLEM = Dynamics("stands for a problem", {"gain": 0.1 + 0.2})


def write(path, text):
    path.write_text(text)
    return path


def from_csv(path, **more):
    arguments = {"problem": PROBLEM, "dynamics": FLOW, "x": "step", "curves": {"test_loss": "val"}, "run": "seed"}
    return Ensemble.from_csv(path, **(arguments | more))


def test_runs_from_a_table(tmp_path):
    path = write(tmp_path / "log.csv", "seed,step,val\n1,0,3\n1,10,2\nb,0,4\nb,10,0.5\n")
    ensemble = from_csv(path)
    np.testing.assert_array_equal(ensemble["test_loss"], [[3, 2], [4, 0.5]])
    assert ensemble.x_name == "step"
    one = from_csv(write(tmp_path / "one.csv", "step,val\n0,3\n10,2\n"), run=None)
    assert one.runs == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("seed,step,val\n1,0,3\n1,10,oops\n", r"log\.csv, line 3: val is 'oops', but it must be a number"),
        ("seed,step,val\n1,0,\n", "line 2: val is ''"),
        ("seed,step\n1,0\n", r"no column 'val'; its columns are \['seed', 'step'\]"),
        ("seed,step,val\n1,0,3\n2,1,3\n", "run '2' has other values of step than run '1'"),
        ("seed,step,val\n", "has no rows"),
        ("", "no column 'step'"),
    ],
)
def test_a_table_that_is_none_is_refused(tmp_path, text, message):
    with pytest.raises(BadValue, match=message):
        from_csv(write(tmp_path / "log.csv", text))
    with pytest.raises(BadValue, match="cannot be read"):
        from_csv(tmp_path / "missing.csv")
