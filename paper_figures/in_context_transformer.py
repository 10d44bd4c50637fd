"""A small transformer between memory and the rule: few tasks are memorized, near D* neither leads at first.

Caption: A transformer of one layer, trained on contexts of 32 draws from D urns of 4 symbols. Top: how far the
predictions of memory (solid) and of the rule (dashed) are from the network's on fresh tasks (Kullback-Leibler, nats a
symbol; mean over seeds, bands: their range); the nearer one is what the network does. Bottom: its log loss on fresh
tasks above that of the rule. Urns can tell D* = 21.6 tasks apart: near it the loss on fresh tasks falls and comes
back.
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
        step, above = found["step"], found["test_loss"] - found["rule"][:, None]
        for ax, values, style, label in (
            (top, found["memory_divergence"], "-", f"memory, $D$ = {tasks}"),
            (top, found["rule_divergence"], "--", f"rule, $D$ = {tasks}"),
            (low, above, "-", None),
        ):
            ax.plot(step, values.mean(0), color=color, ls=style, label=label)
            if len(values) > 1:
                ax.fill_between(step, values.min(0), values.max(0), color=color, alpha=0.15, lw=0)
    top.set(xscale="log", yscale="log", ylabel="distance [nats a symbol]")
    top.legend(fontsize="small")
    low.set(yscale="log", xlabel="training step", ylabel="loss on fresh tasks\nabove the rule's [nats]")
    return figure


def claims(parameters, data):
    found = []
    for tasks in parameters.tasks:
        run = data[f"D={tasks}"]
        step, lead = run["step"], run["memory_divergence"] - run["rule_divergence"]  # above zero the rule is nearer
        fall = run["test_loss"][:, 0] - run["test_loss"].min(1)
        found.append(
            Claim(
                "The network learns from its context: the loss on fresh tasks falls far below that of its start",
                np.all(fall > 0.03),
                f"D = {tasks}: by {fall.mean():.3f} nats a symbol",
            )
        )
        # Single reads are noise of the last batches: means over stretches of training are judged, seed by seed.
        early = lead[:, (step >= 50) & (step <= 300)].mean(1)
        late = lead[:, step >= 4000].mean(1)
        back = run["test_loss"][:, step >= 4000].mean(1) - run["test_loss"].min(1)
        text = f"D = {tasks}: lead of the rule {spread(early)} in steps 50 to 300, {spread(late)} from 4000 on"
        if tasks < 20:
            words = "Below D* memory is nearer in the first hundreds of steps in the mean, later in every seed"
            holds = early.mean() < -0.01 and np.all(late < -0.01)
        elif tasks < 100:
            words = "Near D* neither is nearer at first by .01 nats; later memory is, and loss on fresh tasks is back"
            holds = np.all(np.abs(early) < 0.01) and np.all(late < -0.002) and np.all(back > 0.0005)
            text += f"; loss on fresh tasks back by {spread(back)}"
        else:
            words, holds = "Far above D* the two can hardly be told apart", np.all(np.abs(late) < 0.003)
        found.append(Claim(words, holds, text))
    return found


def spread(values):
    """In words, the range over seeds."""
    return f"{values.min():.4f}" if len(values) == 1 else f"{values.min():.4f} to {values.max():.4f}"
