"""A small transformer between memory and the rule: few tasks are memorized, near D* the rule comes first.

Caption: A transformer of one layer, trained on contexts of 32 draws from D urns of 4 symbols. Top: how far the
predictions of memory (solid) and of the rule (dashed) are from the network's on fresh tasks (Kullback-Leibler, nats a
symbol; mean over seeds); the nearer one is what the network does. Bottom: its log loss on fresh tasks above that of the
rule. Urns can tell D* = 21.6 tasks apart: near it the loss on fresh tasks falls and comes back.
"""

from dataclasses import dataclass

import numpy as np

from paper_figures.figure import Claim

PAPER = "Wurgaft et al. 2025, beyond the paper"
FIGURES = ()
STATES = {}
WING = "in_context"
COMPUTES_LONG = True
NAMES = ("memory_divergence", "rule_divergence", "test_loss", "train_loss", "memorizing_share")


@dataclass(frozen=True)
class Parameters:
    symbols: int = 4
    context: int = 32
    tasks: tuple[int, ...] = (32,)  # D
    runs: int = 1  # seeds
    last: int = 8000  # steps
    reads: int = 60
    key: int = 0


SIZES = {"full": {"tasks": (8, 32, 256), "runs": 5}}


def steps(parameters):
    return {f"D={tasks}": lambda tasks=tasks: _runs(parameters, tasks) for tasks in parameters.tasks}


def _runs(parameters, tasks):
    import jax

    from grok_theory import in_context

    mixture = in_context.TaskMixture(tasks, in_context.Urns(parameters.symbols))
    problem = in_context.Strategies(mixture, parameters.context, 1.0, 0.0, 1.0)
    steps = np.unique(np.rint(np.geomspace(10, parameters.last, parameters.reads)))
    runs = in_context.simulate(problem, steps, key=jax.random.key(parameters.key), runs=parameters.runs)
    rule = {"rule": runs.stats["rule_on_fresh_tasks"], "memory": runs.stats["memory_on_fresh_tasks"]}
    return {"step": steps, **{name: runs[name] for name in NAMES}, **rule}


def draw(parameters, data):
    import matplotlib.pyplot as plt

    figure, (top, low) = plt.subplots(2, 1, figsize=(3.6, 4.2), sharex=True)
    for index, tasks in enumerate(parameters.tasks):
        found, color = data[f"D={tasks}"], f"C{index}"
        top.plot(found["step"], found["memory_divergence"].mean(0), color=color, label=f"memory, $D$ = {tasks}")
        top.plot(found["step"], found["rule_divergence"].mean(0), color=color, ls="--", label=f"rule, $D$ = {tasks}")
        low.plot(found["step"], (found["test_loss"] - found["rule"][:, None]).mean(0), color=color)
    top.set(xscale="log", yscale="log", ylabel="distance [nats a symbol]")
    top.legend(fontsize="small")
    low.set(yscale="log", xlabel="training step", ylabel="loss on fresh tasks\nabove the rule's [nats]")
    return figure


def claims(parameters, data):
    found = []
    for tasks in parameters.tasks:
        run = data[f"D={tasks}"]
        lead = run["memory_divergence"] - run["rule_divergence"]  # above zero the rule is nearer
        begun = run["step"] >= 20
        fall = run["test_loss"][:, 0] - run["test_loss"].min(1)
        back = run["test_loss"][:, -1] - run["test_loss"].min(1)
        text = f"D = {tasks}: {handover(run['step'], lead)}; loss on fresh tasks back by {back.mean():.4f}"
        found.append(
            Claim(
                "The network learns from its context: the loss on fresh tasks falls far below that of its start",
                np.all(fall > 0.03),
                f"D = {tasks}: by {fall.mean():.3f} nats a symbol",
            )
        )
        if parameters.last >= 8000 and tasks < 100:
            words = (
                "Below D* memory is nearer from the first hundreds of steps to the end"
                if tasks < 20
                else "Near D* the rule is nearer at first, memory at the end, and the loss on fresh tasks comes back"
            )
            early = True if tasks < 20 else np.all(lead[:, begun].max(1) > 0)
            found.append(Claim(words, early and np.all(lead[:, -1] < 0) and np.all(back > 0.001), text))
        elif parameters.last >= 8000:
            close = np.abs(lead[:, -1]).max()
            found.append(Claim("Far above D* the two cannot be told apart", close < 0.003, f"{text}; lead {close:.4f}"))
    return found


def handover(steps, lead):
    """In words, the last steps at which the rule is nearer, one a seed."""
    last = [steps[np.flatnonzero(each > 0)[-1]] if np.any(each > 0) else np.nan for each in lead]
    return "the rule is nearer last at step " + ", ".join("never" if np.isnan(step) else f"{step:.0f}" for step in last)
