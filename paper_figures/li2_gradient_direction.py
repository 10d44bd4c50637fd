"""Which way the back-propagated gradient points at the end of stage I: weight decay decides, not a small width.

Caption: Modular addition with 40 % of the pairs, frozen hidden layer, square activation. Left: mean cosine between the
columns of G_F at its fixed point and the direction Y~Y~^T F~ that the energy picture needs, against the decay eta in
units of the mean squared singular value of F~, for three widths K; Lemma 1 of the paper prints a cosine near one
throughout. It holds for strong decay only, and worst where there are as many nodes as samples. Right: size of G_F in
time for K = n (line), with the small-time law t ||Y~Y~^T F~|| (dashed) and the fixed point (dotted), for weak and
strong decay.
"""

from dataclasses import dataclass

import numpy as np

from paper_figures.figure import Claim

PAPER = "Tian 2025"
FIGURES = ()
STATES = {}
WING = "li2"


@dataclass(frozen=True)
class Parameters:
    order: int = 23  # M of Z_M
    share: float = 0.4  # of all pairs
    widths: tuple[float, ...] = (0.125, 1.0, 4.0)  # K / n
    decays: int = 13  # from 1e-5 to 1e3
    times: int = 60
    draws: int = 2  # hidden layers
    key: int = 0


SIZES = {"full": {"decays": 25, "draws": 10}}


def steps(parameters):
    widths = {f"K/n={r:g}": lambda r=r: _alignment(parameters, r) for r in parameters.widths}
    return {**widths, "norm": lambda: _norms(parameters)}


def _setting(parameters, ratio, draw):
    import jax

    from grok_theory import li2

    task = li2.GroupTask(li2.groups.cyclic(parameters.order), train_fraction=parameters.share)
    task = task.split(jax.random.key(parameters.key + draw))
    width = round(ratio * task.samples)
    hidden = np.random.default_rng(parameters.key + draw).normal(size=(width, 2 * parameters.order))
    first, second = task.train_pairs.T
    features = (hidden[:, first] + hidden[:, parameters.order + second]).T ** 2
    features = features - features.mean(axis=0)
    return task, hidden, np.sum(features**2) / min(task.samples - 1, width)


def _alignment(parameters, ratio):
    import dataclasses

    from grok_theory import li2

    shares = np.geomspace(1e-5, 1e3, parameters.decays)
    found = np.empty((parameters.draws, parameters.decays))
    for draw in range(parameters.draws):
        task, hidden, mean_square = _setting(parameters, ratio, draw)
        for i, share in enumerate(shares):
            decayed = dataclasses.replace(task, weight_decay=2 * share * mean_square / task.samples)
            found[draw, i] = li2.lazy_gradient(decayed, hidden, [0.0]).fixed_alignment
    return {"decay": shares, "cosine": found}


def _norms(parameters):
    import dataclasses

    from grok_theory import li2

    task, hidden, mean_square = _setting(parameters, 1.0, 0)
    result = {}
    for name, share in (("weak", 1e-4), ("strong", 1.0)):
        decayed = dataclasses.replace(task, weight_decay=2 * share * mean_square / task.samples)
        times = np.geomspace(1e-6, 1e5, parameters.times) / mean_square
        found = li2.lazy_gradient(decayed, hidden, times)
        result[f"{name} norm"] = np.asarray(found.norm)
        result[f"{name} fixed"] = np.asarray(np.linalg.norm(found.fixed_point))
        result["time"] = times * mean_square
        result["small"] = times * float(np.linalg.norm(found.leading))
    return result


def draw(parameters, data):
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(7.0, 2.6))
    for i, ratio in enumerate(parameters.widths):
        d = data[f"K/n={ratio:g}"]
        mean = d["cosine"].mean(axis=0)
        left.plot(d["decay"], mean, "os^Dv"[i] + "-", color=f"C{i}", label=f"K = {ratio:g} n")
        low, high = d["cosine"].min(axis=0), d["cosine"].max(axis=0)
        left.fill_between(d["decay"], low, high, color=f"C{i}", alpha=0.2, linewidth=0)
    left.axhline(1.0, color="0.6", linewidth=0.7, linestyle="--")
    left.text(1e-5, 1.02, "as printed", color="0.4", fontsize=7)
    left.set(
        xscale="log", xlabel=r"decay $\eta$ / mean $s^2$", ylabel="cosine with $\\tilde Y\\tilde Y^\\top\\tilde F$"
    )
    left.set(ylim=(0, 1.1), title="a  Direction of $G_F$ at the fixed point")
    left.legend(loc="lower right")
    d = data["norm"]
    right.plot(d["time"], d["small"], "--", color="black", linewidth=0.9, label="small-time law")
    for name, color in (("weak", "C0"), ("strong", "C1")):
        share = {"weak": "10^{-4}", "strong": "1"}[name]
        right.plot(d["time"], d[f"{name} norm"], color=color, label=rf"$\eta = {share}$ mean $s^2$")
        right.axhline(float(d[f"{name} fixed"]), color=color, linestyle=":", linewidth=0.9)
    top = 3 * max(d["weak norm"].max(), d["strong norm"].max())
    right.set(
        xscale="log", yscale="log", xlabel="time $\\times$ mean $s^2$", ylabel="$||G_F||$", ylim=(top * 1e-6, top)
    )
    right.set(title="b  Its size in time, K = n")
    right.legend(loc="lower right")
    return figure


def claims(parameters, data):
    wide = {ratio: data[f"K/n={ratio:g}"] for ratio in parameters.widths}
    strongest = min(float(d["cosine"][:, -1].min()) for d in wide.values())
    weak = float(wide[1.0]["cosine"][:, 0].mean())
    d = data["norm"]
    early = float(np.abs(d["strong norm"][0] / d["small"][0] - 1))
    late = float(np.abs(d["strong norm"][-1] / d["strong fixed"] - 1))
    return [
        Claim(
            "With strong decay the printed direction holds for every width.",
            strongest > 0.999,
            f"cosine {strongest:.5f}",
        ),
        Claim("With weak decay and K = n it does not.", weak < 0.2, f"mean cosine {weak:.3f}"),
        Claim(
            "The small-time law and the fixed point hold at their ends.",
            early < 0.05 and late < 1e-6,
            f"{early:.1e}, {late:.1e}",
        ),
    ]
