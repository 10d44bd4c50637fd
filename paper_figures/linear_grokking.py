"""Grokking without a network: weight decay and a large start make a linear student generalize late.

Caption: Linear student with large initial weights (INR = 10^4, SNR = 100, alpha = .9) and weight decay g. Lines:
theory; points: mean of drawn regressions; shaded: where theory puts 90 % of single runs of this size. The train loss
is gone within a few 1/l-; the test loss stays at the level of the start until the weights that see no data have
decayed, at the rate 2g. Dotted: the two clocks of `grokking_time`; dashed: the estimate ln[(1-alpha) INR/((f-1)
E)]/(2g).
"""

from dataclasses import dataclass

import numpy as np

from paper_figures.figure import Claim

PAPER = "beyond the paper"
FIGURES = ()
STATES = {}
WING = "linear"


@dataclass(frozen=True)
class Parameters:
    ratio: float = 0.9  # alpha
    snr: float = 100.0
    inr: float = 1e4
    decays: tuple[float, ...] = (1e-2, 1e-3)  # g
    dim: int = 200
    runs: int = 48
    key: int = 0


SIZES = {"quick": {"dim": 60, "runs": 24}, "full": {"dim": 600, "runs": 64}}


def steps(parameters):
    return {f"g={decay:g}": lambda decay=decay: _curves(parameters, decay) for decay in parameters.decays}


def _curves(parameters, decay):
    import jax

    from grok_theory import applies, linear

    problem = linear.TeacherStudent(parameters.ratio, parameters.snr, parameters.inr, weight_decay=decay)
    fine, times = np.geomspace(1e-2, 20 / decay, 250), np.geomspace(1e-2, 20 / decay, 22)
    line, theory = linear.solve(problem, fine), linear.solve(problem, times)
    runs = linear.simulate(problem, times, runs=parameters.runs, dim=parameters.dim, key=jax.random.key(parameters.key))
    clocks = linear.grokking_time(problem)
    result = {"fine": fine, "times": times, "clocks": [clocks.train_time, clocks.test_time, clocks.estimate]}
    for name in ("train_loss", "test_loss"):
        result |= {f"line_{name}": line[name], f"theory_{name}": theory[name], f"runs_{name}": runs[name]}
        result[f"valid_{name}"] = runs.is_valid(name)
    # Curves between two levels are judged run by run: whether each can be a run of this Problem at this size.
    told = linear.forecast(problem, times, dim=parameters.dim, curves=["test_loss"])
    found = applies(told, runs, curves=["test_loss"])
    band = told["test_loss"]
    return result | {"verdict": found.verdict, "said": str(found).splitlines()[0], "low": band.low, "high": band.high}


def draw(parameters, data):
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, len(parameters.decays), figsize=(7, 2.6), sharey=True)
    for ax, decay in zip(np.atleast_1d(axes), parameters.decays, strict=True):
        step = data[f"g={decay:g}"]
        for color, name, word in (("C0", "train_loss", "train"), ("C1", "test_loss", "test")):
            valid, mean = step[f"valid_{name}"], step[f"runs_{name}"].mean(0)
            ax.plot(step["fine"], step[f"line_{name}"], color=color, label=word)
            if name == "test_loss":
                ax.fill_between(step["times"], step["low"], step["high"], color=color, alpha=0.2, linewidth=0)
            ax.plot(step["times"][valid], mean[valid], "o", color=color)
            ax.plot(step["times"][~valid], mean[~valid], "o", color=color, mfc="w")
        for clock, color in zip(step["clocks"][:2], ("C0", "C1"), strict=True):
            ax.axvline(clock, color=color, ls=":", lw=1)
        ax.axvline(step["clocks"][2], color="0.3", ls="--", lw=0.8)
        ax.set(xscale="log", yscale="log", xlabel=r"time $t$ [$\tau$]", title=f"weight decay g = {decay:g}")
        ax.legend()
    np.atleast_1d(axes)[0].set_ylabel("error [noise variance]")
    return figure


def claims(parameters, data):
    found = []
    for decay in parameters.decays:
        step = data[f"g={decay:g}"]
        train, test, estimate = step["clocks"]
        found += [
            Claim(
                f"g={decay:g}: the test loss arrives at least 30 times later than the train loss",
                test > 30 * train,
                f"train {train:.3f}, test {test:.2f}",
            ),
            Claim(
                f"g={decay:g}: the closed form gives the test time within 1 %",
                abs(estimate / test - 1) < 0.01,
                f"{estimate:.2f} against {test:.2f}",
            ),
            Claim(
                f"g={decay:g}: all runs can be runs of the theory: its band of one run holds their test losses",
                str(step["verdict"]) == "applies",
                f"{parameters.runs} runs at N = {parameters.dim}; {step['said']}",
            ),
        ]
    return found
