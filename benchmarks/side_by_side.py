"""Five calls beside what a user would pick instead: CPU seconds and errors of both, in one run, after compilation.

Errors are relative and against something better than both: 25 digits (quadrature, kernel), float64 (training), eight
times the paths (DMFT). Where the other way is a mean over draws, its time is given for a stated error as well.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import mpmath as mp
import numpy as np

from benchmarks.best_of_k import monte_carlo
from benchmarks.kernels import textbook_tangent_kernel
from benchmarks.li2_training import numpy_run
from benchmarks.linear import quad_curves
from benchmarks.report import Headline, Rows, publish
from grok_theory import GradientDescent, best_of_k, li2, linear
from grok_theory.kernels import FullyConnected, ntk
from grok_theory.lazy_rich import DMFT, ExactReduction, QuadraticCommittee, simulate, solve


def main(out: Path, *, quick: bool) -> None:
    """Print the table and write `side_by_side.json` below `out`."""
    found = [each(quick) for each in (against_quad, against_monte_carlo, against_numpy, against_textbook, against_runs)]
    publish("side_by_side", "Five calls beside what a user would pick instead", found, out)


def _seconds(*calls: Callable[[], Any], repeats: int = 3) -> list[float]:
    """Least CPU seconds of each, in turns, so that a busy machine hits all of them; the first turn compiles."""
    best = [np.inf] * len(calls)
    for turn in range(repeats + 1):
        for index, call in enumerate(calls):
            begun = time.process_time()
            jax.block_until_ready(jax.tree_util.tree_leaves(call()))
            if turn or repeats == 0:
                best[index] = min(best[index], time.process_time() - begun)
    return best


def _row(
    call: str, other: str, seconds: list[float], errors: tuple[float, float], equal: float | None = None
) -> dict[str, Any]:
    """`equal`: the error at which the other way is timed too, its error falling as one over the root of its time."""
    ours, theirs = seconds
    needed = theirs * (errors[1] / equal) ** 2 / ours if equal else np.nan
    return {
        "call": call, "instead": other, "seconds": ours, "instead, seconds": theirs, "times as long": theirs / ours,
        "error": errors[0], "instead, error": errors[1], "equal error": equal or np.nan,
        "times as long for it": needed,
    }  # fmt: skip


def against_quad(quick: bool) -> dict[str, Any]:
    """TeacherStudent at ratios .5, 1, 2, test loss; the worst of ten times against 25 digits."""
    times, ratios = np.geomspace(0.01, 1e4, 20 if quick else 200), (0.5, 1.0, 2.0)
    kept = np.linspace(0, len(times) - 1, 3 if quick else 10).astype(int)

    def ours():
        return [linear.solve(linear.TeacherStudent(alpha, 5.0), times)["test_loss"] for alpha in ratios]

    def theirs():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it warns where it fails
            return [quad_curves(alpha, 5.0, times)[1] for alpha in ratios]

    exact = [np.array([_exact_test_loss(alpha, 5.0, t) for t in times[kept]]) for alpha in ratios]
    seconds = _seconds(ours, theirs, repeats=1)
    seconds[0] = _seconds(ours, repeats=10)[0]
    errors = (
        max(float(np.max(np.abs(np.asarray(curve)[kept] / true - 1))) for curve, true in zip(way(), exact, strict=True))
        for way in (ours, theirs)
    )
    return _row(f"linear.solve, TeacherStudent, {len(times)} times", "scipy's quad", seconds, tuple(errors))


def _exact_test_loss(alpha: float, snr: float, t: float) -> float:
    """In the angle on the spectrum's circle, where the square roots at its edges are smooth."""
    with mp.workdps(25):
        ratio, time_ = mp.mpf(alpha), mp.mpf(float(t))
        low, half = (1 - mp.sqrt(ratio)) ** 2, 2 * mp.sqrt(ratio)

        def integrand(angle):
            rate = low + 2 * half * mp.sin(angle / 2) ** 2
            shrunk = mp.exp(-rate * time_)
            return (half * mp.sin(angle)) ** 2 / (2 * mp.pi * rate) * (snr * shrunk**2 + (1 - shrunk) ** 2 / rate)

        late = [mp.mpf(10) ** -power for power in (4, 3, 2, 1)]  # where late times see the edge
        bulk = mp.quad(integrand, [0, *late, mp.mpf("0.4"), 1, 2, mp.pi])
        return float(1 + bulk + max(0.0, 1 - alpha) * snr)


def against_monte_carlo(quick: bool) -> dict[str, Any]:
    """The error of the best of 64 in a population: ours by what is printed, Monte Carlo by its spread."""
    population, batches = best_of_k.Posterior(0.3, 0.8, 0.3), 2 if quick else 20

    def ours():
        return best_of_k.solve(population, [64.0], temperature=0.7)

    seconds = [_seconds(lambda: ours()["error"])[0], _seconds(lambda: monte_carlo(population, batches), repeats=1)[0]]
    told = ours()
    losses = monte_carlo(population, batches)
    printed = float(told.numerical_error["error"][0] / told["error"][0])
    spread = float(losses.std(ddof=1) / np.sqrt(losses.size) / losses.mean())
    gap = abs(float(losses.mean() / told["error"][0]) - 1) / spread
    other = f"Monte Carlo, {losses.size} x 10^4 prompts ({gap:.1f} of its standard errors away)"
    return _row("best_of_k.solve, Posterior, one k", other, seconds, (printed, spread), 1e-3)


def against_numpy(quick: bool) -> dict[str, Any]:
    """Full-batch Adam of li2, both padded to whole vectors of classes; errors of an early loss against float64.

    Later Adam amplifies the rounding of float32, of both alike, until it says nothing of either.
    """
    (order, width, steps), early = (11, 32, 20) if quick else (31, 512, 200), 20
    task = li2.GroupTask(li2.groups.cyclic(order), train_fraction=0.45, weight_decay=2e-4, centering="classes")
    key, padded = jax.random.key(0), 16 * -(-order // 16)

    def trained(last=steps, dtype="float32"):
        return li2.simulate(task, [last], width=width, runs=1, key=key, dtype=dtype)["train_loss"]

    def plain(last=steps):
        return numpy_run(task, width, last + 1, key, classes=padded)

    true = float(trained(early, "float64")[0, -1])
    errors = (abs(float(trained(early)[0, -1]) / true - 1), abs(plain(early) / true - 1))
    seconds = _seconds(trained, plain, repeats=2)
    call = f"li2.simulate, Z_{order}, K = {width}, {steps} steps"
    return _row(call, f"plain NumPy, padded to {padded} classes", seconds, errors)


def against_textbook(quick: bool) -> dict[str, Any]:
    """Three hidden layers of ReLU; errors over a few pairs, an input with itself and with a near one among them."""
    rng, network = np.random.default_rng(1), FullyConnected("relu", hidden_layers=3)
    inputs = rng.standard_normal((200 if quick else 1000, 20))
    inputs[1] = inputs[0] + 1e-6 * inputs[1]
    found, typed = np.asarray(ntk(network, inputs)), textbook_tangent_kernel(inputs, 3)
    pairs = [(0, 1), *((i, i) for i in range(40)), *((2, i) for i in range(3, 8))]
    exact = np.array([_exact_tangent_kernel(inputs[i], inputs[j], 3) for i, j in pairs])
    at = tuple(np.array(pairs).T)
    errors = tuple(float(np.max(np.abs(kernel[at] / exact - 1))) for kernel in (found, typed))
    seconds = _seconds(lambda: ntk(network, inputs), lambda: textbook_tangent_kernel(inputs, 3))
    return _row(f"kernels.ntk, relu, 3 layers, {len(inputs)} inputs", "the textbook recursion", seconds, errors)


def _exact_tangent_kernel(x: np.ndarray, y: np.ndarray, layers: int) -> float:
    with mp.workdps(40):
        a, b = x.tolist(), y.tolist()
        xx, xy, yy = (mp.fdot(zip(left, right, strict=True)) for left, right in ((a, a), (a, b), (b, b)))
        tangent = xy
        for _ in range(layers):
            size = mp.sqrt(xx * yy)
            cosine = min(xy / size, mp.mpf(1))
            opening = mp.pi - mp.acos(cosine)
            xy = size * (mp.sqrt(1 - cosine**2) + opening * cosine) / (2 * mp.pi)
            tangent = xy + tangent * opening / (2 * mp.pi)
            xx, yy = xx / 2, yy / 2
        return float(tangent)


def against_runs(quick: bool) -> dict[str, Any]:
    """Test loss of a committee after its last step: what DMFT prints beside the half-width of runs, both of 99 %.

    The runs have a bias of finite D on top, which is not counted.
    """
    problem, steps, dynamics = QuadraticCommittee(1.0, 0.5, 2.0, 0.4), 10 if quick else 40, GradientDescent(0.1)
    dim, runs = (50, 8) if quick else (400, 8)
    every = np.arange(steps + 1)

    def told(**settings):
        return solve(problem, every, dynamics=dynamics, method=DMFT(field_points=0, **settings))

    def trained():
        own, key = ExactReduction(orthogonal_start=True), jax.random.key(0)
        return simulate(problem, every, dynamics=dynamics, dim=dim, runs=runs, key=key, method=own)["test_loss"]

    found, true = told(), float(told(paths=344 if quick else 2752, scrambles=4, seed=11)["test_loss"][-1])
    error = float(found.numerical_error["test_loss"][-1]) / true
    width = 2.58 * float(np.std(trained()[:, -1], ddof=1) / np.sqrt(runs) / true)
    seconds = _seconds(lambda: told()["test_loss"], trained, repeats=1)
    call = f"lazy_rich.solve, DMFT, {steps} steps, {abs(float(found['test_loss'][-1]) / true - 1):.0e} from a finer one"
    return _row(call, f"{runs} runs at D = {dim}", seconds, (error, width), error)


def _in_words(rows: Rows) -> str:
    said = []
    for row in rows:
        words = (
            f"{row['call']}, error {row['error']:.0e}: {row['instead']} {row['times as long']:.1f} times as long, "
            f"error {row['instead, error']:.0e}"
        )
        if row["equal error"] == row["equal error"]:
            words += f" ({row['times as long for it']:.0f} times for {row['equal error']:.0e})"
        said.append(words)
    return "; ".join(said)


HEADLINES = (
    Headline("Five calls beside what a user would pick: CPU time and errors of both", "side_by_side", _in_words),
)
