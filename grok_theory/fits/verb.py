"""`fit`: the values of a Problem's numbers that make a log likely, with intervals, and what the log cannot tell."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
from jax import Array
from scipy import stats

from ..checks import check_between, check_choice, check_integer, require_float64
from ..dynamics import Dynamics, GradientFlow
from ..errors import BadValue
from ..fields import quantities
from ..judged_runs import applies, curves_in
from ..overlays import wing_of
from ..ranking import rank
from ..results import Ensemble, Forecast, Log
from ..results.log_config import contradicted
from ..results.log_measures import check_measures, mismatch
from ..results.log_units import check_axis
from .coordinates import coordinate
from .fitted import Fit, FittedParameter, SeenTogether
from .identifiability import seen_together, unseen
from .laws import laws_of_draws, laws_of_theory, told_by_theory
from .likelihood import Likelihood
from .profile import Frame, interval, most_likely
from .run_size import usable
from .seen import seen_in
from .surface import on_surface

LOSSES = ("train_loss", "test_loss")
# Points of a run: by theory its law is known to the share of the variance that they leave; draws tell fewer.
LEFT, MOST = 0.01, 12
LEFT_OF_DRAWS, MOST_OF_DRAWS = 0.05, 8
OPEN = 1e-2  # in u: nearer than this to the end of what is searched, an interval is open
MOST_X = 60  # x of the forecast of the fitted Problem


def fit(
    template: Any,
    log_or_ensemble: Log | Ensemble,
    *,
    free: Sequence[str],
    dim: int | None = None,
    width: int | None = None,
    dynamics: Dynamics | None = None,
    test_samples: int | None = None,
    curves: Sequence[str] | None = None,
    confidence: float = 0.9,
    draws: int | None = None,
    key: Array | None = None,
) -> Fit:
    """The numbers of a Problem that make runs most likely, with profile-likelihood intervals.

    Parameters
    ----------
    template : Problem or sequence of Problem
        What the runs may be of. Free numbers begin at its values, the others are known. Of several each is fitted, and
        they are ranked.
    log_or_ensemble : Log or Ensemble
        The runs, in tau for `GradientFlow()`, in steps for `GradientDescent(...)`.
    free : sequence of str
        Numbers of the Problem to fit, such as "snr", and "learning_rate" where the dynamics has one. Of several
        templates each frees those that it has.
    dim, width : int, optional
        Size of the runs, as in the wing's `forecast`. One that the log's config knows otherwise is refused.
    dynamics : Dynamics, optional
        How the runs are trained; gradient flow if left out.
    test_samples : int, optional
        How many samples the runs' test loss is measured on; left out, it is taken for exact.
    curves : sequence of str, optional
        Losses to fit; by default both, where both are logged.
    confidence : float, default 0.9
        Of the intervals, in (0, 1).
    draws : int, optional
        How many runs the law of one run is drawn from where theory does not tell it; 48 if left out.
    key : Array, optional
        Of these draws; the same ones if left out.

    Returns
    -------
    Fit
        Parameters with intervals, what cannot be told apart, the forecast of the fitted Problem and whether it applies.

    Raises
    ------
    BadValue
        For an argument out of its range, naming it; for a Problem whose wing fits by itself (`best_of_k.fit`) or has no
        forecast.
    Float64Required
        Where JAX computes in float32.

    Examples
    --------
    >>> import jax; jax.config.update("jax_enable_x64", True)
    >>> import grok_theory as gt
    >>> true = gt.linear.TeacherStudent(samples_per_dim=2.0, snr=5.0, weight_decay=0.5)
    >>> runs = gt.linear.simulate(true, [0.1, 0.5, 1.0, 2.0, 8.0], dim=100, runs=1, key=jax.random.key(0))
    >>> found = fit(gt.linear.TeacherStudent(2.0, 1.0, weight_decay=0.5), runs, free=["snr"], dim=100)
    >>> found["snr"].low < 5.0 < found["snr"].high
    True
    """
    require_float64("grok_theory.fit")
    check_between("confidence", confidence, 0, 1, "Pass 0.9.", include_low=False, include_high=False)
    if isinstance(free, str) or not isinstance(free, Sequence) or not free:
        raise BadValue(f'free is {free!r}, but it must list at least one number of the Problem. Pass ["snr"].')
    if len(set(free)) < len(free):
        raise BadValue(f"free is {list(free)}, which names one twice. Name each once.")
    for name, value in (("dim", dim), ("width", width)):
        if value is not None:
            check_integer(name, value, 1, f"Pass the {name} of the runs, for example 100.")
    options = {
        "dim": dim,
        "width": width,
        "test_samples": test_samples,
        "draws": draws,
        "key": key,
    }
    dynamics = GradientFlow() if dynamics is None else dynamics
    if not hasattr(dynamics, "x_name"):
        raise BadValue(f"dynamics is {dynamics!r}, but it must be a Dynamics. Pass grok_theory.GradientDescent(0.1).")
    if not isinstance(template, (list, tuple)):
        return _fitted(template, log_or_ensemble, list(free), dynamics, curves, options, confidence)
    if not template:
        raise BadValue("template is an empty list. Pass a Problem, or several to be ranked.")
    fits = []
    for each in template:
        own = [name for name in free if hasattr(each, name) or name == "learning_rate"]
        fits.append(_fitted(each, log_or_ensemble, own, dynamics, curves, options, confidence))
    return _ranked(fits, log_or_ensemble) if len(fits) > 1 else fits[0]


def _fitted(template, runs, free, dynamics, curves, options, confidence) -> Fit:
    wing = _wing(template)
    names = _names(runs, dynamics, curves)
    _check_sizes(template, runs, free, options)
    if not free:
        raise BadValue(f"free names no number of a {type(template).__name__}. Name some of its fields.")
    coordinates = [coordinate(template, dynamics, name) for name in free]
    given = {name: value for name, value in options.items() if value is not None}
    forecast = partial(wing.forecast, **_taken(wing.forecast, given))
    seen = seen_in(runs, names)
    drop = float(stats.chi2.isf(1 - confidence, 1)) / 2
    if told_by_theory(wing, template):
        of_run = {name: value for name, value in given.items() if name in ("dim", "test_samples")}
        laws = laws_of_theory(wing, names, of_run)
        likelihood = Likelihood(laws, template, dynamics, coordinates, seen, left=LEFT, most=MOST)
        best = most_likely(likelihood, likelihood.start)
        likelihood.choose(best)
        best = most_likely(likelihood, best, around=0)
    else:
        laws = laws_of_draws(forecast, names, options["dim"])
        likelihood = Likelihood(laws, template, dynamics, coordinates, seen, left=LEFT_OF_DRAWS, most=MOST_OF_DRAWS)
        likelihood, best = on_surface(likelihood)
    frame = Frame(likelihood, best)
    parameters, together = _told(frame, drop)
    problem, dynamics = likelihood.made(best)
    problem = usable(problem, options["dim"])
    told = _forecast(forecast, problem, dynamics, runs, names, likelihood.x)
    return Fit(
        problem,
        dynamics,
        parameters,
        tuple(together),
        told,
        applies(told, runs, curves=_judged(told, runs, names)),
        float(likelihood(best)),
        likelihood.runs,
        likelihood.points,
        float(confidence),
    )


def _wing(template: Any) -> Any:
    kind = template if isinstance(template, type) else type(template)
    wing = wing_of(template) if quantities(kind) and kind is not template else None
    if wing is None:
        raise BadValue(f"template is {template!r}, but it must be a Problem. Build one with its fields.")
    if hasattr(wing, "fit"):
        name = wing.__name__
        raise BadValue(
            f"template is a {type(template).__name__}, whose wing fits recorded answers by itself. Call {name}.fit."
        )
    if not hasattr(wing, "forecast"):
        raise BadValue(f"template is a {type(template).__name__}, and {wing.__name__} forecasts no single run of it.")
    return wing


def _check_sizes(template: Any, runs: Log | Ensemble, free: Sequence[str], options: dict[str, Any]) -> None:
    """Refuse what is said of the runs against what their log knows: scatter, and with it intervals, is of a size."""
    config = runs.config if isinstance(runs, Log) else None
    other = contradicted(config, dim=options["dim"], width=options["width"])
    if other is not None:
        name, said, known = other
        raise BadValue(
            f"{name} is {said:g}, but the log's config says {known:g}. Fit with {name}={known:g}, or read the log with "
            f'config={{"{name}": {said:g}}} if it is wrong.'
        )
    # What is free is looked for; another number of samples is found then.
    each, dim = getattr(template, "samples_per_dim", None), options["dim"]
    samples, which = getattr(template, "samples", None), "samples"
    if samples is None and each is not None and dim is not None:
        samples, which = float(np.asarray(each)) * dim, "samples_per_dim"
    if samples is None or np.ndim(samples) or not np.isfinite(float(np.asarray(samples))) or which in free:
        return
    other = contradicted(config, samples=float(np.round(np.asarray(samples))))
    if other is not None and not np.isclose(other[1], other[2], rtol=0.01, atol=0):
        _, said, known = other
        raise BadValue(
            f"{which} of the template makes {said:g} samples, but the log's config says {known:g}. Give the template "
            f'those of the runs, free {which}, or read the log with config={{"samples": {said:g}}} if it is wrong.'
        )


def _taken(verb: Any, given: dict[str, Any]) -> dict[str, Any]:
    known = inspect.signature(verb).parameters
    for name, value in given.items():
        if name not in known:
            raise BadValue(
                f"{name} is {value}, but {verb.__module__.rpartition('.')[0]}.forecast takes none. Leave it out."
            )
    return given


def _names(runs: Log | Ensemble, dynamics: Dynamics, curves: Sequence[str] | None) -> list[str]:
    there = curves_in(runs)
    here = [name for name in LOSSES if name in there]
    if not here:
        raise BadValue(f"log has {', '.join(there)}, but {' and '.join(LOSSES)} are fitted. Name them in gt.read_log.")
    check_axis(runs, dynamics.x_name, dynamics.x_unit)
    if curves is not None and (isinstance(curves, str) or not isinstance(curves, Sequence) or not curves):
        raise BadValue(
            f'curves is {curves!r}, but it must list losses of the log. Pass ["test_loss"], or leave it out.'
        )
    for name in curves or ():
        check_choice("curves", name, here, "Name losses that the log has.")
    here = [name for name in here if curves is None or name in curves]
    if isinstance(runs, Log):
        # Every Problem that is fitted is one of squared losses; what is not said, its forecast takes too.
        check_measures(runs, {name.removesuffix("_loss"): name for name in here})
    return here


def _judged(told: Forecast, runs: Log | Ensemble, names: Sequence[str]) -> list[str]:
    """The curves by which the fitted theory is judged: all that both have, but none left out for what it measures."""
    both = [name for name in told.curves if name in curves_in(runs)]
    if not isinstance(runs, Log):
        return both
    return [name for name in both if name in names or not mismatch(runs, name.split("_")[0], name)]


def _told(frame: Frame, drop: float) -> tuple[dict[str, FittedParameter], list[SeenTogether]]:
    likelihood = frame.likelihood
    together, reasons = [], {}
    for flat in unseen(frame):
        pair = seen_together(likelihood, frame.centre, flat, drop)
        together += [pair] if pair is not None else []
        names = pair.of if pair is not None else [likelihood.free[i].name for i in flat]
        for name in names:
            others = ", ".join(each for each in names if each != name)
            why = f"cannot be told apart from {others}" if others else "cannot be seen in this log"
            reasons[name] = f"not identified: {why}"
    parameters = {}
    for i, c in enumerate(likelihood.free):
        low, high = interval(frame, i, drop)
        low, high = min(low, frame.centre[i]), max(high, frame.centre[i])
        ends = c.box
        below, above = low - ends[0] < OPEN and not c.ends, ends[1] - high < OPEN
        at_zero = low - ends[0] < OPEN and c.ends
        reason = reasons.get(c.name, "")
        if not reason and (below or at_zero) and above:
            reason = "not identified: cannot be seen in this log"
        elif not reason and (below or at_zero):
            reason = "only an upper bound"
        elif not reason and above:
            reason = "only a lower bound"
        parameters[c.name] = FittedParameter(
            c.name,
            c.value(frame.centre[i]),
            c.value(low),
            c.value(high),
            not reason.startswith("not identified"),
            reason,
        )
    return parameters, together


def _forecast(forecast, problem: Any, dynamics: Dynamics, runs, names, chosen: np.ndarray) -> Forecast:
    """The forecast of the fitted Problem at x of the log, as far as it is told."""
    if isinstance(runs, Ensemble):
        x = np.unique(np.asarray(runs.x, float))
    else:
        x = np.unique(np.concatenate([record.x for part in runs.runs.values() for record in part.values()]))
    x = x[x >= 0]
    x = np.unique(np.concatenate([x[np.linspace(0, x.size - 1, min(x.size, MOST_X)).astype(int)], chosen]))
    last: BadValue | None = None
    asked: list[tuple[np.ndarray, dict[str, Any]]] = [(x, {}), (x[x <= chosen[-1]], {})]
    if "curves" in inspect.signature(forecast).parameters:
        asked += [(x, {"curves": ["test_loss"]})] if "test_loss" in names else []
    for at, only in asked:
        try:
            return forecast(problem, at, dynamics=dynamics, **only)
        except BadValue as error:  # a loss that is not self-averaging: less is asked for
            last = error
    raise last  # type: ignore[misc]


def _ranked(fits: list[Fit], runs: Log | Ensemble) -> Fit:
    """The likeliest, with the others; a parameter that is told costs one unit of log likelihood (Akaike)."""
    ranking = rank([each.forecast for each in fits], runs)
    place = {
        id(forecast): score * ranking.runs for forecast, score in zip(ranking.forecasts, ranking.scores, strict=True)
    }
    totals = np.array([place[id(each.forecast)] - sum(p.identified for p in each.parameters.values()) for each in fits])
    order = np.argsort(-totals, kind="stable")
    best, *others = (fits[i] for i in order)
    gaps = totals[order[0]] - totals[order[1:]]
    apart = tuple(bool(gap > np.log(1 / (1 - ranking.confidence))) for gap in gaps)
    return dataclasses.replace(best, rivals=tuple(others), apart=apart)
