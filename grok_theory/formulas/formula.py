"""What the register knows of one closed form: where it holds, where it comes from, and what it is held against."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass, replace
from typing import Any

from ..drawn import Span
from ..errors import BadValue
from ..fields import quantities
from ..verify import Certificate, check_against, numbers
from ..verify.counterexamples import hypothesis_or_sentence

STATUSES = ("as printed", "corrected", "ours")


@dataclass(frozen=True)
class Range:
    """One number the formula takes: `low` to `high`, with `special` values drawn on purpose; `symbol` in LaTeX.

    Parameters
    ----------
    low : float
        TODO.
    high : float
        TODO.
    special : tuple[float, ...], default ()
        TODO.
    symbol : str, default ''
        TODO.
    whole : bool, default False
        TODO.
    """

    low: float
    high: float
    special: tuple[float, ...] = ()
    symbol: str = ""
    whole: bool = False

    @classmethod
    def of_field(cls, kind: type, field: str, symbol: str) -> Range:
        """Where a property test draws the `field` of a Problem's class `kind`; `symbol` in LaTeX.

        Parameters
        ----------
        kind : type
            TODO.
        field : str
            TODO.
        symbol : str
            TODO.

        Returns
        -------
        Range
            TODO
        """
        drawn = quantities(kind)[field].drawn
        if not isinstance(drawn, Span):
            raise BadValue(f"{kind.__name__}.{field} is drawn from no range of numbers. State a Range.")
        return cls(drawn.low, drawn.high, drawn.special, symbol)

    def strategy(self) -> Any:
        """The hypothesis strategy."""
        strategies = hypothesis_or_sentence().strategies
        if self.whole:
            return strategies.integers(int(self.low), int(self.high))
        return numbers(self.low, self.high, special=self.special)

    def __str__(self) -> str:
        span = f"{self.low:g} to {self.high:g}" + (", whole" if self.whole else "")
        return span + (f", and {', '.join(f'{value:g}' for value in self.special)}" if self.special else "")


@dataclass(frozen=True)
class Draw:
    """An argument that is no number, such as a matrix or a group: how it is drawn, and that in words.

    Parameters
    ----------
    text : str
        TODO.
    make : Callable[[], Any]
        TODO.
    """

    text: str
    make: Callable[[], Any]

    def strategy(self) -> Any:
        """The hypothesis strategy."""
        return self.make()

    def __str__(self) -> str:
        return self.text


def seeds(text: str) -> Draw:
    """A whole number from which the formula's adapter and its oracle build the same array, described by `text`."""
    return Draw(text, lambda: hypothesis_or_sentence().strategies.integers(0, 10**6))


@dataclass(frozen=True)
class Printed:
    """A form in the literature that does not hold, and where the difference is shown.

    Parameters
    ----------
    where : str
        Paper and statement.
    form : str
        What it prints,.
    holds : str
        What is true, both in words or plain formulas.
    value : Callable[..., Any]
        The printed form as a function of the formula's domain.
    at : tuple[Any, ...]
        The arguments at which it is shown.
    measure : str
        What the numbers are.
    read : Callable[[Any], Any], default float
        One number out of what the formula, or its oracle, returns.
    """

    where: str
    form: str
    holds: str
    value: Callable[..., Any]
    at: tuple[Any, ...]
    measure: str
    read: Callable[[Any], Any] = float


@dataclass(frozen=True)
class Formula:
    """One closed form, made around its oracle: `@partial(Formula, name=..., ...)` above the oracle makes it the entry.

    Parameters
    ----------
    oracle : Callable[..., Any]
        The same arguments -> the value, in a way that shares no code with the function.
    name : str
        Wing and function.
    says : str
        What it is, in one line.
    function : Callable[..., Any]
        The public callable.
    domain : Mapping[str, Range or Draw]
        Argument -> where it is drawn from.
    by : str
        It in words.
    source : str
        Paper and statement.
    status : str
        "as printed" (as the source has it, as far as we read it), "corrected" (the source is wrong, see `printed`) or
        "ours" (derived in this project; the source, if any, has the setting).
    rtol : float
        Relative error allowed; round-off for exact forms, the size of the next term for laws of large numbers.
    symbol : str, default ''
        TODO.
    latex : str, default ''
        TODO.
    expression : str, default ''
        TODO.
    call : Callable[..., Any], optional
        Where the drawn arguments are not those of the function, the adapter between them. - `symbol` = `latex`, in
        LaTeX; or `expression`, sympy text in the names of the domain, from which LaTeX is made.
    printed : tuple[Printed, ...], default ()
        TODO.
    note : str, default ''
        TODO.
    """

    oracle: Callable[..., Any]
    _: KW_ONLY
    name: str
    says: str
    function: Callable[..., Any]
    domain: Mapping[str, Range | Draw]
    by: str
    source: str
    status: str
    rtol: float
    symbol: str = ""
    latex: str = ""
    expression: str = ""
    call: Callable[..., Any] | None = None
    printed: tuple[Printed, ...] = ()
    note: str = ""

    @property
    def wing(self) -> str:
        """The room the function stands in."""
        return self.name.partition(".")[0]

    def __call__(self, *arguments: Any) -> Any:
        """The value at arguments in the order of the domain."""
        return (self.call or self.function)(*arguments)

    def verify(self, examples: int | None = None) -> Certificate:
        """Draw arguments over the domain and hold the formula against its oracle.

        Parameters
        ----------
        examples : int, optional
            TODO.

        Returns
        -------
        Certificate
            A `Certificate` with the worst error and its argument; print it.

        Raises
        ------
        BadValue
            If hypothesis, mpmath or sympy is not installed.
        """
        _oracles_or_sentence()
        strategy = tuple(part.strategy() for part in self.domain.values())
        found = check_against(_named(self), _named_oracle(self), strategy=strategy, rtol=self.rtol, examples=examples)
        visited = found.domain
        for number, name in enumerate(self.domain, start=1):
            visited = visited.replace(f"argument {number} ", f"{name} ")
        return replace(found, domain=visited)


def _named(formula: Formula) -> Callable[..., Any]:
    def call(*arguments: Any) -> Any:
        return formula(*arguments)

    call.__qualname__, call.__module__ = formula.name, ""
    return call


def _named_oracle(formula: Formula) -> Callable[..., Any]:
    def call(*arguments: Any) -> Any:
        return formula.oracle(*arguments)

    call.__qualname__, call.__module__ = f"its oracle ({formula.by})", ""
    return call


def _oracles_or_sentence() -> None:
    try:
        import mpmath  # noqa: F401
        import sympy  # noqa: F401
    except ImportError as missing:
        raise BadValue(
            f"The oracles of the register need {missing.name}, which is not installed. Install it: "
            "pip install mpmath sympy."
        ) from None
