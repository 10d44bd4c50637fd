"""Two limits of the dynamics against simulation: unlimited laziness, unlimited data.

Caption: Left: train and test loss in the lazy limit (lines) and of committees with alpha = 1000 trained for real at
three dimensions D (points). Middle: the largest gap of the mean test loss over the times of the left panel, for frozen
kernels of many dimensions, with the 1/D law. Right: the largest gap between the limit of unlimited data and runs at
growing samples per dimension (dressed start, one dimension), with the 1/kappa law.
"""

from dataclasses import dataclass

import numpy as np

from paper_figures.figure import Claim

PAPER = "beyond the paper"
FIGURES = ()
STATES = {}
WING = "lazy_rich"


@dataclass(frozen=True)
class Parameters:
    samples_per_dim: float = 2.0  # kappa of the lazy limit
    curvature: float = 0.5  # eps
    dims: tuple[int, ...] = (25, 75)  # D of the full runs
    kernel_dims: tuple[int, ...] = (25, 50, 100)  # D of the frozen kernels
    runs: int = 12
    kernel_runs: int = 4000  # over D: runs at dimension D
    kappas: tuple[float, ...] = (8.0, 32.0, 96.0)  # samples per dimension against unlimited data
    population_dim: int = 24  # D there
    population_overlap: float = 0.3  # m0 there
    key: int = 0  # number of the random key


SIZES = {"full": {"dims": (50, 100, 200), "kernel_dims": (50, 100, 200, 400), "runs": 40, "kernel_runs": 12_000}}
TIMES = np.append(0, np.geomspace(0.1, 10, 16))


def steps(parameters):
    lazy = {f"runs D={dim}": lambda dim=dim: _lazy_runs(parameters, dim) for dim in parameters.dims}
    frozen = {f"kernels D={dim}": lambda dim=dim: _frozen(parameters, dim) for dim in parameters.kernel_dims}
    return {
        "lazy limit": lambda: _lazy_limit(parameters),
        **lazy,
        **frozen,
        **{f"kappa={kappa:g}": lambda kappa=kappa: _population(parameters, kappa) for kappa in parameters.kappas},
    }


def _lazy_problem(parameters):
    from grok_theory.lazy_rich import QuadraticCommittee

    return QuadraticCommittee(1000.0, parameters.curvature, parameters.samples_per_dim)


def _lazy_limit(parameters):
    from grok_theory.lazy_rich import LazyLimit, solve

    solution = solve(_lazy_problem(parameters), TIMES, method=LazyLimit())
    return {name: np.asarray(solution[name]) for name in ("train_loss", "test_loss")}


def _lazy_runs(parameters, dim):
    import jax

    from grok_theory.lazy_rich import simulate

    key = jax.random.key(parameters.key)
    runs = simulate(_lazy_problem(parameters), TIMES, dim=dim, runs=parameters.runs, key=key)
    return {name: runs[name] for name in ("train_loss", "test_loss")}


def _frozen(parameters, dim):
    import jax

    from grok_theory.lazy_rich import FrozenKernel, simulate

    key, count = jax.random.fold_in(jax.random.key(parameters.key), dim), max(4, parameters.kernel_runs // dim)
    runs = simulate(_lazy_problem(parameters), TIMES, dim=dim, runs=count, key=key, method=FrozenKernel())
    return {name: runs[name] for name in ("train_loss", "test_loss")}


def _population(parameters, kappa):
    import jax

    from grok_theory.lazy_rich import ExactReduction, Population, QuadraticCommittee, simulate, solve

    problem = QuadraticCommittee(1.0, parameters.curvature, kappa, parameters.population_overlap)
    key, dim = jax.random.key(parameters.key), parameters.population_dim
    runs = simulate(problem, TIMES, dim=dim, runs=3, key=key, method=ExactReduction(tolerance=1e-4))
    limit = solve(problem.dressed(dim), TIMES, method=Population())
    return {"runs": runs["test_loss"].mean(0), "limit": np.asarray(limit["test_loss"])}


def _kernel_gaps(parameters, data):
    """Signed relative gap of the mean test loss at the last time, and its standard error."""
    limit, found = data["lazy limit"]["test_loss"][-1], []
    for dim in parameters.kernel_dims:
        last = data[f"kernels D={dim}"]["test_loss"][:, -1]
        found.append((last.mean() / limit - 1, last.std(ddof=1) / np.sqrt(last.size) / limit))
    return np.array(found).T


def _population_gaps(parameters, data):
    return np.array(
        [np.abs(data[f"kappa={k:g}"]["runs"] - data[f"kappa={k:g}"]["limit"]).max() for k in parameters.kappas]
    )


def draw(parameters, data):
    import matplotlib.pyplot as plt

    figure, (curves, kernels, population) = plt.subplots(1, 3, figsize=(7, 2.3), width_ratios=(1.3, 1, 1))
    for name, color in (("train_loss", "C0"), ("test_loss", "C1")):
        curves.plot(TIMES[1:], data["lazy limit"][name][1:], color=color, label=name.replace("_", " "))
    for dim, marker in zip(parameters.dims, "os^"):
        for name, color in (("train_loss", "C0"), ("test_loss", "C1")):
            label = f"D = {dim}" if name == "test_loss" else None
            mean = data[f"runs D={dim}"][name].mean(0)
            curves.plot(TIMES[1:], mean[1:], marker, color=color, mfc="none", label=label)
    curves.set(xscale="log", yscale="log", xlabel=r"time $\tau$", ylabel="mean squared error", ylim=(3e-3, 1.2))
    curves.legend(loc="lower left")
    curves.set_title(f"P/D = {parameters.samples_per_dim:g}, $\\epsilon$ = {parameters.curvature:g}")
    gaps, errors = _kernel_gaps(parameters, data)
    inverse = 1 / np.array(parameters.kernel_dims)
    kernels.errorbar(inverse, gaps, 2.6 * errors, fmt="o", color="C1")
    slope = np.sum(gaps * inverse / errors**2) / np.sum(inverse**2 / errors**2)
    grid = np.linspace(0, inverse.max(), 50)
    kernels.plot(grid, slope * grid, color="0.4", lw=1, label=f"{slope:.2f}/D")
    kernels.set(xlabel="1/D", ylabel="test loss / limit - 1")
    kernels.set_title(f"at $\\tau$ = {TIMES[-1]:g}")
    kernels.legend(loc="lower left")
    gaps = _population_gaps(parameters, data)
    population.plot(parameters.kappas, gaps, "o", color="C2")
    law = gaps[0] * parameters.kappas[0] / np.array(parameters.kappas)
    population.plot(parameters.kappas, law, color="0.4", lw=1, label=r"$1/\kappa$")
    population.set(
        xscale="log",
        yscale="log",
        xlabel=r"$\kappa$ = P/D",
        ylabel="largest gap in test loss",
        xticks=parameters.kappas,
        xticklabels=[f"{k:g}" for k in parameters.kappas],
    )
    population.xaxis.minorticks_off()
    population.legend(loc="lower left")
    return figure


def claims(parameters, data):
    gaps, errors = _kernel_gaps(parameters, data)
    inverse = 1 / np.array(parameters.kernel_dims)
    slope = np.sum(gaps * inverse / errors**2) / np.sum(inverse**2 / errors**2)
    misfit = np.abs(gaps - slope * inverse) / errors
    population = _population_gaps(parameters, data)
    return [
        Claim(
            "Frozen kernels meet the lazy limit as c/D, -4.5 < c < -1.5: each to 3.5 standard errors or 0.02",
            bool(-4.5 < slope < -1.5) and np.all((misfit < 3.5) | (np.abs(gaps - slope * inverse) < 0.02)),
            f"c = {slope:.2f}; "
            + ", ".join(f"D={d}: {g:+.3f}({e:.3f})" for d, g, e in zip(parameters.kernel_dims, gaps, errors)),
        ),
        Claim(
            "The gap to unlimited data falls with the samples per dimension and is at most 2/kappa",
            np.all(np.diff(population) < 0) and np.all(population * np.array(parameters.kappas) < 2),
            ", ".join(f"kappa={k:g}: {g:.4f}" for k, g in zip(parameters.kappas, population)),
        ),
    ]
