"""Local complexity: its law at initialization, and what training does to it.

Caption: Left: share of the units of a first layer whose kink cuts the neighbourhood of an input, against its radius
over s = sqrt(|x|^2 + (bias/weight scale)^2), for neighbourhoods with 1, 5 and 20 directions. Lines: exact law for
Gaussian weights; points: counts in drawn layers. Right: a ReLU network with two hidden layers learns the sign of a
product of two inputs from few samples. Units cut by the neighbourhood of a training (full) or test (dashed) input,
first and second layer, as a share of the layer; behind it, in grey, the two accuracies. Second-layer counts are a
proxy: vertices pushed through the network.
"""

from dataclasses import dataclass

import numpy as np

from paper_figures.figure import Claim

PAPER = "Humayun, Balestriero & Baraniuk 2024"
FIGURES = ()
STATES = {}
WING = "observables"


@dataclass(frozen=True)
class Parameters:
    dim: int = 100  # of the inputs, left
    units: int = 20_000  # drawn, left
    directions: tuple[int, ...] = (1, 5, 20)  # of the neighbourhood, left
    bias_scale: float = 0.5  # left
    inputs: int = 20  # dimensions, right
    samples: int = 400  # training samples, right
    width: int = 100  # of both hidden layers
    start: float = 2.0  # the start's weights, in units of the usual sqrt(2/inputs)
    rate: float = 1e-3  # of Adam
    steps: int = 6000
    points: int = 30  # times recorded
    radius: float = 0.05  # of the neighbourhood, inputs have norm 1
    key: int = 0


SIZES = {"quick": {"units": 4000, "steps": 300, "samples": 200, "points": 10}, "full": {"steps": 50_000}}


def steps(parameters):
    return {"start": lambda: _start(parameters), "training": lambda: _training(parameters)}


RADII = np.geomspace(0.02, 20, 13)


def _start(parameters):
    from grok_theory.observables import local_complexity, local_complexity_at_init

    random, norm = np.random.default_rng(parameters.key), 1.0
    size, fine = np.hypot(norm, parameters.bias_scale), np.geomspace(0.02, 20, 100)
    center = norm * np.eye(parameters.dim)[0]
    laws, counts = [], []
    for directions in parameters.directions:
        weights = random.standard_normal((parameters.units, parameters.dim))
        biases = parameters.bias_scale * random.standard_normal(parameters.units)
        frame = np.eye(parameters.dim)[1 : directions + 1]  # orthogonal to the center, as the law asks
        counts.append(local_complexity(weights, biases, center, frame, RADII * size) / parameters.units)
        laws.append(
            [
                local_complexity_at_init(r * size, directions, norm, bias_scale=parameters.bias_scale)
                for r in (fine, RADII)
            ]
        )
    return {
        "radius": fine,
        "law": np.array([law[0] for law in laws]),
        "law_at_points": np.array([law[1] for law in laws]),
        "counts": np.array(counts),
    }


def _training(parameters):
    import jax
    import jax.numpy as jnp
    import optax

    from grok_theory.observables import deep_local_complexity

    p = parameters
    keys = jax.random.split(jax.random.key(p.key), 5)
    x = jax.random.normal(keys[0], (p.samples + 1000, p.inputs))
    x = x / jnp.linalg.norm(x, axis=1, keepdims=True)
    y = jnp.sign(x[:, 0] * x[:, 1])
    sizes = (p.inputs, p.width, p.width, 1)
    net = [
        (p.start * jnp.sqrt(2 / a) * jax.random.normal(k, (b, a)), jnp.zeros(b))
        for k, a, b in zip(keys[1:4], sizes[:-1], sizes[1:])
    ]

    def output(net, x):
        for weights, biases in net[:-1]:
            x = jax.nn.relu(x @ weights.T + biases)
        return (x @ net[-1][0].T + net[-1][1])[:, 0]

    def loss(net):
        return jnp.mean(jax.nn.softplus(-y[: p.samples] * output(net, x[: p.samples])))

    adam = optax.adam(p.rate)

    @jax.jit
    def onward(state, count):
        def step(_, state):
            net, memory = state
            change, memory = adam.update(jax.grad(loss)(net), memory)
            return optax.apply_updates(net, change), memory

        return jax.lax.fori_loop(0, count, step, state)

    right = jax.jit(lambda net: jnp.sign(output(net, x)) == y)
    recorded = np.unique(np.concatenate([[0], np.round(np.geomspace(1, p.steps, p.points))]).astype(int))
    frame = np.linalg.qr(np.random.default_rng(p.key).standard_normal((p.inputs, p.inputs)))[0]
    points = np.asarray(x)[np.r_[:100, p.samples : p.samples + 100]]
    state, before, cut, accuracy = (net, adam.init(net)), 0, [], []
    for step in recorded:
        state, before = onward(state, int(step) - before), int(step)
        counts = deep_local_complexity(state[0][:-1], points, frame, p.radius) / p.width
        cut.append([counts[:100].mean(0), counts[100:].mean(0)])
        good = np.asarray(right(state[0]))
        accuracy.append([good[: p.samples].mean(), good[p.samples :].mean()])
    return {"step": recorded, "cut": np.array(cut), "accuracy": np.array(accuracy)}


def draw(parameters, data):
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(7, 2.7))
    start, run = data["start"], data["training"]
    for i, directions in enumerate(parameters.directions):
        left.plot(start["radius"], start["law"][i], color=f"C{i}", label=f"{directions}")
        left.plot(RADII, start["counts"][i], "o", color=f"C{i}")
    left.set(xscale="log", xlabel="radius / s", ylabel="share of units cut", ylim=(0, 1.02))
    left.legend(title="directions")
    step = run["step"][1:]
    for layer in range(2):
        for j, (style, word) in enumerate((("-", "training"), ("--", "test"))):
            label = f"layer {layer + 1}, {word} inputs"
            right.plot(step, run["cut"][1:, j, layer], style, color=f"C{layer}", label=label)
    right.set(xscale="log", xlabel="step of Adam", ylabel="share of units cut", ylim=(0, None))
    behind = right.twinx()
    for j, style in enumerate(("-", "--")):
        behind.plot(step, run["accuracy"][1:, j], style, color="0.7", lw=0.9)
    behind.spines["right"].set_visible(True)
    behind.set_ylim(0, 1.05)
    behind.set_ylabel("accuracy", color="0.5")
    right.legend(fontsize=6, loc="lower left")
    return figure


def claims(parameters, data):
    start, run = data["start"], data["training"]
    law = start["law_at_points"]
    z = (start["counts"] - law) / np.sqrt(np.maximum(law * (1 - law), 1e-12) / parameters.units)
    clear = (law > 0.001) & (law < 0.999)
    share = run["cut"].mean(1)
    return [
        Claim(
            "At the start counts follow the law within 4 standard errors.",
            np.abs(z[clear]).max() < 4,
            f"largest {np.abs(z[clear]).max():.1f} of {int(clear.sum())}",
        ),
        Claim(
            "Before training, training and test inputs are alike: within 2 % of the units.",
            np.abs(run["cut"][0, 0] - run["cut"][0, 1]).max() < 0.02,
            f"{np.abs(run['cut'][0, 0] - run['cut'][0, 1]).max():.4f}",
        ),
        Claim(
            "The network fits its training set.",
            run["accuracy"][-1, 0] > 0.95,
            f"accuracy {run['accuracy'][-1, 0]:.3f}, test {run['accuracy'][-1, 1]:.3f}; share cut in layer 1 from "
            f"{share[0, 0]:.3f} to {share[-1, 0]:.3f}, layer 2 from {share[0, 1]:.3f} to {share[-1, 1]:.3f}",
        ),
    ]
