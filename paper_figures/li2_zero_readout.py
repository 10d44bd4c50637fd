"""A zero read-out generalises sooner.

Caption: Steps until the test accuracy passes .95, against the share of pairs trained on, from the usual start (blue)
and from the same hidden layer under a read-out of zeros (orange): every run is a point, medians are joined; runs that
did not get there stand at the top. Right: what stage I says about the same starts: mean cosine of G_F with the
direction of the energy while the read-out learns, in units of the fastest rate. From zeros the first gradient is the
energy's own; from the usual start the old read-out must be outgrown first.
"""

from dataclasses import dataclass

import numpy as np

from paper_figures.figure import Claim

PAPER = "Tian 2025"
FIGURES = ("14", "15", "16")
STATES = {
    "14": "P: one group by default, fewer shares",
    "15": "P: one group by default, fewer shares",
    "16": "P: one group by default, fewer shares",
}
WING = "li2"


@dataclass(frozen=True)
class Parameters:
    order: int = 23  # M of Z_M
    shares: tuple[float, ...] = (0.45, 0.6, 0.8)  # of all pairs
    width: int = 128
    decay: float = 2e-4
    last: int = 2000  # steps
    looks: int = 40
    runs: int = 4
    key: int = 0


SIZES = {
    "quick": {"order": 17, "shares": (0.8,), "width": 64, "last": 300, "looks": 12, "runs": 1},
    "full": {"order": 41, "shares": (0.3, 0.4, 0.5, 0.6, 0.8), "width": 512, "last": 4000, "runs": 12},
}


def steps(parameters):
    return {
        **{f"share {s:g}": lambda s=s: _times(parameters, s) for s in parameters.shares},
        "stage": lambda: _stage(parameters),
    }


def _task(parameters, share):
    from grok_theory import li2

    group = li2.groups.cyclic(parameters.order)
    return li2.GroupTask(group, train_fraction=share, weight_decay=parameters.decay, centering="classes")


def _times(parameters, share):
    import jax

    from grok_theory import li2
    from grok_theory.observables import crossing_time

    looks = np.unique(np.rint(np.geomspace(10, parameters.last, parameters.looks)).astype(int))
    result = {}
    for name, initial in (("usual", li2.training.TorchUniform()), ("zero", li2.training.ZeroReadout())):
        found = li2.simulate(
            _task(parameters, share),
            looks,
            width=parameters.width,
            runs=parameters.runs,
            key=jax.random.key(parameters.key),
            initial=initial,
        )
        result[name] = crossing_time(found.x, found["test_accuracy"], 0.95, rising=True).time
    return result


def _stage(parameters):
    import jax

    from grok_theory import li2

    task, key = _task(parameters, parameters.shares[-1]), jax.random.key(parameters.key)
    rate = li2.solve(task, [0.0], width=parameters.width, key=key).stats["largest_rate"]
    times = np.geomspace(1e-3, 1e2, 30) / rate
    result = {"time": times * rate}
    for name, initial in (("usual", li2.training.TorchUniform()), ("zero", li2.training.ZeroReadout())):
        result[name] = li2.solve(task, times, width=parameters.width, key=key, initial=initial)["alignment"]
    return result


def draw(parameters, data):
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(7.0, 2.7), layout="constrained")
    shares = np.array(parameters.shares)
    for i, (name, words) in enumerate((("usual", "usual start"), ("zero", "zero read-out"))):
        times = np.array([data[f"share {s:g}"][name] for s in parameters.shares])
        middle = [np.median(np.where(np.isnan(t), np.inf, t)) for t in times]
        shift = 0.006 * (2 * i - 1)
        reached = np.isfinite(times)
        left.plot(
            np.repeat(shares + shift, parameters.runs)[reached.ravel()],
            times[reached],
            "os"[i],
            color=f"C{i}",
            alpha=0.5,
            markersize=3,
        )
        left.plot(shares + shift, np.where(np.isfinite(middle), middle, np.nan), "-", color=f"C{i}", label=words)
        right.plot(data["stage"]["time"], data["stage"][name], color=f"C{i}", label=words)
        for share, missing in zip(shares, np.sum(~reached, axis=1), strict=True):
            if missing:
                left.plot(share + shift, 1.15 * parameters.last, "os"[i], color=f"C{i}", fillstyle="none")
                left.text(share + shift + 0.008, 1.15 * parameters.last, f"{missing}", color=f"C{i}", va="center")
    left.set(xlabel="share of pairs", ylabel="steps to generalise", yscale="log", title="a  Time of generalisation")
    left.legend()
    right.set(xlabel=r"time $\times$ fastest rate", ylabel="alignment of $G_F$", xscale="log", title="b  Stage I")
    right.legend()
    return figure


def claims(parameters, data):
    ratios = []
    for share in parameters.shares:
        usual, zero = (
            np.where(np.isnan(t), np.inf, t) for t in (data[f"share {share:g}"][n] for n in ("usual", "zero"))
        )
        ratios.append((share, np.median(usual), np.median(zero)))
    shown = "; ".join(f"{100 * s:.0f} %: {u:.0f} and {z:.0f} steps" for s, u, z in ratios)
    stage = data["stage"]
    early = [stage[name][0] for name in ("usual", "zero")]
    return [
        Claim(
            "From a zero read-out the median run generalises sooner at every share",
            all(z < u for _, u, z in ratios),
            shown,
        ),
        Claim(
            "Stage I: the first gradient is along the energy from zeros only",
            early[1] > 0.99 > 0.5 > early[0],
            f"cosines {early[1]:.4f} and {early[0]:.4f}",
        ),
    ]
