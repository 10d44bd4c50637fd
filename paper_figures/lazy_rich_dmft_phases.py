"""Where networks grok: the delay over laziness, curvature and data, by theory, with runs laid over it.

Caption: How much later the test loss than the train loss falls below its threshold (both half of the start), in tau,
gradient flow with m0 = 0.1, by mean-field theory. Left: over output scale alpha and curvature eps at the paper's P/D.
Grey: the test loss stays above its threshold to the last tau (censored); crosses: the solver says failed. Circles:
drawn networks (infinite width, exact reduction), extrapolated to infinite D, in the same colours; white if censored.
Right: over alpha and data per dimension kappa at eps = 0.3, computed where it matters: white dots are the points that
refinement chose (between them the colour of the nearest), black ones lie where the delay passes the level that is
written above; to the lazy side, with little data, it is longer or the threshold is never reached. Networks of finite
D leave the theory by terms of order 1/D: their delays are judged as those of the curves extrapolated from two sizes.
A cell has too few runs for a verdict of `compare` on its curves; the figure of the sweeps has that, at seven settings.
"""

from dataclasses import dataclass

import numpy as np

from paper_figures import committees
from paper_figures.figure import Claim
from paper_figures.verdicts import extrapolated

PAPER = "Kumar, Bordelon, Gershman & Pehlevan 2023"
FIGURES = ("3e",)
STATES = {}
WING = "lazy_rich"


@dataclass(frozen=True)
class Parameters:
    alphas: int = 6  # output scales from 0.25 to 32
    curvatures: int = 6  # eps from 0.05 to 2
    kappa: float = 5.5
    teacher_overlap: float = 0.1
    last: float = 1000.0  # tau
    grid_points: int = 24
    paths: int = 128
    checked: int = 2  # cells of the sublattice solved again at a finer setting, along each axis
    checked_paths: int = 344
    checked_grid_points: int = 36
    with_runs: int = 3  # cells of the sublattice that are also simulated, along each axis
    dims: tuple[int, int] = (24, 48)  # D of the runs that are extrapolated
    runs: int = 12  # at each
    curvature: float = 0.3  # eps of the map over kappa
    level: float = 10.0  # delay in tau whose line is looked for
    cells: int = 3  # of the coarsest grid of the refinement, along each axis
    depth: int = 2  # how often a cell on the line is halved
    train_threshold: float = 0.375
    test_threshold: float = 0.375
    key: int = 0


SIZES = {
    "full": {
        "alphas": 16, "curvatures": 16, "grid_points": 36, "paths": 344, "checked": 4, "checked_paths": 672,
        "checked_grid_points": 54, "with_runs": 4, "dims": (50, 100),
        "runs": 16, "depth": 3,
    },
}  # fmt: skip


def _axes(parameters):
    alphas = np.geomspace(0.25, 32.0, parameters.alphas)
    return alphas, np.geomspace(0.05, 2.0, parameters.curvatures)


def _times(parameters):
    return np.append(0.0, np.geomspace(0.05, parameters.last, 59))


def steps(parameters):
    return {
        "map": lambda: _map(parameters),
        "check": lambda: _check(parameters),
        "runs": lambda: _runs(parameters),
        "refined": lambda: _refined(parameters),
    }


def _problem(parameters, alpha, curvature, kappa=None):
    from grok_theory.lazy_rich import QuadraticCommittee

    kappa = parameters.kappa if kappa is None else kappa
    return QuadraticCommittee(float(alpha), float(curvature), float(kappa), parameters.teacher_overlap)


def _solved(parameters, problem, paths, grid_points):
    from grok_theory.lazy_rich import DMFT, solve

    method = DMFT(paths=paths, grid_points=grid_points, scrambles=1, field_points=0)
    return solve(problem, _times(parameters), method=method, throw=False)


def _losses(parameters, alphas, curvatures, paths, grid_points):
    """Curves and verdict of every (curvature, alpha) cell. One after the other: a march is compiled once for all."""
    found = [
        [_solved(parameters, _problem(parameters, alpha, curvature), paths, grid_points) for alpha in alphas]
        for curvature in curvatures
    ]
    return {
        "train": np.array([[s["train_loss"] for s in row] for row in found]),
        "test": np.array([[s["test_loss"] for s in row] for row in found]),
        "failed": np.array([[int(s.status.level) == 2 for s in row] for row in found]),
    }


def _map(parameters):
    return _losses(parameters, *_axes(parameters), parameters.paths, parameters.grid_points)


def _sublattice(parameters, count):
    return tuple(
        np.linspace(0, size - 1, count + 2).round().astype(int)[1:-1]
        for size in (parameters.alphas, parameters.curvatures)
    )


def _check(parameters):
    parts = zip(_axes(parameters), _sublattice(parameters, parameters.checked), strict=True)
    alphas, curvatures = (axis[part] for axis, part in parts)
    return _losses(parameters, alphas, curvatures, parameters.checked_paths, parameters.checked_grid_points)


def _runs(parameters):
    """Mean losses of networks of both sizes in every cell of the sublattice: (size, curvature, alpha, time)."""
    import jax

    parts = zip(_axes(parameters), _sublattice(parameters, parameters.with_runs), strict=True)
    alphas, curvatures = (axis[part] for axis, part in parts)
    curves = {"train": [], "test": []}
    for dim in parameters.dims:
        key = jax.random.fold_in(jax.random.key(parameters.key), dim)
        for curvature in curvatures:
            for alpha in alphas:
                drawn = committees.drawn(
                    _problem(parameters, alpha, curvature),
                    _times(parameters),
                    dim=dim,
                    runs=parameters.runs,
                    key=key,
                    curves=committees.LOSSES,
                )
                for name, rows in curves.items():
                    rows.append(drawn[f"{name}_loss"].mean(0))
    shape = (2, len(curvatures), len(alphas), -1)
    return {name: np.array(rows).reshape(shape) for name, rows in curves.items()}


def _extrapolated(parameters, drawn):
    """The same at 1/D = 0: (curvature, alpha, time)."""
    small, large = ({name: rows[size] for name, rows in drawn.items()} for size in (0, 1))
    return extrapolated(small, large, parameters.dims)


def _refined(parameters):
    from grok_theory import Axis, refine

    def run(problem):
        solution = _solved(parameters, problem, parameters.paths, parameters.grid_points)
        return _delay(parameters, np.asarray(solution["train_loss"]), np.asarray(solution["test_loss"]))

    found = refine(
        run,
        lambda alpha, kappa: _problem(parameters, alpha, parameters.curvature, kappa),
        Axis("alpha", 0.25, 64.0, cells=parameters.cells, spacing="log"),
        Axis("kappa", 1.0, 16.0, cells=parameters.cells, spacing="log"),
        level=parameters.level,
        depth=parameters.depth,
        workers=1,
        batch=1,
        version="1",
    )
    return {"points": found.points, "values": found.values, "crossings": found.crossings.reshape(-1, 2)}


def _delay(parameters, train, test):
    """Delay in tau of one pair of curves; nan where failed or past a threshold at the start, inf where censored."""
    from grok_theory.observables import grokking_delay

    if not np.isfinite(test).all():
        return np.nan
    found = grokking_delay(
        _times(parameters),
        train,
        test,
        train_threshold=parameters.train_threshold,
        test_threshold=parameters.test_threshold,
    )
    return float(np.inf if found.censored or not found.fitted else found.delay)


def _delays(parameters, cells):
    flat = zip(cells["train"].reshape(-1, 60), cells["test"].reshape(-1, 60), strict=True)
    return np.array([_delay(parameters, *pair) for pair in flat]).reshape(cells["train"].shape[:-1])


def draw(parameters, data):
    import matplotlib.pyplot as plt
    from matplotlib.colors import LogNorm

    figure, (left, right) = plt.subplots(1, 2, figsize=(7, 2.9))
    alphas, curvatures = _axes(parameters)
    norm = LogNorm(0.1, parameters.last)
    delay = _delays(parameters, data["map"])
    left.set_facecolor("0.75")
    edges = [np.geomspace(a[0] * (a[0] / a[1]) ** 0.5, a[-1] * (a[1] / a[0]) ** 0.5, len(a) + 1)
             for a in (alphas, curvatures)]  # fmt: skip
    shown = np.ma.masked_invalid(np.maximum(delay, 0.1))
    image = left.pcolormesh(*edges, shown, norm=norm, cmap="viridis")
    failed = np.argwhere(np.isnan(delay))
    left.plot(alphas[failed[:, 1]], curvatures[failed[:, 0]], "x", color="C3", ms=4)
    columns, rows = _sublattice(parameters, parameters.with_runs)
    measured = _delays(parameters, _extrapolated(parameters, data["runs"]))
    colors = np.where(np.isinf(measured), np.nan, np.maximum(measured, 0.1))
    grid = np.meshgrid(alphas[columns], curvatures[rows])
    left.plot(*(axis.ravel() for axis in grid), "o", color="white", ms=6.5, mec="black", mew=0.7)
    left.scatter(*grid, c=colors, norm=norm, cmap="viridis", s=34, edgecolors="black", linewidths=0.7, zorder=3)
    left.set(xscale="log", yscale="log", xlabel=r"output scale $\alpha$", ylabel=r"curvature $\varepsilon$")
    left.set_title(rf"$\kappa$ = {parameters.kappa:g}; circles: runs")

    points, values, line = (data["refined"][name] for name in ("points", "values", "crossings"))
    right.set_facecolor("0.75")
    right.pcolormesh(
        *_nearest(points[~np.isnan(values)], values[~np.isnan(values)]), norm=norm, cmap="viridis", rasterized=True
    )
    right.plot(*points.T, ".", color="white", ms=2.0, mec="none")
    right.plot(*points[np.isnan(values)].T, "x", color="C3", ms=4)
    right.plot(*line.T, "o", color="black", ms=2.5)
    right.set(xscale="log", yscale="log", xlabel=r"output scale $\alpha$", ylabel=r"samples per dimension $\kappa$")
    right.set_yticks([1, 2, 4, 8, 16], ["1", "2", "4", "8", "16"])
    right.yaxis.minorticks_off()
    right.set_title(rf"$\varepsilon$ = {parameters.curvature:g}; black: delay = {parameters.level:g}")
    figure.colorbar(image, ax=right, label=r"delay [$\tau$]; grey: censored")
    return figure


def _nearest(points, values):
    """A fine raster of the right panel; every pixel has the value of the nearest point that was computed."""
    axes = [np.geomspace(axis.min(), axis.max(), 65) for axis in points.T]
    grid = np.log(np.stack(np.meshgrid(*axes), axis=-1))
    spans = np.log(points.max(0) / points.min(0))
    distance = (((grid[..., None, :] - np.log(points)) / spans) ** 2).sum(-1)
    return *axes, np.ma.masked_invalid(np.maximum(values[distance.argmin(-1)], 0.1))


def claims(parameters, data):
    whole, drawn = data["map"], data["runs"]
    delay = _delays(parameters, whole)
    counts = (np.isfinite(delay).sum(), np.isinf(delay).sum(), np.isnan(delay).sum())
    columns, rows = _sublattice(parameters, parameters.with_runs)
    theory, measured = delay[np.ix_(rows, columns)], _delays(parameters, _extrapolated(parameters, drawn))
    ends = whole["test"][np.ix_(rows, columns)][..., -1] - parameters.test_threshold
    # Where the theory's curve ends about at the threshold, whether it is passed at all is not told by a delay.
    clear = np.abs(ends) > 0.05
    same = np.isinf(theory) == np.isinf(measured)
    both = np.isfinite(theory) & np.isfinite(measured) & (theory > 1)
    apart = np.abs(np.log(theory[both] / measured[both]))
    rises = [np.all(np.diff(row[np.isfinite(row)]) > -1.0) for row in delay]
    return [
        Claim(
            "Every cell is finite or marked failed, and at most 7 % are failed",
            whole["failed"].mean() <= 0.07 and np.isfinite(whole["test"][~whole["failed"]]).all(),
            f"{counts[0]} groked, {counts[1]} censored, {counts[2]} failed of {delay.size}; "
            f"over kappa {np.isnan(data['refined']['values']).sum()} failed of {len(data['refined']['values'])} points",
        ),
        _error(parameters, whole, data["check"], delay),
        Claim(
            "At every curvature the delay grows with alpha (to 1 in tau)",
            all(rises),
            f"{sum(map(int, rises))} of {len(rises)} rows",
        ),
        Claim(
            "Extrapolated runs grok where the theory says so, in every sampled cell whose theory does not end at the "
            "threshold (to .05)",
            bool(same[clear].all()),
            f"{int(same[clear].sum())} of {int(clear.sum())} cells",
        ),
        Claim(
            "Where both grok later than 1 tau, their delays are equal to a factor 1.4, and to 1.2 in the median",
            bool(both.any() and apart.max() < np.log(1.4) and np.median(apart) < np.log(1.2)),
            "theory/runs: " + ", ".join(f"{t:.3g}/{m:.3g}" for t, m in zip(theory.ravel(), measured.ravel())),
        ),
    ]


def _error(parameters, whole, fine, delay):
    """What a finer setting says of the cells of the sublattice."""
    columns, rows = _sublattice(parameters, parameters.checked)
    both = ~whole["failed"][np.ix_(rows, columns)] & ~fine["failed"]
    apart = np.abs(whole["test"][np.ix_(rows, columns)] - fine["test"])[both]
    coarse, finer = delay[np.ix_(rows, columns)], _delays(parameters, fine)
    known = np.isfinite(coarse) & np.isfinite(finer) & (finer > 1)
    ratio = np.abs(np.log(coarse[known] / finer[known]))
    return Claim(
        "Test loss on the sublattice, against a finer setting: half of it to .005, all to .04 (it starts at .75)",
        np.median(apart) < 0.005 and apart.max() < 0.04,
        f"median {np.median(apart):.4f}, worst {apart.max():.4f}; delays above 1 differ by "
        + (f"at most a factor {np.exp(ratio.max()):.2f}" if ratio.size else "nothing known"),
    )
