"""Gradient ascent on the sphere: threefold closer each iteration, and which representation a random start ends in.

Caption: Left: tangential gradient over 4E of 128 random starts against iterations of w <- normalise(w + (2/3) grad_T E
/ 4E), median and the range of the middle 90 %; after a few iterations of search the distance shrinks threefold each
time, as the Hessian {0, -1, -2} says (dashed). Right, in the same colours: share of the starts that end in each real
irrep, with exact 99 % binomial intervals, against its energy: the higher peak does not catch more starts, for a
representation of higher degree has a larger family of maxima.
"""

from dataclasses import dataclass

import numpy as np

from paper_figures.figure import Claim

PAPER = "beyond the paper"
FIGURES = ()
STATES = {}
WING = "li2"


@dataclass(frozen=True)
class Parameters:
    names: tuple[str, ...] = ("Z_23", "S_4", "A_5")
    iterations: int = 44
    starts: int = 400  # of the right panel
    key: int = 0


SIZES = {"quick": {"names": ("Z_7", "S_3"), "starts": 128}, "full": {"starts": 4000}}


def steps(parameters):
    return {name: lambda name=name: _run(parameters, name) for name in parameters.names}


def _run(parameters, name):
    import jax
    import jax.numpy as jnp

    from grok_theory import li2
    from grok_theory.li2.ascent import climb
    from grok_theory.li2.feature_energy import energy_function

    group = {"Z": li2.groups.cyclic, "S": li2.groups.symmetric, "A": li2.groups.alternating}[name[0]](int(name[2:]))
    task = li2.GroupTask(group)
    function, start = energy_function(task), jax.random.normal(jax.random.key(parameters.key), (128, 2 * group.order))
    gradients = []
    for iterations in range(1, parameters.iterations + 1):
        _, _, norm, radial, _ = climb(function, start, jnp.asarray(0.0), iterations)
        gradients.append(np.asarray(norm / radial))
    found = li2.ascend(task, key=jax.random.key(parameters.key), starts=parameters.starts)
    share, interval = found.basin_shares()
    table = li2.local_maxima(task)
    return {
        "gradient": np.array(gradients),
        "share": share,
        "interval": interval,
        "energy": table.energy / group.order,
        "degree": table.real_degree,
        "purity": found.purity,
    }


def draw(parameters, data):
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(7.0, 2.6))
    count = np.arange(parameters.iterations)
    for i, name in enumerate(parameters.names):
        gradient = np.maximum(data[name]["gradient"], 1e-17)
        low, middle, high = np.quantile(gradient, [0.05, 0.5, 0.95], axis=1)
        left.fill_between(count, low, high, color=f"C{i}", alpha=0.2, linewidth=0)
        left.plot(count, middle, color=f"C{i}", label=f"${name.replace('_', '_{')}}}$")
        d = data[name]
        x = d["energy"] * (1 + 0.03 * (i - 1))  # beside each other
        right.errorbar(
            x,
            d["share"],
            np.abs(d["interval"].T - d["share"]),
            fmt="os^"[i],
            color=f"C{i}",
            markersize=3,
            elinewidth=0.8,
        )
    left.plot(count, 3.0 * 3.0 ** -count.astype(float), "--", color="black", linewidth=0.8, label="$3^{-k}$")
    left.set(
        yscale="log", ylim=(1e-16, 3), xlabel="iteration", ylabel="tangential gradient / 4E", title="a  Convergence"
    )
    left.legend(loc="upper right")
    right.set(
        xscale="log",
        xlabel="energy of the maximum / M",
        ylabel="share of random starts",
        title="b  Basins",
        ylim=(0, None),
    )
    ticks = [1 / 10, 1 / 8, 1 / 6, 1 / 4, 1 / 2]
    right.set_xticks(ticks, ["1/10", "1/8", "1/6", "1/4", "1/2"])
    right.minorticks_off()
    return figure


def claims(parameters, data):
    made = []
    for name in parameters.names:
        d = data[name]
        late = np.median(d["gradient"], axis=1)
        # Between 1e-3 and 1e-12: clear of the search and of round-off.
        inside = (late < 1e-3) & (late > 1e-12)
        rate = float(np.exp(np.polyfit(np.flatnonzero(inside), np.log(late[inside]), 1)[0]))
        made.append(
            Claim(
                f"{name}: the gradient shrinks threefold an iteration.", abs(rate - 1 / 3) < 0.02, f"factor {rate:.3f}"
            )
        )
        pure = float(np.mean(d["purity"] > 1 - 1e-8))
        made.append(
            Claim(f"{name}: every start ends in one irrep.", pure == 1.0, f"{pure:.4f} of {len(d['purity'])} starts")
        )
    return made
