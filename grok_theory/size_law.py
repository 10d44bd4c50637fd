"""How the gap between runs and theory shrinks with the size of the system: gap(N) = a + b / N^p.

Three sizes cannot tell a, b and p apart: with each gap known to 10 %, the spread of p from sizes (256, 512, 1024) is
0.10 if a = 0 is imposed and 0.53 if it is free. So one of the two is imposed, and the fit says which.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy import optimize, stats

from . import html_reports
from .checks import check_finite, check_positive, check_shown
from .comparable import check_comparable, check_one_x
from .errors import BadValue
from .numerics.mean_intervals import errors_of_mean
from .pytrees import record
from .results import Ensemble, Solution


@record(static=("text",))
class Estimate:
    """A fitted number with its standard error, the goodness of the fit as a p-value, and what was imposed.

    Parameters
    ----------
    value : float
        The fitted number.
    standard_error : float
        Its standard error.
    p_value : float
        Chance of a worse fit if the law holds (chi squared); small: it does not.
    text : str
        What was imposed, and remarks of what was measured.
    """

    value: float
    standard_error: float
    p_value: float
    text: str

    def __str__(self) -> str:
        return f"{self.value:.4g} ± {self.standard_error:.2g} ({self.text}; p-value of the fit {self.p_value:.3g})"


@record(static=("text",))
class SizeLaw:
    """Gaps of a curve at several sizes, with standard errors; sizes need independent runs.

    Parameters
    ----------
    sizes : ndarray
        (n,) numbers of weights, neurons ..., > 0, at least three different ones.
    gaps : ndarray
        (n,) the gap of the runs to the theory at each size.
    errors : ndarray
        (n,) standard error of each gap, > 0.
    text : str, default ''
        Remarks of what was measured.

    Raises
    ------
    BadValue
        For fewer than three sizes, shapes that differ, and numbers out of range or hidden by a mask.

    Examples
    --------
    >>> import numpy as np
    >>> law = SizeLaw(np.array([50, 100, 200]), np.array([-0.04, -0.02, -0.01]), np.array([0.004, 0.004, 0.004]))
    >>> print(law.sizes)
    [ 50 100 200]
    """

    sizes: np.ndarray
    gaps: np.ndarray
    errors: np.ndarray
    text: str = ""

    def __post_init__(self):
        for name in ("sizes", "gaps", "errors"):
            check_shown(name, getattr(self, name), "Leave out sizes whose gap is not known.")
        sizes, gaps, errors = (np.asarray(v, float) for v in (self.sizes, self.gaps, self.errors))
        if sizes.ndim != 1 or np.unique(sizes).size < 3:
            raise BadValue(f"sizes is {sizes}, but at least three different sizes are needed. Simulate at more sizes.")
        if gaps.shape != sizes.shape or errors.shape != sizes.shape:
            raise BadValue(f"gaps has shape {gaps.shape}, but it must match the {sizes.size} sizes. Pass one a size.")
        check_positive("sizes", sizes, "Pass the number of weights, neurons ... of each size.")
        check_finite("gaps", gaps, "Leave out sizes whose gap is not known.")
        check_positive("errors", errors, "Pass the standard error of each gap; it takes at least two runs.")

    @classmethod
    def measure(
        cls, solution: Solution | Mapping[float, Solution], ensembles: Mapping[float, Ensemble], curve: str, x: float
    ) -> SizeLaw:
        """Measure the relative gaps (mean of the runs / theory - 1) of `curve` at `x` for every size.

        Runs that are not finite at `x` have failed and are left out; `text` says how many. Where runs go between
        levels, errors hold the runs that were not drawn (`numerics.unseen_runs`). The theory's own `numerical_error`, a
        bound at 99 %, is added as a standard error of that quantile; `text` says where it is unknown.

        Parameters
        ----------
        solution : Solution or Mapping[float, Solution]
            One for all sizes, or one a size.
        ensembles : Mapping[float, Ensemble]
            Size -> runs at that size, each with at least two runs.
        curve : str
            Name of a curve that both have.
        x : float
            One of the solved values, to 1e-9.

        Returns
        -------
        SizeLaw
            With the gaps in the order of `ensembles`.

        Raises
        ------
        BadValue
            As `compare` does: another problem, x or unit, or what has failed; for an x that is not solved, a theory
            that is zero or not finite there, fewer than two whole runs, and a size without a Solution.
        """
        gaps, errors, remarks, unknown = [], [], [], []
        for size, ensemble in ensembles.items():
            theory = _theory_of(solution, size)
            check_comparable(theory, ensemble)
            first = next(iter(ensembles))
            check_one_x(ensembles[first], ensemble, (f"ensembles[{first:g}]", f"ensembles[{size:g}]"))
            grid = np.asarray(theory.x, float)
            at = int(np.argmin(np.abs(grid - x)))
            if not abs(grid[at] - x) <= 1e-9 * max(1.0, abs(x)):
                raise BadValue(f"x is {x}, but it must be one of the solved values. The nearest is {grid[at]:g}.")
            predicted = float(np.asarray(theory[curve])[at])
            if not np.isfinite(predicted) or predicted == 0:
                raise BadValue(
                    f"solution[{curve!r}] is {predicted} at {theory.x_name} = {grid[at]:g}, but a relative gap needs a "
                    "finite number other than 0. Measure at another x."
                )
            failed = ensemble.failed_runs(curve, np.arange(grid.size) == at)
            runs = np.asarray(ensemble[curve], float)[~failed]
            whole = int(np.isfinite(runs[:, at]).sum())  # where no run is finite, none is told to have failed
            if whole < 2:
                raise BadValue(
                    f"ensembles[{size}] has {whole} run{'' if whole == 1 else 's'} that did not fail at "
                    f"{theory.x_name} = {grid[at]:g}, but its error takes two. Simulate more runs."
                )
            if failed.any():
                remarks.append(f"{failed.sum()} of {failed.size} runs at size {size:g} failed and are left out")
            remarks += [
                f"{what} at size {size:g}: {result.status.text}"
                for what, result in (("theory", theory), ("runs", ensemble))
                if result.status.name == "noted"
            ]
            known = np.isfinite(runs).all(0)
            below, above = errors_of_mean(runs[:, known])
            here = int(np.sum(known[:at]))
            own = _own_error(theory, curve, at)
            unknown += [f"{size:g}"] if np.isnan(own) else []
            gaps.append(runs[:, at].mean() / predicted - 1)
            errors.append(np.hypot(max(below[here], above[here]), np.nan_to_num(own, posinf=np.inf)) / abs(predicted))
        if unknown:
            remarks.append(f"the theory's own error is unknown and taken as zero at size {', '.join(unknown)}")
        return cls(np.array(list(ensembles), float), np.array(gaps), np.array(errors), "; ".join(remarks))

    def intercept(self, power: float = 1.0) -> Estimate:
        """Fit a of gap = a + b / N^p with `power` p imposed: zero within its error if theory is the limit of the runs.

        Parameters
        ----------
        power : float, default 1.0
            The power p, > 0; 1 for corrections of order 1/N.

        Returns
        -------
        Estimate
            The gap at infinite size.

        Raises
        ------
        BadValue
            For a power that is not positive and finite.
        """
        check_positive("power", power, "Pass 1 for corrections of order 1/N.")
        # In units of the smallest size: a steep power of large ones would be taken for zero beside the constant.
        sizes = np.asarray(self.sizes, float)
        design = np.stack([np.ones(sizes.size), (sizes.min() / sizes) ** power], axis=1)
        weights = 1 / np.asarray(self.errors, float)
        coefficients, *_ = np.linalg.lstsq(design * weights[:, None], np.asarray(self.gaps, float) * weights)
        covariance = np.linalg.inv((design * weights[:, None]).T @ (design * weights[:, None]))
        residual = (np.asarray(self.gaps, float) - design @ coefficients) * weights
        return Estimate(
            float(coefficients[0]),
            float(np.sqrt(covariance[0, 0])),
            float(stats.chi2.sf(residual @ residual, len(weights) - 2)),
            self._with_remarks(f"gap at infinite size, power {power:g} imposed"),
        )

    def power(self) -> Estimate:
        """Fit p of gap = b / N^p with a = 0 imposed.

        Returns
        -------
        Estimate
            The power p.

        Raises
        ------
        BadValue
            Where gaps differ in sign, or one is not clear of zero (2 standard errors).
        """
        sizes, gaps, errors = (np.asarray(v, float) for v in (self.sizes, self.gaps, self.errors))
        if not (np.all(np.abs(gaps) > 2 * errors) and np.unique(np.sign(gaps)).size == 1):
            raise BadValue(
                f"gaps are {np.array2string(gaps, precision=3)} ± {np.array2string(errors, precision=2)}, but a power "
                "can be read only where all have one sign and exceed two standard errors. Use more runs."
            )
        scale, middle = np.abs(gaps), np.exp(np.log(sizes).mean())

        def model(size: np.ndarray, height: float, power: float) -> np.ndarray:
            return height * (size / middle) ** -power

        start = (float(np.exp(np.log(scale).mean())), 1.0)
        values, covariance = optimize.curve_fit(model, sizes, scale, p0=start, sigma=errors, absolute_sigma=True)
        residual = (scale - model(sizes, *values)) / errors
        return Estimate(
            float(values[1]),
            float(np.sqrt(covariance[1, 1])),
            float(stats.chi2.sf(residual @ residual, sizes.size - 2)),
            self._with_remarks("power of 1/N, gap at infinite size imposed to be 0"),
        )

    def _with_remarks(self, text: str) -> str:
        return f"{text}; {self.text}" if self.text else text

    def _repr_html_(self) -> str:
        return html_reports.size_law(self)


def _own_error(theory: Solution, curve: str, at: int) -> float:
    """The standard error that `numerical_error`, which holds with 99 %, stands for; nan where there is none."""
    stated = np.broadcast_to(np.asarray(theory.numerical_error.get(curve, np.nan), float), np.shape(theory.x))
    return float(np.abs(stated[at]) / stats.norm.isf(0.005))


def _theory_of(solution: Solution | Mapping[float, Solution], size: float) -> Solution:
    if not isinstance(solution, Mapping):
        return solution
    if size not in solution:
        raise BadValue(
            f"solution has no size {size}, but only {', '.join(map(str, solution))}, and every size of the ensembles "
            "needs one. Solve for it, or pass one Solution for all."
        )
    return solution[size]
