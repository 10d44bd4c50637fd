"""Where networks grok: the delay over laziness and curvature, from theory alone.

Caption: How much later the test loss than the train loss falls below its threshold (train 0.1, test 0.6), in tau,
over output scale alpha and curvature eps (kappa = 3, m0 = 0.1, gradient flow to tau = 1000), by mean-field theory.
Grey: the test loss stays above the threshold to the end (censored). Crossed out: the solver says failed. Right: train
and test loss along one row of the map (eps = 0.5): from rich to lazy the train loss hardly changes, the test loss
falls later and later; its hump is the power of the linear mode, labels leaking into the mean weight (dotted).
"""

from dataclasses import dataclass

import numpy as np

from paper_figures.figure import Claim

PAPER = "beyond the paper"
WING = "lazy_rich"
COMPUTES_LONG = True


@dataclass(frozen=True)
class Parameters:
    alphas: int = 16  # output scales from 0.25 to 64
    curvatures: int = 16  # eps from 0.05 to 1
    kappa: float = 3.0
    teacher_overlap: float = 0.1
    last: float = 1000.0  # tau
    points: int = 60  # times at which losses are read
    grid_points: int = 24
    paths: int = 128
    checked: int = 4  # cells of the sublattice solved again at a finer setting, along each axis
    checked_paths: int = 672
    checked_grid_points: int = 40
    train_threshold: float = 0.1
    test_threshold: float = 0.6


SIZES = {
    "quick": {"alphas": 4, "curvatures": 4, "checked": 2, "paths": 96, "checked_paths": 128, "checked_grid_points": 24},
    "full": {"checked": 8},
}


def _axes(parameters):
    alphas = np.geomspace(0.25, 64.0, parameters.alphas)
    return alphas, np.geomspace(0.05, 1.0, parameters.curvatures)


def steps(parameters):
    return {"map": lambda: _map(parameters), "check": lambda: _check(parameters)}


def _losses(parameters, alphas, curvatures, paths, grid_points):
    """Curves of every (curvature, alpha) cell, in one compiled call."""
    import jax

    from grok_theory.lazy_rich import DMFT, QuadraticCommittee, solve

    times = np.concatenate([[0.0], np.geomspace(0.05, parameters.last, parameters.points - 1)])
    method = DMFT(paths=paths, grid_points=grid_points, scrambles=1)

    def one(alpha, curvature):
        problem = QuadraticCommittee(alpha, curvature, parameters.kappa, parameters.teacher_overlap)
        solution = solve(problem, times, method=method, throw=False)
        names = ("train_loss", "test_loss", "linear_power")
        return *(solution[name] for name in names), solution.status.level

    grid = np.meshgrid(alphas, curvatures)
    train, test, power, level = jax.jit(jax.vmap(one))(*(axis.ravel() for axis in grid))
    shape = (len(curvatures), len(alphas))
    return {
        "times": times,
        "train": np.asarray(train).reshape(*shape, -1),
        "test": np.asarray(test).reshape(*shape, -1),
        "power": np.asarray(power).reshape(*shape, -1),
        "failed": (np.asarray(level) == 2).reshape(shape),
    }


def _map(parameters):
    return _losses(parameters, *_axes(parameters), parameters.paths, parameters.grid_points)


def _sublattice(parameters):
    return tuple(
        np.linspace(0, count - 1, parameters.checked + 2).round().astype(int)[1:-1]
        for count in (parameters.alphas, parameters.curvatures)
    )


def _check(parameters):
    alphas, curvatures = (axis[part] for axis, part in zip(_axes(parameters), _sublattice(parameters), strict=True))
    return _losses(parameters, alphas, curvatures, parameters.checked_paths, parameters.checked_grid_points)


def _delay(parameters, cells):
    """Delay in tau; nan where failed, inf where censored."""
    from grok_theory.observables import crossing_time

    def crossing(curve, threshold):
        return float(np.asarray(crossing_time(cells["times"][1:], curve[1:], threshold).time))

    delay = np.full(cells["failed"].shape, np.nan)
    for at in np.argwhere(~cells["failed"]):
        train, test = cells["train"][tuple(at)], cells["test"][tuple(at)]
        if test.min() > parameters.test_threshold or train.min() > parameters.train_threshold:
            delay[tuple(at)] = np.inf
        else:
            first = crossing(train, parameters.train_threshold)
            delay[tuple(at)] = max(crossing(test, parameters.test_threshold) - first, 1e-3)
    return delay


def draw(parameters, data):
    import matplotlib.pyplot as plt
    from matplotlib.colors import LogNorm

    figure, (left, right) = plt.subplots(1, 2, figsize=(7, 3.0), layout="constrained")
    alphas, curvatures = _axes(parameters)
    delay = _delay(parameters, data["map"])
    shown = np.ma.masked_invalid(delay)
    left.set_facecolor("0.75")
    edges = [
        np.geomspace(a[0] * (a[0] / a[1]) ** 0.5, a[-1] * (a[1] / a[0]) ** 0.5, len(a) + 1) for a in _axes(parameters)
    ]
    image = left.pcolormesh(*edges, np.maximum(shown, 0.1), norm=LogNorm(0.1, parameters.last), cmap="viridis")
    failed = np.argwhere(data["map"]["failed"])
    left.plot(alphas[failed[:, 1]], curvatures[failed[:, 0]], "x", color="C3", ms=4)
    left.set(xscale="log", yscale="log", xlabel=r"output scale $\alpha$", ylabel=r"curvature $\varepsilon$")
    figure.colorbar(image, ax=left, label=r"delay [$\tau$]")

    row = int(np.argmin(np.abs(np.log(curvatures / 0.5))))
    picked = np.linspace(0, len(alphas) - 1, 4).round().astype(int)
    times = data["map"]["times"][1:]
    for number, column in enumerate(picked):
        color = f"C{number}"
        cell = data["map"]
        right.plot(times, cell["test"][row, column, 1:], color=color, label=rf"$\alpha={alphas[column]:.2g}$")
        right.plot(times, cell["train"][row, column, 1:], color=color, ls="--", lw=0.8)
        right.plot(times, cell["power"][row, column, 1:], color=color, ls=":", lw=0.8)
    right.set(xscale="log", yscale="log", ylim=(1e-3, 2.5), xlabel=r"$\tau$", ylabel="loss")
    right.set_title(rf"$\varepsilon={curvatures[row]:.2g}$: test (line), train (dashed), hump (dotted)", fontsize=7)
    right.legend()
    return figure


def claims(parameters, data):
    whole, fine = data["map"], data["check"]
    columns, rows = _sublattice(parameters)
    coarse = {name: whole[name][np.ix_(rows, columns)] for name in ("test", "train")}
    both = ~whole["failed"][np.ix_(rows, columns)] & ~fine["failed"]
    gap = np.abs(coarse["test"] - fine["test"])[both]
    relative = gap / np.abs(fine["test"])[both]
    finite = np.isfinite(whole["test"][~whole["failed"]]).all()
    delay = _delay(parameters, whole)
    counts = (np.isfinite(delay).sum(), np.isinf(delay).sum(), whole["failed"].sum())
    return [
        Claim("every cell is finite or marked failed, and at most 7 % are failed",
              bool(finite and whole["failed"].mean() <= 0.07),
              f"{counts[0]} groked, {counts[1]} censored, {counts[2]} failed of {delay.size}"),
        Claim("test loss on the sublattice, against a finer setting: half of it to 2 %, all to 15 %",
              bool(np.median(relative) < 0.02 and relative.max() < 0.15),
              f"median {100 * np.median(relative):.2f} %, worst {100 * relative.max():.2f} %"),
    ]  # fmt: skip
