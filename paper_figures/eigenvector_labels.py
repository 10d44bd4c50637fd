"""Labels along an eigenvector of the starting kernel over training and test points together, and what learns them."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

LOSSES = ("train_loss", "test_loss")


def drawn_labels(random: np.random.Generator, parameters: Any, samples: int, index: int) -> tuple[Any, Any, Any]:
    """Of a draw: inputs (2 samples, D), starting weights (N, D), the unit eigenvector number `index` (1: the largest).

    The kernel is that of the drawn network, N neurons, less the mean of its entries, as in the authors' code.
    """
    inputs = random.standard_normal((2 * samples, parameters.dim)) / np.sqrt(parameters.dim)
    weights = random.standard_normal((parameters.width, parameters.dim))
    gram = tangent_gram(parameters, inputs, weights)
    return inputs, weights, np.linalg.eigh(gram - gram.mean())[1][:, -index]


def tangent_gram(parameters: Any, inputs: Any, weights: Any) -> Any:
    """The tangent kernel of the network on `inputs`, its factor alpha^2 / N with it."""
    from grok_theory.lazy_rich import tangent_kernel

    second, mean = weights.T @ weights / len(weights), weights.mean(0)
    kernel = tangent_kernel(inputs, inputs, second, mean, curvature=parameters.curvature)
    return np.asarray(parameters.output_scale**2 / len(weights) * kernel)


def learned(parameters: Any, samples: int, index: int, reads: np.ndarray) -> dict[str, np.ndarray]:
    """Of `runs` draws, half of whose points train: losses over their starts (run, read) of the network and, as
    "kernel NAME", of descent with the kernel of its start; "moved": how far the weights are from theirs at the end."""
    rows = [_one_draw(parameters, samples, index, reads, run) for run in range(parameters.runs)]
    return {name: np.stack([row[name] for row in rows]) for name in rows[0]}


def delays(reads: np.ndarray, step: dict[str, np.ndarray], whose: str = "") -> Any:
    """The `Delay` of the network's runs, or of its "kernel ", by when losses are for good below half their starts."""
    from grok_theory.observables import grokking_delay

    train, test = (step[f"{whose}{name}"] for name in LOSSES)
    return grokking_delay(reads, train, test, train_threshold=0.5, test_threshold=0.5, patience=np.inf)


def judged_by_kernel(step: dict[str, np.ndarray], reads: np.ndarray, margin: float, margin_train: float) -> dict:
    """What `compare` says of network and kernel, a run held against the kernel of its own draw.

    Of the test loss `margin` of its greatest value is allowed, of the train loss `margin_train` of its start.
    """
    from grok_theory import Absolute
    from paper_figures.verdicts import judged_differences

    kernel = {name: step[f"kernel {name}"] for name in LOSSES}
    sizes = dict(zip(LOSSES, (margin_train, margin * kernel["test_loss"].mean(0).max()), strict=True))
    margins = {name: Absolute(size) for name, size in sizes.items()}
    return judged_differences("step", reads, kernel, step, margin=margins)


def _one_draw(p: Any, samples: int, index: int, reads: np.ndarray, run: int) -> dict[str, np.ndarray]:
    inputs, weights, labels = drawn_labels(np.random.default_rng([p.key, samples, run]), p, samples, index)
    rate = p.learning_rate * p.width / p.output_scale**2
    # float32, as a network would be trained; the kernel's descent is exact.
    small = [np.asarray(part, np.float32) for part in (inputs, labels, weights)]
    halves = [(small[0][part], small[1][part]) for part in (slice(samples), slice(samples, None))]
    trained, kernel_descent = _compiled(p.curvature, p.output_scale, rate)
    found = trained((small[2], np.ones(p.width, np.float32)), *halves, reads)
    losses = {name: np.asarray(found[name], float) for name in LOSSES}
    gram, (seen, unseen) = tangent_gram(p, inputs, weights), np.split(labels, 2)
    outputs = kernel_descent(gram[:samples, :samples], seen, gram[samples:, :samples], reads, 2 * rate / samples)
    for name, told, truth in zip(LOSSES, outputs, (seen, unseen), strict=True):
        losses[f"kernel {name}"] = np.mean(np.square(np.asarray(told) - truth), axis=1)
    return {name: curve / curve[0] for name, curve in losses.items()} | {"moved": np.asarray(found["moved"])[-1]}


@cache
def _compiled(curvature: float, scale: float, rate: float) -> tuple[Any, Any]:
    """Training, and descent with a fixed kernel: compiled once for all draws of a size."""
    import jax
    import optax

    from grok_theory.kernels import gradient_descent
    from paper_figures.networks import committee_curves

    def trained(start, train, test, reads):
        how = {"scale": scale, "optimizer": optax.sgd(rate)}
        return committee_curves(start, train, test, reads, activation=lambda h: h + curvature / 2 * h**2, **how)

    def kernel_descent(kernel, labels, cross, reads, step_size):
        return gradient_descent(kernel, labels, cross, reads, step_size=step_size)

    return jax.jit(trained), jax.jit(kernel_descent)
