"""One-pass descent from the command line: written as in Python, with samples that never end."""

import json

import numpy as np

from grok_theory.linear import CorrelatedInputs, OnePass, solve

FIELDS = ["linear.CorrelatedInputs", "spectrum=1,0.5,0.2", "target=1,1,1", "samples=inf", "noise=0.3"]
HOW = ["--times", "0,10,60", "--dynamics", "OnePass(0.3,2)"]


def test_the_command_line_solves_forecasts_and_validates(run):
    code, out, _ = run("solve", *FIELDS, *HOW, "--json")
    assert code == 0
    problem = CorrelatedInputs([1.0, 0.5, 0.2], np.ones(3), samples=np.inf, noise=0.3)
    theory = solve(problem, [0, 10, 60], dynamics=OnePass(0.3, 2))
    assert json.loads(out)["curves"]["test_loss"] == np.asarray(theory["test_loss"]).tolist()
    code, out, _ = run("predict", *FIELDS, *HOW, "--draws", "24")
    assert code == 0, out
    code, out, _ = run("validate", *FIELDS, *HOW, "--runs", "400", "--margin", "0.3", "--curve", "test_loss")
    assert code == 0, out
    assert "test_loss  agrees" in out
    code, _, err = run("solve", *FIELDS[:3], "samples=9", "noise=0.3", *HOW)
    assert code == 2
    assert err.startswith("samples is 9.0, but OnePass draws every sample afresh")
