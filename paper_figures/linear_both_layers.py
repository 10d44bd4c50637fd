"""Both layers trained: the smaller the start, the less is over-learned, for small weights learn features.

Caption: A ReLU student learns a noisy ReLU teacher with few units, both of its layers trained by gradient descent from
Gaussian weights of the scale on the axis (1: variance 1 over fan-in). Left: test loss at the end of training (full)
and at the best stop (open), means over students and data sets with 99 % intervals. Orange: as they come; a large start
has to unlearn itself. Blue: units in pairs of opposite readout, whose outputs cancel at the start. Lines: the paired
networks linearised at their starts, solved from the tangent kernel, when the networks end (solid) and at the best stop
at any time (dotted): what they are at large scales, and what they beat at small ones. Middle: paired networks (points)
on their linearisations (lines) in time. Right: share of the first layer's weights that lies in the directions the
teacher listens to, at the start and at the end.

The paper's sizes are not known; these are ours.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np

from paper_figures.figure import Claim
from paper_figures.networks import followed
from paper_figures.verdicts import judged_over, verdict_claim

PAPER = "Advani & Saxe 2017"
FIGURES = ("8",)
STATES = {}
WING = "linear"


@dataclass(frozen=True)
class Parameters:
    dim: int = 20  # inputs
    teacher_width: int = 3
    width: int = 60
    samples: int = 120  # P
    snr: float = 5.0
    scales: tuple[float, ...] = (0.1, 0.3, 1.0, 3.0, 10.0)  # of both layers
    shown: tuple[float, ...] = (0.1, 1.0, 10.0)  # of the middle panel
    last: int = 6000  # steps
    looks: int = 32
    runs: int = 12
    test: int = 1000  # test points
    margin: float = 0.1  # relative difference of network and linearisation that would matter
    key: int = 0


SIZES = {"full": {"scales": (0.05, 0.1, 0.2, 0.4, 0.7, 1.0, 2.0, 4.0, 10.0), "runs": 50, "last": 20000, "looks": 48}}
KINDS = ("paired", "plain")


def steps(parameters):
    return {
        f"{kind} {s:g}": lambda kind=kind, s=s: _train(parameters, kind == "paired", s)
        for kind in KINDS
        for s in parameters.scales
    }


def _looks(parameters):
    return np.unique(np.concatenate([[0], np.rint(np.geomspace(1, parameters.last, parameters.looks))]).astype(int))


def _drawn(parameters, run, paired):
    """Teacher, inputs and labels of a run, the same for all starts, and a start of scale 1."""
    random = np.random.default_rng([parameters.key, run])
    d, wide, narrow = parameters.dim, parameters.width, parameters.teacher_width
    teacher = random.standard_normal((narrow, d)) / np.sqrt(d)
    sign = np.where(np.arange(narrow) % 2, -1.0, 1.0)
    x = random.standard_normal((parameters.samples + parameters.test, d))
    clean = np.maximum(x @ teacher.T, 0) @ sign
    clean = clean / np.std(clean) * np.sqrt(parameters.snr)
    noisy = clean[: parameters.samples] + random.standard_normal(parameters.samples)
    first = random.standard_normal((d, wide)) / np.sqrt(d)
    second = random.standard_normal(wide) / np.sqrt(wide)
    if paired:
        half = wide // 2
        first[:, half : 2 * half], second[half : 2 * half] = first[:, :half], -second[:half]
    start = {"first": first, "second": second}
    return {"x": x, "y": noisy, "clean": clean[parameters.samples :], "heard": np.linalg.qr(teacher.T)[0]}, start


def _output(layers, x):
    import jax

    return jax.nn.relu(x @ layers["first"]) @ layers["second"]


@cache
def _compiled(count):
    """(tangent kernel of every point with the training ones, training of all runs): one program for all scales."""
    import jax
    import jax.numpy as jnp
    import optax

    from grok_theory.kernels import empirical_ntk

    def one(layers, data, rate, looks):
        x, y = data["x"], data["y"]
        cost = lambda layers: 0.5 * jnp.sum((_output(layers, x[:count]) - y) ** 2)  # noqa: E731

        def read(layers):
            wrong, first = _output(layers, x[count:]) - data["clean"], layers["first"]
            # The noise of a fresh label is added exactly.
            return 1 + jnp.mean(wrong**2), jnp.sum((data["heard"].T @ first) ** 2) / jnp.sum(first**2)

        return followed(cost, read, layers, looks, optax.sgd(rate))

    kernel = jax.jit(lambda layers, x: empirical_ntk(_output, layers, x, x[:count]))
    return kernel, jax.jit(jax.vmap(one, in_axes=(0, 0, None, None)))


def _train(parameters, paired, scale):
    import jax

    from grok_theory.kernels import gradient_flow

    looks, count = _looks(parameters), parameters.samples
    kernel, train = _compiled(count)
    drawn = [_drawn(parameters, run, paired) for run in range(parameters.runs)]
    starts = [jax.tree.map(lambda layer: scale * layer, start) for _, start in drawn]
    grams = [np.asarray(kernel(start, data["x"])) for (data, _), start in zip(drawn, starts, strict=True)]
    largest = max(np.linalg.eigvalsh((gram[:count] + gram[:count].T) / 2)[-1] for gram in grams)
    # Stable at the start, and where a small start has grown to what labels of this size ask for.
    rate = 0.5 / (largest * (1 + 2 * np.sqrt(parameters.snr) / scale**2))
    stacked = jax.tree.map(lambda *leaves: np.stack(leaves), *[data for data, _ in drawn])
    test, heard = train(jax.tree.map(lambda *leaves: np.stack(leaves), *starts), stacked, rate, looks)
    found = {"step": looks, "test": np.asarray(test), "heard": np.asarray(heard)[:, [0, -1]]}
    if not paired:
        return found
    linear, best = [], []
    # The linearisation of a small start is slow: its best stop may come long after the networks are stopped.
    more = np.geomspace(looks[-1], 1e5 * looks[-1], 60)[1:]
    for (data, _), gram in zip(drawn, grams, strict=True):
        inner = (gram[:count] + gram[:count].T) / 2
        _, said = gradient_flow(inner, data["y"], gram[count:], rate * np.concatenate([looks, more]))
        error = 1 + np.mean((np.asarray(said) - data["clean"]) ** 2, axis=1)
        linear.append(error[: len(looks)])
        best.append(error.min())
    # Run by run, for the data and the start are the same: what is judged is the ratio of the two.
    same, ratio = {"loss_ratio": np.ones(len(looks))}, {"loss_ratio": found["test"] / np.array(linear)}
    found |= {"linear": np.array(linear), "linear best": np.array(best)}
    return found | judged_over("step", looks, same, ratio, margin=parameters.margin)


def _interval(values):
    from scipy import stats

    half = stats.t.ppf(0.995, len(values) - 1) * np.std(values, ddof=1) / np.sqrt(len(values))
    return np.mean(values), half


def draw(parameters, data):
    import matplotlib.pyplot as plt

    figure, (left, middle, right) = plt.subplots(1, 3, figsize=(7.0, 2.6), layout="constrained")
    scales = np.array(parameters.scales)
    found = {kind: [data[f"{kind} {s:g}"] for s in parameters.scales] for kind in KINDS}
    reads = {"end": lambda e: e[:, -1], "best stop": lambda e: e.min(axis=1)}
    for color, kind, shift in (("C1", "plain", 0.94), ("C0", "paired", 1.06)):
        for (words, read), face in zip(reads.items(), (color, "white"), strict=True):
            mean, half = np.array([_interval(read(d["test"])) for d in found[kind]]).T
            left.errorbar(
                shift * scales, mean, half, fmt="o", color=color, markerfacecolor=face, elinewidth=0.8,
                label=f"{kind}, {words}",
            )  # fmt: skip
            if kind == "paired":
                line = [np.mean(d["linear best"] if words == "best stop" else d["linear"][:, -1]) for d in found[kind]]
                left.plot(scales, line, "-" if words == "end" else ":", color="C0")
    left.axhline(1.0, color="0.6", linestyle="--", linewidth=0.8)
    left.set(xscale="log", yscale="log", xlabel="scale of the start", title="a  Start and test loss")
    left.set(ylabel="test loss [noise variance]")
    left.legend(fontsize=6)
    for i, scale in enumerate(parameters.shown):
        d = data[f"paired {scale:g}"]
        middle.plot(d["step"][1:], d["linear"].mean(axis=0)[1:], color=f"C{i + 2}", label=f"start {scale:g}")
        mean, half = np.array([_interval(e) for e in d["test"].T[1:]]).T
        middle.errorbar(d["step"][1:], mean, half, fmt="o", color=f"C{i + 2}", markersize=2.2, elinewidth=0.6)
    middle.set(xscale="log", yscale="log", xlabel="step", title="b  Networks on their linearisations")
    middle.set_yticks([2, 3, 4, 6], ["2", "3", "4", "6"])
    middle.tick_params(axis="y", which="minor", labelleft=False)
    middle.legend(fontsize=6)
    for color, words, at in (("0.5", "start", 0), ("C3", "end", 1)):
        mean, half = np.array([_interval(d["heard"][:, at]) for d in found["paired"]]).T
        right.errorbar(scales, mean, half, fmt="o-", color=color, elinewidth=0.8, label=words)
    right.set(xscale="log", xlabel="scale of the start", ylabel="share in the teacher's directions", ylim=(0, 1))
    right.set(title="c  Features")
    right.legend(fontsize=6)
    return figure


def claims(parameters, data):
    small, large = (data[f"paired {s:g}"] for s in (min(parameters.scales), max(parameters.scales)))
    plain = [data[f"plain {s:g}"]["test"][:, -1] for s in (min(parameters.scales), max(parameters.scales))]
    gain, half = _interval(np.log(small["test"][:, -1] / small["linear best"]))
    factors = [_interval(np.log(e / b)) for b, e in (plain, (small["test"][:, -1], large["test"][:, -1]))]
    moved = [_interval(d["heard"][:, 1] - d["heard"][:, 0]) for d in (small, large)]
    return [
        verdict_claim(
            f"From the largest start ({max(parameters.scales):g}) a network is its linearisation at every time",
            large,
            "loss_ratio",
        ),
        Claim(
            "The smallest start ends below the best stop of its linearisation (99 %)",
            gain + half < 0,
            f"{np.exp(gain):.2f} times it, {np.exp(gain - half):.2f} to {np.exp(gain + half):.2f}",
        ),
        Claim(
            "The largest start ends with a test loss above that of the smallest, plain and paired (99 %)",
            all(factor > spread for factor, spread in factors),
            ", ".join(
                f"{kind}: {np.exp(f):.2f} times it, {np.exp(f - h):.2f} to {np.exp(f + h):.2f}"
                for kind, (f, h) in zip(("plain", "paired"), factors, strict=True)
            ),
        ),
        Claim(
            "A small start turns to the teacher's directions by more than .1, a large one by less than .02 (99 %)",
            moved[0][0] - moved[0][1] > 0.1 and abs(moved[1][0]) + moved[1][1] < 0.02,
            f"share grows by {moved[0][0]:.2f} +- {moved[0][1]:.2f} and {moved[1][0]:.4f} +- {moved[1][1]:.4f}",
        ),
    ]
