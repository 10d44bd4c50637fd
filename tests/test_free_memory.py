"""Free memory as a container and a device tell it, from files laid out as the kernel lays them out."""

import jax
import pytest

from grok_theory import checks, free_memory
from grok_theory.errors import TooLarge
from grok_theory.free_memory import UNKNOWN, free_for_arrays, free_on_host

GIB = 2**30


@pytest.fixture
def kernel(tmp_path):
    """Writes files of /proc and of the control groups; gives both folders."""

    def lay_out(available=64 * GIB, cgroup="", **files):
        proc, groups = tmp_path / "proc", tmp_path / "cgroup"
        (proc / "self").mkdir(parents=True)
        (proc / "meminfo").write_text(f"MemTotal: 99999999 kB\nMemAvailable:   {available // 1024} kB\n")
        (proc / "self" / "cgroup").write_text(cgroup)
        for name, text in files.get("groups", {}).items():
            (groups / name).parent.mkdir(parents=True, exist_ok=True)
            (groups / name).write_text(text)
        return proc, groups

    return lay_out


def test_without_a_limit_the_machine_says_what_is_free(kernel):
    unlimited = {"memory.max": "max\n", "memory.current": f"{GIB}\n"}
    assert free_on_host(*kernel(cgroup="0::/\n", groups=unlimited)) == 64 * GIB


def test_a_limit_of_version_two_counts_less_what_is_used_and_more_what_can_be_dropped(kernel):
    files = {
        "memory.max": f"{4 * GIB}\n",
        "memory.current": f"{3 * GIB}\n",
        "memory.stat": f"anon {GIB}\nfile {2 * GIB}\ninactive_file {GIB // 2}\nactive_file {GIB}\n",
    }
    assert free_on_host(*kernel(cgroup="0::/\n", groups=files)) == 1.5 * GIB


def test_the_tightest_of_all_groups_above_decides(kernel):
    files = {
        "user/job/memory.max": f"{40 * GIB}\n",
        "user/job/memory.current": f"{GIB}\n",
        "user/memory.max": f"{8 * GIB}\n",
        "user/memory.current": f"{6 * GIB}\n",
    }
    assert free_on_host(*kernel(cgroup="0::/user/job\n", groups=files)) == 2 * GIB


def test_a_limit_of_version_one(kernel):
    files = {
        "memory/box/memory.limit_in_bytes": f"{2 * GIB}\n",
        "memory/box/memory.usage_in_bytes": f"{GIB}\n",
        "memory/box/memory.stat": f"inactive_file 5\ntotal_inactive_file {GIB // 4}\n",
        "memory/memory.limit_in_bytes": "9223372036854771712\n",
        "memory/memory.usage_in_bytes": f"{30 * GIB}\n",
    }
    cgroup = "5:cpu,cpuacct:/box\n4:memory:/box\n1:name=systemd:/box\n"
    assert free_on_host(*kernel(cgroup=cgroup, groups=files)) == 1.25 * GIB


def test_the_machine_can_have_less_than_the_limit(kernel):
    files = {"memory.max": f"{64 * GIB}\n", "memory.current": "0\n"}
    assert free_on_host(*kernel(available=GIB, cgroup="0::/\n", groups=files)) == GIB


def test_beyond_its_limit_nothing_is_free(kernel):
    files = {"memory.max": f"{GIB}\n", "memory.current": f"{2 * GIB}\n"}
    assert free_on_host(*kernel(cgroup="0::/\n", groups=files)) == 0


def test_where_nothing_tells_only_absurd_sizes_are_refused(tmp_path):
    assert free_on_host(tmp_path / "none", tmp_path / "none") == UNKNOWN


class Device:
    def __init__(self, platform, stats):
        self.platform, self.memory_stats = platform, lambda: stats


@pytest.mark.parametrize(
    ("device", "free"),
    [
        (Device("gpu", {"bytes_limit": 8 * GIB, "bytes_in_use": 3 * GIB}), 5 * GIB),
        (Device("gpu", None), 2 * GIB),
        (Device("cpu", {"bytes_limit": 8 * GIB, "bytes_in_use": 0}), 2 * GIB),
    ],
    ids=["an accelerator", "one that tells nothing", "a CPU"],
)
def test_arrays_live_where_jax_computes(monkeypatch, device, free):
    monkeypatch.setattr(jax, "local_devices", lambda: [device])
    monkeypatch.setattr(free_memory, "free_on_host", lambda: 2.0 * GIB)
    assert free_for_arrays() == free


def test_a_door_refuses_what_the_container_would_kill(monkeypatch):
    monkeypatch.setattr(checks, "free_for_arrays", lambda: 1.0 * GIB)
    checks.check_memory("The kernel", 0.7 * GIB, "Pass fewer rows.")
    with pytest.raises(TooLarge, match=r"The kernel needs 0.9 GiB, but only 1 GiB are free. Pass fewer rows."):
        checks.check_memory("The kernel", 0.9 * GIB, "Pass fewer rows.")
