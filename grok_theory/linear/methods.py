"""How a curve is computed. Leaving the method out picks the first of a Problem, and the Solution says which."""

from ..errors import BadValue
from ..pytrees import record
from .diagonal.methods import DualFlow, Interpolator, StateEvolution
from .diagonal.problem import DiagonalNetwork, SparseTask
from .power_law_problem import PowerLawInputs
from .problem import DeepLinear, TeacherStudent
from .regression_problem import CorrelatedInputs, RandomFeatures

__all__ = ["ContourIntegral", "Method", "ModeRecursion", "Problem", "SpectralQuadrature", "Trajectory", "the_method"]


@record()
class SpectralQuadrature:
    """`TeacherStudent`: sums over the Marchenko-Pastur law; the error is read from every second node, and rounding.

    Examples
    --------
    >>> SpectralQuadrature()
    SpectralQuadrature()
    """


@record()
class ContourIntegral:
    """`CorrelatedInputs` and its kinds: integrals of the resolvent around the spectrum, on two contours."""


@record()
class ModeRecursion:
    """`CorrelatedInputs` and `PowerLawInputs` under `OnePass`: the mean square error of every mode, step by step."""


@record()
class Trajectory:
    """`DeepLinear`: the equations of the layers, integrated at two tolerances."""


Problem = (
    TeacherStudent | DeepLinear | CorrelatedInputs | RandomFeatures | PowerLawInputs | DiagonalNetwork | SparseTask
)
Method = SpectralQuadrature | ContourIntegral | ModeRecursion | Trajectory | DualFlow | Interpolator | StateEvolution
_METHODS: dict[type, tuple[Method, ...]] = {
    TeacherStudent: (SpectralQuadrature(),),
    CorrelatedInputs: (ContourIntegral(),),
    RandomFeatures: (ContourIntegral(),),
    PowerLawInputs: (ContourIntegral(),),
    DeepLinear: (Trajectory(),),
    DiagonalNetwork: (DualFlow(), Interpolator()),
    SparseTask: (StateEvolution(),),
}


def the_method(problem: Problem, method: object) -> Method:
    """`method`, or the first of this Problem where it is None; refuses those of others."""
    own = _METHODS[type(problem)]
    if method is None:
        return own[0]
    if method not in own:
        raise BadValue(
            f"method is {method!r}, but a {type(problem).__name__} is solved by {' or '.join(map(repr, own))}. Leave "
            "method out; flow or descent is dynamics=GradientFlow() or dynamics=GradientDescent(learning_rate)."
        )
    return method  # type: ignore[return-value]
