"""A target of several directions: each is found in its turn, and the delay grows with laziness as before.

Caption: Committees of infinite width (exact reduction, gradient flow, centred) on y = (1/2) sum_k c_k (beta_k . x)^2
with orthogonal beta_k of squared norm D, rich and lazy: test (solid) and train loss (dashed), over their starts. Left:
one direction, where the mean-field theory speaks (lines); points: drawn networks with one standard error, diamonds:
their test loss extrapolated to infinite D. Middle: three directions, for which there is no theory here (lines: mean of
the runs, shaded one standard error); dotted: descent with the kernel of the start, which leaves more of them unlearned.
Right: how much of the weights lies along each direction, for three directions, in the rich network (mean of the runs
and one standard error) as time goes on: the strongest is found first. The paper's targets are not known: weights c, D,
P, eps and alpha are ours.
"""

from dataclasses import dataclass

import numpy as np

from paper_figures import committees
from paper_figures.figure import Claim
from paper_figures.networks import fall_time, reach_time

PAPER = "Kumar, Bordelon, Gershman & Pehlevan 2023"
FIGURES = ("14",)
STATES = {}
WING = "lazy_rich"
THREE = (1.0, 0.7, 0.4)


@dataclass(frozen=True)
class Parameters:
    dims: tuple[int, int] = (16, 32)  # D, one direction
    dim: int = 24  # D, three directions
    samples_per_dim: float = 10.0  # P / D
    curvature: float = 0.25  # eps
    scales: tuple[float, ...] = (0.5, 16.0)  # alpha
    last: float = 300.0  # last tau
    points: int = 40
    moments: int = 7  # times at which the weights are looked at
    runs: int = 80  # one direction
    runs_of_three: int = 6
    paths: int = 184
    grid_points: int = 40
    scrambles: int = 4
    margin: float = 0.12  # of the theory against the extrapolated runs; losses start at .75
    key: int = 0


SIZES = {
    "full": {
        "dims": (50, 100), "dim": 60, "runs": 200, "runs_of_three": 20, "paths": 672, "grid_points": 48,
        "scrambles": 9, "margin": 0.06,
    },
}  # fmt: skip


def three_directions(inputs, train_inputs):
    """Targets at `inputs`; those of training do not matter."""
    return inputs.shape[1] / 2 * sum(c * inputs[:, k] ** 2 for k, c in enumerate(THREE))


def _times(parameters):
    return np.append(0, np.geomspace(3e-2, parameters.last, parameters.points))


def _looked_at(parameters):
    return np.geomspace(0.2, 60.0, parameters.moments)


def _problem(parameters, scale):
    from grok_theory.lazy_rich import QuadraticCommittee

    return QuadraticCommittee(scale, parameters.curvature, parameters.samples_per_dim)


def _one(parameters, scale):
    """The problem of one direction, started as networks of the larger D are."""
    return _problem(parameters, scale).dressed(parameters.dims[-1])


def steps(parameters):
    made = {}
    for scale in parameters.scales:
        problem, name = _one(parameters, scale), f"one alpha={scale:g}"
        times = _times(parameters)
        made |= committees.theory_and_runs(name, problem, times, parameters, curves=committees.LOSSES)
        made[f"three alpha={scale:g}"] = lambda scale=scale: _three(parameters, scale)
    return made | {"weights": lambda: _weights(parameters)}


def _simulate(parameters, scale, times, method):
    import jax

    from grok_theory.lazy_rich import simulate

    sizes = {"dim": parameters.dim, "runs": parameters.runs_of_three, "key": jax.random.key(parameters.key)}
    return simulate(_problem(parameters, scale), times, method=method, **sizes)


def _three(parameters, scale):
    from grok_theory.lazy_rich import ExactReduction, FrozenKernel

    times, found = _times(parameters), {}
    for word, method in (("", ExactReduction(labels=three_directions, tolerance=1e-3)),
                         ("kernel ", FrozenKernel(labels=three_directions))):  # fmt: skip
        runs = _simulate(parameters, scale, times, method)
        found |= {word + name: np.asarray(runs[name] / runs[name][:, :1]) for name in committees.LOSSES}
    return found


def _gathered(parameters, data, scale):
    problem = _one(parameters, scale)
    return committees.gathered(f"one alpha={scale:g}", problem, _times(parameters), parameters, data)


def _weights(parameters):
    """(time, run, direction) second moments of the weights along the directions and, last, along none of them."""
    from grok_theory.lazy_rich import ExactReduction

    found, method = [], ExactReduction(labels=three_directions, tolerance=1e-3)
    for time in _looked_at(parameters):
        runs = _simulate(parameters, parameters.scales[0], np.array([0.0, time]), method)
        moments = np.diagonal(runs.stats["second_moment"], axis1=1, axis2=2)
        count = len(THREE)
        found.append(np.concatenate([moments[:, :count], moments[:, count:].mean(1, keepdims=True)], axis=1))
    return {"time": _looked_at(parameters), "moments": np.array(found)}


def draw(parameters, data):
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 3, figsize=(7, 2.4))
    times = _times(parameters)
    for scale, color in zip(parameters.scales, ("C0", "C1", "C2"), strict=False):
        theory, runs, ideal = _gathered(parameters, data, scale)
        step = data[f"three alpha={scale:g}"]
        for name, style in (("test_loss", "-"), ("train_loss", "--")):
            solid = style == "-"
            label, width = (rf"$\alpha$ = {scale:g}", 1.3) if solid else (None, 0.9)
            start = theory[name][0]
            axes[0].plot(times, theory[name] / start, style, color=color, lw=width, label=label)
            committees.mark(axes[0], times, runs[name] / start, color=color, full=solid)
            rows = step[name]
            mean, error = rows.mean(0), rows.std(0, ddof=1) / np.sqrt(len(rows))
            axes[1].plot(times, mean, style, color=color, lw=width)
            axes[1].fill_between(times, mean - error, mean + error, color=color, alpha=0.2, lw=0)
            label = "kernel" if solid and scale == parameters.scales[-1] else None
            axes[1].plot(times, step[f"kernel {name}"].mean(0), ":", color="0.25", lw=0.9, label=label)
        committees.mark(axes[0], times, ideal["test_loss"] / start, color=color, shape="D", full=False, every=6)
    for ax, title in zip(axes, ("one direction", "three directions"), strict=False):
        ax.set(xscale="log", xlabel=r"time [$\tau$]", ylim=(0, 1.2), xlim=(times[1], None), title=title)
    axes[1].legend(loc="lower left")
    axes[0].set_ylabel("loss / its start")
    axes[0].legend(loc="lower left")
    moments, when = data["weights"]["moments"], data["weights"]["time"]
    for k in range(len(THREE) + 1):
        mean, error = moments[:, :, k].mean(1), moments[:, :, k].std(1, ddof=1) / np.sqrt(parameters.runs_of_three)
        label = f"c = {THREE[k]:g}" if k < len(THREE) else "none"
        axes[2].errorbar(when, mean, error, fmt="o-", ms=3, lw=0.9, color=f"C{k}", label=label)
    axes[2].set(xscale="log", yscale="log", xlabel=r"time [$\tau$]", ylabel="weights along the direction")
    axes[2].set_title(rf"$\alpha$ = {parameters.scales[0]:g}")
    axes[2].legend()
    return figure


def claims(parameters, data):
    times, rows, made = _times(parameters), {"one": [], "three": []}, []
    for scale in parameters.scales:
        theory, _, ideal = _gathered(parameters, data, scale)
        margin = dict.fromkeys(committees.LOSSES, parameters.margin)
        what = f"One direction, alpha = {scale:g}: {committees.named(parameters)}"
        made.append(committees.agreement_claim(what, theory, ideal, margin))
        rows["one"].append([fall_time(times, np.asarray(theory[name])) for name in committees.LOSSES])
        step = data[f"three alpha={scale:g}"]
        rows["three"].append([fall_time(times, step[name].mean(0)) for name in committees.LOSSES])
    ratio = {word: [(test - train) / train for train, test in each] for word, each in rows.items()}
    lazy = data[f"three alpha={parameters.scales[-1]:g}"]
    kernel, network = (lazy[f"{word}test_loss"].mean(0)[-1] for word in ("kernel ", ""))
    moments = data["weights"]["moments"].mean(1)
    reach = [reach_time(data["weights"]["time"], m, (m[0] + m[-1]) / 2) for m in moments.T[: len(THREE)]]
    end = moments[-1]
    return [
        *made,
        Claim(
            "With one direction, by theory, and with three the lazy network's delay is above its time to fit, and more "
            "than one and a half times as many of these as the rich one's",
            all(each[-1] > 1 and each[-1] > 1.5 * each[0] for each in ratio.values()),
            "; ".join(
                f"{w}: train and test loss halve at " + ", ".join(f"{a:.3g}/{b:.3g}" for a, b in rows[w]) for w in rows
            ),
        ),
        Claim(
            "With three the lazy network ends below two thirds of the test loss of the kernel of its start, which it "
            "follows at first: where the train loss has halved the two test losses differ by less than a tenth of the "
            "start",
            network < 2 / 3 * kernel and _apart(times, lazy, rows["three"][-1][0]) < 0.1,
            f"test loss at the end over its start: kernel {kernel:.2f}, network {network:.2f}; apart "
            f"where the train loss has halved {_apart(times, lazy, rows['three'][-1][0]):.3f}",
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


def _apart(times, step, at):
    """How far the mean test losses of network and kernel are apart at a time."""
    return float(abs(np.interp(at, times, (step["test_loss"] - step["kernel test_loss"]).mean(0))))
