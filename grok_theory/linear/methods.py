"""How a curve is computed. One method a Problem today; leaving it out picks that, and the Solution says which."""

from ..errors import BadValue
from ..pytrees import record
from .problem import DeepLinear, TeacherStudent
from .regression_problem import CorrelatedInputs, RandomFeatures

__all__ = ["ContourIntegral", "Method", "Problem", "SpectralQuadrature", "Trajectory", "the_method"]


@record()
class SpectralQuadrature:
    """`TeacherStudent`: sums over the Marchenko-Pastur law; the error is read from every second node, and rounding."""


@record()
class ContourIntegral:
    """`CorrelatedInputs`, `RandomFeatures`: integrals of the resolvent around the spectrum, on two contours."""


@record()
class Trajectory:
    """`DeepLinear`: the equations of the layers, integrated at two tolerances."""


Problem = TeacherStudent | DeepLinear | CorrelatedInputs | RandomFeatures
Method = SpectralQuadrature | ContourIntegral | Trajectory
_METHODS: dict[type, Method] = {
    TeacherStudent: SpectralQuadrature(),
    CorrelatedInputs: ContourIntegral(),
    RandomFeatures: ContourIntegral(),
    DeepLinear: Trajectory(),
}


def the_method(problem: Problem, method: object) -> Method:
    """The method of this Problem; refuses any other."""
    own = _METHODS[type(problem)]
    if method is not None and method != own:
        raise BadValue(
            f"method is {method!r}, but a {type(problem).__name__} is solved by {own!r}. Leave method out; flow or "
            "descent is dynamics=GradientFlow() or dynamics=GradientDescent(learning_rate)."
        )
    return own
