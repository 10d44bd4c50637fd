"""`grok-theory formulas`: lists, shows, verifies, and fails where a formula does."""

import dataclasses
import json

from grok_theory.formulas import register


def test_lists_every_formula(run):
    code, out, _ = run("formulas", "--json")
    rows = json.loads(out)
    assert code == 0
    assert [row["name"] for row in rows] == list(register())
    assert all(row["oracle"] and row["source"] and row["domain"] for row in rows)


def test_a_wing_is_a_shorter_list(run):
    code, out, _ = run("formulas", "li2")
    assert code == 0
    assert "li2.mirrored_residual" in out
    assert "linear." not in out


def test_shows_one_and_verifies_it(run):
    code, out, _ = run("formulas", "kernel_spectrum", "--examples", "2")
    assert code == 0
    assert "printed 0.03125, here 0.0078125, oracle 0.0078125" in out
    assert "holds: lazy_rich.kernel_spectrum is its oracle" in out
    assert "worst     relative error" in out
    found = json.loads(run("formulas", "margin_time", "--examples", "5", "--json")[1])
    assert found["holds"]
    assert found["worst"] < 1e-13
    assert found["sympy"].startswith("(exp(margin)")


def test_a_mistyped_name_names_near_ones(run):
    code, out, err = run("formulas", "mergin_time")
    assert (code, out) == (2, "")
    assert "Did you mean observables.margin_time?" in err


def test_a_formula_that_fails_is_exit_code_1(run, monkeypatch):
    entry = register()["observables.margin_time"]
    wrong = dataclasses.replace(entry, call=lambda g, c: g, oracle=lambda g, c: g + 1)
    monkeypatch.setitem(register(), "observables.margin_time", wrong)
    code, out, _ = run("formulas", "margin_time", "--examples", "2")
    assert code == 1
    assert "does not hold: observables.margin_time" in out
    monkeypatch.setattr("grok_theory.formulas.register", lambda: {wrong.name: wrong})
    code, out, _ = run("formulas", "observables", "--check", "--examples", "2")
    assert code == 1
    assert "FAILS" in out
