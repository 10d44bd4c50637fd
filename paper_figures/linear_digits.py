"""Real data: learning curves of linear regression on handwritten digits, predicted from their own spectrum.

Caption: Linear regression of the label (digit at least 5, as +-1) on the 64 pixels of scikit-learn's digits. Lines:
theory of a Gaussian data set with the digits' own second moments, best linear teacher and misfit; points: mean over
random training sets, tested on the digits left out, with one standard error. Left: in the number of samples, stopped
early, trained for ever, with ridge. Right: in time. Digits are not Gaussian, and the theory does not know it:
stopped, or with ridge, it hardly matters; trained for ever it fails, by factors up to about ten beyond the rank (61),
because border pixels are rarely lit: a training set that holds them once or twice fits them with huge weights.
"""

from dataclasses import dataclass

import numpy as np

from paper_figures.figure import Claim
from paper_figures.verdicts import judged_over, verdict_claim

PAPER = "Advani & Saxe 2017"
FIGURES = ("10",)
STATES = {"10": "S: digits of scikit-learn stand for MNIST, and no random labels"}
WING = "linear"
COMPUTES_LONG = True


@dataclass(frozen=True)
class Parameters:
    sizes: tuple[int, ...] = (15, 25, 40, 60, 80, 120, 250, 600)  # training samples
    times: tuple[float, ...] = (0.1, 1.0, 10.0, 100.0, 1000.0, 10000.0)  # n t, input variance^-1
    penalty: float = 3.0  # ridge
    draws: int = 60  # training sets a size
    margin: float = 0.25  # relative difference of mean test losses that would matter
    grid: int = 45  # sizes of the lines
    shown: tuple[int, ...] = (25, 60, 250)  # sizes of the right panel
    key: int = 0


SIZES = {"quick": {"sizes": (25, 60, 250), "draws": 24, "grid": 9, "margin": 0.6}, "full": {"draws": 400}}


def _data():
    from sklearn.datasets import load_digits

    digits = load_digits()
    x = digits.data / 16.0
    y = np.where(digits.target >= 5, 1.0, -1.0)
    return x - x.mean(0), y - y.mean()


def steps(parameters):
    return {"theory": lambda: _theory(parameters), "runs": lambda: _runs(parameters)}


def _theory(parameters):
    from grok_theory import linear

    x, y = _data()
    # The measured times are among those of the line: one shape, one compilation.
    fine = np.union1d(parameters.times, np.geomspace(min(parameters.times) / 3, max(parameters.times) * 3, 50))
    at, lines, ridge, for_ever = [], [], [], []
    for size in parameters.sizes:
        problem = linear.CorrelatedInputs.from_data(x, y, samples=size)
        lines.append(linear.solve(problem, fine / size)["test_loss"])
        at.append(lines[-1][np.searchsorted(fine, parameters.times)])
        ridge.append(linear.ridge(problem, parameters.penalty).test_loss)
        for_ever.append(linear.limits(problem).test_loss)
    # The lines of the left panel, between the measured sizes too.
    stop = np.searchsorted(fine, parameters.times[_stopped(parameters)])
    grid = np.unique(np.round(np.geomspace(min(parameters.sizes), max(parameters.sizes), parameters.grid)))
    smooth = []
    for size in grid:
        problem = linear.CorrelatedInputs(problem.spectrum, problem.target, size, problem.noise)
        ends = linear.limits(problem), linear.ridge(problem, parameters.penalty)
        smooth.append([ends[0].test_loss, linear.solve(problem, fine / size)["test_loss"][stop], ends[1].test_loss])
    kept = {"grid": grid, "smooth": np.array(smooth), "spectrum": problem.spectrum, "noise": problem.noise}
    return {"at": at, "fine": fine, "lines": lines, "ridge": ridge, "for_ever": for_ever, **kept}


def _verdict(parameters, text, name, runs, theory):
    """The claim that a curve over the sizes of the training set, (size, draw), is the theory's."""
    said = judged_over("samples", parameters.sizes, {name: theory}, {name: runs.T}, margin=parameters.margin)
    return verdict_claim(text, said, name)


def _stopped(parameters):
    """Which of the times is the early stop of the left panel."""
    return len(parameters.times) // 2 - 1


def _runs(parameters):
    x, y = _data()
    flow, ridge, for_ever = [], [], []
    for size in parameters.sizes:
        random = np.random.default_rng([parameters.key, size])
        rows = []
        for _ in range(parameters.draws):
            chosen = random.permutation(y.size)
            train, test = chosen[:size], chosen[size:]
            left, scale, right = np.linalg.svd(x[train], full_matrices=False)
            keep = scale > 1e-10 * scale[0]
            left, scale, right = left[:, keep], scale[keep], right[keep]
            times = np.array(parameters.times)[:, None] / size
            learned = np.concatenate(
                [-np.expm1(-(scale**2) * times), [scale**2 / (scale**2 + parameters.penalty)], np.ones((1, scale.size))]
            )
            w = (learned * ((y[train] @ left) / scale)) @ right
            rows.append(np.mean((y[test] - w @ x[test].T) ** 2, axis=1))
        rows = np.array(rows)
        flow.append(rows[:, :-2])
        ridge.append(rows[:, -2])
        for_ever.append(rows[:, -1])
    return {"flow": np.array(flow), "ridge": np.array(ridge), "for_ever": np.array(for_ever)}


def draw(parameters, data):
    import matplotlib.pyplot as plt

    theory, runs = data["theory"], data["runs"]
    figure, (left, right) = plt.subplots(1, 2, figsize=(7, 2.8), sharey=True)
    index = _stopped(parameters)
    rows = [
        ("C1", "trained for ever", runs["for_ever"]),
        ("C0", f"stopped at $nt$ = {parameters.times[index]:g}", runs["flow"][:, :, index]),
        ("C2", f"ridge {parameters.penalty:g}", runs["ridge"]),
    ]
    for number, (color, word, drawn) in enumerate(rows):
        left.plot(theory["grid"], theory["smooth"][:, number], color=color, label=word)
        error = drawn.std(1, ddof=1) / np.sqrt(parameters.draws)
        left.errorbar(parameters.sizes, drawn.mean(1), error, fmt="o", color=color, elinewidth=0.8)
    for number, size in enumerate(parameters.shown):
        at = list(parameters.sizes).index(size)
        right.plot(theory["fine"], theory["lines"][at], color=f"C{number + 3}", label=f"$n$ = {size}")
        drawn = runs["flow"][at]
        error = drawn.std(0, ddof=1) / np.sqrt(parameters.draws)
        right.errorbar(parameters.times, drawn.mean(0), error, fmt="o", color=f"C{number + 3}", elinewidth=0.8)
    left.set(xscale="log", yscale="log", xlabel="training samples $n$", ylabel="test loss", ylim=(0.3, 30))
    right.set(xscale="log", xlabel=r"time $n t$ [1 / input variance]")
    left.set_xticks([20, 50, 100, 200, 500], ["20", "50", "100", "200", "500"])
    left.minorticks_off()
    left.legend()
    right.legend()
    return figure


def claims(parameters, data):
    theory, runs = data["theory"], data["runs"]
    gaps = runs["flow"].mean(1) / theory["at"] - 1
    i, j = np.unravel_index(np.argmax(np.abs(gaps)), gaps.shape)
    rank = int(np.sum(theory["spectrum"] > 1e-10 * theory["spectrum"].max()))
    away = [k for k, size in enumerate(parameters.sizes) if abs(size / rank - 1) > 0.25]
    median = np.median(np.abs(gaps))
    stop = _stopped(parameters)
    at_stop = runs["flow"][:, :, stop], np.array(theory["at"])[:, stop]
    ridge = "With ridge real digits have the theory's error at every size"
    peak = parameters.sizes[int(np.argmax(runs["for_ever"].mean(1)))]
    return [
        Claim(
            "Over all sizes and times the predicted test loss is right within 5 % in the median",
            median < 0.05,
            f"median {median:.2%}, worst {gaps[i, j]:+.1%} at n = {parameters.sizes[i]}, n t = {parameters.times[j]:g}",
        ),
        Claim(
            f"Away from n = rank ({rank}) it is right within 25 % everywhere",
            np.abs(gaps[away]).max() < 0.25,
            f"worst {np.abs(gaps[away]).max():.1%}",
        ),
        _verdict(parameters, ridge, "ridge", runs["ridge"], theory["ridge"]),
        _verdict(parameters, "Stopped early they do too", "stopped", *at_stop),
        Claim(
            "Trained for ever, real digits show the peak at the size nearest to the rank",
            peak == min(parameters.sizes, key=lambda size: abs(size - rank)),
            f"peak at n = {peak}, rank {rank}",
        ),
    ]
