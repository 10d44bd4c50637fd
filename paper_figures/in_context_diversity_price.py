"""The price of diversity: what memory saves over the rule lies between two exact bounds, and ends at e^I tasks.

Caption: Log loss of the rule above memory's over a context of a training task, against the number of training tasks D,
for urns with 4 symbols, 32 draws a context (blue) and 8 symbols, 64 draws (orange). Shaded: between the exact bounds
max(0, I - ln D) and E ln(1 + (e^i - 1)/D); points: drawn lists of tasks with two standard errors. Dotted: D* = e^I,
the number of tasks that a context can tell apart. Beyond it memory is of no use.
"""

from dataclasses import dataclass

import numpy as np

from paper_figures.figure import Claim
from paper_figures.verdicts import judged, verdict_claim

PAPER = "beyond the paper"
FIGURES = ()
STATES = {}
WING = "in_context"


@dataclass(frozen=True)
class Parameters:
    urns: tuple[tuple[int, int], ...] = ((32, 4), (64, 8))  # (symbols of a context, kinds of symbols)
    most: float = 1e5  # largest number of tasks
    points: int = 160  # of every line
    drawn: tuple[int, ...] = (1, 4, 16, 64, 256, 1024)  # numbers of tasks of the draws
    runs: int = 48  # lists of tasks, of 64 contexts each
    judged: tuple[int, ...] = (4, 16)  # numbers of tasks at which memory itself is solved, by sampling of its own
    margin: float = 0.2  # relative difference of the gap that would matter there
    key: int = 0


SIZES = {"full": {"runs": 400}}


def steps(parameters):
    runs = {
        f"runs C={context} D={tasks}": lambda context=context, symbols=symbols, tasks=tasks: _runs(
            parameters, context, symbols, tasks
        )
        for context, symbols in parameters.urns
        for tasks in parameters.drawn
    }
    return {"theory": lambda: _theory(parameters), **runs}


def _theory(parameters):
    import jax

    from grok_theory import in_context

    tasks = np.geomspace(1.0, parameters.most, parameters.points)
    found = {"tasks": tasks}
    for context, symbols in parameters.urns:

        def one(number, context=context, symbols=symbols):
            problem = in_context.TaskMixture(number, in_context.Urns(symbols))
            solved = in_context.solve(problem, [context], method=in_context.Exact())
            return solved["gap_bound_low"][0], solved["gap_bound_high"][0]

        found[f"low C={context}"], found[f"high C={context}"] = jax.jit(jax.vmap(one))(tasks)
        found[f"information C={context}"] = in_context.urn_information(context, symbols)
    return found


def _runs(parameters, context, symbols, tasks):
    import jax

    from grok_theory import in_context

    problem = in_context.TaskMixture(tasks, in_context.Urns(symbols))
    key = jax.random.fold_in(jax.random.key(parameters.key), 10000 * symbols + tasks)
    runs = in_context.simulate(problem, [context], key=key, runs=parameters.runs)
    solved = in_context.solve(problem, [context], method=in_context.Exact())
    found = {"gap": runs["gap"][:, 0], "low": solved["gap_bound_low"], "high": solved["gap_bound_high"]}
    if tasks in parameters.judged:
        found |= judged(in_context.solve(problem, [context]), runs, margin=parameters.margin, curves=["gap"])
    return found


def _means(parameters, data, context):
    gaps = [data[f"runs C={context} D={tasks}"]["gap"] for tasks in parameters.drawn]
    return np.array([g.mean() for g in gaps]), np.array([g.std(ddof=1) for g in gaps]) / np.sqrt(parameters.runs)


def draw(parameters, data):
    import matplotlib.pyplot as plt

    figure, ax = plt.subplots(figsize=(3.6, 2.9))
    theory = data["theory"]
    for index, (context, symbols) in enumerate(parameters.urns):
        color = f"C{index}"
        low, high = theory[f"low C={context}"], theory[f"high C={context}"]
        ax.fill_between(theory["tasks"], low, high, color=color, alpha=0.25, lw=0)
        ax.plot(theory["tasks"], high, color=color, lw=0.8)
        ax.plot(theory["tasks"], low, color=color, lw=0.8)
        mean, error = _means(parameters, data, context)
        label = f"{context} draws of {symbols} symbols"
        ax.errorbar(parameters.drawn, mean, 2 * error, fmt="o", color=color, ms=3.5, elinewidth=0.8, label=label)
        ax.axvline(np.exp(theory[f"information C={context}"]), color=color, ls=":", lw=1)
    ax.set(xscale="log", xlim=(0.9, parameters.most), ylim=(0, None))
    ax.set(xlabel="training tasks $D$", ylabel="rule above memory [nats a context]")
    ax.legend()
    return figure


def claims(parameters, data):
    theory = data["theory"]
    outside = []
    for context, _ in parameters.urns:
        mean, error = _means(parameters, data, context)
        low = np.array([data[f"runs C={context} D={tasks}"]["low"][0] for tasks in parameters.drawn])
        high = np.array([data[f"runs C={context} D={tasks}"]["high"][0] for tasks in parameters.drawn])
        outside.append(np.maximum(low - mean, mean - high) / error)
    at_star = [
        float(np.interp(theory[f"information C={c}"], np.log(theory["tasks"]), theory[f"high C={c}"]))
        / float(theory[f"information C={c}"])
        for c, _ in parameters.urns
    ]
    return [
        *(
            verdict_claim(
                f"{context} symbols, {tasks} tasks: drawn gaps agree with memory solved in {parameters.margin:.0%}",
                data[f"runs C={context} D={tasks}"],
                "gap",
            )
            for context, _ in parameters.urns
            for tasks in parameters.judged
        ),
        Claim(
            "Drawn gaps lie between the bounds to 4 standard errors",
            np.max(outside) < 4,
            f"farthest outside by {np.max(outside):.1f} standard errors, of {np.size(outside)} points",
        ),
        Claim(
            "At D* = e^I tasks not a third of what memory saves with one task is left",
            max(at_star) < 1 / 3,
            ", ".join(f"{share:.3f} of I at most" for share in at_star),
        ),
    ]
