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
    """One number the formula takes: `low` to `high`, with `special` values drawn on purpose.

    Parameters
    ----------
    low, high : float
        The ends, both included.
    special : tuple[float, ...], default ()
        Values drawn often: those at which the theory is special, such as 0 or 1.
    symbol : str, default ''
        The argument in LaTeX; "" takes its name.
    whole : bool, default False
        Whether only whole numbers are drawn; `special` is then left out.

    Examples
    --------
    >>> print(Range(0.1, 10.0, (1.0,), 'a'))
    0.1 to 10, and 1
    """

    low: float
    high: float
    special: tuple[float, ...] = ()
    symbol: str = ""
    whole: bool = False

    @classmethod
    def of_field(cls, kind: type, field: str, symbol: str) -> Range:
        """Where a property test draws the `field` of a Problem's class `kind`.

        Parameters
        ----------
        kind : type
            A Problem's class, for example `linear.TeacherStudent`.
        field : str
            Name of one of its number fields.
        symbol : str
            The argument in LaTeX.

        Returns
        -------
        Range
            Ends and special values of the field's declaration.

        Raises
        ------
        BadValue
            For a field that is drawn from no range of numbers.
        """
        drawn = quantities(kind)[field].drawn
        if not isinstance(drawn, Span):
            raise BadValue(f"{kind.__name__}.{field} is drawn from no range of numbers. State a Range.")
        return cls(drawn.low, drawn.high, drawn.special, symbol)

    def strategy(self) -> Any:
        """The hypothesis strategy.

        Returns
        -------
        SearchStrategy
            It draws whole numbers or floats in the range.

        Raises
        ------
        BadValue
            Where hypothesis is not installed.
        """
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
        How it is drawn, for people.
    make : callable
        Of no arguments; returns the hypothesis strategy. It is called when the formula is verified, not before, so that
        the register can be read without hypothesis.
    """

    text: str
    make: Callable[[], Any]

    def strategy(self) -> Any:
        """The hypothesis strategy.

        Returns
        -------
        SearchStrategy
            What `make` returns.

        Raises
        ------
        BadValue
            Where hypothesis is not installed.
        """
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
        What it prints, in words or plain formulas.
    holds : str
        What is true, in words or plain formulas.
    value : callable
        The printed form as a function of the formula's domain; one number.
    at : tuple[Any, ...]
        The arguments at which it is shown.
    measure : str
        What the numbers are.
    read : callable, default float
        Takes one number out of what the formula, or its oracle, returns.
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
    oracle : callable
        The same arguments -> the value, in a way that shares no code with the function.
    name : str
        Wing and function, for example "numerics.stieltjes".
    says : str
        What it is, in one line.
    function : callable
        The public callable.
    domain : Mapping[str, Range or Draw]
        Argument -> where it is drawn from, in the order of the arguments.
    by : str
        The oracle in words.
    source : str
        Paper and statement.
    status : str
        "as printed" (as the source has it, as far as we read it), "corrected" (the source is wrong, see `printed`) or
        "ours" (derived in this project; the source, if any, has the setting).
    rtol : float
        Relative error allowed; round-off for exact forms, the size of the next term for laws of large numbers.
    symbol : str, default ''
        Left-hand side in LaTeX: `symbol` = `latex`; "" shows the right-hand side alone.
    latex : str, default ''
        Right-hand side in LaTeX; "" makes it from `expression`.
    expression : str, default ''
        Right-hand side as sympy text in the names of the domain, from which LaTeX is made.
    call : callable, optional
        Where the drawn arguments are not those of the function, the adapter between them.
    printed : tuple[Printed, ...], default ()
        Forms in the literature that do not hold.
    note : str, default ''
        A remark for people.

    Examples
    --------
    >>> from grok_theory.formulas import register
    >>> entry = register()["in_context.transience_threshold"]
    >>> print(entry.source, "|", entry.status)
    setting of Lu, Letey, Zavatone-Veth, Maiti & Pehlevan, arXiv 2405.11751; derived here | ours
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
        """Room the function stands in: the name up to its first dot."""
        return self.name.partition(".")[0]

    def __call__(self, *arguments: Any) -> Any:
        """The value at arguments in the order of the domain."""
        return (self.call or self.function)(*arguments)

    def verify(self, examples: int | None = None) -> Certificate:
        """Draw arguments over the domain and hold the formula against its oracle.

        Parameters
        ----------
        examples : int, optional
            How many points; default: what the hypothesis profile says.

        Returns
        -------
        Certificate
            The worst error and its argument; print it.

        Raises
        ------
        CounterExample
            Where the formula fails, with the simplest argument at which it does.
        BadValue
            If hypothesis, mpmath or sympy is not installed.
        """
        oracles_or_sentence()
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


def oracles_or_sentence() -> None:
    """Refuse in one sentence where mpmath or sympy is not installed."""
    try:
        import mpmath  # noqa: F401
        import sympy  # noqa: F401
    except ImportError as missing:
        raise BadValue(
            f"Formulas and oracles of the register need {missing.name}, which is not installed. Install it: "
            "pip install mpmath sympy."
        ) from None
