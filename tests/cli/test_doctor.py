"""`grok-theory doctor`: what would go wrong on this machine, said before it does."""

import json
import subprocess
import sys

import numpy as np
import pytest

from grok_theory.cli import doctor


def test_doctor_finds_this_machine_good_on_every_device(run, monkeypatch):
    monkeypatch.setenv("XLA_FLAGS", "--xla_force_host_platform_device_count=2")
    code, out, _ = run("doctor", "--json")
    found = json.loads(out)
    assert code == 0, out
    assert found["good"]
    names = [check["name"] for check in found["self_test"]["checks"]]
    assert [sum(name.endswith(device) for name in names) for device in ("cpu:0", "cpu:1")] == [5, 5]
    assert found["versions"]["numpy"] == np.__version__


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "killed by signal 11"),
        ("import time; time.sleep(60)", "not done after 1 s"),
        ('print(\'{"name": "x", "good": false, "measured": "1"}\')', "WRONG"),
        ("raise RuntimeError('no device')", "RuntimeError: no device"),
    ],
)
def test_doctor_turns_a_broken_jax_into_a_red_line(run, monkeypatch, script, words):
    real = subprocess.run
    monkeypatch.setattr(doctor.subprocess, "run", lambda line, **more: real([sys.executable, "-c", script], **more))
    code, out, _ = run("doctor", "--seconds", "1")
    assert code == 1
    assert words in out
    assert "not good" in out


def test_doctor_knows_the_versions_that_crash(run, monkeypatch):
    monkeypatch.setattr(doctor, "version", lambda name: "0.11.0" if name == "jaxlib" else "1.0")
    monkeypatch.setattr(doctor, "_self_test", lambda seconds: {"good": True, "checks": [], "said": ""})
    code, out, _ = run("doctor")
    assert code == 1
    assert "jaxlib 0.11.0 is known to crash" in out
