"""Learning from a prompt: double descent in the number of training sequences.

Caption: Mean square error of linear attention on prompts of fresh tasks (blue) and of its training tasks (orange),
against the number n of training sequences over the square of the token dimension. Lines: theory for d to infinity;
points: mean of fitted networks with one standard error, open where so near to the peak a network of this size is no
matter of the theory. With almost no ridge (full lines, circles) the error peaks where sequences and weights are equally
many; with a ridge (dashed, squares) the peak is gone. Networks of finite size lie above the theory by a few times 1/d;
judged is what networks of d = 12 and 24 say of infinite d, by a law in 1/d, and with almost no ridge, where that is too
uncertain, those of d = 24 themselves.
"""

from dataclasses import dataclass

import numpy as np

from paper_figures.figure import Claim
from paper_figures.verdicts import judged, to_infinite_size, verdict_claim

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
    dims: tuple[int, int] = (12, 24)  # d of the runs; the larger is shown
    drawn: tuple[float, ...] = (0.25, 0.5, 1.0, 2.0, 4.0)  # n/d^2 of the runs
    runs: int = 32
    margin: float = 0.2  # relative difference that would matter, of the runs extrapolated to infinite d
    own_margin: float = 0.25  # and of those of the larger d themselves, where the extrapolation is too uncertain
    key: int = 0


SIZES = {"full": {"dims": (18, 36), "runs": 60, "points": 400, "margin": 0.1, "own_margin": 0.2}}


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
    small, large = (
        in_context.simulate(problem, parameters.drawn, key=jax.random.fold_in(key, dim), runs=parameters.runs, dim=dim)
        for dim in parameters.dims
    )
    theory = in_context.solve(problem, parameters.drawn)
    at = {name: large[name] for name in LOSSES} | {f"theory {name}": theory[name] for name in LOSSES}
    at |= {f"valid {name}": small.valid[name] & large.valid[name] for name in LOSSES}
    ideal = to_infinite_size(small, large, parameters.dims)
    verdict = judged(theory, ideal, margin=parameters.margin, curves=LOSSES)
    return at | verdict | judged(theory, large, margin=parameters.own_margin, curves=LOSSES, label="large")


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
        *(
            verdict_claim(
                f"Almost no ridge, {word}: networks of d = {parameters.dims[1]} lie within "
                f"{parameters.own_margin:.0%} of the theory",
                few,
                name,
                label="large",
            )
            for name, word in zip(LOSSES, ("fresh tasks", "training tasks"), strict=True)
        ),
        *(
            verdict_claim(
                f"With a ridge, {word}: extrapolated to infinite d they lie within {parameters.margin:.0%}",
                data[f"runs ridge={parameters.ridges[1]:g}"],
                name,
            )
            for name, word in zip(LOSSES, ("fresh tasks", "training tasks"), strict=True)
        ),
    ]
