"""The wings by name: the one list that a new wing joins.

The command line, the register, saved files, strategies, docs and tests of the house find a wing here. What it adds by
hand is this line, one in `grok_theory/__init__.py` for editors, and its floor in `pyproject.toml`.
"""

# Wing -> public namespaces inside it.
WINGS: dict[str, tuple[str, ...]] = {
    "linear": (),
    "lazy_rich": (),
    "li2": ("groups", "training", "comparison", "companion"),
    "best_of_k": (),
    "in_context": (),
}

NAMESPACES = tuple(name for wing, inner in WINGS.items() for name in (wing, *(f"{wing}.{each}" for each in inner)))
