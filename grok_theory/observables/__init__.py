"""Quantities read off a theory curve, a run or a training log alike: arrays in, numbers out. Knows no wing."""

from .crossing import Crossing, crossing_time
from .delay import Delay, delay_between, grokking_delay

__all__ = ["Crossing", "Delay", "crossing_time", "delay_between", "grokking_delay"]
