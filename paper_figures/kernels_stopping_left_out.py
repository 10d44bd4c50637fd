"""When to stop without a test set: leave-one-out along gradient flow against the test loss.

Caption: Linear students in a kernel X X^T, labels with noise, trained by gradient flow. Left: one data set; the train
loss falls for ever, the test loss has a minimum, and so has the mean square of the residuals of samples that are left
out, exact at every time (n flows on n - 1 samples). It is the test loss of a student with one sample less, on the very
samples at hand. Right: where each data set is stopped. Points: its test loss when stopped at the minimum of
leave-one-out over its least test loss, against that of training to the end over the same.
"""

from dataclasses import dataclass

import numpy as np

from paper_figures.figure import Claim

PAPER = "beyond the paper"
FIGURES = ()
STATES = {}
WING = "kernels"


@dataclass(frozen=True)
class Parameters:
    samples: int = 100
    dim: int = 80
    noise: float = 0.7  # standard deviation of a label's noise
    times: int = 60
    sets: int = 20
    key: int = 0


SIZES = {"quick": {"samples": 60, "dim": 48, "times": 40}, "full": {"samples": 200, "dim": 160, "sets": 40}}


def steps(parameters):
    return {"runs": lambda: _runs(parameters)}


def _runs(parameters):
    from grok_theory.kernels import flow_leave_one_out

    times = np.geomspace(0.05, 300, parameters.times)
    found = {"left_out": [], "test": [], "train": []}
    for one in range(parameters.sets):
        random = np.random.default_rng([parameters.key, one])
        x = random.standard_normal((parameters.samples, parameters.dim)) / np.sqrt(parameters.dim)
        teacher = random.standard_normal(parameters.dim)
        y = x @ teacher + parameters.noise * random.standard_normal(parameters.samples)
        residuals = np.asarray(flow_leave_one_out(x @ x.T, y, times))
        found["left_out"].append(np.mean(residuals**2, axis=1))
        # The student's own weights and its exact loss on all inputs there are.
        values, vectors = np.linalg.eigh(x.T @ x)
        kept = -np.expm1(-times[:, None] * values) / np.where(values > 1e-10, values, 1.0)
        weights = (kept * (vectors.T @ (x.T @ y))) @ vectors.T
        found["test"].append(parameters.noise**2 + np.sum((weights - teacher) ** 2, axis=1) / parameters.dim)
        found["train"].append(np.mean((weights @ x.T - y) ** 2, axis=1))
    return {"time": times, **{name: np.array(curves) for name, curves in found.items()}}


def _stopped(run):
    """Test loss at the minimum of leave-one-out and at the end, over the least test loss."""
    sets = np.arange(len(run["test"]))
    least = run["test"].min(axis=1)
    return run["test"][sets, run["left_out"].argmin(axis=1)] / least, run["test"][:, -1] / least


def draw(parameters, data):
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(7, 2.8))
    run = data["runs"]
    for name, color, label in (("train", "C0", "train"), ("test", "C1", "test"), ("left_out", "k", "left out")):
        left.plot(run["time"], run[name][0], color=color, ls="--" if name == "left_out" else "-", label=label)
    left.axvline(run["time"][run["left_out"][0].argmin()], color="gray", lw=0.8, ls=":")
    left.set(xscale="log", xlabel="time", ylabel="loss", ylim=(0, 1.6 * run["test"][0].max()))
    left.legend(fontsize=7)
    stopped, ended = _stopped(run)
    right.plot(ended, stopped, "ko", ms=4, mfc="none")
    right.axhline(1.1, color="gray", lw=0.8, ls=":", label="10 % above the least")
    right.set(
        xlabel="trained to the end / least test loss", ylabel="stopped by left-out / least", ylim=(0.98, None)
    )  # fmt: skip
    right.legend(fontsize=7)
    return figure


def claims(parameters, data):
    run = data["runs"]
    stopped, ended = _stopped(run)
    gaps = run["left_out"] - run["test"]
    error = gaps.std(axis=0, ddof=1) / np.sqrt(len(gaps))
    # Leave-one-out is the loss with one sample less, which may cost a share of about 1/n, twice that is allowed.
    worst = np.max((np.abs(gaps.mean(axis=0)) - run["test"].mean(axis=0) * 2 / parameters.samples) / error)
    return [
        Claim(
            "Stopped by leave-one-out, the test loss is on average within 10 % of the least there is.",
            stopped.mean() < 1.1,
            f"mean {stopped.mean():.3f}, worst {stopped.max():.3f} of {len(stopped)}",
        ),
        Claim(
            "That is better than training to the end in nearly every data set.",
            np.mean(stopped < ended) >= 0.9,
            f"{np.sum(stopped < ended)} of {len(stopped)}; to the end {ended.mean():.2f} of the least",
        ),
        Claim(
            "The left-out loss is the test loss on average, at every time.",
            worst < 4,
            f"largest gap beyond that of one sample: {worst:.1f} standard errors, {len(stopped)} data sets",
        ),
    ]
