"""Hold a formula against what must be true of it: limits, monotony, exponents, symmetries, another computation.

Each check draws many problems (by hypothesis), looks for the worst one, and gives a `Certificate` that says what was
checked, over which domain, at how many points, and where the error was greatest. If a check fails it raises
`CounterExample` (an AssertionError) with the simplest problem that shows it. Needs hypothesis, which is imported only
when a check runs.
"""

from ..rooms import show_public_names
from .against import check_against
from .certificate import Certificate, CounterExample
from .checks import check_exponent, check_limit, check_monotone, check_symmetry
from .strategies import numbers, problems, public_problems

__all__ = [
    "Certificate",
    "CounterExample",
    "check_against",
    "check_exponent",
    "check_limit",
    "check_monotone",
    "check_symmetry",
    "numbers",
    "problems",
    "public_problems",
]

show_public_names(globals())
