"""What trained networks have learned, beside the predicted maxima.

Caption: Hidden nodes of networks trained on modular addition. Left: energy on the full table of each trained node,
scaled to unit length, over that of its exact maximum, M/4, against its purity (share in one frequency). Nodes at (1, 1)
are the predicted maxima; at the larger share the median node of every run is one. Middle: median purity in time for the
settings on the right. Right: share of nodes whose final frequency is that in which stage II, the ascent of the energy
from their start, ends (points, 95 % intervals over runs), and what dealing the predictions at random would give (bars):
far above chance, and far from one.
"""

from dataclasses import dataclass

import numpy as np

from paper_figures.figure import Claim
from paper_figures.verdicts import judged_over, verdict_claim

PAPER = "Tian 2025"
FIGURES = ()
STATES = {}
WING = "li2"


@dataclass(frozen=True)
class Parameters:
    order: int = 23  # M of Z_M
    shares: tuple[float, ...] = (0.8, 0.5)  # of all pairs
    width: int = 128
    decay: float = 2e-4
    last: int = 2000  # steps
    looks: int = 16
    runs: int = 5
    key: int = 0


SIZES = {"full": {"order": 71, "shares": (0.6, 0.4), "width": 512, "last": 4000, "runs": 10}}
STARTS = {"usual": "TorchUniform", "zero": "ZeroReadout"}


def steps(parameters):
    return {
        f"{start} {share:g}": lambda start=start, share=share: _train(parameters, start, share)
        for share in parameters.shares
        for start in STARTS
    }


def _train(parameters, start, share):
    import jax

    from grok_theory import Absolute, li2

    task = li2.GroupTask(
        li2.groups.cyclic(parameters.order), train_fraction=share, weight_decay=parameters.decay, centering="classes"
    )
    found = li2.simulate(
        task,
        np.unique(np.linspace(0, parameters.last, parameters.looks).astype(int)),
        width=parameters.width,
        runs=parameters.runs,
        key=jax.random.key(parameters.key),
        initial=getattr(li2.training, STARTS[start])(),
    )
    seen = li2.comparison.trained_features(found)
    middle = np.nanmedian(np.where(seen.alive, seen.energy_ratio, np.nan), axis=1)
    told, ran = {"energy": [1.0]}, {"energy": middle[:, None]}
    return {
        **judged_over("share of pairs", [share], told, ran, margin={"energy": Absolute(0.01)}),
        "step": found.x,
        "purity in time": found["feature_purity"],
        "test": found["test_accuracy"][:, -1],
        "purity": seen.purity,
        "ratio": seen.energy_ratio,
        "alive": seen.alive,
        "rate": np.array(seen.interval("rate")),
        "rate of runs": seen.rate,
        "chance": seen.chance,
        "found": seen.found,
    }


def draw(parameters, data):
    import matplotlib.pyplot as plt

    figure, (left, middle, right) = plt.subplots(1, 3, figsize=(7.0, 2.6), layout="constrained")
    names = list(data)
    for i, (name, d) in enumerate(data.items()):
        left.plot(
            d["purity"][0][d["alive"][0]], d["ratio"][0][d["alive"][0]], ".", color=f"C{i}", markersize=3, alpha=0.6
        )
        middle.plot(d["step"], d["purity in time"].mean(axis=0), color=f"C{i}", label=_words(name))
        rate, low, high = d["rate"]
        right.bar(i, d["chance"].mean(), width=0.6, color="0.8")
        right.errorbar(i, rate, [[rate - low], [high - rate]], fmt="o", color=f"C{i}", capsize=3)
    left.plot(1, 1, "*", color="black", markersize=7)
    left.set(xlabel="purity", ylabel="energy / $E^*$", title="a  Trained nodes")
    middle.set(xlabel="step", ylabel="median purity", title="b  Purity", ylim=(0, 1.05))
    middle.legend(fontsize=6, loc="lower right")
    right.set_xticks(range(len(names)), [_words(n).replace(", ", "\n") for n in names])
    right.set(ylabel="nodes predicted", ylim=(0, 1), title="c  Right predictions")
    return figure


def _words(name):
    start, share = name.split()
    return f"{start}, {100 * float(share):.0f} %"


def claims(parameters, data):
    names = list(data)
    rates = "; ".join(
        f"{_words(n)}: {rate:.2f} ({low:.2f} to {high:.2f}) against {data[n]['chance'].mean():.2f}"
        for n in names
        for rate, low, high in [data[n]["rate"]]
    )
    maxima = [
        verdict_claim(f"{_words(n)}: the median trained node stands at its maximum, energy / E* = 1", data[n], "energy")
        for n in names[: len(STARTS)]
    ]
    first = data[names[0]]
    rows = first["found"].mean(axis=0)
    return [
        *maxima,
        Claim(
            "Stage II predicts frequencies above chance from either start at the larger share (95 %)",
            all(data[n]["rate"][1] > data[n]["chance"].mean() for n in names[:2]),
            rates,
        ),
        Claim(
            "No prediction is near certain: less than .95 of the nodes (95 %)",
            all(data[n]["rate"][2] < 0.95 for n in names),
            rates,
        ),
        Claim(
            "Every frequency is found in some run",
            bool(np.all(rows > 0)),
            f"found in {100 * rows.min():.0f} to {100 * rows.max():.0f} % of the runs",
        ),
    ]
