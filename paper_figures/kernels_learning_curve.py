"""Learning curve of kernel regression from its spectrum, against fitted draws.

Caption: Test loss of kernel regression with a power-law spectrum (eigenvalues i^-1.3, target coefficients 1/i, label
noise) against the number of samples. Lines: theory of the effective ridge. Points: mean over drawn training sets with
two standard errors. Without a ridge the loss peaks where there are as many samples as modes (dotted); the
ridge that minimises the loss at each size removes the peak.
"""

from dataclasses import dataclass

import numpy as np

from paper_figures.figure import Claim
from paper_figures.verdicts import judged_apart, verdict_claim

PAPER = "Bordelon, Canatar & Pehlevan 2020"
FIGURES = ()
STATES = {}
WING = "kernels"


@dataclass(frozen=True)
class Parameters:
    modes: int = 60  # of the kernel
    decay: float = 1.3  # eigenvalues i^-decay
    noise: float = 0.3  # standard deviation of the labels' noise
    sizes: int = 14  # numbers of samples, for the runs
    largest: int = 240  # samples
    runs: int = 96
    margin: float = 0.3  # relative difference that would matter; with a ridge and without, the losses differ threefold
    key: int = 0  # number of the random key


SIZES = {"full": {"runs": 400, "sizes": 24, "margin": 0.15}}


def _problem(parameters, ridge):
    import jax.numpy as jnp

    from grok_theory.kernels import KernelRegression

    i = jnp.arange(1.0, parameters.modes + 1)
    return KernelRegression(i**-parameters.decay, 1 / i, ridge=ridge, noise=parameters.noise)


def _samples(parameters):
    sizes = np.unique(np.round(np.geomspace(8, parameters.largest, parameters.sizes)))
    return sizes[np.abs(sizes / parameters.modes - 1) >= 0.25]  # near the peak the mean has no finite variance


def steps(parameters):
    return {
        "theory": lambda: _theory(parameters),
        "ridgeless": lambda: _runs(parameters, 0.0),
        "fixed": lambda: _runs(parameters, _best_fixed(parameters)),
    }


def _grid(parameters):
    grid = np.geomspace(8, parameters.largest, 200)
    return grid[np.abs(grid - parameters.modes) > 0.3]


def _theory(parameters):
    import jax
    import jax.numpy as jnp

    from grok_theory.kernels import solve

    grid = jnp.asarray(_grid(parameters))
    best = _best_fixed(parameters)
    ridges = jnp.geomspace(1e-4, 30.0, 120)
    scan = jax.jit(jax.vmap(lambda r: solve(_problem(parameters, r), grid)["test_loss"]))(ridges)
    ridgeless = np.asarray(solve(_problem(parameters, 0.0), grid)["test_loss"])
    fixed = np.asarray(solve(_problem(parameters, best), grid)["test_loss"])
    return {"x": np.asarray(grid), "ridgeless": ridgeless, "fixed": fixed, "optimal": np.asarray(scan).min(0)}


def _best_fixed(parameters):
    """The ridge that is best where samples equal modes; by the theory, on a grid."""
    import jax
    import jax.numpy as jnp

    from grok_theory.kernels import solve

    ridges = jnp.geomspace(1e-3, 30.0, 60)
    at = jnp.array([float(parameters.modes)])
    losses = jax.jit(jax.vmap(lambda r: solve(_problem(parameters, r), at)["test_loss"][0]))(ridges)
    return float(ridges[int(jnp.argmin(losses))])


def _runs(parameters, ridge):
    import jax

    from grok_theory.kernels import simulate, solve

    problem, samples = _problem(parameters, ridge), _samples(parameters)
    runs = simulate(problem, samples, runs=parameters.runs, key=jax.random.key(parameters.key))
    theory = solve(problem, samples)
    verdict = judged_apart(theory, runs, margin={"test_loss": parameters.margin})
    return {"samples": samples, "test": runs["test_loss"], "theory": np.asarray(theory["test_loss"]), **verdict}


def draw(parameters, data):
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(3.4, 2.8), layout="constrained")
    theory = data["theory"]
    for name, step, marker in (("no ridge", "ridgeless", "o"), ("one ridge", "fixed", "s")):
        runs = data[step]
        line = axes.plot(theory["x"], theory[step], label=name)[0]
        mean, error = runs["test"].mean(0), runs["test"].std(0, ddof=1) / np.sqrt(len(runs["test"]))
        axes.errorbar(
            runs["samples"], mean, 2 * error, fmt=marker, color=line.get_color(), markersize=3.5, linewidth=0.8
        )
    axes.plot(theory["x"], theory["optimal"], "k--", linewidth=1, label="best ridge at each size")
    axes.axvline(parameters.modes, color="0.5", linestyle=":", linewidth=0.8)
    axes.set(xscale="log", yscale="log", xlabel="samples", ylabel="test loss", ylim=(0.09, 3))
    axes.legend()
    return figure


def claims(parameters, data):
    theory, ridgeless, fixed = data["theory"], data["ridgeless"], data["fixed"]
    peak = theory["x"][np.argmax(theory["ridgeless"])]
    beside = np.argsort(np.abs(np.log(ridgeless["samples"] / parameters.modes)))[:2]
    removed = (ridgeless["test"].mean(0) / fixed["test"].mean(0))[beside]
    return [
        verdict_claim(f"Without a ridge fitted draws agree within {parameters.margin:.0%}", ridgeless, "test_loss"),
        verdict_claim(f"With one they agree within {parameters.margin:.0%}", fixed, "test_loss"),
        Claim(
            "Without a ridge the theory peaks where samples equal modes (to 5 %), above three times the loss with one",
            abs(peak / parameters.modes - 1) < 0.05 and theory["ridgeless"].max() > 3 * _at(theory, "fixed", peak),
            f"{theory['ridgeless'].max():.2f} at {peak:.0f} samples, {_at(theory, 'fixed', peak):.2f} with the ridge",
        ),
        Claim(
            "On both sides of it the ridge lowers the loss of the draws, on one by a third or more",
            removed.min() > 1 and removed.max() > 1.5,
            ", ".join(f"x{factor:.1f}" for factor in removed),
        ),
        Claim(
            "The best ridge at each size gives a loss that falls with every sample, also across the peak",
            np.all(np.diff(theory["optimal"]) < 0),
            f"from {theory['optimal'][0]:.3f} to {theory['optimal'][-1]:.3f}",
        ),
    ]


def _at(theory, name, samples):
    return float(np.interp(samples, theory["x"], theory[name]))
