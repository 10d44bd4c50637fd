"""Learning from a prompt: how many different tasks make a rule.

Caption: Mean square error of linear attention on prompts of fresh tasks against the number of training tasks over the
dimension, for prompts of 1, 4 and 20 pairs a dimension. Lines: all possible sequences seen; grey: the limit of long
prompts, noise^2 + max(0, 1 - kappa), with its threshold at one task a dimension. Points: mean of networks fitted to
finitely many sequences with one standard error, on the theory of that number (dashed).
"""

from dataclasses import dataclass

import numpy as np

from paper_figures.figure import Claim
from paper_figures.verdicts import judged, to_infinite_size, verdict_claim

PAPER = "Lu et al. 2025"
FIGURES = ()
STATES = {}
WING = "in_context"


@dataclass(frozen=True)
class Parameters:
    contexts: tuple[float, ...] = (1.0, 4.0, 20.0)  # pairs of a prompt over d
    noise: float = 0.3  # standard deviation of the label noise
    points: int = 120  # of every line
    context: float = 4.0  # of the runs
    sequences: float = 4.0  # n/d^2 of the runs
    ridge: float = 0.01  # of the runs
    dims: tuple[int, int] = (8, 16)  # d of the runs; the larger is shown
    drawn: tuple[float, ...] = (0.25, 0.5, 1.0, 2.0, 4.0)  # tasks over d of the runs
    runs: int = 24
    margin: float = 0.25  # relative difference that would matter, of the runs extrapolated to infinite d
    key: int = 0


SIZES = {"full": {"dims": (20, 40), "runs": 40, "points": 400, "margin": 0.15}}


def steps(parameters):
    runs = {f"runs kappa={kappa:g}": lambda kappa=kappa: _runs(parameters, kappa) for kappa in parameters.drawn}
    return {"theory": lambda: _theory(parameters), **runs}


def _theory(parameters):
    import jax

    from grok_theory import in_context

    kappas = np.geomspace(0.05, 20.0, parameters.points)
    fitted = jax.jit(
        jax.vmap(lambda kappa: in_context.solve(_problem(parameters, kappa), [parameters.sequences])["icl_loss"][0])
    )
    return {
        "kappas": kappas,
        "all": np.stack([in_context.infinite_sequences_loss(a, kappas, parameters.noise) for a in parameters.contexts]),
        "long": in_context.long_context_loss(kappas, parameters.noise),
        "fitted": fitted(kappas),
    }


def _problem(parameters, kappa):
    from grok_theory import in_context

    return in_context.LinearAttention(parameters.context, kappa, parameters.noise, parameters.ridge)


def _runs(parameters, kappa):
    import jax

    from grok_theory import in_context

    problem, key = _problem(parameters, kappa), jax.random.fold_in(jax.random.key(parameters.key), round(1000 * kappa))
    x = [parameters.sequences]
    small, large = (
        in_context.simulate(problem, x, key=jax.random.fold_in(key, dim), runs=parameters.runs, dim=dim)
        for dim in parameters.dims
    )
    theory = in_context.solve(problem, x)
    ideal = to_infinite_size(small, large, parameters.dims)
    verdict = judged(theory, ideal, margin=parameters.margin, curves=["icl_loss"])
    return {"icl_loss": large["icl_loss"][:, 0], "theory": theory["icl_loss"], **verdict}


def draw(parameters, data):
    import matplotlib.pyplot as plt

    figure, ax = plt.subplots(figsize=(3.4, 2.9))
    theory = data["theory"]
    for index, alpha in enumerate(parameters.contexts):
        ax.plot(theory["kappas"], theory["all"][index], color=f"C{index}", label=rf"$l/d$ = {alpha:g}")
    ax.plot(theory["kappas"], theory["long"], color="0.55", label=r"$l/d = \infty$")
    ax.plot(theory["kappas"], theory["fitted"], color="k", ls="--", lw=0.9)
    means = [data[f"runs kappa={kappa:g}"]["icl_loss"].mean() for kappa in parameters.drawn]
    errors = [
        data[f"runs kappa={kappa:g}"]["icl_loss"].std(ddof=1) / np.sqrt(parameters.runs) for kappa in parameters.drawn
    ]
    label = rf"$l/d$ = {parameters.context:g}, $n/d^2$ = {parameters.sequences:g}"
    ax.errorbar(parameters.drawn, means, errors, fmt="o", color="k", ms=3.5, elinewidth=0.8, label=label)
    ax.set(xscale="log", xlim=(0.05, 20), ylim=(0, None))
    ax.set(xlabel=r"training tasks $k/d$", ylabel="mean square error, fresh tasks")
    ax.legend(loc="upper right")
    return figure


def claims(parameters, data):
    theory = data["theory"]
    far = np.abs(np.log(theory["kappas"])) > 0.5
    # How much nearer the limit each next length of prompt is, against the ratio of the lengths: a law in 1/length.
    over = theory["all"] - theory["long"]
    power = np.log(over[-2] / over[-1])[far] / np.log(parameters.contexts[-1] / parameters.contexts[-2])
    return [
        Claim(
            "Longer prompts come nearer to the limit of long ones at every number of tasks",
            np.all(np.diff(over, axis=0) < 0) and np.all(over > 0),
            f"largest distance at l/d = {parameters.contexts[-1]:g}: {np.max(over[-1]):.3f}",
        ),
        Claim(
            "Away from one task a dimension they come nearer as a power between 0.8 and 1.6 of their length",
            power.min() > 0.8 and power.max() < 1.6,
            f"{power.min():.2f} to {power.max():.2f}",
        ),
        *(
            verdict_claim(
                f"kappa = {kappa:g}: networks extrapolated to infinite d agree within {parameters.margin:.0%}",
                data[f"runs kappa={kappa:g}"],
                "icl_loss",
            )
            for kappa in parameters.drawn
        ),
        Claim(
            "The networks of most tasks beat those of fewest by more than the theory's half",
            _drop(parameters, data, "icl_loss") > 0.5 * _drop(parameters, data, "theory"),
            f"{_drop(parameters, data, 'icl_loss'):.3f} against {_drop(parameters, data, 'theory'):.3f}",
        ),
    ]


def _drop(parameters, data, name):
    first, last = (
        np.mean(data[f"runs kappa={kappa:g}"][name]) for kappa in (parameters.drawn[0], parameters.drawn[-1])
    )
    return float(first - last)
