"""Softmax collapse by precision: the margin at which training stops, in theory and in this machine's arithmetic.

Caption: Left: margin against time in the closed model (10 classes, orthonormal inputs, linear logits, gradient flow).
It grows like a logarithm, and gradients become exactly zero where the rounded softmax reaches one (circles: closed
form). Crosses: literal gradient descent whose softmax is computed by JAX in float16 and bfloat16. Right: margin at
which JAX's softmax gradient is exactly zero, less p ln 2, in bits, against the number of classes, with the right
class first or last in the row. Dashed: terms added smallest first, log2(C - 1); dotted: one by one, largest first, 0.
"""

from dataclasses import dataclass

import numpy as np

from paper_figures.figure import Claim

PAPER = "Prieto, Barsbey, Mediano & Birdal 2025"
FIGURES = ()
STATES = {}
WING = "observables"
DTYPES = ("bfloat16", "float16", "float32", "float64")
LITERAL = ("bfloat16", "float16")


@dataclass(frozen=True)
class Parameters:
    classes: int = 10  # of the model on the left
    step: float = 0.05  # learning rate of the literal descent
    counts: tuple[int, ...] = (2, 3, 5, 10, 23, 53, 113, 331, 1000)  # classes on the right
    resolution: float = 0.02  # of the margin scanned, in bits


SIZES = {"quick": {"counts": (2, 10, 331), "resolution": 0.05}, "full": {"resolution": 0.01}}


def steps(parameters):
    return {
        **{f"descent_{d}": lambda d=d: _descent(parameters, d) for d in LITERAL},
        "thresholds": lambda: _thresholds(parameters),
    }


def _descent(parameters, dtype):
    """Margins along literal descent: weights in float64, the softmax in `dtype`, until the gradient is exactly zero."""
    import jax
    import jax.numpy as jnp

    from grok_theory.observables import collapse_time

    classes, longest = parameters.classes, 1.5 * collapse_time(parameters.classes, dtype)

    def step(state, _):
        logits, stopped, count = state
        probability = jax.nn.softmax(logits.astype(dtype)[None], axis=-1)[0].astype(float)
        gradient = probability - jnp.zeros(classes).at[0].set(1.0)
        stopped = stopped | (gradient[0] == 0)
        logits = jnp.where(stopped, logits, logits - parameters.step * gradient)
        return (logits, stopped, count + jnp.where(stopped, 0, 1)), logits[0] - logits[1]

    start = jnp.zeros(classes), jnp.asarray(False), jnp.asarray(0)
    (_, stopped, count), margins = jax.lax.scan(step, start, length=int(longest / parameters.step))
    every = max(1, int(count) // 400)
    kept = np.asarray(margins)[: int(count)][::every]
    return {"margin": kept, "every": every, "time": float(count) * parameters.step, "stopped": bool(stopped)}


def _thresholds(parameters):
    """Margin in bits, less p, from which on the gradient is zero: (dtype, right class first or last, classes)."""
    import jax
    import jax.numpy as jnp

    from grok_theory.observables.softmax_collapse import significant_bits

    found = np.zeros((len(DTYPES), 2, len(parameters.counts)))
    for i, dtype in enumerate(DTYPES):
        gradient = jax.jit(
            jax.grad(lambda z, right: -jnp.sum(jnp.sum(jax.nn.log_softmax(z, axis=-1) * right, axis=-1))),
            static_argnums=(),
        )
        for j in range(2):
            for k, classes in enumerate(parameters.counts):
                bits = significant_bits(dtype) + np.arange(-1.0, np.log2(classes) + 2, parameters.resolution)
                place = 0 if j == 0 else classes - 1
                logits = np.zeros((bits.size, classes))
                logits[:, place] = bits * np.log(2)
                right = np.zeros((1, classes))
                right[0, place] = 1
                rounded = jnp.asarray(logits).astype(dtype)
                zero = np.asarray(gradient(rounded, jnp.asarray(right).astype(dtype))[:, place] == 0)
                # The margin itself is rounded to the precision; read back what it became.
                margin = np.asarray(rounded[:, place].astype(float)) / np.log(2)
                first = int(np.flatnonzero(~zero)[-1]) + 1 if not zero.all() else 0
                found[i, j, k] = margin[min(first, bits.size - 1)] - significant_bits(dtype)
    return {"bits": found}


def draw(parameters, data):
    import matplotlib.pyplot as plt

    from grok_theory.observables import collapse_margin, margin_time
    from grok_theory.observables.softmax_collapse import significant_bits

    figure, (left, right) = plt.subplots(1, 2, figsize=(7, 2.8), layout="constrained")
    margins = np.linspace(0.05, collapse_margin(parameters.classes, "float64") * 1.05, 400)
    left.plot(margin_time(margins, parameters.classes), margins, "k", linewidth=1, label="closed form")
    for i, dtype in enumerate(DTYPES):
        end = collapse_margin(parameters.classes, dtype)
        left.plot(margin_time(end, parameters.classes), end, "o", color=f"C{i}", markersize=6, label=dtype)
        if dtype in LITERAL:
            run = data[f"descent_{dtype}"]
            left.plot(run["time"], run["margin"][-1], "x", color="k", markersize=5, label="descent" * (i == 0))
    left.set(
        xscale="log", xlabel="time (learning rate times steps)", ylabel="margin", title=f"{parameters.classes} classes"
    )
    left.legend()
    counts = np.array(parameters.counts)
    right.plot(counts, np.log2(counts - 1), "k--", linewidth=1, label="smallest first")
    right.axhline(0, color="k", linestyle=":", linewidth=1, label="largest first")
    for i, dtype in enumerate(DTYPES):
        for j, fill in enumerate(("full", "none")):
            label = f"{dtype}, p = {significant_bits(dtype)}" if j == 0 else None
            right.plot(
                counts * (1 + 0.04 * (i - 1.5)),
                data["thresholds"]["bits"][i, j],
                "osD^"[i],
                color=f"C{i}",
                fillstyle=fill,
                markersize=4,
                label=label,
            )
    right.set(
        xscale="log",
        xlabel="classes (filled: right class first, hollow: last)",
        ylabel="margin of collapse, bits above p",
    )
    right.legend(fontsize=6)
    return figure


def claims(parameters, data):
    from grok_theory.observables import collapse_margin, collapse_time

    runs = {d: data[f"descent_{d}"] for d in LITERAL}
    times = {d: (float(runs[d]["time"]), collapse_time(parameters.classes, d)) for d in LITERAL}
    margins = {d: float(runs[d]["margin"][-1]) - collapse_margin(parameters.classes, d) for d in LITERAL}
    law = np.log2(np.array(parameters.counts) - 1)
    gap = data["thresholds"]["bits"] - law
    few = np.array(parameters.counts) <= 23
    first, last = gap[2:, 0][:, few] + law[few], gap[2:, 1][:, few]
    return [
        Claim(
            "Literal descent ends at the closed form's margin within 0.2, in its time within 15 %.",
            all(run["stopped"] for run in runs.values())
            and max(map(abs, margins.values())) < 0.2
            and all(abs(ours / exact - 1) < 0.15 for ours, exact in times.values()),
            ", ".join(f"{d} {ours:.0f} against {exact:.0f}" for d, (ours, exact) in times.items()),
        ),
        Claim(
            "float16 adds as if smallest first, within 0.1 bits.",
            np.abs(gap[1]).max() < 0.1,
            f"{np.abs(gap[1]).max():.2f}",
        ),
        Claim(
            "Up to 23 classes float32 and float64 add in the order of the row, the right class first or last.",
            max(np.abs(first).max(), np.abs(last).max()) < 0.1,
            f"{np.abs(first).max():.2f} and {np.abs(last).max():.2f} bits",
        ),
        Claim(
            "No precision lies more than 1.2 bits beyond the two orders.",
            gap.max() < 1.2 and (gap + law).min() > -0.1,
            f"{gap.max():.2f}",
        ),
    ]
