"""The band of one run of this wing, from draws of runs like it.

Of a `QuadraticCommittee` the runs are the exact reduction at the run's own size, with a data set and a start of their
own each, not stratified: strata take away scatter that a user's data have. `Interpolated` is for large dim: with
y = D'/D the logarithm of a loss lies at (1 - y) log L_DMFT + y log L_D', an interpolation in 1/D between infinity and
D', both from the start overlap of D; its scatter is that of D' times sqrt(y), and two errors of the middle, those of
DMFT and of the interpolation (a quarter of what it spans), are added in square.
"""

from __future__ import annotations

import jax
import numpy as np
from jax import Array
from jax.typing import ArrayLike

from ..checks import check_integer, check_key, check_size, require_float64
from ..errors import BadValue
from ..results import Ensemble, Forecast
from ..results.made_forecast import LEAST_SCATTER, RUNS, check_level, forecast_of_parts, forecast_of_runs, log_variance
from ..results.runs_of_a_forecast import drawn_runs, with_start
from ..status import NOTED, Status
from .clock import FlowOrDescent, checked_x
from .dmft import solve_dmft
from .mean_field import MeanFieldNetwork, simulate_mean_field
from .methods import DMFT, ExactReduction, Interpolated, OwnSize
from .problem import QuadraticCommittee
from .runs.committee import simulate_committee

__all__ = ["LOSSES", "forecast_committee", "forecast_mean_field"]

LOSSES = ("train_loss", "test_loss")
# Local error of a draw: its curves are off by 1e-3, a hundredth of what runs scatter.
TOLERANCE = 3e-4
FAINT = 1e-6  # share of its start below which a train loss under flow is the integrator's
# Where alpha^2/width of a network that is not centred is more, its finite width moves the curves.
WIDE = 0.1
# Variance of the squared error over its squared mean, at the start, where the error is the target (beta.x)^2/2.
KURTOSIS = 32 / 3


def forecast_committee(
    problem: QuadraticCommittee,
    x: ArrayLike,
    dynamics: FlowOrDescent,
    *,
    dim: int | None,
    width: int | None,
    level: float,
    draws: int | None,
    key: Array | None,
    test_samples: int | None,
    method: OwnSize | Interpolated | None,
) -> Forecast:
    """See `grok_theory.lazy_rich.forecast`."""
    level, method, key, draws = _checked(level, method, key, draws)
    dim = check_integer("dim", dim, 2, "Pass the number of input dimensions of the run, for example dim=100.")
    kappa = float(np.asarray(problem.samples_per_dim))
    check_size("samples_per_dim * dim", kappa * dim, knob="dim", per=kappa)
    shared = {}
    if test_samples is not None:
        test_samples = check_integer("test_samples", test_samples, 1, "Pass how many fresh samples test it.")
        shared["test_loss"] = float(log_variance(KURTOSIS / test_samples))
    grid, keep = with_start(checked_x(dynamics, x))
    parts = {"dim": dim, "width": width, "method": method, "test_samples": test_samples}
    if isinstance(method, Interpolated):
        return _interpolated(problem, grid, keep, dynamics, method, level, draws, key, shared, parts)

    def run(own_key: Array) -> Ensemble:
        return simulate_committee(
            problem,
            grid,
            dynamics=dynamics,
            dim=dim,
            width=width,
            runs=1,
            key=own_key,
            method=ExactReduction(stratified=False, tolerance=TOLERANCE),
        )

    runs = drawn_runs(run, key, draws, LOSSES)
    remarks = [_faint(runs, grid)]
    return forecast_of_runs(runs, LOSSES, level, keep=keep, shared=shared, remarks=remarks, **parts)


def forecast_mean_field(
    problem: MeanFieldNetwork,
    x: ArrayLike,
    dynamics: FlowOrDescent,
    *,
    width: int | None,
    level: float,
    draws: int | None,
    key: Array | None,
    method: OwnSize | Interpolated | None,
) -> Forecast:
    """See `grok_theory.lazy_rich.forecast`: the data are the Problem's own, and runs differ by their start."""
    level, method, key, draws = _checked(level, method, key, draws)
    if isinstance(method, Interpolated):
        raise BadValue("method is Interpolated, but a MeanFieldNetwork brings its data, of one size. Leave it out.")
    width = check_integer("width", width, 1, "Pass the number of neurons of the run, for example width=200.")
    grid, keep = with_start(checked_x(dynamics, x))
    runs = simulate_mean_field(problem, grid, dynamics, width=width, runs=draws, key=key)
    names = [name for name in LOSSES if name in runs.curves]
    return forecast_of_runs(runs, names, level, keep=keep, width=width, method=method)


def _checked(level: float, method: object, key: Array | None, draws: int | None):
    require_float64("grok_theory.lazy_rich.forecast")
    if method is not None and not isinstance(method, (OwnSize, Interpolated)):
        raise BadValue(
            f"method is {method!r}, but a forecast takes OwnSize() or Interpolated(dim). The methods of theory belong "
            "to solve, those of experiments to simulate."
        )
    if key is not None:
        check_key(key)
    draws = RUNS if draws is None else check_integer("draws", draws, 8, f"A scatter needs runs; {RUNS} is the default.")
    return check_level(level), method or OwnSize(), jax.random.key(0) if key is None else key, draws


def _faint(runs: Ensemble, grid: np.ndarray) -> str:
    """A remark where the train loss of a flow is what the integrator leaves of it."""
    train = np.asarray(runs["train_loss"])
    below = np.flatnonzero((train.mean(axis=0) < FAINT * train[:, 0].mean()) & (runs.x_name == "time"))
    if not below.size:
        return ""
    return (
        f"From time {grid[below[0]]:.3g} on the train loss is below {FAINT:g} of its start, where draws show the "
        "integrator as much as the run: do not rely on its band there."
    )


def unseen_width(problem: QuadraticCommittee, width: int | None) -> str:
    """A remark where DMFT is used for networks whose finite width it does not see; empty elsewhere.

    Not centred, the output at the start has the variance alpha^2/width times one of order 1, which is in every loss.
    """
    alpha = float(np.asarray(problem.output_scale))
    if width is None or problem.centred or alpha**2 / width <= WIDE:
        return ""
    return (
        f"alpha^2/width is {alpha**2 / width:.2g}: the finite width of a network that is not centred moves its "
        "curves, and DMFT does not see it. Take method=OwnSize()."
    )


def _interpolated(
    problem: QuadraticCommittee, grid, keep, dynamics, method: Interpolated, level, draws, key, shared, parts
) -> Forecast:
    dim, width = parts["dim"], parts["width"]
    smaller = method.size_of(problem, dim)
    dressed = problem.dressed(dim)
    even = width if width is None or width % 2 == 0 else width + 1  # with an overlap the signs must balance
    theory = solve_dmft(dressed, grid, dynamics, DMFT(field_points=0), True)
    runs = drawn_runs(
        lambda own_key: simulate_committee(
            dressed,
            grid,
            dynamics=dynamics,
            dim=smaller,
            width=even,
            runs=1,
            key=own_key,
            method=ExactReduction(stratified=False, orthogonal_start=True, tolerance=TOLERANCE),
        ),
        key,
        draws,
        LOSSES,
    )
    if runs.status.name == "failed":
        raise BadValue(f"No forecast can be made of these runs: {runs.status.text}")
    share = smaller / dim
    middle, scatter, drawn, starts, errors = {}, {}, {}, {}, {}
    for name in LOSSES:
        limit, own = np.asarray(theory[name]), np.asarray(theory.numerical_error[name])
        logs, limit, relative = np.log(np.asarray(runs[name])), np.log(limit), np.log1p(own / limit)
        centre, spread = logs.mean(axis=0), np.maximum(logs.std(axis=0, ddof=1), LEAST_SCATTER)
        at = (1 - share) * limit + share * centre
        off = np.square((1 - share) * relative) + np.square((limit - centre) / 4)
        extra = shared.get(name, 0.0)
        total = np.sqrt(share * np.square(spread) + off + extra)
        middle[name], scatter[name] = (at - extra / 2)[keep], np.maximum(total, LEAST_SCATTER)[keep]
        values = np.exp(at + (logs - centre) / spread * total)
        drawn[name], starts[name] = values[:, keep], values[:, 0]
        errors[name] = ((1 - share) * np.exp(at) * np.expm1(relative))[keep]
    said = [theory.status.text, runs.status.text, _faint(runs, grid), unseen_width(problem, width)]
    noted = " ".join(filter(None, said))
    return forecast_of_parts(
        middle,
        scatter,
        level,
        draws,
        {},
        problem=problem,
        x=grid[keep],
        x_name=dynamics.x_name,
        x_unit=dynamics.x_unit,
        dynamics=dynamics,
        draws=drawn,
        starts=starts,
        made_from="runs",
        numerical_error=errors,
        status=Status(NOTED if noted else 0, noted=noted),
        conditions=runs.conditions,
        stats={"smaller_dim": smaller},
        **parts,
    )
