"""Runs in plain NumPy that share no line with the package: a linear student, a committee, and what may differ."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import grok_theory as gt

TEST_SAMPLES = 1000


def regression(
    rng: np.random.Generator,
    x: np.ndarray,
    *,
    dim: int,
    samples_per_dim: float,
    snr: float,
    inr: float = 0.0,
    weight_decay: float = 0.0,
) -> tuple[np.ndarray, np.ndarray]:
    """(train, test) loss of a linear student by gradient flow, in the eigenbasis of its inputs."""
    samples = round(samples_per_dim * dim)
    inputs = rng.standard_normal((dim, samples)) / np.sqrt(dim)
    teacher, start = np.sqrt(snr) * rng.standard_normal(dim), np.sqrt(inr) * rng.standard_normal(dim)
    labels = teacher @ inputs + rng.standard_normal(samples)
    rates, basis = np.linalg.eigh(inputs @ inputs.T)
    rates = np.maximum(rates, 0.0) + weight_decay
    shrunk = np.exp(-rates * x[:, None])
    still = rates < 1e-12
    gained = np.where(still, x[:, None], (1 - shrunk) / np.where(still, 1.0, rates))
    weights = (shrunk * (basis.T @ start) + gained * (basis.T @ (inputs @ labels))) @ basis.T
    return np.mean((labels - weights @ inputs) ** 2, axis=1), 1 + np.mean((weights - teacher) ** 2, axis=1)


def committee(
    rng: np.random.Generator,
    x: np.ndarray,
    *,
    dim: int,
    width: int,
    rate: float,
    output_scale: float,
    curvature: float,
    samples_per_dim: float,
    teacher_overlap: float,
    batch: int | None = None,
    momentum: float = 0.0,
    noise: float = 0.0,
    activation: tuple[Callable, Callable] | None = None,
    teachers: int = 1,
    start: float = 1.0,
    readout: bool = False,
    decay: float = 0.0,
) -> tuple[np.ndarray, np.ndarray]:
    """(train, test) loss at steps `x` of a committee under descent, all weights explicit; test on fresh samples."""
    samples, eps = round(samples_per_dim * dim), curvature
    inputs, fresh = (rng.standard_normal((n, dim)) / np.sqrt(dim) for n in (samples, TEST_SAMPLES))
    betas = np.zeros((teachers, dim))
    betas[np.arange(teachers), np.arange(teachers)] = np.sqrt(dim / teachers)
    target = lambda z: 0.5 * np.sum((z @ betas.T) ** 2, axis=1)  # noqa: E731
    labels, wanted = target(inputs) + noise * rng.standard_normal(samples), target(fresh)
    signs = np.where(np.arange(width) % 2 == 0, 1.0, -1.0)
    bulk = rng.standard_normal((width, dim))
    weights = start * (teacher_overlap * np.outer(signs, betas[0]) + np.sqrt(1 - teacher_overlap**2) * bulk)
    phi, slope = activation or (lambda h: h + eps / 2 * h**2, lambda h: 1 + eps * h)
    above = np.ones(width)
    output = lambda z: output_scale / width * phi(z @ weights.T) @ above  # noqa: E731
    began, began_fresh = output(inputs), output(fresh)
    speed, speed_above, curves = np.zeros_like(weights), np.zeros(width), []
    for step in range(int(x[-1]) + 1):
        if step in x:
            train = np.mean((labels - output(inputs) + began) ** 2)
            curves.append((train, np.mean((wanted - output(fresh) + began_fresh) ** 2)))
        some = slice(None) if batch is None else rng.choice(samples, batch, replace=False)
        fields = inputs[some] @ weights.T
        missed = labels[some] - output_scale / width * phi(fields) @ above + began[some]
        unit = 2 * rate * dim / output_scale / len(missed)
        push = unit * (slope(fields) * (missed[:, None] * above)).T @ inputs[some]
        speed = momentum * speed + push
        if readout:
            speed_above = momentum * speed_above + unit * (missed @ phi(fields))
            above = above + speed_above
        weights = (1 - decay) * weights + speed
    return tuple(np.array(curves).T)  # type: ignore[return-value]


def log_of(curves: tuple[np.ndarray, np.ndarray], x: np.ndarray, x_name: str, x_unit: str) -> Any:
    """One run as `gt.read_log` would give it."""
    run = {
        name: gt.Record(np.asarray(x, float), values) for name, values in zip(("train", "test"), curves, strict=True)
    }
    columns = {"x": x_name, "train": "train_loss", "test": "test_loss", "run": None}
    return gt.Log({"": run}, columns, x_name=x_name, x_unit=x_unit)
