"""How the learning curve of a `KernelRegression` is computed."""

from ..pytrees import record


@record()
class EffectiveRidge:
    """Method: the self-consistent effective ridge; exact for many modes and samples, corrections of order 1/samples."""
