"""Local complexity along training of a ReLU network, from the particles of its infinite width.

Caption: Sign of the first coordinate of Gaussian inputs (10 dimensions, 40 samples), two-layer ReLU networks,
richness 2 (left) and 0.3 (right). Share of hidden units whose kink cuts a neighbourhood of radius 0.3 with 5
directions, mean over training points, fresh points and points on the boundary x_1 = 0. Lines: the particles of mean-
field theory; points: means of trained networks with 99 % intervals; dotted: the law at the start. Grey: train loss.
In this shallow network, without label noise and without grokking, the complexity rises at the training points while
they are fitted; the late fall near the data that is reported for deep networks is not seen here.
"""

from dataclasses import dataclass

import numpy as np

from paper_figures.figure import Claim

PAPER = "beyond the paper (Humayun, Balestriero & Baraniuk 2024)"
FIGURES = ()
WING = "lazy_rich"


@dataclass(frozen=True)
class Parameters:
    dim: int = 10
    samples: int = 40
    points: int = 200  # fresh ones, and on the boundary
    richness: tuple[float, ...] = (2.0, 0.3)
    last: float = 30.0  # tau
    times: int = 8
    particles: int = 2048
    scrambles: int = 1
    width: int = 200
    runs: int = 12
    directions: int = 5
    radius: float = 0.3
    tolerance: float = 1e-2
    key: int = 0


# No quick size: compiling alone takes longer.
SIZES = {"full": {"particles": 16384, "scrambles": 8, "runs": 200, "tolerance": 1e-3}}
PARTS = {"train": "training points", "test": "fresh points", "boundary": "on the boundary"}


def steps(parameters):
    return {f"{richness:g}": lambda gamma=richness: _curves(parameters, gamma) for richness in parameters.richness}


def _curves(parameters, richness):
    import jax

    from grok_theory import lazy_rich
    from grok_theory.lazy_rich.mean_field import simulate_mean_field
    from grok_theory.observables import local_complexity_at_init, local_complexity_curves

    random = np.random.default_rng(parameters.key)
    draw = lambda count: random.standard_normal((count, parameters.dim))  # noqa: E731
    inputs, fresh, boundary = draw(parameters.samples), draw(parameters.points), draw(parameters.points)
    boundary[:, 0] = 0.0
    frame = np.linalg.qr(draw(parameters.directions).T)[0].T
    problem = lazy_rich.MeanFieldNetwork(inputs, np.sign(inputs[:, 0]), richness, "relu")
    times = np.concatenate([[0.0], np.geomspace(0.5, parameters.last, parameters.times - 1)])
    method = lazy_rich.Particles(
        parameters.particles, parameters.scrambles, tolerance=parameters.tolerance, keep="neurons"
    )
    theory = lazy_rich.solve(problem, times, method=method)
    runs = simulate_mean_field(
        problem,
        times,
        width=parameters.width,
        runs=parameters.runs,
        key=jax.random.key(parameters.key),
        tolerance=parameters.tolerance,
        keep="neurons",
    )
    points = {"train": inputs, "test": fresh, "boundary": boundary}
    found = {"times": times, "train_loss": theory["train_loss"]}
    for name, values in local_complexity_curves(theory, points, frame, parameters.radius).items():
        found[name] = values
    for name, values in local_complexity_curves(runs, points, frame, parameters.radius).items():
        found |= {f"{name} runs": values}
    # Points on the axis of the frame's complement have a law in closed form; others a correction of order m/D.
    off = inputs - inputs @ frame.T @ frame
    orthogonal = {"train": off[np.linalg.norm(off, axis=1) > 0]}
    at_start = local_complexity_curves(theory, orthogonal, frame, parameters.radius)["lc_train"][0]
    law = local_complexity_at_init(parameters.radius, parameters.directions, np.linalg.norm(off, axis=1))
    found |= {"orthogonal": at_start, "law": np.mean(law)}
    return found


def draw(parameters, data):
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(
        1, len(parameters.richness), figsize=(3.7 * len(parameters.richness), 3), sharey=True, squeeze=False
    )
    for axis, richness in zip(axes[0], parameters.richness, strict=True):
        found = data[f"{richness:g}"]
        shown = found["times"] + 0.1
        for i, (part, words) in enumerate(PARTS.items()):
            axis.plot(shown, found[f"lc_{part}"], f"C{i}-", label=words)
            runs = found[f"lc_{part} runs"]
            error = 2.58 * runs.std(0, ddof=1) / np.sqrt(len(runs))
            axis.errorbar(shown, runs.mean(0), error, fmt="o", color=f"C{i}", ms=3, mfc="none", lw=0.8)
            axis.axhline(found[f"lc_{part}"][0], color=f"C{i}", ls=":", lw=0.6)
        other = axis.twinx()
        other.plot(shown, found["train_loss"], color="0.7", lw=1)
        other.set(yscale="log")
        other.set_ylabel("train loss (grey)", color="0.5")
        axis.set(xscale="log", xlabel=r"time + 0.1 [$\tau$]", title=rf"$\gamma_0$ = {richness:g}")
    axes[0][0].set_ylabel("share of units cut")
    axes[0][0].legend(fontsize=6)
    return figure


def claims(parameters, data):
    from scipy.stats import t

    made, looked, gaps = [], 0, []
    for found in data.values():
        for part in PARTS:
            runs = found[f"lc_{part} runs"]
            error = runs.std(0, ddof=1) / np.sqrt(len(runs))
            gap = np.abs(runs.mean(0) - found[f"lc_{part}"])
            # Finite width and finitely many particles move a share by about 1/width.
            gaps.append(np.maximum(gap - 0.2 / parameters.width, 0) / error)
            looked += gap.size
    least = float(2 * looked * t.sf(np.max(gaps), parameters.runs - 1))
    made.append(
        Claim(
            "Trained networks have the complexity of the particles, up to 1/(5 width) (1 % in all)",
            least > 0.01,
            f"{looked} shares, largest gap {np.max(gaps):.1f} standard errors, corrected p = {min(least, 1):.2g}",
        )
    )
    found = data[f"{parameters.richness[0]:g}"]
    off = abs(float(found["orthogonal"] / found["law"]) - 1)
    made.append(Claim("At the start it is the law in closed form, within 2 %", off < 0.02, f"{off:.2%}"))
    rise = found["lc_train"][-1] - found["lc_train"][0]
    other = found["lc_test"][-1] - found["lc_test"][0]
    made.append(
        Claim(
            "It rises at the training points and stays at fresh ones: no late fall near the data is seen here",
            bool(rise > 0.01 and abs(other) < rise / 3 and np.max(found["lc_train"]) < found["lc_train"][-1] + 0.005),
            f"change {rise:+.3f} at training points, {other:+.3f} at fresh points",
        )
    )
    return made
