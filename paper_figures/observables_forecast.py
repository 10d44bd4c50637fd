"""Will it grok, and when: forecasts along the life of one run, each from its record so far, and the truth.

Caption: A two-layer network with squared units learns modular addition by AdamW; the run is made for this figure and is
none of those that the table of forecasts was made from. Top: train accuracy and test loss; dotted, the goal of the test
loss. Bottom: at each logged step, what was said then of the step at which the test loss reaches the goal (horizontal
line: when it did). Grey: "not before", while the test curve lies still. Points and band: the date and its 80 %
interval, once the loss has come a seventh of its way; steps at which no date was given have none.
"""

from dataclasses import dataclass

import numpy as np

from paper_figures.figure import Claim

PAPER = "ours"
FIGURES = ()
STATES = {}
WING = "observables"


@dataclass(frozen=True)
class Parameters:
    modulus: int = 19
    fraction: float = 0.6  # of all pairs, trained on
    width: int = 128
    learning_rate: float = 0.003
    weight_decay: float = 0.5
    steps: int = 3000
    goal: float = 0.4  # of the test loss
    seed: int = 11


SIZES = {"full": {"modulus": 31, "steps": 6000}}


def steps(parameters):
    return {"run": lambda: _run(parameters)}


def _run(parameters):
    """Full batches; logged at steps 4 % apart, up to the goal and a little beyond."""
    import jax
    import jax.numpy as jnp
    import optax

    p, draws = parameters.modulus, np.random.default_rng(parameters.seed)
    pairs = np.array([(a, b) for a in range(p) for b in range(p)])
    draws.shuffle(pairs)
    inputs = np.eye(p)[pairs].reshape(len(pairs), 2 * p)
    answers = np.eye(p)[pairs.sum(1) % p]
    split = int(parameters.fraction * len(pairs))
    weights = {
        "hidden": jnp.asarray(draws.normal(size=(2 * p, parameters.width)) / np.sqrt(2 * p)),
        "readout": jnp.asarray(draws.normal(size=(parameters.width, p)) / parameters.width),
    }
    optimizer = optax.adamw(parameters.learning_rate, weight_decay=parameters.weight_decay)

    def loss(weights, x, y):
        return jnp.mean(jnp.sum(jnp.square(jnp.square(x @ weights["hidden"]) @ weights["readout"] - y), axis=1))

    def accuracy(weights, x, y):
        outputs = jnp.square(x @ weights["hidden"]) @ weights["readout"]
        return jnp.mean(jnp.argmax(outputs, axis=1) == jnp.argmax(y, axis=1))

    train, test = (
        tuple(map(jnp.asarray, (inputs[part], answers[part]))) for part in (slice(split), slice(split, None))
    )

    @jax.jit
    def walk(weights, state, count):
        def one(_, carried):
            weights, state = carried
            updates, state = optimizer.update(jax.grad(loss)(weights, *train), state, weights)
            return optax.apply_updates(weights, updates), state

        weights, state = jax.lax.fori_loop(0, count, one, (weights, state))
        return weights, state, accuracy(weights, *train), loss(weights, *test), accuracy(weights, *test)

    logged = np.unique(np.concatenate([np.arange(25), np.geomspace(25, parameters.steps, 120).astype(int)]))
    state, rows, before, beyond = optimizer.init(weights), [], 0, 0
    for step in logged:
        weights, state, *row = walk(weights, state, int(step) - before)
        before = int(step)
        rows.append((step, *map(float, row)))
        beyond += rows[-1][2] <= parameters.goal
        if beyond > 3:
            break
    return dict(zip(("step", "train", "loss", "test"), np.array(rows).T))


def _said(parameters, run):
    """The forecast at every row, and when the goal came."""
    from grok_theory.observables import crossing_time, forecast_delay

    asked = {"train_threshold": 0.99, "test_threshold": parameters.goal, "rising": (True, False)}
    curves = (run["step"], run["train"], run["loss"])
    chance = 1 / parameters.modulus
    every = [forecast_delay(*curves, **asked, chance=chance, optimizer="adamw", at=step) for step in run["step"]]
    return every, crossing_time(run["step"], run["loss"], parameters.goal).time


def draw(parameters, data):
    import matplotlib.pyplot as plt

    run = data["run"]
    every, goal = _said(parameters, run)
    figure, (top, bottom) = plt.subplots(2, 1, figsize=(5, 4.6), layout="constrained", sharex=True)
    top.plot(run["step"], run["train"], label="train accuracy")
    top.plot(run["step"], run["loss"], label="test loss")
    top.axhline(parameters.goal, color="C1", linestyle=":", linewidth=0.8)
    top.set(ylabel="accuracy, loss", ylim=(0, None))
    top.legend()
    silent = [f for f in every if f.status == "silent"]
    bottom.plot([f.now for f in silent], [f.not_before for f in silent], color="0.5", label="not before")
    dated = [f for f in every if f.dated and f.status != "reached"]
    now = [f.now for f in dated]
    low, high = (np.minimum([f.interval[i] for f in dated], 30 * np.array(now)) for i in range(2))
    bottom.fill_between(now, low, high, alpha=0.25, color="C2", linewidth=0)
    bottom.plot(now, [f.time for f in dated], "o-", color="C2", markersize=3, label="date, 80 % interval")
    bottom.axhline(goal, color="k", linewidth=1, label="when it came")
    bottom.set(
        yscale="log", xlabel="step", ylabel="step of the goal", xlim=(max(10, run["step"][0]), None), xscale="log"
    )
    bottom.legend()
    return figure


def claims(parameters, data):
    every, goal = _said(parameters, data["run"])
    before = [f for f in every if f.status != "reached"]
    dated = [f for f in before if f.dated]
    first = next((f for f in dated if f.progress >= 0.2), None)
    inside = [f.interval[0] <= goal <= f.interval[1] for f in dated]
    error = abs(first.time - goal) / (goal - first.train_time) if first else np.inf
    return [
        Claim("The run groks.", bool(np.isfinite(goal)), f"step {goal:.0f}"),
        Claim(
            "What the goal is said not to come before comes before it, at every step.",
            all(f.not_before <= goal for f in before),
            f"{len(before)} steps",
        ),
        Claim(
            "Later dates are better: the last quarter of them misses by less than the first.",
            len(dated) >= 8 and _miss(dated[-(len(dated) // 4) :], goal) < _miss(dated[: len(dated) // 4], goal),
            f"{len(dated)} dates",
        ),
        Claim(
            "Three in four intervals hold the goal.",
            bool(inside) and np.mean(inside) >= 0.75,
            f"{sum(inside)} of {len(inside)}",
        ),
        Claim(
            "The date at a fifth of the way misses by less than half of the delay.", error < 0.5, f"{error:.2f} of it"
        ),
    ]


def _miss(forecasts, goal):
    """Mean of how far dates are off, in logarithms."""
    return float(np.mean([abs(np.log(f.time / goal)) for f in forecasts]))
