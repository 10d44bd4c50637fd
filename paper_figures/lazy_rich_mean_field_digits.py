"""Digits over three decades of richness.

Caption: Infinitely wide tanh network with trained readouts on scikit-learn's digits: 3 against 8 from 40 images, and
all ten classes (ten outputs, one-hot targets less 0.1) from 100 images, gradient flow to tau = 300 without weight
decay. Test loss and test accuracy against richness; dashed: the tangent-kernel limit; points: networks of width 256
(4 runs, bars their range). Right: train (dashed) and test loss of two classes through training at both ends of the
sweep. Settings are this package's choice.
"""

from dataclasses import dataclass

import numpy as np

from paper_figures import verdicts
from paper_figures.figure import Claim

PAPER = "beyond the paper"
FIGURES = ()
STATES = {}
WING = "lazy_rich"


@dataclass(frozen=True)
class Parameters:
    classes: tuple[int, ...] = (2, 10)
    richness: tuple[float, ...] = (0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0)
    all_richness: tuple[float, ...] = (0.03, 0.3, 3.0, 30.0)  # of ten classes
    run_richness: tuple[float, ...] = (0.3, 3.0)  # among both
    pair: tuple[int, int] = (3, 8)
    pair_samples: int = 40
    pair_fresh: int = 250
    all_samples: int = 100
    all_fresh: int = 400
    count: int = 256  # particles of a flow, two classes
    all_count: int = 256  # the same, ten classes
    scrambles: int = 4
    width: int = 256
    runs: int = 4
    margin: float = 0.1  # of the test loss of networks of this width; it starts at 1 and at 0.9
    last: float = 300.0  # tau
    points: int = 20
    data_seed: int = 0
    key: int = 0


SIZES = {"full": {"count": 4096, "all_count": 4096, "last": 1000.0, "width": 1024, "runs": 10, "margin": 0.05}}


def _problem(parameters, classes, richness):
    from sklearn.datasets import load_digits

    from grok_theory.lazy_rich import MeanFieldNetwork

    images, digits = load_digits(return_X_y=True)
    images = images - images.mean(0)
    images /= np.sqrt(np.mean(np.sum(images**2, axis=1)) / images.shape[1])  # |x|^2 / D = 1 on average
    random = np.random.default_rng(parameters.data_seed)
    if classes == 2:
        order = random.permutation(np.flatnonzero(np.isin(digits, parameters.pair)))
        targets = np.where(digits == parameters.pair[0], 1.0, -1.0)
        samples, fresh = parameters.pair_samples, parameters.pair_fresh
    else:
        order = random.permutation(digits.size)
        targets = np.eye(10)[digits] - 0.1
        samples, fresh = parameters.all_samples, parameters.all_fresh
    train, test = order[:samples], order[samples : samples + fresh]
    return MeanFieldNetwork(images[train], targets[train], richness, "tanh", images[test], targets[test])


def _times(parameters):
    return np.geomspace(0.1, parameters.last, parameters.points)


def _swept(parameters, classes):
    return parameters.richness if classes == 2 else parameters.all_richness


def steps(parameters):
    parts = {}
    for classes in parameters.classes:
        parts[f"{classes} classes"] = lambda classes=classes: _sweep(parameters, classes)
        parts[f"{classes} classes, limit"] = lambda classes=classes: _limit(parameters, classes)
        parts[f"{classes} classes, runs"] = lambda classes=classes: _runs(parameters, classes)
    return parts


def _accuracy(output, targets):
    """Share of right classes, over (..., sample, output)."""
    if targets.ndim == 1:
        return np.mean(np.asarray(output)[..., 0] * targets > 0, axis=-1)
    return np.mean(np.argmax(output, axis=-1) == np.argmax(targets, axis=-1), axis=-1)


def _read(problem, found):
    samples = len(problem.targets)
    output = np.asarray(found.fields["output"].values)
    return {name: np.asarray(found[name]) for name in ("train_loss", "test_loss", "alignment", "kernel_movement")} | {
        "train": _accuracy(output[..., :samples, :], problem.targets),
        "test": _accuracy(output[..., samples:, :], problem.test_targets),
    }


def _stacked(rows):
    return {name: np.stack([row[name] for row in rows]) for name in rows[0]}


def _sweep(parameters, classes):
    from grok_theory.lazy_rich import Particles, solve

    count = parameters.count if classes == 2 else parameters.all_count
    method, rows = Particles(count=count, scrambles=parameters.scrambles, tolerance=1e-4), []
    for richness in _swept(parameters, classes):
        problem = _problem(parameters, classes, richness)
        found = solve(problem, _times(parameters), method=method)
        rows.append(_read(problem, found) | {"test_error": np.asarray(found.numerical_error["test_loss"])})
    return _stacked(rows)


def _limit(parameters, classes):
    from grok_theory.lazy_rich import TangentLimit, solve

    problem = _problem(parameters, classes, 1.0)
    return _read(problem, solve(problem, _times(parameters), method=TangentLimit()))


def _runs(parameters, classes):
    import jax

    from grok_theory.lazy_rich.mean_field import simulate_mean_field

    call = {
        "width": parameters.width,
        "runs": parameters.runs,
        "key": jax.random.key(parameters.key),
        "tolerance": 1e-4,
    }
    rows = []
    for richness in parameters.run_richness:
        problem = _problem(parameters, classes, richness)
        rows.append(_read(problem, simulate_mean_field(problem, _times(parameters), **call)))
    return _stacked(rows)


def draw(parameters, data):
    import matplotlib.pyplot as plt

    figure, (loss, accuracy, curves) = plt.subplots(1, 3, figsize=(7, 2.5), layout="constrained")
    ends = (parameters.richness[0], parameters.richness[-1])
    for color, classes in zip(("C0", "C1"), parameters.classes):
        sweep, limit = data[f"{classes} classes"], data[f"{classes} classes, limit"]
        for ax, name in ((loss, "test_loss"), (accuracy, "test")):
            ax.plot(_swept(parameters, classes), sweep[name][:, -1], color=color, label=f"{classes} classes")
            ax.plot(ends, [limit[name][-1]] * 2, color=color, ls="--", lw=0.8)
            last = data[f"{classes} classes, runs"][name][:, :, -1]
            middle = last.mean(1)
            ends_of_runs = [middle - last.min(1), last.max(1) - middle]
            ax.errorbar(parameters.run_richness, middle, ends_of_runs, fmt="o", ms=3, lw=0.8, color=color)
            ax.set(xscale="log", xlabel=r"richness $\gamma_0$")
    loss.set(ylabel=r"test loss at the last $\tau$", ylim=(0, None))
    accuracy.set(ylabel="test accuracy", ylim=(None, 1.0))
    accuracy.legend(loc="center right")
    sweep = data["2 classes"]
    for color, at in (("C2", 0), ("C3", -1)):
        curves.plot(
            _times(parameters), sweep["test_loss"][at], color=color, label=rf"$\gamma_0$ = {parameters.richness[at]:g}"
        )
        curves.plot(_times(parameters), sweep["train_loss"][at], color=color, ls="--", lw=0.9)
    curves.set(xscale="log", yscale="log", xlabel=r"time $\tau$", ylabel="loss, 2 classes", ylim=(1e-4, 1.5))
    curves.legend(loc="lower right")
    return figure


def claims(parameters, data):
    found = []
    for classes in parameters.classes:
        sweep, limit = data[f"{classes} classes"], data[f"{classes} classes, limit"]
        last, end = sweep["test_loss"][:, -1], limit["test_loss"][-1]
        lazy, error = abs(last[0] / end - 1), sweep["test_error"][0, -1] / end
        fitted = [int(np.argmax(accuracy >= 0.999)) for accuracy in sweep["train"]]
        # Over chance: the first time recorded may be after the fit.
        gains = [
            (float(accuracy[at] - 1 / classes), float(accuracy[-1] - accuracy[at]))
            for accuracy, at in zip(sweep["test"], fitted)
        ]
        found += [
            Claim(f"{classes} classes: the laziest end is the tangent-kernel limit, to 15 % and its printed error",
                  lazy < 0.15 + error, f"{lazy:.2%}, printed {error:.2%}"),
            Claim(f"{classes} classes: the richest network ends with a lower test loss than the laziest",
                  last[-1] < last[0], ", ".join(f"{loss:.3f}" for loss in last) + f"; kernel {end:.3f}"),
            Claim(f"{classes} classes: no grokking: test accuracy gains more before the fit than after it",
                  bool(np.all(sweep["train"][:, -1] >= 0.999)) and all(before > after for before, after in gains),
                  ", ".join(f"{before:+.3f} then {after:+.3f}" for before, after in gains)),
        ]  # fmt: skip
        found += [_judged(parameters, data, classes, number) for number in range(len(parameters.run_richness))]
    return found


def _judged(parameters, data, classes, number):
    """What `compare` says of the test loss of the networks of one richness."""
    from grok_theory import Absolute

    richness, sweep, loss = parameters.run_richness[number], data[f"{classes} classes"], "test_loss"
    at = _swept(parameters, classes).index(richness)
    step = verdicts.judged_differences(
        "tau", _times(parameters), {loss: sweep[loss][at]}, {loss: data[f"{classes} classes, runs"][loss][number]},
        margin={loss: Absolute(parameters.margin)}, errors={loss: sweep["test_error"][at]},
    )  # fmt: skip
    text = f"{classes} classes, richness {richness:g}: the test loss of networks of width {parameters.width} is"
    return verdicts.verdict_claim(f"{text} the theory's, to {parameters.margin:g}", step, loss)
