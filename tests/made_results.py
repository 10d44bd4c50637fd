"""One small result of every kind, for tests of files."""

import numpy as np

import grok_theory as gt
from grok_theory.named_axes import Field
from grok_theory.results import Ensemble, Solution
from grok_theory.status import Status

TIMES = np.array([0.0, 0.5, 2.0, 7.0])


def solution():
    problem = gt.linear.TeacherStudent(samples_per_dim=0.5, snr=5.0)
    return Solution(
        problem,
        TIMES,
        {"test_loss": np.exp(-TIMES), "train_loss": np.exp(-2 * TIMES)},
        "time",
        gt.GradientFlow(),
        gt.linear.SpectralQuadrature(),
        x_unit="tau",
        numerical_error={"test_loss": 1e-15 * np.exp(-TIMES)},
        fields={"memory": Field(np.ones((4, 4)), ("time", "earlier"))},
        status=Status(np.int8(0), noted="Far out.", failed="Not converged."),
        stats={"nodes": 12, "source": "by hand"},
    )


def ensemble():
    curves = {"test_loss": np.exp(-TIMES) * np.array([[1.0], [1.1], [0.9]])}
    return Ensemble(solution().problem, TIMES, curves, "time", gt.GradientFlow(), "tau")


def agreement():
    return gt.compare(solution(), ensemble(), margin=0.5, curves=["test_loss"])


def log():
    runs = {
        f"seed {i}": {"train": gt.Record(TIMES, np.exp(-i - TIMES)), "test": gt.Record(TIMES, TIMES)} for i in (0, 1)
    }
    columns = {"x": "step", "train": "loss", "test": "val_loss", "run": "seed"}
    return gt.Log(
        runs,
        columns,
        ("x",),
        {"seed 2": "nan"},
        ("a note",),
        x_name="time",
        x_unit="tau",
        config={"batch_size": 32},
        dynamics=gt.GradientDescent(0.1),
        conversions=("time [tau] = 0.1 x step",),
    )


def forecast():
    train, test = 1 - np.exp(-TIMES), np.array([0.0, 0.0, 0.0, 0.1])
    goal = {"train_threshold": 0.5, "test_threshold": 0.9, "rising": True, "chance": 0.05}
    return gt.observables.forecast_delay(TIMES, train, test, **goal)


def load(content, tmp_path):
    """What is read from a file with these bytes."""
    path = tmp_path / "result.npz"
    path.write_bytes(content)
    return gt.load(path)
