"""Set up JAX for a command: float64, and compiled programs kept. Only the command line may do so for the user."""

from __future__ import annotations

import os


def use_float64() -> None:
    """Import JAX with float64 on, in this process and in those it starts; what they compile is kept."""
    os.environ["JAX_ENABLE_X64"] = "1"
    import jax

    jax.config.update("jax_enable_x64", True)
    try:
        jax.devices()
    except Exception as error:  # JAX raises what it likes, an AssertionError without a word among it
        from ..errors import BadValue

        wanted = os.environ.get("JAX_PLATFORMS", "")
        said = " ".join(str(error).split())[:200]
        raise BadValue(
            f"JAX_PLATFORMS is {wanted!r}, but JAX cannot compute with that here{f' ({said})' if said else ''}. "
            "Leave it unset, or write JAX_PLATFORMS=cpu."
        ) from error
    from ..compilations import keep_all_compilations

    keep_all_compilations()
