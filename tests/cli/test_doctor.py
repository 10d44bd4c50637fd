"""`grok-theory doctor`: what would go wrong on this machine, said before it does."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from grok_theory.cli import doctor, repeatability, slowness


def test_doctor_finds_this_machine_good_on_every_device(run, monkeypatch):
    monkeypatch.setenv("XLA_FLAGS", "--xla_force_host_platform_device_count=2")
    code, out, _ = run("doctor", "--json")
    found = json.loads(out)
    assert code == 0, out
    assert found["good"]
    names = [check["name"] for check in found["self_test"]["checks"]]
    assert [sum(name.endswith(device) for name in names) for device in ("cpu:0", "cpu:1")] == [6, 6]
    assert found["versions"]["numpy"] == np.__version__
    speeds = [check for check in found["self_test"]["checks"] if check["name"].startswith("speed")]
    assert all(0.2 < check["float64 over float32"] < 100 for check in speeds)
    assert all(1e-8 < check["seconds a step"] < 1e-2 for check in speeds)
    assert isinstance(found["slow"], list)


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


def test_what_would_be_slow_is_named_with_its_remedy(monkeypatch):
    for name in [name for name in os.environ if name.startswith("JAX_")]:
        monkeypatch.delenv(name)
    monkeypatch.setattr(slowness, "allowed_cores", lambda: float(os.cpu_count()))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    cpu = {"name": "speed on cpu:0", "float64 over float32": 2.0, "seconds a step": 3e-7}
    gpu = {"name": "speed on gpu:0", "float64 over float32": 33.0, "seconds a step": 1e-5}
    assert slowness.slow_things([cpu], "kept") == []
    weak, steps = slowness.slow_things([cpu, gpu], "kept")
    assert "gpu:0 takes 33 times as long in float64" in weak
    assert "JAX_PLATFORMS=cpu" in weak
    assert "gpu:0 needs 10 us" in steps
    (uncached,) = slowness.slow_things([cpu], "off: JAX_ENABLE_COMPILATION_CACHE is false")
    assert "JAX_ENABLE_COMPILATION_CACHE is false" in uncached
    monkeypatch.setenv("JAX_DISABLE_JIT", "True")
    (switch,) = slowness.slow_things([cpu], "kept")
    assert switch.startswith("JAX_DISABLE_JIT is set")
    monkeypatch.delenv("JAX_DISABLE_JIT")
    monkeypatch.setattr(slowness, "allowed_cores", lambda: 0.5)
    monkeypatch.setenv("OMP_NUM_THREADS", "4")
    cores, threads = slowness.slow_things([cpu], "kept")
    assert "may use 0.5 of" in cores
    assert "OMP_NUM_THREADS is 4, more than 0.5 cores: set it to 1." in threads


def test_the_doctor_says_whether_compiled_programs_are_kept(run, monkeypatch, tmp_path):
    monkeypatch.setattr(doctor, "_self_test", lambda seconds: {"good": True, "checks": [], "said": ""})
    monkeypatch.setenv("JAX_ENABLE_COMPILATION_CACHE", "false")
    code, out, _ = run("doctor", "--json")
    found = json.loads(out)
    assert code == 0
    assert found["machine"]["compiled programs"] == "off: JAX_ENABLE_COMPILATION_CACHE is false"
    assert "not kept" in found["slow"][-1]
    monkeypatch.delenv("JAX_ENABLE_COMPILATION_CACHE")
    monkeypatch.delenv("JAX_COMPILATION_CACHE_DIR", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    _, out, _ = run("doctor", "--json")
    assert json.loads(out)["machine"]["compiled programs"].startswith(f"kept, in {tmp_path}")
    assert not list(tmp_path.iterdir()), "looking makes nothing"


def test_a_gpu_that_adds_in_no_fixed_order_is_named(monkeypatch):
    checks = [{"name": "float64 on cpu:0"}, {"name": "float64 on gpu:0"}, {"name": "speed on gpu:0"}]
    monkeypatch.delenv("XLA_FLAGS", raising=False)
    (said,) = repeatability.unrepeatable_things(checks)
    assert said.startswith("gpu:0 adds rows")
    assert "XLA_FLAGS=--xla_gpu_deterministic_ops=true" in said
    assert repeatability.unrepeatable_things(checks[:1]) == []
    monkeypatch.setenv("XLA_FLAGS", "--xla_gpu_deterministic_ops=false")
    assert repeatability.unrepeatable_things(checks)
    monkeypatch.setenv("XLA_FLAGS", "--xla_dump_to=x --xla_gpu_deterministic_ops=true")
    assert repeatability.unrepeatable_things(checks) == []
