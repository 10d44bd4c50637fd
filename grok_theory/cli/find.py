"""`grok-theory find WING.PROBLEM`: the smallest samples, decay, steps ... at which a target is met."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from .outputs import AsJson, Out, Plot, checked_outputs
from .problem_fields import HelpOfProblem

COMMAND = HelpOfProblem
TARGETS = ("AtMost", "CurveAt", "DelayBetween", "FreeValue", "Front", "Least")


def command(
    problem: Annotated[str, typer.Argument(help="WING.PROBLEM, as `grok-theory solve` lists them.")],
    fields: Annotated[list[str] | None, typer.Argument(help="field=value of the problem, and of `solve`.")] = None,
    free: Annotated[
        str | None, typer.Option(metavar="NAME=LOW:HIGH", help="What is looked for, and where: weight_decay=0.001:10.")
    ] = None,
    target: Annotated[
        str | None, typer.Option(help='What is asked of it: "AtMost(CurveAt(test_loss, 1000), 1.5)".')
    ] = None,
    dynamics: Annotated[
        str | None, typer.Option(help='How it is trained, for example "GradientDescent(0.1)"; x is then steps.')
    ] = None,
    method: Annotated[str | None, typer.Option(help='How to solve, for example "Population".')] = None,
    dim: Annotated[int | None, typer.Option(help="Size of one run, where the target has a probability.")] = None,
    width: Annotated[int | None, typer.Option(help="Its hidden neurons.")] = None,
    draws: Annotated[int | None, typer.Option(help="How many runs are drawn where theory tells no scatter.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of these draws.")] = 0,
    out: Out = None,
    plot: Plot = None,
    as_json: AsJson = False,
) -> None:
    """Find a design: grok-theory find linear.TeacherStudent snr=5 --free samples_per_dim=0.5:20 --target "AtMost(...)"

    Targets: AtMost(quantity, bound), Least(quantity), Least(quantity, AtMost(...)), Front(quantity, quantity).
    Quantities: CurveAt(test_loss, X), DelayBetween(TRAIN_LOSS, TEST_LOSS, LAST_X), FreeValue().
    Exit code: 0 reached, 1 not reachable, 2 bad input, 4 no theory.
    """
    from .precision import use_float64

    use_float64()
    from .. import designs
    from ..errors import BadValue
    from ..progress import waiting
    from .problems import find_problem, make_problem, public_names, verbs_of
    from .values import read_objects, read_seed, read_value

    if target is None:
        raise BadValue(
            "target is not given, but a design needs one. "
            'Write for example --target "AtMost(CurveAt(test_loss, 1000), 1.5)".'
        )
    name, low, high = _range(free)
    places = checked_outputs(as_json, plot, out)
    wing, cls = find_problem(problem)
    (solve,) = verbs_of(wing, "solve")
    words = list(fields or [])
    if name in cls.__dataclass_fields__ and not any(word.partition("=")[0] == name for word in words):
        words.append(f"{name}={low!r}")  # the template has some value of it
    made, (more,) = make_problem(wing, cls, words, solve)
    more |= read_objects(public_names(wing), solve, dynamics=dynamics, method=method)
    more |= {word: value for word, value in (("dim", dim), ("width", width), ("draws", draws)) if value is not None}
    if seed:
        import jax

        more["key"] = jax.random.key(read_seed("seed", seed))
    asked = read_value(
        "target", target, {each: getattr(designs, each) for each in TARGETS},
        remedy='Write for example --target "AtMost(CurveAt(test_loss, 1000), 1.5)".',
    )  # fmt: skip
    with waiting(f"looking for {name} of {problem}", usual=30.0):
        found = designs.find(made, free={name: (low, high)}, target=asked, **more)
    places.save(found)
    places.say(lambda: {"kind": "design", "verdict": found.verdict, **_described(found)}, found)
    places.draw(lambda path: _draw(found, path))
    raise typer.Exit(0 if found.reached else 1)


def _range(text: str | None) -> tuple[str, float, float]:
    from ..errors import BadValue
    from .shown_number import number

    name, equals, ends = (text or "").partition("=")
    values = [number(part.strip()) for part in ends.split(":")]
    if not name.strip() or not equals or len(values) != 2 or None in values:
        raise BadValue(f"free is {text!r}, but it must be NAME=LOW:HIGH. Write --free weight_decay=0.001:10.")
    return name.strip(), values[0], values[1]  # type: ignore[return-value]


def _described(found: Any) -> dict[str, Any]:
    names = ("problem", "free", "value", "reached", "quantity", "sensitivity", "whole", "reason")
    told = {name: getattr(found, name) for name in (*names, "values", "quantities", "front")}
    dynamics = None if found.dynamics is None else repr(found.dynamics)
    return {**told, "dynamics": dynamics, "target": str(found.target)}


def _draw(found: Any, path: Path) -> None:
    import numpy as np

    from ..designs import AtMost, Front
    from .picture import pyplot, write_picture

    plt = pyplot()
    from ..plot import STYLE

    with plt.style.context(STYLE):
        figure, axes = plt.subplots(figsize=(3.4, 2.6), layout="constrained")
        if isinstance(found.target, Front):
            values, others = np.asarray(found.quantities, float).T[:2]
            best = np.asarray(found.front, int)
            axes.plot(values, others, "o", color="0.7", markersize=3, label="looked at")
            axes.plot(values[best], others[best], "o-", color="C0", markersize=4, label="not beaten in both")
            first, second = (str(each).replace("_", " ") for each in (found.target.first, found.target.second))
            axes.set(xlabel=first, ylabel=second)
        else:
            axes.plot(found.values, np.asarray(found.quantities, float)[:, 0], "-", color="C0", label="theory")
            axes.plot(found.value, found.quantity, "o", color="C1", label=f"{found.free} = {found.value:.4g}")
            if isinstance(found.target, AtMost):
                axes.axhline(found.target.bound, color="0.5", linestyle=":", label=f"at most {found.target.bound:g}")
            axes.set(xlabel=found.free.replace("_", " "), ylabel=str(found.target.quantity).replace("_", " "))
            if min(found.values) > 0:
                axes.set_xscale("log")
        axes.legend()
        write_picture(figure, path, dpi=200)
