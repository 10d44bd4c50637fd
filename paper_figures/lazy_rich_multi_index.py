"""A target of several directions: each is found in its turn, and the delay grows with laziness as before.

Caption: Committees of infinite width (exact reduction, gradient flow, centred) on y = (1/2) sum_k c_k (beta_k . x)^2
with orthogonal beta_k of squared norm D. Left, middle: test (solid) and train loss (dashed), over their starts, for
one direction and for three, rich and lazy. Right: how much of the weights lies along each direction, for three
directions, in the rich network (mean of the runs and one standard error) as time goes on: the strongest is found
first. Test loss on fresh inputs. The paper's targets are not known: weights c, D, P and eps are ours, and the theory
of one direction is not one of several.
"""

from dataclasses import dataclass

import numpy as np

from paper_figures.figure import Claim
from paper_figures.networks import fall_time, reach_time

PAPER = "Kumar, Bordelon, Gershman & Pehlevan 2023"
FIGURES = ("14",)
STATES = {"14": "S: the paper's multi-index target is not known"}
WING = "lazy_rich"
ONE, THREE = (1.0,), (1.0, 0.7, 0.4)


@dataclass(frozen=True)
class Parameters:
    dim: int = 24  # D
    samples_per_dim: float = 10.0  # P / D
    curvature: float = 0.25  # eps
    scales: tuple[float, ...] = (0.5, 16.0)  # alpha
    last: float = 300.0  # last tau
    points: int = 40
    moments: int = 7  # times at which the weights are looked at
    runs: int = 6
    key: int = 0


SIZES = {"full": {"dim": 60, "runs": 20}}


def one_direction(inputs, train_inputs):
    """Targets at `inputs`; those of training do not matter."""
    return _targets(inputs, ONE)


def three_directions(inputs, train_inputs):
    """Targets at `inputs`; those of training do not matter."""
    return _targets(inputs, THREE)


def _targets(inputs, weights):
    return inputs.shape[1] / 2 * sum(c * inputs[:, k] ** 2 for k, c in enumerate(weights))


LABELS = {"one": one_direction, "three": three_directions}


def _times(parameters):
    return np.append(0, np.geomspace(3e-2, parameters.last, parameters.points))


def _looked_at(parameters):
    return np.geomspace(0.2, 60.0, parameters.moments)


def steps(parameters):
    made = {
        f"{word}, alpha={scale:g}": lambda word=word, scale=scale: _train(parameters, word, scale)
        for word in LABELS
        for scale in parameters.scales
    }
    return made | {"weights": lambda: _weights(parameters)}


def _simulate(parameters, word, scale, times):
    import jax

    from grok_theory.lazy_rich import ExactReduction, QuadraticCommittee, simulate

    return simulate(
        QuadraticCommittee(scale, parameters.curvature, parameters.samples_per_dim),
        times,
        dim=parameters.dim,
        runs=parameters.runs,
        key=jax.random.key(parameters.key),
        method=ExactReduction(labels=LABELS[word], tolerance=1e-3),
    )


def _train(parameters, word, scale):
    runs = _simulate(parameters, word, scale, _times(parameters))
    return {name: np.asarray(runs[name]) for name in ("train_loss", "test_loss")}


def _weights(parameters):
    """(time, run, direction) second moments of the weights along the directions and, last, along none of them."""
    found = []
    for time in _looked_at(parameters):
        runs = _simulate(parameters, "three", parameters.scales[0], np.array([0.0, time]))
        moments = np.diagonal(runs.stats["second_moment"], axis1=1, axis2=2)
        count = len(THREE)
        found.append(np.concatenate([moments[:, :count], moments[:, count:].mean(1, keepdims=True)], axis=1))
    return {"time": _looked_at(parameters), "moments": np.array(found)}


def draw(parameters, data):
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 3, figsize=(7, 2.4))
    times = _times(parameters)
    for ax, word in zip(axes, LABELS, strict=False):
        for scale, color in zip(parameters.scales, ("C0", "C1", "C2"), strict=False):
            step = data[f"{word}, alpha={scale:g}"]
            for name, style in (("test_loss", "-"), ("train_loss", "--")):
                rows = step[name] / step[name][:, :1]
                mean, error = rows.mean(0), rows.std(0, ddof=1) / np.sqrt(len(rows))
                label = rf"$\alpha$ = {scale:g}" if style == "-" else None
                ax.plot(times[1:], mean[1:], style, color=color, lw=1.2 if style == "-" else 0.8, label=label)
                ax.fill_between(times[1:], (mean - error)[1:], (mean + error)[1:], color=color, alpha=0.2, lw=0)
        ax.set(xscale="log", xlabel=r"time [$\tau$]", ylim=(0, 1.2), title=f"{word} direction{'s' * (word != 'one')}")
    axes[0].set_ylabel("loss / its start")
    axes[0].legend(loc="lower left")
    moments, when = data["weights"]["moments"], data["weights"]["time"]
    for k in range(len(THREE) + 1):
        mean, error = moments[:, :, k].mean(1), moments[:, :, k].std(1, ddof=1) / np.sqrt(parameters.runs)
        label = f"c = {THREE[k]:g}" if k < len(THREE) else "none"
        axes[2].errorbar(when, mean, error, fmt="o-", ms=3, lw=0.9, color=f"C{k}", label=label)
    axes[2].set(xscale="log", yscale="log", xlabel=r"time [$\tau$]", ylabel="weights along the direction")
    axes[2].set_title(rf"$\alpha$ = {parameters.scales[0]:g}")
    axes[2].legend()
    return figure


def claims(parameters, data):
    times, rows = _times(parameters), {}
    for word in LABELS:
        rows[word] = []
        for scale in parameters.scales:
            step = data[f"{word}, alpha={scale:g}"]
            rows[word].append([fall_time(times, step[name].mean(0)) for name in ("train_loss", "test_loss")])
    ratio = {word: [(test - train) / train for train, test in each] for word, each in rows.items()}
    moments = data["weights"]["moments"].mean(1)
    reach = [reach_time(data["weights"]["time"], m, (m[0] + m[-1]) / 2) for m in moments.T[: len(THREE)]]
    end = moments[-1]
    return [
        Claim(
            "With one direction and with three the lazy network's delay is above its time to fit, and more times it "
            "than the rich one's",
            all(each[-1] > 1 and each[-1] > 1.5 * each[0] for each in ratio.values()),
            "; ".join(
                f"{w}: train and test loss halve at " + ", ".join(f"{a:.3g}/{b:.3g}" for a, b in rows[w]) for w in rows
            ),
        ),
        Claim(
            "The strongest direction is found first: the times at which half of what the weights gain along each is "
            "there go by their strength, and so do the weights at the end",
            bool(np.all(np.diff(reach) >= 0) and reach[-1] > reach[0] and np.all(np.diff(end) < 0)),
            "half at tau = "
            + ", ".join(f"{t:.3g}" for t in reach)
            + "; at the end "
            + ", ".join(f"{m:.3g}" for m in end),
        ),
    ]
