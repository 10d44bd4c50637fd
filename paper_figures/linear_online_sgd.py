"""One-pass SGD: exact mean curves, power laws in time, and where the batch rules hold.

Caption: Every sample is seen once. Top left: test loss in steps for three batches; lines: exact recursion, points:
means of drawn runs with their 99 % intervals. Top right: spectra j^-a, signals l_j w_j^2 = j^-b, no label noise;
dashed: the power t^-min((b - 1)/a, 2 - 1/a), which is the signal's or that of the noise which SGD feeds back. Bottom
left: test loss over samples seen. With a learning rate in proportion to the batch (solid) all batches are on one
curve until the rate comes near its stable edge; with its square root (dashed) larger batches only lag. Bottom right:
variance of the weights around their mean, over steps. Now the square root (dashed) keeps it while modes are slow, and
proportion (solid) does not.
"""

from dataclasses import dataclass

import numpy as np

from paper_figures.figure import Claim

PAPER = "beyond the paper (Hoffer et al. 2017; Bordelon, Atanasov & Pehlevan 2024)"
FIGURES = ()
WING = "linear"


@dataclass(frozen=True)
class Parameters:
    modes: int = 50  # of the top left and of the bottom
    decay: float = 1.5  # a
    signal: float = 1.8  # b
    noise: float = 0.316  # of labels
    shown: tuple[tuple[float, int], ...] = ((0.25, 1), (0.5, 4), (0.5, 16))  # learning rate, batch
    last: int = 200  # step
    runs: int = 1000
    laws: tuple[tuple[float, float, int], ...] = (
        (1.5, 1.8, 1),
        (2.0, 2.5, 1),
        (1.5, 5.0, 1),
        (1.5, 5.0, 64),
    )  # a, b, B
    law_modes: int = 20_000
    law_last: int = 3000
    law_rate: float = 0.2
    batches: tuple[int, ...] = (1, 2, 4, 8, 16, 32)
    rate: float = 0.05  # at batch 1, of the bottom
    samples: int = 4000  # seen at most, bottom left
    key: int = 0


SIZES = {
    "quick": {
        "runs": 100,
        "last": 200,
        "shown": ((0.25, 1),),
        "law_modes": 4000,
        "law_last": 600,
        "batches": (1, 2, 4, 32),
        "samples": 600,
    },
    "full": {"runs": 20_000, "law_last": 30_000, "law_modes": 100_000},
}
RULES = {"proportion": 1.0, "square root": 0.5}  # powers of the batch
EARLY = 20  # steps: slow modes have not moved yet


def steps(parameters):
    return {
        "runs": lambda: _runs(parameters),
        "laws": lambda: _laws(parameters),
        "rules": lambda: _rules(parameters),
    }


def _problem(modes, decay, signal, noise):
    from grok_theory import linear

    j = np.arange(1, modes + 1.0)
    return linear.CorrelatedInputs(j**-decay, j ** ((decay - signal) / 2), samples=np.inf, noise=noise)


def _runs(parameters):
    import jax

    import grok_theory as gt

    problem = _problem(parameters.modes, parameters.decay, parameters.signal, parameters.noise)
    at = np.unique(np.concatenate([[0], np.geomspace(1, parameters.last, 12).round()]))
    every = np.unique(np.concatenate([at, np.geomspace(1, parameters.last, 40).round()]))
    found = {"steps": every, "at": at}
    for i, (rate, batch) in enumerate(parameters.shown):
        how, key = gt.linear.OnePass(rate, batch), jax.random.fold_in(jax.random.key(parameters.key), i)
        theory = gt.linear.solve(problem, every, dynamics=how)
        runs = gt.linear.simulate(problem, at, dynamics=how, runs=parameters.runs, key=key)["test_loss"]
        found |= {f"theory {i}": theory["test_loss"], f"mean {i}": runs.mean(0)}
        found |= {f"error {i}": runs.std(0, ddof=1) / np.sqrt(parameters.runs), f"late {i}": theory.stats["late_loss"]}
    return found


def _laws(parameters):
    import grok_theory as gt

    found = {"steps": np.unique(np.geomspace(1, parameters.law_last, 200).round())}
    for i, (decay, signal, batch) in enumerate(parameters.laws):
        problem = _problem(parameters.law_modes, decay, signal, 0.0)
        solution = gt.linear.solve(problem, found["steps"], dynamics=gt.linear.OnePass(parameters.law_rate, batch))
        found[f"loss {i}"] = solution["test_loss"]
    return found


def _rules(parameters):
    import grok_theory as gt

    problem = _problem(parameters.modes, parameters.decay, parameters.signal, parameters.noise)
    seen = np.unique(np.geomspace(1, parameters.samples // max(parameters.batches), 40).round())
    found = {"seen": seen * max(parameters.batches), "early": np.arange(EARLY + 1.0)}
    for rule, power in RULES.items():
        for batch in parameters.batches:
            rate = parameters.rate * float(batch) ** power
            at = found["seen"] / batch
            # All walk as far as batch 1 must: one length is compiled once.
            every = np.unique(np.concatenate([found["early"], at, found["seen"][-1:]]))
            solution = gt.linear.solve(problem, every, dynamics=gt.linear.OnePass(rate, batch))
            loss, distance = np.asarray(solution["test_loss"]), np.asarray(solution["distance"])
            found[f"{rule} {batch} loss"] = loss[np.searchsorted(every, at)]
            # What is left of the distance when that of the mean weights is taken away.
            kept = (1 - rate * problem.spectrum[None, :]) ** found["early"][:, None]
            moved = np.sum((problem.target * (1 - kept)) ** 2, axis=1)
            found[f"{rule} {batch} variance"] = distance[np.searchsorted(every, found["early"])] - moved
    found["critical"] = solution.stats["critical_batch"]
    return found


def _power(decay, signal):
    """The exponent of the loss in time, with feedback and of the signal alone."""
    return min((signal - 1) / decay, 2 - 1 / decay), (signal - 1) / decay


def draw(parameters, data):
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(2, 2, figsize=(7.2, 5.6))
    (runs, laws), (linear, root) = axes
    found = data["runs"]
    for i, (rate, batch) in enumerate(parameters.shown):
        runs.plot(found["steps"] + 1, found[f"theory {i}"], f"C{i}-", label=rf"$\eta$ = {rate:g}, $B$ = {batch}")
        bars = {"fmt": "o", "color": f"C{i}", "ms": 3, "lw": 0.8, "mfc": "none"}
        runs.errorbar(found["at"] + 1, found[f"mean {i}"], 2.58 * found[f"error {i}"], **bars)
        runs.axhline(found[f"late {i}"], color=f"C{i}", ls=":", lw=0.7)
    runs.plot([], [], ":", color="0.4", lw=0.7, label="late loss")
    runs.set(xscale="log", yscale="log", xlabel="step + 1", ylabel="test loss [label$^2$]")
    runs.legend(fontsize=6)
    found = data["laws"]
    for i, (decay, signal, batch) in enumerate(parameters.laws):
        loss, power = found[f"loss {i}"], _power(decay, signal)[0]
        laws.plot(found["steps"], loss, f"C{i}-", label=f"a = {decay:g}, b = {signal:g}, B = {batch}")
        tail = found["steps"] >= parameters.law_last / 20
        told = loss[-1] * (found["steps"][tail] / parameters.law_last) ** -power
        laws.plot(found["steps"][tail], told, "k--", lw=0.7)
    laws.plot([], [], "k--", lw=0.7, label=r"$t^{-\min((b-1)/a,\, 2-1/a)}$")
    laws.set(xscale="log", yscale="log", xlabel="step", ylabel="test loss [label$^2$]")
    laws.legend(fontsize=6)
    found = data["rules"]
    for rule, look in zip(RULES, ("-", "--"), strict=True):
        for i, batch in enumerate(parameters.batches):
            color = plt.get_cmap("viridis")(i / len(parameters.batches))
            linear.plot(found["seen"], found[f"{rule} {batch} loss"], look, color=color, lw=1)
            root.plot(found["early"][1:], found[f"{rule} {batch} variance"][1:], look, color=color, lw=1)
    for i, batch in enumerate(parameters.batches):
        color = plt.get_cmap("viridis")(i / len(parameters.batches))
        root.plot([], [], color=color, label=f"B = {batch}")
    for axis in (linear, root):
        axis.plot([], [], "k-", lw=1, label=r"$\eta \propto B$")
        axis.plot([], [], "k--", lw=1, label=r"$\eta \propto \sqrt{B}$")
    linear.set(xscale="log", yscale="log", xlabel="samples seen", ylabel="test loss [label$^2$]")
    root.set(xscale="log", yscale="log", xlabel="step", ylabel="variance of the weights")
    root.set_ylim(top=4)  # room for the legend
    linear.legend(fontsize=6)
    root.legend(fontsize=6, ncol=2)
    return figure


def claims(parameters, data):
    from scipy.stats import norm

    found, made = data["runs"], []
    # Every mean against the recursion, Bonferroni over all of them; the start is no draw.
    at = np.searchsorted(found["steps"], found["at"])[1:]
    gaps = [
        np.abs(found[f"mean {i}"][1:] / found[f"theory {i}"][at] - 1)
        / (found[f"error {i}"][1:] / found[f"theory {i}"][at])
        for i in range(len(parameters.shown))
    ]
    least = float(2 * norm.sf(np.max(gaps)) * np.size(gaps))
    made.append(
        Claim(
            "Means of drawn runs are the recursion's (1 % in all)",
            least > 0.01,
            f"{np.size(gaps)} means, largest {np.max(gaps):.1f} standard errors, corrected p = {min(least, 1):.2g}",
        )
    )
    found = data["laws"]
    steps = found["steps"]

    def slope(i, last):
        some = (steps >= last / 3) & (steps <= last)
        return -np.polyfit(np.log(steps[some]), np.log(found[f"loss {i}"][some]), 1)[0]

    slopes = [slope(i, parameters.law_last) for i in range(len(parameters.laws))]
    # By 30000 steps a batch of 64 is no longer steeper than one of 1.
    early = slope(3, min(parameters.law_last, 3000))
    powers = [_power(a, b) for a, b, _ in parameters.laws]
    off = [abs(slopes[i] - powers[i][0]) for i in range(3)]
    made.append(
        Claim(
            "At batch 1 the slope of the last third is the exponent within 0.04",
            max(off) < 0.04,
            ", ".join(f"{slope:.3f} ({power[0]:.3f})" for slope, power in zip(slopes[:3], powers, strict=False)),
        )
    )
    made.append(
        Claim(
            "Where SGD's own noise decides, the exponent is not the signal's; a larger batch is steeper for a while",
            bool(slopes[2] < 0.75 * powers[2][1] and early > slopes[2] + 0.1),
            f"slope {slopes[2]:.2f} at batch 1, {early:.2f} at batch 64 (at the end {slopes[3]:.2f}), "
            f"{powers[2][1]:.2f} without noise",
        )
    )
    found = data["rules"]
    one = found["proportion 1 loss"]
    off = {rule: max(np.max(np.abs(np.log(found[f"{rule} {b} loss"] / one))) for b in (2, 4)) for rule in RULES}
    made.append(
        Claim(
            "Over samples, batches 1 to 4 are one curve within 5 % at rates in proportion, and not at the square root",
            off["proportion"] < 0.05 < 3 * 0.05 < off["square root"],
            f"proportion {off['proportion']:.1%}, square root {off['square root']:.1%}",
        )
    )
    one = found["square root 1 variance"][1:4]
    ratio = {rule: np.max(found[f"{rule} {parameters.batches[-1]} variance"][1:4] / one) for rule in RULES}
    low = np.min(found[f"square root {parameters.batches[-1]} variance"][1:4] / one)
    made.append(
        Claim(
            "Over the first three steps the square root keeps the variance of the weights to a factor 2; in proportion "
            "it grows as the batch",
            bool(low > 0.5 and ratio["square root"] < 2 and ratio["proportion"] > parameters.batches[-1] / 2),
            f"batch {parameters.batches[-1]} over batch 1: square root {low:.2f} to {ratio['square root']:.2f}, "
            f"proportion up to {ratio['proportion']:.1f}",
        )
    )
    return made
