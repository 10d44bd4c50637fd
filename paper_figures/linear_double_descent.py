"""Double descent and its cure: test loss against the number of samples at several times.

Caption: Test loss of a linear student (SNR = 5) against samples per weight alpha, after training for a time t.
Lines: theory; points: mean of drawn regressions with one standard error. Trained for long, the error peaks where
samples and weights are equally many; trained for ever it diverges there, and just before it more data hurts. Stopped
at the best time for each alpha (black) the peak is gone and more data always helps.
"""

from dataclasses import dataclass

import numpy as np

from paper_figures.figure import Claim
from paper_figures.verdicts import judged, shifted, verdict_claim

PAPER = "Advani & Saxe 2017"
FIGURES = ("2",)
STATES = {}
WING = "linear"


@dataclass(frozen=True)
class Parameters:
    snr: float = 5.0  # teacher weight variance over noise variance
    times: tuple[float, ...] = (0.4, 10.0, 100.0)  # tau
    least: float = 0.1  # smallest alpha
    most: float = 10.0  # largest alpha
    points: int = 240  # of every line
    dim: int = 120  # N, weights of the runs
    drawn: tuple[float, ...] = (0.2, 0.4, 0.7, 0.9, 1.0, 1.1, 1.4, 2.0, 4.0)  # alphas of the runs
    runs: int = 100
    margin: float = 0.1  # relative difference of mean test losses that would matter
    key: int = 0


SIZES = {
    "quick": {"dim": 50, "drawn": (0.4, 1.0), "runs": 60, "points": 120, "margin": 0.3},
    "full": {"dim": 500, "runs": 100, "points": 400, "margin": 0.05},
}


def steps(parameters):
    runs = {f"runs alpha={ratio:g}": lambda ratio=ratio: _runs(parameters, ratio) for ratio in parameters.drawn}
    return {"theory": lambda: _theory(parameters), **runs}


def _theory(parameters):
    import jax

    from grok_theory import linear

    # Away from exactly 1, where training for ever diverges.
    ratios = np.geomspace(parameters.least, parameters.most, parameters.points)
    ratios = np.unique(np.concatenate([ratios, 1 + np.array([-0.1, -0.05, -0.02, -0.01, 0.01, 0.02, 0.05, 0.1])]))
    times = np.asarray(parameters.times)

    def one(ratio):
        problem = linear.TeacherStudent(ratio, parameters.snr)
        return (
            linear.solve(problem, times, throw=False)["test_loss"],
            linear.limits(problem).test_loss,
            linear.optimal_stopping(problem).test_loss,
        )

    at_times, for_ever, stopped = jax.jit(jax.vmap(one))(ratios)
    return {"ratios": ratios, "at_times": at_times, "for_ever": for_ever, "stopped": stopped}


def _runs(parameters, ratio):
    import jax

    from grok_theory import linear

    problem = linear.TeacherStudent(ratio, parameters.snr)
    key = jax.random.fold_in(jax.random.key(parameters.key), round(1000 * ratio))
    runs = linear.simulate(problem, parameters.times, dim=parameters.dim, runs=parameters.runs, key=key)
    theory = linear.solve(problem, parameters.times)
    spread = linear.fluctuations(problem, parameters.times, parameters.dim)
    # Beyond this time the mean of runs this small is decided by single small eigenvalues.
    where = (0, parameters.dim) if abs(ratio - 1) > 0.05 else (0, 0.01 * parameters.dim**2)
    finite = shifted(theory, spread.mean_shift)
    return {
        **judged(finite, runs, margin=parameters.margin, curves=["test_loss"], where=where),
        "test_loss": runs["test_loss"],
        "theory": theory["test_loss"],
        "shift": spread.mean_shift["test_loss"],
        "std": spread.std["test_loss"],
    }


def draw(parameters, data):
    import matplotlib.pyplot as plt

    figure, ax = plt.subplots(figsize=(3.4, 2.9))
    theory = data["theory"]
    for index, time in enumerate(parameters.times):
        ax.plot(theory["ratios"], theory["at_times"][:, index], color=f"C{index}", label=f"$t$ = {time:g}")
        means = [data[f"runs alpha={ratio:g}"]["test_loss"][:, index].mean() for ratio in parameters.drawn]
        errors = [
            data[f"runs alpha={ratio:g}"]["test_loss"][:, index].std(ddof=1) / np.sqrt(parameters.runs)
            for ratio in parameters.drawn
        ]
        ax.errorbar(parameters.drawn, means, errors, fmt="o", color=f"C{index}", elinewidth=0.8)
    far = np.where(np.abs(theory["ratios"] - 1) < 0.005, np.nan, theory["for_ever"])
    ax.plot(theory["ratios"], far, color="0.55", ls="--", label=r"$t = \infty$")
    ax.plot(theory["ratios"], theory["stopped"], color="k", lw=1.6, label="best stop")
    ax.set(xscale="log", yscale="log", ylim=(0.9, 40), xlim=(parameters.least, parameters.most))
    ax.set(xlabel=r"samples per weight $\alpha$", ylabel="test loss [noise variance]")
    ax.legend(loc="upper right")
    return figure


def claims(parameters, data):
    theory = data["theory"]
    ratios, latest, stopped = theory["ratios"], theory["at_times"][:, -1], theory["stopped"]
    before = ratios <= 1
    peak = ratios[np.argmax(latest)]
    scores = []
    for ratio in parameters.drawn:
        step = data[f"runs alpha={ratio:g}"]
        scores.append(
            (step["test_loss"].mean(0) - step["theory"] - step["shift"]) / (step["std"] / np.sqrt(parameters.runs))
        )
    worst = np.abs(scores).max()
    return [
        Claim(
            f"At t = {parameters.times[-1]:g} the test loss peaks within 5 % of alpha = 1, and rises before it",
            abs(peak - 1) < 0.05 and latest[before][-1] > 1.5 * latest[before].min(),
            f"peak {latest.max():.2f} at alpha = {peak:.3f}; least before it {latest[before].min():.2f}",
        ),
        Claim(
            "Stopped at the best time, more data always helps: no peak is left",
            np.all(np.diff(stopped) < 0),
            f"from {stopped[0]:.3f} at alpha = {ratios[0]:.2f} down to {stopped[-1]:.3f} at {ratios[-1]:.1f}",
        ),
        *(
            verdict_claim(
                f"alpha = {ratio:g}: runs have the theory's test loss", data[f"runs alpha={ratio:g}"], "test_loss"
            )
            for ratio in parameters.drawn
        ),
        Claim(
            "Every point is where the theory with its 1/N shift says: all |z| < 5",
            worst < 5,
            f"largest |z| = {worst:.2f} among {np.size(scores)} points, {parameters.runs} runs at N = {parameters.dim}",
        ),
    ]
