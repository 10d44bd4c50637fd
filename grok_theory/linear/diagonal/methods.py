"""How curves of diagonal networks are computed."""

from ...pytrees import record

__all__ = ["DualFlow", "Interpolator", "StateEvolution"]


@record()
class DualFlow:
    """`DiagonalNetwork`: the flow itself, as one equation a sample, integrated at two tolerances."""


@record()
class Interpolator:
    """`DiagonalNetwork`: the interpolator of least Q_beta at every time, what the flow follows at a small decay."""


@record()
class StateEvolution:
    """`SparseTask`: the interpolator in high dimension, by two scalar equations."""
