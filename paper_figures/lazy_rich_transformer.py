"""A one-layer transformer on modular addition, over output scale and weight decay.

Caption: A transformer of one layer (attention, then ReLU) learns a + b modulo p by AdamW on the cross-entropy of its
logits times alpha. Left, middle: train (dashed) and test accuracy over alpha, at a weak and a strong weight decay.
Right: over both, how many times later 80 % of the unseen pairs are known than 80 % of the training pairs (colour;
grey: not within the record; crosses: the training pairs are not fitted). Decay too strong for a small output scale
lets it learn little, and a larger scale brings the answers back, as in the paper's pairs (.5, 5) and (1.4, 5); with
the weak decay the laziest network is the latest. That the smallest scale has no delay does not show at this size, nor
in a run at the paper's p = 113 with 30 % of the pairs; the paper's share is not known. p, widths and steps are smaller
than the paper's. Float32.
"""

from dataclasses import dataclass

import numpy as np

from paper_figures import networks
from paper_figures.figure import Claim

PAPER = "Kumar, Bordelon, Gershman & Pehlevan 2023"
FIGURES = ("6b", "12")
STATES = {
    "6b": "P: where the larger scales grok the smallest has a delay too, at p = 113 as well (30 % of the pairs)",
    "12": "P: at a smaller p; at p = 37 and 47 which pairs of scale and decay grok changes from seed to seed",
}
WING = "lazy_rich"


@dataclass(frozen=True)
class Parameters:
    modulus: int = 23  # p
    share: float = 0.7  # of all pairs, trained on
    width: int = 32  # of the residual stream; the hidden layer has four times as many
    heads: int = 4
    scales: tuple[float, ...] = (0.1, 0.5, 1.4)  # alpha
    decays: tuple[float, ...] = (1.0, 5.0)
    learning_rate: float = 3e-3
    steps: int = 4000
    reads: int = 40
    level: float = 0.8  # accuracy that is asked for
    key: int = 0


SIZES = {
    "full": {
        "modulus": 113, "share": 0.3, "width": 128, "scales": (0.15, 0.5, 1.0, 1.4), "decays": (0.2, 1.0, 2.0, 5.0),
        "learning_rate": 1e-3, "steps": 30_000,
    },
}  # fmt: skip


def _reads(parameters):
    return networks.log_reads(parameters.steps, parameters.reads)


def _pairs(parameters):
    return [(scale, decay) for decay in parameters.decays for scale in parameters.scales]


def steps(parameters):
    return {f"alpha={a:g} decay={d:g}": lambda a=a, d=d: _train(parameters, a, d) for a, d in _pairs(parameters)}


def _start(parameters, random):
    p, width, hidden = parameters.modulus, parameters.width, 4 * parameters.width
    shapes = {
        "embedding": (p + 1, width), "position": (3, width), "query": (width, width), "key": (width, width),
        "value": (width, width), "out": (width, width), "in": (width, hidden), "down": (hidden, width),
        "readout": (width, p),
    }  # fmt: skip
    return {name: (random.standard_normal(s) / np.sqrt(width)).astype(np.float32) for name, s in shapes.items()}


def _logits(weights, pairs, heads):
    """At the last token, the only one that is asked: keys and values are made once for every token and place."""
    import jax
    import jax.numpy as jnp

    width = weights["out"].shape[0]
    tokens = [weights["embedding"][:-1] + weights["position"][place] for place in (0, 1)]
    last = weights["embedding"][-1] + weights["position"][2]

    def split(x):
        return x.reshape(*x.shape[:-1], heads, width // heads)

    query = split(last @ weights["query"])

    def seen(name):
        first, second = (split(token @ weights[name]) for token in tokens)
        own = split(last @ weights[name])
        return jnp.stack([first[pairs[:, 0]], second[pairs[:, 1]], jnp.broadcast_to(own, (len(pairs), *own.shape))], 1)

    weight = jax.nn.softmax(jnp.einsum("hd,nthd->nth", query, seen("key")) / np.sqrt(width // heads), axis=1)
    mixed = jnp.einsum("nth,nthd->nhd", weight, seen("value")).reshape(len(pairs), width)
    stream = last + mixed @ weights["out"]
    return (stream + jax.nn.relu(stream @ weights["in"]) @ weights["down"]) @ weights["readout"]


def _train(parameters, scale, decay):
    import jax
    import jax.numpy as jnp
    import optax

    p = parameters.modulus
    random = np.random.default_rng(parameters.key)
    pairs = random.permutation(np.stack(np.divmod(np.arange(p * p), p), axis=1))
    parts = dict(zip(("train", "test"), np.split(pairs, [round(parameters.share * p * p)]), strict=True))

    @jax.jit
    def run(start, parts, scale, decay, reads):
        def outputs(weights, name):
            pairs = parts[name]
            return scale * _logits(weights, pairs, parameters.heads), (pairs[:, 0] + pairs[:, 1]) % p

        def loss(weights, name="train"):
            return jnp.mean(optax.softmax_cross_entropy_with_integer_labels(*outputs(weights, name)))

        def read(weights):
            seen = {}
            for name in parts:
                logits, answers = outputs(weights, name)
                right = jnp.mean((jnp.argmax(logits, 1) == answers).astype(jnp.float32))
                seen |= {f"{name}_accuracy": right, f"{name}_loss": loss(weights, name)}
            return seen

        adam = optax.scale_by_adam(b2=0.98)
        optimizer = optax.chain(adam, optax.add_decayed_weights(decay), optax.scale(-parameters.learning_rate))
        return networks.followed(loss, read, start, reads, optimizer)

    found = run(_start(parameters, random), parts, np.float32(scale), np.float32(decay), _reads(parameters))
    return {name: np.asarray(values, float) for name, values in found.items()}


def _times(parameters, data):
    """Steps at which the level of accuracy is reached for good by either part, (2, decay, alpha); inf: never."""
    reads = _reads(parameters).astype(float)
    found = []
    for name in ("train", "test"):
        rows = [data[f"alpha={a:g} decay={d:g}"][f"{name}_accuracy"] for a, d in _pairs(parameters)]
        found.append(networks.reach_time(reads, rows, parameters.level))
    return np.array(found).reshape(2, len(parameters.decays), len(parameters.scales))


def draw(parameters, data):
    import matplotlib as mpl
    import matplotlib.pyplot as plt

    count = len(parameters.decays)
    figure, axes = plt.subplots(1, count + 1, figsize=(7, 2.5))
    reads = _reads(parameters)
    colors = mpl.colormaps["cividis"](np.linspace(0, 0.92, len(parameters.scales)))
    for ax, decay in zip(axes, parameters.decays, strict=False):
        for scale, color in zip(parameters.scales, colors, strict=True):
            step = data[f"alpha={scale:g} decay={decay:g}"]
            ax.plot(reads, step["test_accuracy"], color=color, label=rf"$\alpha$ = {scale:g}")
            ax.plot(reads, step["train_accuracy"], color=color, ls="--", lw=0.8)
        ax.set(xscale="log", xlabel="step", xlim=(1, None), ylim=(0, 1.03), title=f"decay {decay:g}")
    axes[0].set_ylabel("accuracy")
    axes[0].legend(loc="upper left")
    train, test = _times(parameters, data)
    plane = axes[-1]
    plane.set_facecolor("0.75")
    ratio = np.ma.masked_invalid(np.where(np.isfinite(test), test / train, np.nan))
    image = plane.pcolormesh(ratio, norm=mpl.colors.LogNorm(1, 30), cmap="viridis")
    row, column = np.nonzero(np.isinf(train))
    plane.plot(column + 0.5, row + 0.5, "x", color="C3")
    plane.set_xticks(np.arange(len(parameters.scales)) + 0.5, [f"{scale:g}" for scale in parameters.scales])
    plane.set_yticks(np.arange(count) + 0.5, [f"{decay:g}" for decay in parameters.decays])
    plane.minorticks_off()
    plane.set(xlabel=r"output scale $\alpha$", ylabel="weight decay")
    figure.colorbar(image, ax=plane, label="answered / fitted")
    return figure


def claims(parameters, data):
    train, test = _times(parameters, data)
    listed = "; ".join(
        f"alpha = {a:g}, decay {d:g}: {t:.0f}, {s:.0f}"
        for (a, d), t, s in zip(_pairs(parameters), train.ravel(), test.ravel(), strict=True)
    )
    ratio, strong = test[0] / train[0], test[-1]
    ends = [data[f"alpha={a:g} decay={parameters.decays[-1]:g}"]["test_accuracy"][-1] for a in parameters.scales]
    return [
        Claim(
            "With the weak decay the middle and the largest scale grok: the others are known more than three times "
            "later than the training pairs, and with the largest 1.5 times as late as with the middle one",
            bool(np.isfinite(ratio[1:]).all() and ratio[1:].min() > 3 and ratio[-1] > 1.5 * ratio[-2]),
            f"steps to {parameters.level:.0%} of the training pairs and of the others: {listed}",
        ),
        Claim(
            "With the strong decay the smallest scale never knows the others, and the larger ones do",
            bool(np.isinf(strong[0]) and np.isfinite(strong[1:]).all()),
            "test accuracy at the end: "
            + ", ".join(f"{a:g}: {x:.2f}" for a, x in zip(parameters.scales, ends, strict=True)),
        ),
    ]
