"""Doors of files: what is read from disk, and where something is to be written.

Bad input here is a file: cut, altered, of another program or version, forged with a checksum that fits. Or a place: a
folder, a device, an ending that says nothing.
"""

from __future__ import annotations

import atexit
import contextlib
import io
import os
import pickle
import random
import shutil
import tempfile
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np

import grok_theory as gt
from benchmarks.doors.door import Door
from benchmarks.forgeries import solutions
from grok_theory import storage
from grok_theory.cli import picture, solve
from grok_theory.sweeps.cache import Cache, sealed

_ADDRESS = "ab" * 20 + "-" + "0" * 16


def doors() -> list[Door]:
    folder = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    solution, ensemble = sample_solution(), sample_ensemble()
    good = solution.save(folder / "good.npz")
    results = {"solution": solution, "runs": ensemble, "verdict": sample_agreement()}
    return [
        Door("load", gt.load, {"path": good}, {}, {"path": _files(folder, good.read_bytes())}, {"path": str(folder)}),
        Door("load (no file)", gt.load, {"path": good}, {}, {"path": [*_places(folder, ".npz"), folder / "none.npz"]}),
        *(
            Door(f"save {name}", result.save, {"path": folder / "a.npz"}, {}, {"path": _places(folder, ".npz")})
            for name, result in results.items()
        ),
        Door(
            "solve --out",
            _solve,
            {"out": str(folder / "a.csv")},
            {},
            {"out": [str(place) for place in _places(folder, ".npz") if isinstance(place, (str, Path))]},
        ),
        Door(
            "--plot",
            lambda plot: picture.picture_path(plot, "plot"),
            {"plot": folder / "a.png"},
            {},
            {"plot": [*_places(folder, ".png"), folder / "a.jpg2", folder / "a.npz"]},
        ),
        Door(
            "sweep",
            lambda cache: gt.sweep(_square, [{"x": 1.0}], cache=cache, workers=1, batch=1, version="1"),
            {"cache": folder / "cache"},
            {},
            {"cache": ["", 3, True, good, good / "below", "a\0b"]},
        ),
        Door(
            "a cached result",
            lambda content: _cached(folder / "results", content),
            {"content": sealed({"y": 1.0}, _ADDRESS, {}, 0.0)},
            {},
            {"content": _spoiled(sealed({"y": 1.0}, _ADDRESS, {}, 0.0), 40) + _foreign()},
            {"content": str(folder / "results")},
        ),
    ]


def _square(problem: Any) -> Any:
    return problem["x"] ** 2


def _solve(out: str) -> None:
    with contextlib.redirect_stdout(io.StringIO()):
        solve.command("linear.TeacherStudent", ["samples_per_dim=0.5", "snr=5"], times="0.5,1", out=out)


def _cached(folder: Path, content: bytes) -> Any:
    cache = Cache(str(folder))
    storage.write_whole(cache.path(_ADDRESS), content)
    return cache.get(_ADDRESS)


def sample_solution() -> Any:
    """A Solution with arrays where JAX would have put them."""
    times = np.array([0.5, 1.0, 2.0])
    solved = gt.linear.solve(gt.linear.TeacherStudent(0.5, 5.0), jnp.asarray(times))
    return gt.Solution(
        solved.problem,
        times,
        {name: np.asarray(solved[name]) for name in ("test_loss", "train_loss")},
        solved.x_name,
        solved.dynamics,
        solved.method,
        x_unit=solved.x_unit,
        numerical_error={"test_loss": np.asarray(solved.numerical_error["test_loss"])},
        status=gt.Status(np.int8(0)),
    )


def sample_ensemble() -> Any:
    """Three runs around it."""
    solution = sample_solution()
    curves = {"test_loss": np.asarray(solution["test_loss"]) * np.array([[1.0], [1.1], [0.9]])}
    return gt.Ensemble(solution.problem, solution.x, curves, solution.x_name, solution.dynamics, solution.x_unit)


def sample_agreement() -> Any:
    """Of the two."""
    return gt.compare(sample_solution(), sample_ensemble(), margin=0.5)


def _files(folder: Path, good: bytes) -> list[Path]:
    """Files that are no result of this version, each under its own name."""
    contents = [content for _, content in solutions(good)] + _spoiled(good, 60) + _foreign()
    return [storage.write_whole(folder / "bad" / f"{i:03d}.npz", content) for i, content in enumerate(contents)]


def _spoiled(good: bytes, count: int) -> list[bytes]:
    """Bits flipped and ends cut, with the checksum that was right before."""
    draw = random.Random(7)
    flipped = []
    for _ in range(count):
        content = bytearray(good)
        content[draw.randrange(len(content))] ^= 1 << draw.randrange(8)
        flipped.append(bytes(content))
    return flipped + [good[: draw.randrange(len(good))] for _ in range(count // 2)] + [good + b"\0"]


def _foreign() -> list[bytes]:
    """What other programs write; and a record of ours that is no result."""
    buffer = io.BytesIO()
    np.savez(buffer, test_loss=np.ones(3))
    return [
        b"",
        b"step,test_loss\n0,1.0\n",
        b"\x89PNG\r\n\x1a\n" + bytes(100),
        pickle.dumps({"test_loss": [1.0]}),
        buffer.getvalue(),
        storage.pack({"test_loss": np.ones(3)}),
        storage.pack(gt.Status()),
        storage.pack([]),
    ]


def _places(folder: Path, ending: str) -> list[Any]:
    """Where nothing may be written, and nothing can be read from."""
    inside = folder / f"folder{ending}"
    inside.mkdir(exist_ok=True)
    pipe = folder / f"pipe{ending}"
    if not pipe.exists():
        os.mkfifo(pipe)
    ring = folder / f"ring{ending}"
    if not ring.is_symlink():
        ring.symlink_to(ring)
    devices = ["/dev/null", "/dev/full"] if Path("/dev/full").exists() else []
    return [
        *(folder, f"{folder}/", inside, f"{folder}/new{ending}/", pipe, folder / "a", folder / "a.txt"),
        *(folder / "a.npz.gz", folder / ending, ring, "", f"a\0{ending}", 3, True, None),
        *(folder / "good.npz" / f"below{ending}", *devices),
    ]
