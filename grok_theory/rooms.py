"""The wings by name: the one list that a new wing joins.

The command line, the register, saved files, strategies, docs and tests of the house find a wing here. What it adds by
hand is this line, one in `grok_theory/__init__.py` for editors, and its floor in `pyproject.toml`.
"""

import difflib
from collections.abc import Sequence
from typing import Any

# Wing -> public namespaces inside it.
WINGS: dict[str, tuple[str, ...]] = {
    "linear": (),
    "lazy_rich": (),
    "li2": ("groups", "training", "comparison", "companion"),
    "best_of_k": (),
    "in_context": (),
}

NAMESPACES = tuple(name for wing, inner in WINGS.items() for name in (wing, *(f"{wing}.{each}" for each in inner)))


def no_such_name(room: str, name: str, public: Sequence[str]) -> AttributeError:
    """The error on a name that a room has not, with the nearest one it has: IPython does not look for it by itself."""
    near = difflib.get_close_matches(name, public, n=1)
    hint = f"Did you mean: {near[0]!r}?" if near else f"It has {', '.join(sorted(public))}"
    # With an object that has no such names, or Python would add its own hint to ours.
    return AttributeError(f"module {room!r} has no attribute {name!r}. {hint}", name=name, obj=None)


def show_public_names(room: dict[str, Any]) -> None:
    """Completion after a room's name offers its public names, not its files; a mistyped one is told the nearest.

    Called with `globals()` at the end of a room, so that type checkers go on to see what is there and what is not.
    """

    def unknown(name: str) -> Any:
        raise no_such_name(room["__name__"], name, room["__all__"])

    room["__dir__"] = lambda: sorted(room["__all__"])
    room["__getattr__"] = unknown
