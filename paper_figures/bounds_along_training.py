"""Stability bounds along training: useful for a convex loss, useless for a network.

Caption: Mean gap over training sets (test minus train loss, black, with its standard error) during full-batch descent,
beside the pair-stability bound, which is provable, and the coherence bound. Left: logistic regression on inputs of unit
norm: Lipschitz with 1, smooth with 1/4, convex, so that differences between two trainings do not grow and all
assumptions hold. Right: a two-layer tanh network with logistic loss on the same data. Its constants are the largest
gradient and curvature met along the way; without convexity differences may grow by 1 + eta beta each step, and both
bounds leave the picture after a few steps. Dotted: the sums as if it were convex, which is promised by nobody.
"""

from dataclasses import dataclass

import numpy as np

from paper_figures.figure import Claim

PAPER = "Chatterjee & Zielinski 2022"
FIGURES = ()
STATES = {}
WING = "bounds"
PROBED = 8  # samples whose curvature is followed


@dataclass(frozen=True)
class Parameters:
    dim: int = 10
    samples: int = 60  # m
    fresh: int = 60  # samples the gradients are compared with
    flipped: float = 0.1  # share of labels that are wrong
    hidden: int = 20  # units of the network
    rate: float = 1.0  # of descent on the mean loss
    steps: int = 400
    runs: int = 64  # training sets
    test: int = 2000  # fresh samples of the test loss
    key: int = 0


SIZES = {"full": {"runs": 400, "steps": 1000}}


def steps(parameters):
    return {
        "logistic": lambda: _train(parameters, _logistic, parameters.dim, convex=True),
        "network": lambda: _train(parameters, _network, parameters.hidden * (parameters.dim + 1), convex=False),
    }


def _logistic(w, x):
    return x @ w


def _network(w, x):
    import jax.numpy as jnp

    hidden = w.size // (x.shape[-1] + 1)
    first, readout = w[:-hidden].reshape(hidden, -1), w[-hidden:]
    return jnp.tanh(x @ first.T) @ readout / np.sqrt(hidden)


def _train(parameters, function, weights, convex):
    import jax
    import jax.numpy as jnp

    from grok_theory.bounds import pair_distance, stability_along_training
    from grok_theory.observables import gradient_coherence

    def loss(w, x, y):
        return jax.nn.softplus(-y * function(w, x))

    def one(key):
        keys = jax.random.split(key, 3)

        def sample(key, count):
            data, flips = jax.random.split(key)
            x = jax.random.normal(data, (count, parameters.dim))
            x = x / jnp.linalg.norm(x, axis=1, keepdims=True)
            wrong = jax.random.bernoulli(flips, parameters.flipped, (count,))
            return x, jnp.where((x[:, 0] > 0) ^ wrong, 1.0, -1.0)

        (x, y), (fresh_x, fresh_y) = sample(keys[0], parameters.samples), sample(keys[1], parameters.fresh)
        test_x, test_y = sample(jax.random.key(parameters.key + 1), parameters.test)
        each = jax.vmap(jax.grad(loss), (None, 0, 0))

        def curvature(w, start):
            """Largest curvature of the first samples' losses, by two more steps of the power method each time."""
            v = start
            for _ in range(2):
                v = v / jnp.linalg.norm(v, axis=1, keepdims=True)
                v = jax.vmap(lambda v, x, y: jax.jvp(lambda w: jax.grad(loss)(w, x, y), (w,), (v,))[1])(
                    v, x[:PROBED], y[:PROBED]
                )
            return jnp.max(jnp.linalg.norm(v, axis=1)), v

        def step(state, _):
            w, direction = state
            own, other = each(w, x, y), each(w, fresh_x, fresh_y)
            largest = jnp.sqrt(jnp.max(jnp.sum(own**2, axis=1)))
            bend, direction = (jnp.asarray(0.25), direction) if convex else curvature(w, direction)
            w = w - parameters.rate * jnp.mean(own, axis=0)
            gap = jnp.mean(loss(w, test_x, test_y)) - jnp.mean(loss(w, x, y))
            seen = gradient_coherence(own).alpha, pair_distance(own, other), largest, bend, gap
            return (w, direction), seen

        start = jax.random.normal(keys[2], (weights,)) * (0.0 if convex else 1.0)
        ahead = jax.random.normal(jax.random.fold_in(keys[2], 1), (PROBED, weights))
        return jax.lax.scan(step, (start, ahead), length=parameters.steps)[1]

    seen = jax.jit(jax.vmap(one))(jax.random.split(jax.random.key(parameters.key), parameters.runs))
    alpha, distance, largest, bend, gap = (np.asarray(s) for s in seen)
    lipschitz, smoothness = (1.0, 0.25) if convex else (float(largest.max()), float(bend.max()))
    result = {"gap": gap, "lipschitz": lipschitz, "smoothness": smoothness, "alpha": alpha.mean(0)}
    rest = {"samples": parameters.samples, "smoothness": smoothness}
    distances = {"pair": distance.mean(0), "coherence": lipschitz * np.sqrt(2 * (1 - alpha)).mean(0)}
    for name, path in distances.items():
        for word, tame in (("", convex), ("_if_convex", True)):
            # The condition eta beta <= 2 of the tame sums is not asked of the network: nobody promises them.
            known = rest | ({} if convex or not tame else {"smoothness": 0.0})
            found = stability_along_training(path, parameters.rate, convex=tame, **known)
            result[name + word] = lipschitz * np.asarray(found)
    return result


def draw(parameters, data):
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 2, figsize=(7, 2.7), sharey=True)
    step = np.arange(1, parameters.steps + 1)
    for ax, name, title in zip(axes, data, ("logistic regression: convex", "tanh network: not convex")):
        run = data[name]
        mean, error = run["gap"].mean(0), run["gap"].std(0) / np.sqrt(parameters.runs)
        ax.fill_between(step, mean - error, mean + error, color="k", alpha=0.2, lw=0)
        ax.plot(step, mean, "k", label="true gap, mean")
        for i, (bound, word) in enumerate((("pair", "pair stability"), ("coherence", "coherence"))):
            ax.plot(step, run[bound], color=f"C{i}", label=word)
            if name == "network":
                ax.plot(step, run[bound + "_if_convex"], ":", color=f"C{i}", label="as if convex" if i == 0 else None)
        ax.set(xscale="log", yscale="log", xlabel="step of descent", title=title, ylim=(1e-4, 1e4))
    axes[0].set_ylabel("test loss - train loss")
    axes[1].legend(loc="lower right")
    axes[0].legend(loc="lower right")
    return figure


def claims(parameters, data):
    convex, network = data["logistic"], data["network"]
    below = convex["pair"] - convex["gap"].mean(0)
    first = int(np.argmax(network["pair"] > 10)) + 1
    return [
        Claim(
            "Convex: the pair-stability bound lies above the mean gap at every step.",
            bool(np.all(below > 0)),
            f"at the end {convex['pair'][-1]:.3f} above {convex['gap'].mean(0)[-1]:.4f}",
        ),
        Claim(
            "Convex: the coherence bound lies above the mean gap at every step, though no proof is closed.",
            bool(np.all(convex["coherence"] > convex["gap"].mean(0))),
            f"at the end {convex['coherence'][-1]:.3f}",
        ),
        Claim(
            "Network: the product makes the bound useless, beyond 1e4 at the last step.",
            network["pair"][-1] > 1e4,
            f"eta beta = {parameters.rate * float(network['smoothness']):.2f}; above 10 from step {first}, "
            f"1e{np.log10(network['pair'][-1]):.0f} at step {parameters.steps}",
        ),
    ]
