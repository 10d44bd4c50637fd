"""What `make` says while it fills an environment, and where that fails."""

import subprocess
import sys
from pathlib import Path

INSTALL = Path(__file__).parents[1] / ".ci" / "install"


def installed(lock: Path) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, INSTALL, lock, "--no-index"], capture_output=True, text=True, timeout=120)


def test_a_line_says_how_far_it_is(tmp_path):
    lock = tmp_path / "empty.lock"
    lock.write_text("# nothing\n")
    done = installed(lock)
    assert done.returncode == 0
    first, *_, last = done.stdout.splitlines()
    assert first.startswith(f"{lock}: 0 packages to find, 0:")
    assert last.startswith(f"{lock}: 0 packages are there, 0:")


def test_what_pip_said_is_shown_where_it_fails(tmp_path):
    lock = tmp_path / "wrong.lock"
    lock.write_text("no-such-package==1.0 --hash=sha256:" + 64 * "0" + "\n")
    done = installed(lock)
    assert done.returncode != 0
    assert "1 packages to find" in done.stdout
    assert "no-such-package" in done.stderr
    assert "pip failed" in done.stderr
