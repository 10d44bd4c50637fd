"""Grokking by weight decay, on one curve: a diagonal network memorizes at once and changes its implicit bias later.

Caption: A network of two diagonal layers on a sparse teacher (40 samples, 100 weights, 5 of them +-1). Left: train loss
(grey) and test loss (colours) in time for three starts and three weight decays. Right: the same test losses over the
scale beta = alpha^2 exp(-2 lambda t) fall on one curve, that of the interpolator of least Q_beta (dots), which knows
neither start nor decay; they leave it where the decay keeps a residual. Crosses: networks trained with both layers.
"""

from dataclasses import dataclass

import numpy as np

from paper_figures.figure import Claim
from paper_figures.verdicts import judged, verdict_claim

PAPER = "beyond the paper"
FIGURES = ()
STATES = {}
WING = "linear"


@dataclass(frozen=True)
class Parameters:
    samples: int = 40
    dim: int = 100
    active: int = 5
    starts: tuple[float, ...] = (3.0, 30.0, 300.0)  # alpha
    decays: tuple[float, ...] = (4e-3, 2e-3, 1e-3)  # lambda
    times: int = 120
    key: int = 0


SIZES = {"full": {"times": 400}}
LEAST, READ = 1e-4, (0.1, 1e-2, 1e-3)  # scale where curves end, and scales at which they are held against one another


def _pairs(parameters):
    return [(start, decay) for start in parameters.starts for decay in parameters.decays]


def steps(parameters):
    return {
        f"{start:g}, {decay:g}": lambda a=start, g=decay: _curves(parameters, a, g)
        for start, decay in _pairs(parameters)
    }


def _curves(parameters, start, decay):
    import jax

    from grok_theory import linear

    rng = np.random.default_rng(parameters.key)
    teacher = np.zeros(parameters.dim)
    teacher[: parameters.active] = np.where(rng.random(parameters.active) < 0.5, 1.0, -1.0)
    inputs = rng.standard_normal((parameters.samples, parameters.dim)) / np.sqrt(parameters.samples)
    network = linear.DiagonalNetwork(inputs, inputs @ teacher, start, decay, teacher)
    last = float(linear.scale_time(start, decay, LEAST))
    # Dense where the scale has come down to the weights.
    late = np.linspace(max(float(linear.scale_time(start, decay, 10.0)), last / 100), last, parameters.times)
    marks = np.array([float(linear.scale_time(start, decay, scale)) for scale in READ])
    early = np.geomspace(1e-8 * last, late[0], parameters.times // 2, endpoint=False)
    times = np.sort(np.concatenate([early, late, marks]))
    slow = times[times >= late[0]]
    run, told = linear.solve(network, times), linear.solve(network, slow, method=linear.Interpolator())
    at, told_at = np.searchsorted(times, marks), np.searchsorted(slow, marks)
    result = {"times": times, "late": late, "power": np.mean((inputs @ teacher) ** 2)}
    result |= {name: run[name] for name in ("train_loss", "test_loss", "scale")}
    result |= {"told": told["test_loss"], "told_scale": told["scale"], "exact": told["test_loss"][told_at]}
    result |= {"at": run["test_loss"][at], "train_at": run["train_loss"][at]}
    if start == parameters.starts[0] and decay == parameters.decays[0]:
        # One network, trained once: its runs are equal, and compare takes their spread for what it is.
        runs = linear.simulate(network, marks, runs=2, key=jax.random.key(0))
        result["trained"] = runs["test_loss"][0]
        result |= judged(linear.solve(network, marks), runs, margin=1e-4, curves=["test_loss"])
    return result


def draw(parameters, data):
    import matplotlib.pyplot as plt

    figure, (raw, collapsed) = plt.subplots(1, 2, figsize=(7.2, 3.0), sharey=True)
    looks = ["-", "--", ":"]
    for start, decay in _pairs(parameters):
        step = data[f"{start:g}, {decay:g}"]
        color = f"C{parameters.starts.index(start)}"
        look = looks[parameters.decays.index(decay) % 3]
        raw.plot(step["times"], step["test_loss"], look, color=color, lw=1.1)
        raw.plot(step["times"], np.maximum(step["train_loss"], 1e-16), look, color="0.6", lw=0.7)
        shown = step["times"] >= step["late"][0]
        collapsed.plot(step["scale"][shown], step["test_loss"][shown], look, color=color, lw=1.1)
        if "trained" in step:
            collapsed.plot(READ, step["trained"], "x", color="k", label="both layers trained", zorder=3)
    collapsed.plot(step["told_scale"][::6], step["told"][::6], "o", color="k", ms=2.5, label="interpolator")
    for start in parameters.starts:
        collapsed.plot([], [], color=f"C{parameters.starts.index(start)}", label=rf"test loss, $\alpha$ = {start:g}")
    for decay, look in zip(parameters.decays, looks, strict=False):
        collapsed.plot([], [], look, color="0.3", lw=1.1, label=rf"$\lambda$ = {decay:g}")
    collapsed.plot([], [], color="0.6", lw=0.7, label="train loss")
    raw.set(xscale="log", yscale="log", ylim=(1e-10, 1), xlabel=r"time $t$ [$\tau$]", ylabel="loss")
    collapsed.set(xscale="log", xlabel=r"scale $\beta(t) = \alpha^2 e^{-2 \lambda t}$", xlim=(10, LEAST))
    collapsed.legend(fontsize=7, loc="lower left")  # the one corner of both panels without a curve
    return figure


def claims(parameters, data):
    found = []
    slowest, fastest = parameters.decays[-1], parameters.decays[0]
    gaps = {
        pair: np.abs(data[f"{pair[0]:g}, {pair[1]:g}"]["at"] / data[f"{pair[0]:g}, {pair[1]:g}"]["exact"] - 1)
        for pair in _pairs(parameters)
    }
    worst = max(gap[:2].max() for gap in gaps.values())
    found.append(
        Claim(
            "All starts and decays are on one curve of the scale within 10 %, down to a scale of 0.01",
            worst < 0.1,
            f"largest gap to the interpolator {worst:.2%}",
        )
    )
    ratios = [gaps[start, parameters.decays[1]] / gaps[start, slowest] for start in parameters.starts]
    found.append(
        Claim(
            "The gap to that curve halves with the decay: a ratio of 1.7 to 2.3",
            bool(np.all((np.array(ratios)[:, :2] > 1.7) & (np.array(ratios)[:, :2] < 2.3))),
            f"ratios {np.min(np.array(ratios)[:, :2]):.2f} to {np.max(np.array(ratios)[:, :2]):.2f}",
        )
    )
    early = [data[f"{start:g}, {fastest:g}"] for start in parameters.starts]
    fitted = max(float(step["train_at"][0] / step["power"]) for step in early)
    left = min(float(step["at"][0] / step["at"][2]) for step in early)
    found.append(
        Claim(
            "At a scale of 0.1 the train loss is below 1e-3 of its start while the test loss has still to fall tenfold",
            fitted < 1e-3 and left > 10,
            f"train loss {fitted:.1e} of its start, test loss {left:.0f} times that at a scale of 0.001",
        )
    )
    for step in data.values():
        if "trained" in step:
            found.append(verdict_claim("Both layers, trained, are the dual flow within 1e-4", step, "test_loss"))
    return found
