"""Learning from a prompt: double descent in the number of training sequences.

Caption: Mean square error of linear attention on prompts of fresh tasks (blue) and of its training tasks (orange),
against the number n of training sequences over the square of the token dimension. Lines: theory for d to infinity;
points: mean of fitted networks with one standard error, open where so near to the peak a network of this size is no
matter of the theory. With almost no ridge (full lines, circles) the error peaks where sequences and weights are equally
many; with a ridge (dashed, squares) the peak is gone. Networks of finite size lie above the theory by a few times 1/d.
"""

from dataclasses import dataclass

import numpy as np

from paper_figures.figure import Claim

PAPER = "Lu et al. 2025"
FIGURES = ()
STATES = {}
WING = "in_context"
LOSSES = ("icl_loss", "idg_loss")


@dataclass(frozen=True)
class Parameters:
    context_per_dim: float = 2.0  # pairs of a prompt over d
    tasks_per_dim: float = 0.5  # training tasks over d
    noise: float = 0.5  # standard deviation of the label noise
    ridges: tuple[float, ...] = (1e-3, 1.0)
    points: int = 200  # of every line
    dim: int = 16  # d, of the runs
    drawn: tuple[float, ...] = (0.25, 0.5, 1.0, 2.0, 4.0)  # n/d^2 of the runs
    runs: int = 24
    key: int = 0


SIZES = {
    "quick": {"dim": 12, "runs": 8, "points": 100},
    "full": {"dim": 36, "runs": 60, "points": 400},
}


def steps(parameters):
    runs = {f"runs ridge={ridge:g}": lambda ridge=ridge: _runs(parameters, ridge) for ridge in parameters.ridges}
    return {"theory": lambda: _theory(parameters), **runs}


def _problem(parameters, ridge):
    from grok_theory import in_context

    return in_context.LinearAttention(parameters.context_per_dim, parameters.tasks_per_dim, parameters.noise, ridge)


def _theory(parameters):
    from grok_theory import in_context

    x = np.unique(np.concatenate([np.geomspace(0.1, 10.0, parameters.points), np.linspace(0.9, 1.1, 41)]))
    solved = [in_context.solve(_problem(parameters, ridge), x) for ridge in parameters.ridges]
    return {"x": x, **{name: np.stack([each[name] for each in solved]) for name in LOSSES}}


def _runs(parameters, ridge):
    import jax

    from grok_theory import in_context

    problem, key = _problem(parameters, ridge), jax.random.key(parameters.key)
    runs = in_context.simulate(problem, parameters.drawn, key=key, runs=parameters.runs, dim=parameters.dim)
    theory = in_context.solve(problem, parameters.drawn)
    at = {name: runs[name] for name in LOSSES} | {f"theory {name}": theory[name] for name in LOSSES}
    return at | {f"valid {name}": runs.valid[name] for name in LOSSES}


def draw(parameters, data):
    import matplotlib.pyplot as plt

    figure, ax = plt.subplots(figsize=(3.4, 2.9))
    theory = data["theory"]
    for color, name, label in (("C0", "icl_loss", "fresh tasks"), ("C1", "idg_loss", "training tasks")):
        for index, (ridge, style) in enumerate(zip(parameters.ridges, ("-", "--"), strict=True)):
            said = label if index == 0 else None
            ax.plot(theory["x"], theory[name][index], color=color, ls=style, label=said)
            runs = data[f"runs ridge={ridge:g}"]
            error, at = runs[name].std(0, ddof=1) / np.sqrt(parameters.runs), np.asarray(parameters.drawn)
            for part, face in ((runs[f"valid {name}"], color), (~runs[f"valid {name}"], "none")):
                look = {"fmt": "os"[index], "ms": 3.5, "mfc": face, "color": color, "elinewidth": 0.8}
                ax.errorbar(at[part], runs[name].mean(0)[part], error[part], **look)
    for ridge, look in zip(parameters.ridges, ("-o", "--s"), strict=True):
        ax.plot([], [], look, color="0.4", ms=3.5, label=rf"ridge $\lambda$ = {ridge:g}")
    ax.set(xscale="log", yscale="log", xlim=(0.1, 10))
    ax.set(xlabel=r"training sequences $n/d^2$", ylabel="mean square error")
    ax.legend(loc="upper right")
    return figure


def claims(parameters, data):
    theory = data["theory"]
    bare, ridged = theory["icl_loss"]
    peak = theory["x"][np.argmax(bare)]
    few = data[f"runs ridge={parameters.ridges[0]:g}"]
    means = few["icl_loss"].mean(0)
    gaps, errors = [], []
    for ridge in parameters.ridges:
        step = data[f"runs ridge={ridge:g}"]
        for name in LOSSES:
            valid = step[f"valid {name}"]
            gaps.extend((step[name].mean(0) / step[f"theory {name}"] - 1)[valid])
            errors.extend((step[name].std(0, ddof=1) / step[f"theory {name}"])[valid] / np.sqrt(parameters.runs))
    gaps, errors = np.asarray(gaps), np.asarray(errors)
    low, high = np.min(gaps + 4 * errors), np.max(gaps - 4 * errors)
    return [
        Claim(
            "With almost no ridge the loss on fresh tasks peaks within 5 % of n = d^2, five times above its end",
            abs(peak - 1) < 0.05 and bare.max() > 5 * bare[-1],
            f"{bare.max():.2f} at n/d^2 = {peak:.3f}, {bare[-1]:.2f} at the end",
        ),
        Claim(
            "So does that of the fitted networks, of the numbers of sequences drawn",
            parameters.drawn[int(np.argmax(means))] == 1.0 and means.max() > 3 * means[-1],
            ", ".join(f"{mean:.2f} at {x:g}" for x, mean in zip(parameters.drawn, means, strict=True)),
        ),
        Claim(
            "With the larger ridge there is no peak: more sequences never hurt the loss on training tasks",
            np.all(np.diff(theory["idg_loss"][1]) < 0) and ridged.max() < 2 * ridged[-1],
            f"loss on training tasks {theory['idg_loss'][1][0]:.3f} to {theory['idg_loss'][1][-1]:.3f}",
        ),
        Claim(
            "Where the theory speaks the mean of the networks lies above it by less than 5/d, and not below it by more "
            "than 1/d (to four standard errors)",
            high < 5 / parameters.dim and low > -1 / parameters.dim,
            f"gaps {gaps.min():+.3f} to {gaps.max():+.3f} at d = {parameters.dim}, 1/d = {1 / parameters.dim:.3f}",
        ),
    ]
