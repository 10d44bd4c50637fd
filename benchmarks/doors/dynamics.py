"""Doors of the dynamics, which every wing takes."""

from __future__ import annotations

import grok_theory as gt
from benchmarks.doors.door import Door


def doors() -> list[Door]:
    rate, rates = {"learning_rate": 0.1}, {"learning_rate": "positive"}
    return [
        Door("GradientDescent", gt.GradientDescent, rate, rates),
        Door("SGD", gt.SGD, {**rate, "batch_size": 8}, {**rates, "batch_size": "size"}),
        Door("Adam", gt.Adam, rate, {**rates, "betas": "betas"}),
        Door("AdamW", gt.AdamW, rate, {**rates, "betas": "betas"}),
        Door("Muon", gt.Muon, rate, {**rates, "readout_learning_rate": "positive"}),
    ]
