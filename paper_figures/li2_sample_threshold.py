"""How many training pairs keep a feature a maximum of the energy, and how that grows with the group.

Caption: Left: share of random subsets of n pairs of Z_M on which ascent from a maximum of the full table keeps more
than half of its mass in its frequency, against pairs per element, for the largest M; bars: exact 95 % binomial
intervals. Right: pairs per element at one half, against M, for the full energy and for the cross term 2uv alone, which
is what the proof of Theorem 4 keeps; lines: the two laws, a power of M (solid) and a ln M + b (dotted), fitted to each.
On subsets the terms u^2 + v^2 do not drop out, and they raise the threshold
two to three times and make it grow almost linearly in M.
"""

from dataclasses import dataclass

import numpy as np

from paper_figures.figure import Claim

PAPER = "Tian 2025"
FIGURES = ()
STATES = {}
WING = "li2"
METHODS = ("FullEnergy", "CrossTerm")


@dataclass(frozen=True)
class Parameters:
    orders: tuple[int, ...] = (11, 17, 23, 31, 47)  # M
    subsets: int = 24
    levels: int = 7  # numbers of pairs, around where half is expected
    iterations: int = 300
    key: int = 0


SIZES = {"full": {"orders": (11, 17, 23, 31, 47, 67, 97), "subsets": 64, "levels": 9}}


def steps(parameters):
    return {
        f"{method} Z_{order}": lambda method=method, order=order: _threshold(parameters, method, order)
        for order in parameters.orders
        for method in METHODS
    }


def _threshold(parameters, method, order):
    import jax

    from grok_theory import li2

    # Levels around a rough guess; what is plotted is measured.
    guess = 0.98 * order**0.82 if method == "FullEnergy" else 1.05 * order**0.58
    low, high = (0.65, 1.35) if method == "FullEnergy" else (0.5, 1.6)
    levels = guess * np.linspace(low, high, parameters.levels)
    levels = np.unique(np.round(levels[levels <= order] * order)) / order
    chosen = getattr(li2, method)(iterations=parameters.iterations)
    found = li2.sample_threshold(
        li2.groups.cyclic(order), levels, subsets=parameters.subsets, key=jax.random.key(parameters.key), method=chosen
    )
    return {
        "level": found.pairs_per_element,
        "success": found.success,
        "interval": found.interval,
        "half": np.asarray(found.half_success),
        "half_interval": found.half_success_interval,
    }


def _points(parameters, data, method):
    rows = [data[f"{method} Z_{order}"] for order in parameters.orders]
    half = np.array([float(r["half"]) for r in rows])
    interval = np.array([r["half_interval"] for r in rows])
    good = np.isfinite(half) & np.isfinite(interval).all(axis=1)
    return np.array(parameters.orders)[good], half[good], interval[good]


def _fit(parameters, data, method):
    from grok_theory import li2

    orders, half, interval = _points(parameters, data, method)
    return li2.threshold_scaling(orders, half, (interval[:, 1] - interval[:, 0]) / (2 * 1.96))


def draw(parameters, data):
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(7.0, 2.7))
    largest = max(parameters.orders)
    names = {"FullEnergy": "full energy", "CrossTerm": "cross term only"}
    for i, method in enumerate(METHODS):
        d = data[f"{method} Z_{largest}"]
        bars = np.abs(d["interval"].T - d["success"])
        left.errorbar(
            d["level"], d["success"], bars, fmt="os"[i] + "-", color=f"C{i}", elinewidth=0.8, label=names[method]
        )
        orders, half, interval = _points(parameters, data, method)
        fit = _fit(parameters, data, method)
        grid = np.geomspace(orders.min() * 0.9, orders.max() * 1.1, 60)
        right.errorbar(orders, half, np.abs(interval.T - half), fmt="os"[i], color=f"C{i}", elinewidth=0.8)
        name = f"{names[method]}, $M^{{{fit.exponent:.2f} \\pm {fit.exponent_error:.2f}}}$"
        right.plot(grid, fit.prefactor * grid**fit.exponent, color=f"C{i}", label=name)
        right.plot(grid, fit.slope * np.log(grid) + fit.intercept, ":", color=f"C{i}")
    left.axhline(0.5, color="0.8", linewidth=0.7, zorder=0)
    left.set(xlabel="pairs per element n / M", ylabel="share of subsets that keep the feature", ylim=(-0.03, 1.03))
    left.set(title=f"a  $Z_{{{largest}}}$")
    left.legend(loc="lower right", fontsize=6)
    right.set(
        xscale="log", yscale="log", xlabel="group order M", ylabel="n / M at one half", title="b  Growth with the group"
    )
    ticks = list(parameters.orders)
    right.set_xticks(ticks, [str(t) for t in ticks])
    marks = [t for t in (2, 5, 10, 20, 40) if t < 1.3 * max(_points(parameters, data, "FullEnergy")[1])]
    right.set_yticks(marks, [str(m) for m in marks])
    right.minorticks_off()
    right.plot([], [], ":", color="0.3", label="a ln M + b")
    right.legend(loc="upper left")
    return figure


def claims(parameters, data):
    (_, full, _), (_, cross, _) = (_points(parameters, data, m) for m in METHODS)
    complete = len(full) == len(cross) == len(parameters.orders)
    made = [Claim("Every group's half-success point is bracketed.", complete, f"{len(full)} and {len(cross)} found")]
    if complete:
        ratio = full / cross
        made.append(
            Claim(
                "The full energy needs more pairs than the cross term.", bool((ratio > 1.3).all()), f"{ratio.round(2)}"
            )
        )
        power, other = _fit(parameters, data, "FullEnergy"), _fit(parameters, data, "CrossTerm")
        made.append(
            Claim(
                "The full energy's threshold grows faster than the cross term's.",
                power.exponent > other.exponent,
                f"exponents {power.exponent:.3f} +- {power.exponent_error:.3f}, "
                f"{other.exponent:.3f} +- {other.exponent_error:.3f}",
            )
        )
    return made
