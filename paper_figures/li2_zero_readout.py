"""A zero read-out generalises sooner.

Caption: Modular addition, Adam with rate .005 and decay 5e-5. First panels: test accuracy from the usual start (dashed)
and from the same hidden layer under a read-out of zeros (solid), one panel a group, colours the share of the pairs
trained on; means over runs. Then: steps until the test accuracy passes .95 over the share, every run a point, medians
joined; runs that did not get there stand at the top. Last: what stage I says of the same starts by gradient descent,
the hidden layer held: mean cosine of G_F with the direction of the energy while the read-out learns, theory (lines) and
a real run (points). From zeros the first gradient is the energy's own; from the usual start the old read-out must be
outgrown first.

Reduced against the paper: Z_127 is left out, and K = 512 stands for 1024. The gain grows with the width; at shares of
.4 and less, where the last stage is slow from either start, it is small here.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np

from paper_figures.figure import Claim
from paper_figures.verdicts import judged, verdict_claim

PAPER = "Tian 2025"
FIGURES = ("14", "15", "16")
STATES = {
    "14": "P: no gain that grows towards scarce data, at K = 512",
    "15": "P: no gain that grows towards scarce data, at K = 512",
    "16": "P: Z_127 is trained at the full size only",
}
WING = "li2"
STARTS = {"usual": "TorchUniform", "zero": "ZeroReadout"}
RATE = 0.005  # of Adam


@dataclass(frozen=True)
class Parameters:
    orders: tuple[int, ...] = (41, 89)  # M of Z_M
    shares: tuple[float, ...] = (0.5, 0.6)  # of all pairs
    last: tuple[int, ...] = (500, 60)  # steps, of each M
    width: int = 512
    held: int = 128  # nodes of the run of stage I
    decay: float = 5e-5
    looks: int = 17
    runs: int = 2
    descent: int = 1000  # steps of descent in stage I
    key: int = 0


SIZES = {
    "full": {
        "orders": (41, 89, 127),
        "shares": (0.2, 0.3, 0.4, 0.6),
        "last": (3000, 1000, 1000),
        "width": 1024,
        "runs": 5,
    },
}


def steps(parameters):
    trained = {
        f"Z_{order} {share:g}": lambda order=order, share=share, last=last: _train(parameters, order, share, last)
        for order, last in zip(parameters.orders, parameters.last, strict=True)
        for share in parameters.shares
    }
    return {**trained, "stage": lambda: _stage(parameters)}


def _task(parameters, order, share):
    from grok_theory import li2

    group = li2.groups.cyclic(order)
    return li2.GroupTask(group, train_fraction=share, weight_decay=parameters.decay, centering="classes")


def _train(parameters, order, share, last):
    from grok_theory import li2
    from grok_theory.observables import crossing_time
    from paper_figures.table_networks import Network, squares, train_runs, uniform, zero_readout

    looks = np.unique(np.rint(np.geomspace(3, last, parameters.looks)).astype(int))
    result, wide, table = {"step": looks}, parameters.width, li2.groups.cyclic(order).table
    how = {"runs": parameters.runs, "key": parameters.key, "rate": RATE, "decay": parameters.decay}
    for name, layers in (("usual", uniform), ("zero", zero_readout)):
        start = partial(layers, hidden=(2 * order, wide), readout=(wide, order))
        accuracy = train_runs(Network(squares), start, table, share, looks, **how)[0]["test_accuracy"]
        time = crossing_time(looks, accuracy, 0.95, rising=True).time
        result |= {f"{name} accuracy": accuracy, f"{name} time": time}
    return result


def _stage(parameters):
    import jax

    from grok_theory import Absolute, GradientDescent, Relative, li2

    task = _task(parameters, parameters.orders[0], parameters.shares[0])
    start = {"width": parameters.held, "key": jax.random.key(parameters.key)}
    # A quarter of the largest stable rate.
    rate = 0.5 * task.samples / li2.solve(task, [0.0], **start).stats["largest_rate"]
    looks = np.unique(np.rint(np.geomspace(1, parameters.descent, 24)).astype(int))
    result = {"step": looks}
    for name, kind in STARTS.items():
        how = {"dynamics": GradientDescent(rate), "initial": getattr(li2.training, kind)(), **start}
        theory = li2.solve(task, looks, **how)
        held = li2.simulate(task, looks, runs=1, train_hidden=False, **how)
        result |= {f"{name} theory": theory["alignment"], f"{name} held": held["alignment"][0]}
        margin = {"alignment": Absolute(0.01), "gradient_norm": Relative(0.02)}
        result |= judged(theory, held, margin=margin, label=name)
    return result


def draw(parameters, data):
    import matplotlib.pyplot as plt

    count = len(parameters.orders)
    figure, axes = plt.subplots(1, count + 2, figsize=(1.8 * (count + 2), 2.6), layout="constrained")
    time, stage = axes[-2:]
    for ax, order, last, letter in zip(axes, parameters.orders, parameters.last, "abc", strict=False):
        for i, share in enumerate(parameters.shares):
            d = data[f"Z_{order} {share:g}"]
            for name, style in (("usual", "--"), ("zero", "-")):
                label = f"{100 * share:.0f} %" if name == "zero" else None
                ax.plot(d["step"], d[f"{name} accuracy"].mean(axis=0), style, color=f"C{i + 2}", label=label)
        ax.set(xscale="log", xlabel="step", ylim=(-0.03, 1.03), title=f"{letter}  $Z_{{{order}}}$")
        ax.tick_params(axis="x", which="minor", labelbottom=False)
        for i, name in enumerate(STARTS):
            _times(time, parameters, data, order, last, name, f"C{i}")
    axes[0].set_ylabel("test accuracy")
    axes[0].legend(fontsize=6)
    for i, words in enumerate(("usual start", "zero read-out")):
        time.plot([], [], "os"[i] + "-", color=f"C{i}", label=words, markersize=3)
    time.set(xlabel="share of pairs", ylabel="steps to generalise", yscale="log", xticks=parameters.shares)
    time.set(title=f"{'abcd'[count]}  Time")
    time.set_yticks([50, 100, 200, 500], ["50", "100", "200", "500"])
    time.tick_params(axis="y", which="minor", labelleft=False)
    time.legend(fontsize=6)
    d = data["stage"]
    for i, name in enumerate(STARTS):
        stage.plot(d["step"], d[f"{name} theory"], color=f"C{i}")
        stage.plot(d["step"], d[f"{name} held"], "o", color=f"C{i}", markersize=2.5)
    stage.set(
        xlabel="step of descent", ylabel="alignment of $G_F$", xscale="log", title=f"{'abcde'[count + 1]}  Stage I"
    )
    return figure


def _times(ax, parameters, data, order, last, name, color):
    shares = np.array(parameters.shares) + (0.004 if name == "zero" else -0.004)
    times = np.array([data[f"Z_{order} {share:g}"][f"{name} time"] for share in parameters.shares])
    middle = np.median(np.where(np.isnan(times), np.inf, times), axis=1)
    look = "s" if name == "zero" else "o"
    there = np.isfinite(times)
    ax.plot(np.repeat(shares, parameters.runs)[there.ravel()], times[there], look, color=color, markersize=3)
    ax.plot(shares, np.where(np.isfinite(middle), middle, np.nan), color=color)
    for share, missing in zip(shares, np.sum(~there, axis=1), strict=True):
        if missing:
            ax.plot(share, 1.15 * last, look, color=color, fillstyle="none", markersize=3)
    if name == "usual":
        top = np.where(there, times, 1.15 * last)[0].max()
        ax.annotate(f"$Z_{{{order}}}$", (shares[0], top), (4, 2), textcoords="offset points", fontsize=7)


def claims(parameters, data):
    gains, shown = {}, []
    for order, last in zip(parameters.orders, parameters.last, strict=True):
        rows = [data[f"Z_{order} {share:g}"] for share in parameters.shares]
        # A run that has not generalised at the end counts as if it just had.
        pairs = [[np.where(np.isnan(d[f"{n} time"]), last, d[f"{n} time"]) for n in STARTS] for d in rows]
        gains[order] = np.array([usual / zero for usual, zero in pairs])
        shown.append(f"Z_{order}: " + ", ".join(f"{100 * s:.0f} % {g.mean():.2f}" for s, g in zip(
            parameters.shares, gains[order], strict=True)))  # fmt: skip
    stage = data["stage"]
    early = [stage[f"{name} theory"][0] for name in STARTS]
    found = [
        Claim(
            "From a zero read-out every run generalises sooner than from the usual start",
            all(np.all(gain > 1) for gain in gains.values()),
            "times fewer steps: " + "; ".join(shown),
        ),
        Claim(
            "Stage I: the first gradient is along the energy from zeros only",
            early[1] > 0.99 > 0.5 > early[0],
            f"cosines {early[1]:.4f} and {early[0]:.4f}",
        ),
    ]
    for name, words in (("usual", "usual start"), ("zero", "zero read-out")):
        text = f"Stage I, {words}: the run's alignment is the theory's"
        found.append(verdict_claim(text, stage, "alignment", label=name))
    return found
