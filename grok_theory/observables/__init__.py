"""Quantities read off a theory curve, a run or a training log alike: arrays in, numbers out. Knows no wing."""

from ..rooms import show_public_names
from .coherence import Coherence, gradient_coherence, kernel_coherence
from .complexity import deep_local_complexity, local_complexity, local_complexity_at_init
from .complexity_of_neurons import local_complexity_curves, local_complexity_gaussian
from .crossing import Crossing, crossing_time
from .decay_clock import Clock, Sibling, decay_rate
from .delay import Delay, delay_between, grokking_delay
from .delay_forecast import DelayForecast
from .delay_of_log import LogDelay, log_delay
from .delay_of_solution import solution_delay
from .distance import DistanceLaw, DistanceLaws, distance_laws
from .forecast_calibration import calibrate
from .forecast_of_log import LogForecast, log_forecast
from .forecast_table import Quantiles, Table, default_table
from .movement import distance_from_init, kernel_movement, lazy_distance
from .participation import fourier_participation, inverse_participation_ratio
from .paths import path_barrier, path_losses
from .progress_line import LogitLine, accuracy_progress, logit_line, loss_progress
from .remedies import orthogonal_gradient, stablemax, stablemax_cross_entropy
from .softmax_collapse import collapse_margin, collapse_time, margin_time, softmax_collapse_fraction
from .when_it_groks import forecast_delay

__all__ = [
    "Clock",
    "Coherence",
    "Crossing",
    "Delay",
    "DelayForecast",
    "DistanceLaw",
    "DistanceLaws",
    "LogDelay",
    "LogForecast",
    "LogitLine",
    "Quantiles",
    "Sibling",
    "Table",
    "accuracy_progress",
    "calibrate",
    "collapse_margin",
    "collapse_time",
    "crossing_time",
    "decay_rate",
    "deep_local_complexity",
    "default_table",
    "delay_between",
    "distance_from_init",
    "distance_laws",
    "forecast_delay",
    "fourier_participation",
    "gradient_coherence",
    "grokking_delay",
    "inverse_participation_ratio",
    "kernel_coherence",
    "kernel_movement",
    "lazy_distance",
    "local_complexity",
    "local_complexity_at_init",
    "local_complexity_curves",
    "local_complexity_gaussian",
    "log_delay",
    "log_forecast",
    "logit_line",
    "loss_progress",
    "margin_time",
    "orthogonal_gradient",
    "path_barrier",
    "path_losses",
    "softmax_collapse_fraction",
    "solution_delay",
    "stablemax",
    "stablemax_cross_entropy",
]

show_public_names(globals())
