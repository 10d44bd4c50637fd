"""Ctrl-C at any moment of any command: one sentence, exit code 130, nothing half-written, nobody left working."""

import os
import random
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LINEAR = ["linear.TeacherStudent", "samples_per_dim=0.5", "snr=5"]
CLI = ["-m", "grok_theory.cli"]
# Program, words, and the seconds within which it is interrupted; what ends earlier by itself was too quick.
COMMANDS = {
    "validate": ([*CLI, "validate", *LINEAR, "dim=800", "--runs", "100000", "--times", "0.1:10:3"], 4.0),
    "solve": ([*CLI, "solve", *LINEAR, "--times", "0.1:10:20000", "--out", "solution.npz", "--json"], 4.0),
    "formulas": ([*CLI, "formulas", "--check", "--examples", "1000"], 4.0),
    "doctor": ([*CLI, "doctor"], 1.0),
    "judge": ([*CLI, "judge", "answers.csv"], 2.0),
    "delay": ([*CLI, "delay", "log.csv", "--train-threshold", "0.1", "--test-threshold", "0.3"], 1.0),
    "dmft": (
        [*CLI, "solve", "lazy_rich.QuadraticCommittee", "output_scale=1", "curvature=1", "samples_per_dim=2"],
        6.0,
    ),
    "figures": (["-m", "paper_figures", "--size", "full", "--out", "out", "--cache", "cache"], 6.0),
    "benchmarks": (["-m", "benchmarks", "robustness", "--quick", "--out", "out"], 6.0),
    "figures by the command": ([*CLI, "figures", "--fresh", "--out", "out", "--cache", "cache"], 4.0),
}
QUICK = ["validate", "solve", "formulas", "judge", "figures"]
TRIES = [*QUICK, *(list(COMMANDS)[i % len(COMMANDS)] for i in range(50 - len(QUICK)))]


@pytest.fixture
def start(tmp_path):
    """Start a program in a folder and session of its own; it is in charge of its signals when this returns."""
    (tmp_path / "answers.csv").write_text(
        "prompt,score,value\n" + "".join(f"{p},{p * s % 7},{s % 2}\n" for p in range(1, 9) for s in range(64))
    )
    (tmp_path / "log.csv").write_text(
        "step,train_loss,test_loss\n" + "".join(f"{i},{1 / (1 + i)},{1 / (1 + i / 50)}\n" for i in range(400))
    )

    def call(words):
        process = subprocess.Popen(
            [sys.executable, *words], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            start_new_session=True, env=os.environ | {"PYTHONPATH": str(ROOT)},
        )  # fmt: skip
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and process.poll() is None and threads(process.pid) < 2:
            time.sleep(0.001)
        return process

    return call


def threads(pid):
    """The second one listens to signals."""
    try:
        return len(os.listdir(f"/proc/{pid}/task"))
    except FileNotFoundError:
        return 0


def session(leader):
    """Processes of a session that still run."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, _, number = stat.read_text().rpartition(")")[2].split()[:4]
        except (OSError, ValueError):
            continue
        if int(number) == leader and state != "Z":
            found.append((stat.parent / "cmdline").read_bytes())
    return found


def left_alone(process):
    """Does nobody of it work on? Workers look for their parent twice a second."""
    deadline = time.monotonic() + 10
    while session(process.pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    return session(process.pid)


pytestmark = pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="reads /proc")


@pytest.mark.parametrize(
    ("number", "command"),
    [pytest.param(i, c, marks=[] if i < len(QUICK) else pytest.mark.slow) for i, c in enumerate(TRIES)],
)
def test_ctrl_c_at_a_random_moment(start, tmp_path, number, command):
    words, seconds = COMMANDS[command]
    # A new moment in every run: here chance widens what is looked at, and nothing right can fail by it.
    moment = random.Random(os.urandom(8)).uniform(0, seconds)
    process = start(words)
    time.sleep(moment)
    ended = process.poll() is not None
    if not ended:
        # A terminal sends it to all of the command's processes, `kill` to one.
        (os.killpg if number % 2 else os.kill)(process.pid, signal.SIGINT)
    out, said = process.communicate(timeout=60)
    if ended:
        assert process.returncode == 0, (moment, said)
        return
    if process.returncode == 0:  # all was said and done before the signal was heard
        again = start(words).communicate(timeout=60)
        assert (out.count("\n"), said) == (again[0].count("\n"), again[1]), moment
        return
    assert process.returncode == 130, (moment, process.returncode, said)
    assert re.fullmatch(r"Interrupted[^\n]*\.\n", said), (moment, said)
    assert "Traceback" not in out
    assert not left_alone(process), moment
    assert not [*tmp_path.rglob(".*.part")], moment


def test_a_file_that_is_being_written_is_not_left_half_done(start, tmp_path):
    (tmp_path / "a.csv").write_text("what was there")
    code = (
        "import os, sys, time; from grok_theory import cli\n"
        "os.fsync = lambda file: (print('writing', flush=True), time.sleep(60))\n"
        f"sys.argv[1:] = ['solve', *{LINEAR}, '--times', '1,2', '--out', 'a.csv']\n"
        "cli.main()"
    )
    process = start(["-c", code])
    assert process.stdout.readline() == "writing\n"
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGINT)  # out of patience
    _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (130, "Interrupted; what was finished is kept.\n")
    assert (tmp_path / "a.csv").read_text() == "what was there"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.csv", "answers.csv", "log.csv"]


def test_a_call_back_out_of_compiled_code_cannot_swallow_it(start):
    code = (
        "import sys, time; import grok_theory as gt; from grok_theory import cli\n"
        "import jax, numpy as np\n"
        "def slow(x):\n"
        "    print('inside', flush=True)\n"
        "    for _ in range(6000): time.sleep(0.01)\n"
        "    return np.float32(x)\n"
        "wait = jax.jit(lambda x: jax.pure_callback(slow, jax.ShapeDtypeStruct((), 'float32'), x))\n"
        "gt.linear.solve = lambda problem, times: wait(np.float32(1.0)).block_until_ready()\n"
        f"sys.argv[1:] = ['solve', *{LINEAR}]\n"
        "cli.main()"
    )
    process = start(["-c", code])
    assert process.stdout.readline() == "inside\n"
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (130, "Interrupted; what was finished is kept.\n")


def test_sigterm_is_143_and_an_ignored_signal_stays_ignored(start):
    process = start([*CLI, "solve", *LINEAR, "--times", "0.1:10:20000"])
    process.terminate()
    _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (143, "Terminated; what was finished is kept.\n")
    code = (
        "import signal, sys; from grok_theory import cli\n"
        "signal.signal(signal.SIGINT, signal.SIG_IGN)\n"  # as nohup does
        "sys.argv[1:] = ['solve']; cli.main()"
    )
    process = start(["-c", code])
    process.send_signal(signal.SIGINT)
    out, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (0, "")
    assert "linear.TeacherStudent" in out


def test_a_terminal_gets_its_cursor_back(tmp_path):
    pty = pytest.importorskip("pty")
    words = [sys.executable, *COMMANDS["validate"][0]]
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(words[0], words, os.environ | {"PYTHONPATH": str(ROOT), "TERM": "xterm"})
    seen = b""
    while b"\x1b[?25l" not in seen:  # the waiting line hides it
        seen += os.read(terminal, 1000)
    os.write(terminal, b"\x03")
    try:
        while chunk := os.read(terminal, 1000):
            seen += chunk
    except OSError:  # how Linux says that the other side has gone
        pass
    os.close(terminal)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 130
    assert seen.rindex(b"\x1b[?25h") > seen.rindex(b"\x1b[?25l")
    assert seen.endswith(b"Interrupted; what was finished is kept.\r\n")
