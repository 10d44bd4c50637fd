"""A deep tanh student of a deep tanh teacher: the delay grows with the output scale there too.

Caption: Student and teacher 5-100-100-5 of tanh units, the teacher's outputs as targets; the student's output less
its start is multiplied by alpha, its rate divided by alpha^2, full-batch descent of the mean square. Left: train
(dashed) and test loss (solid). Middle: accuracy, the share of samples whose squared error is below the threshold of
1e-3 (the paper's). Right: the steps at which 30 % of the training and of the test samples are below it (points: runs,
lines: medians). No theory here is of three trained layers on a teacher; widths, activation and threshold are the
paper's, samples, rates and alpha are ours. Float32.
"""

from dataclasses import dataclass

import numpy as np

from paper_figures import networks
from paper_figures.figure import Claim

PAPER = "Kumar, Bordelon, Gershman & Pehlevan 2023"
FIGURES = ("8",)
STATES = {}
WING = "lazy_rich"


@dataclass(frozen=True)
class Parameters:
    sizes: tuple[int, ...] = (5, 100, 100, 5)
    samples: int = 400  # training samples (ours)
    held_out: int = 200
    scales: tuple[float, ...] = (0.4, 1.3, 4.0)  # alpha (ours)
    learning_rate: float = 0.15  # over alpha^2 (ours)
    gain: float = 1.2  # standard deviation of the weights times the root of the inputs (ours)
    threshold: float = 1e-3  # squared error of a sample that is answered rightly
    level: float = 0.3  # accuracy that is asked for
    steps: int = 20_000
    reads: int = 40
    runs: int = 1
    key: int = 0


SIZES = {"full": {"scales": (0.4, 0.7, 1.0, 1.7, 2.5, 4.0), "steps": 100_000, "runs": 5}}


def _reads(parameters):
    return networks.log_reads(parameters.steps, parameters.reads)


def steps(parameters):
    return {f"alpha={scale:g}": lambda scale=scale: _train(parameters, scale) for scale in parameters.scales}


def _weights(parameters, random):
    pairs = zip(parameters.sizes[:-1], parameters.sizes[1:], strict=True)
    gains = [parameters.gain] * (len(parameters.sizes) - 2) + [1.0]
    return [(g / np.sqrt(i) * random.standard_normal((i, o))).astype(np.float32) for (i, o), g in zip(pairs, gains)]


def _train(parameters, scale):
    import jax
    import jax.numpy as jnp
    import optax

    p = parameters

    def plain(weights, x):
        for w in weights[:-1]:
            x = jnp.tanh(x @ w)
        return x @ weights[-1]

    @jax.jit
    def run(start, parts, scale, reads):
        def errors(weights, name):
            x, y = parts[name]
            return jnp.mean(jnp.square(scale * (plain(weights, x) - plain(start, x)) - y), axis=1)

        def read(weights):
            seen = {}
            for name in parts:
                each = errors(weights, name)
                seen |= {f"{name}_loss": jnp.mean(each), f"{name}_accuracy": jnp.mean(each < p.threshold)}
            return seen

        rate = p.learning_rate / scale**2
        return networks.followed(lambda w: jnp.mean(errors(w, "train")), read, start, reads, optax.sgd(rate))

    found = []
    for number in range(p.runs):
        random = np.random.default_rng([p.key, number])
        teacher = _weights(p, random)
        parts = {}
        for name, count in (("train", p.samples), ("test", p.held_out)):
            x = random.standard_normal((count, p.sizes[0])).astype(np.float32)
            parts[name] = (x, np.asarray(plain(teacher, x)))
        found.append(run(_weights(p, random), parts, np.float32(scale), _reads(p)))
    return {name: np.stack([np.asarray(each[name], float) for each in found]) for name in found[0]}


def _times(parameters, data):
    """(alpha, run) steps at which so many training and test samples are right; inf: never."""
    reads, found = _reads(parameters).astype(float), {"train": [], "test": []}
    for scale in parameters.scales:
        for name, rows in found.items():
            rows.append(networks.reach_time(reads, data[f"alpha={scale:g}"][f"{name}_accuracy"], parameters.level))
    return {name: np.array(rows) for name, rows in found.items()}


def draw(parameters, data):
    import matplotlib as mpl
    import matplotlib.pyplot as plt

    figure, (losses, accuracies, times) = plt.subplots(1, 3, figsize=(7, 2.5))
    reads = _reads(parameters)
    colors = mpl.colormaps["cividis"](np.linspace(0, 0.92, len(parameters.scales)))
    for scale, color in zip(parameters.scales, colors, strict=True):
        step = data[f"alpha={scale:g}"]
        for ax, name in ((losses, "loss"), (accuracies, "accuracy")):
            ax.plot(reads, step[f"test_{name}"].mean(0), color=color, label=rf"$\alpha$ = {scale:g}")
            ax.plot(reads, step[f"train_{name}"].mean(0), color=color, ls="--", lw=0.8)
    losses.set(xscale="log", yscale="log", xlabel="step", ylabel="mean squared error", xlim=(1, None))
    accuracies.set(xscale="log", xlabel="step", ylabel="accuracy", ylim=(0, 1.03), xlim=(1, None))
    accuracies.legend(loc="upper left")
    for (name, values), color in zip(_times(parameters, data).items(), ("C0", "C1"), strict=True):
        shown = np.where(np.isfinite(values), values, np.nan)
        times.plot(parameters.scales, shown, "o", color=color, ms=3.5)
        times.plot(parameters.scales, np.median(shown, axis=1), color=color, label=name)
    times.set(
        xscale="log", yscale="log", xlabel=r"output scale $\alpha$", ylabel=f"step of accuracy {parameters.level:g}"
    )
    times.set_xticks(parameters.scales, [f"{scale:g}" for scale in parameters.scales])
    times.xaxis.minorticks_off()
    times.legend()
    return figure


def claims(parameters, data):
    runs = _times(parameters, data)
    times = {name: np.median(values, axis=1) for name, values in runs.items()}
    # Each run over its own time to fit: starts differ among themselves more than scales do.
    delay = np.median((runs["test"] - runs["train"]) / runs["train"], axis=1)
    listed = ", ".join(
        f"{a:g}: {r:.3g} and {s:.3g}" for a, r, s in zip(parameters.scales, times["train"], times["test"], strict=True)
    )
    return [
        Claim(
            f"Every student gets {parameters.level:.0%} of its training samples right",
            bool(np.isfinite(times["train"]).all()),
            f"alpha: steps of that train and test accuracy: {listed}",
        ),
        Claim(
            "The delay of the test accuracy, over the run's own time to fit, grows with alpha (median of the runs)",
            bool(np.all(np.diff(np.minimum(delay, 1e9)) > 0)),
            ", ".join(f"{a:g}: {d:.3g}" for a, d in zip(parameters.scales, delay, strict=True)),
        ),
    ]
