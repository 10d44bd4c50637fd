"""From few recorded answers to many: models of a judge fitted to records, which say when the data do not decide."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..checks import check_between, check_shape
from ..errors import BadValue
from ..pytrees import record
from ..reports import table
from .beta_pass_rate import fit_beta, predict_beta
from .gaussian_judge import fit_gaussian, kept_normal
from .model_check import beta_contradiction, gaussian_contradiction
from .recorded_curves import check_confidence, check_successes, intervals, value_range
from .records import Records, as_records
from .subsets import with_replacement
from .temperatures import check_temperature

# Sixteen times what was recorded (256 from 16): beyond it a tail is believed, not seen.
_REACH = 16.0
_MOST = 1e12  # answers; the rules behind a Gaussian judge reach little farther


@record()
class Empirical:
    """No model: draws with replacement from the recorded answers. Any real k up to N; biased low for k near N."""


@record()
class BetaPassRate:
    """Answers pass or fail (values 1 or 0) and the judge knows; pass rates of prompts follow a Beta law.

    pass@k = 1 - B(alpha, beta + k)/B(alpha, beta) ~ 1 - const k^-alpha; scores are ignored.

    Examples
    --------
    >>> import numpy as np
    >>> from grok_theory.best_of_k import fit
    >>> right = np.random.default_rng(0).random((40, 8)) < 0.5
    >>> print(type(fit(None, right, model=BetaPassRate()).model).__name__)
    BetaPassRate
    """


@record()
class GaussianJudge:
    """Score and value jointly Gaussian within a prompt, with means, spreads and correlation of its own in each prompt.

    For noisy real-valued judges: the value kept grows like the expected maximum of k Gaussians, without a ceiling.
    """


@record(static=("reasons",))
class Prediction:
    """Predicted value kept at `samples`, with a band where the data decide.

    Parameters
    ----------
    samples : ndarray
        (T,) answers drawn, k.
    mean : ndarray
        (T,) value kept, in units of value.
    low : ndarray
        (T,) lower end of the interval for the mean over prompts; nan where `identified` is False.
    high : ndarray
        (T,) its upper end.
    identified : ndarray
        (T,) booleans: whether the data decide at this k.
    reasons : tuple[str, ...]
        For every k why the data do not decide there; empty where they do.
    """

    samples: np.ndarray
    mean: np.ndarray
    low: np.ndarray
    high: np.ndarray
    identified: np.ndarray
    reasons: tuple[str, ...]

    def __str__(self) -> str:
        rows = [
            (f"k = {k:g}", f"{m:.6g}", f"not identified: {why}" if why else f"[{a:.6g}, {b:.6g}]")
            for k, m, a, b, why in zip(self.samples, self.mean, self.low, self.high, self.reasons)
        ]
        return "\n".join(["Prediction", *table(rows)])


@record(static=("contradiction",))
class RecordFit:
    """A model fitted to records, which predicts the value kept at any k.

    Parameters
    ----------
    model : Empirical or BetaPassRate or GaussianJudge
        The model that was fitted.
    records : Records
        What it was fitted to.
    parameters : dict[str, Any]
        By name. `BetaPassRate`: `alpha`, `beta`, `log_likelihood` and the points of the confidence region,
        `region_alpha` and `region_beta`. `GaussianJudge`: `mean`, `gain`, and for each prompt `means`, `gains` and
        `score_spreads`. `Empirical`: none.
    confidence : float
        Of the intervals that `predict` gives, in (0, 1).
    contradiction : str, default ''
        One sentence if the fitted model misses the records' own unbiased curve (false alarms: 1 %); then no k is
        identified. Empty otherwise.
    """

    model: Empirical | BetaPassRate | GaussianJudge
    records: Records
    parameters: dict[str, Any]
    confidence: float
    contradiction: str = ""

    def predict(self, samples: ArrayLike | Sequence[float], *, temperature: ArrayLike = 0.0) -> Prediction:
        """Value kept among k answers of a fresh prompt, with an interval for the mean over prompts.

        Parameters
        ----------
        samples : array_like or Sequence[float]
            (T,) real k from 1 to 1e12, any order.
        temperature : array_like, default 0.0
            In score points, 0 to inf; only 0 for `BetaPassRate`, whose judge knows which answers pass.

        Returns
        -------
        Prediction
            The value kept and its band. A k is not identified, and its band nan, where it exceeds sixteen times the
            answers recorded a prompt (`Empirical`: once), where the interval is wider than the range of the recorded
            values, and everywhere if the records contradict the model.

        Raises
        ------
        BadValue
            For an argument out of its range, named with what is allowed, and for a temperature other than 0 with
            `BetaPassRate`.
        """
        check_shape("samples", samples, (None,), "Pass a list, for example [64, 256].")
        check_between(
            "samples",
            samples,
            1.0,
            _MOST,
            "Pass numbers of answers, for example [64, 256].",
        )
        check_temperature(temperature)
        k = np.asarray(samples, float)
        if isinstance(self.model, BetaPassRate):
            if temperature != 0:
                raise BadValue(
                    f"temperature is {temperature}, but BetaPassRate() has a judge that knows what passes: only 0 "
                    "makes sense. Leave it out, or fit GaussianJudge()."
                )
            mean, low, high = predict_beta(self.parameters, k)
        else:
            curves = self._prompt_curves(k, temperature)
            within = value_range(self.records)
            inside = within and np.all((curves >= within[0]) & (curves <= within[1]))
            mean, low, high, _ = intervals(curves, self.confidence, within if inside else None)
            if within:
                low, high = np.clip(low, *within), np.clip(high, *within)
        values = np.concatenate(self.records.values)
        recorded = float(np.median(self.records.answers))
        reach = (1.0 if isinstance(self.model, Empirical) else _REACH) * recorded
        reasons = tuple(self._reason(*row, reach, np.ptp(values)) for row in zip(k, mean, low, high))
        identified = np.array([not why for why in reasons], bool)
        return Prediction(
            k, mean, np.where(identified, low, np.nan), np.where(identified, high, np.nan), identified, reasons
        )

    def _reason(self, k, mean, low, high, reach, spread):
        if self.contradiction:
            return self.contradiction
        if value_range(self.records) and not 0 <= mean <= 1:
            return f"the model says {mean:.4g}, which right and wrong values cannot reach. Fit BetaPassRate()."
        if k > reach:
            return f"k is beyond {reach:g}, as far as these records reach. Record more answers a prompt."
        if not high - low <= spread + 1e-12:  # nan too
            return "the interval is wider than the range of the recorded values. Record more prompts."
        return ""

    def _prompt_curves(self, k, temperature):
        if isinstance(self.model, Empirical):
            return np.stack(
                [with_replacement(s, v, k, temperature) for s, v in zip(self.records.scores, self.records.values)]
            )
        if temperature in (0, np.inf):  # whatever the spread of the scores
            kept = kept_normal(k, temperature, 1.0)
            return np.array(self.parameters["means"])[:, None] + np.array(self.parameters["gains"])[:, None] * kept
        rows = zip(self.parameters["means"], self.parameters["gains"], self.parameters["score_spreads"])
        return np.stack([mean + gain * kept_normal(k, temperature, spread) for mean, gain, spread in rows])


def fit(
    scores: ArrayLike | Records | None,
    values: ArrayLike | None = None,
    *,
    model: Empirical | BetaPassRate | GaussianJudge,
    confidence: float = 0.95,
) -> RecordFit:
    """Fit a model of judge and answers to records, to predict more answers than were recorded.

    Parameters
    ----------
    scores : array_like or Records or None
        As in `from_records`, or `Records` in place of both; None for `BetaPassRate`, which ignores scores.
    values : array_like, optional
        As in `from_records`; left out beside `Records`.
    model : Empirical or BetaPassRate or GaussianJudge
        `Empirical()`, `BetaPassRate()` or `GaussianJudge()`.
    confidence : float, default 0.95
        Of the intervals: profile likelihood for `BetaPassRate`, Student's t over prompts for the others.

    Returns
    -------
    RecordFit
        The fitted model: its `parameters`, its `contradiction` if there is one, and `predict`.

    Raises
    ------
    BadValue
        For an argument out of its range, named with what is allowed, and for records from which the model cannot be
        fitted. `Empirical` and `GaussianJudge` need scores and two prompts, the latter also three answers a prompt and
        scores that a Gaussian law can give; `BetaPassRate` needs values 0 and 1, both of them, and for some prompts two
        answers.

    Examples
    --------
    >>> passed = fit(None, [[1, 0, 0, 0], [1, 1, 1, 0], [0, 0, 0, 0], [1, 1, 0, 1]], model=BetaPassRate())
    >>> print(passed.predict([16]).mean.round(3))
    [0.955]
    """
    if not isinstance(model, (Empirical, BetaPassRate, GaussianJudge)):
        raise BadValue(
            f"model is {model!r}, but it must be Empirical(), BetaPassRate() or GaussianJudge(). "
            "Choose BetaPassRate() for values 0 and 1, GaussianJudge() for real-valued ones."
        )
    confidence = check_confidence(confidence)
    if scores is None and not isinstance(model, BetaPassRate):
        raise BadValue(f"scores is None, but {type(model).__name__}() needs the judge's scores. Pass them, or Records.")
    records = as_records(values if scores is None else scores, values)
    if isinstance(model, BetaPassRate):
        for row in records.values:
            check_successes(row)
        passed = np.array([row.sum() for row in records.values])
        parameters = fit_beta(passed, records.answers, confidence)
        return RecordFit(
            model, records, parameters, confidence, beta_contradiction(passed, records.answers, parameters)
        )
    if len(records.prompts) < 2:
        raise BadValue("scores holds 1 prompt, but an interval over prompts needs at least 2. Record more prompts.")
    if isinstance(model, Empirical):
        return RecordFit(model, records, {}, confidence)
    parameters = fit_gaussian(records)
    return RecordFit(model, records, parameters, confidence, gaussian_contradiction(records, parameters))
