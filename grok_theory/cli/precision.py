"""Set up JAX for a command: theory needs float64, and only the command line may flip the switch for the user."""

from __future__ import annotations

import os


def use_float64() -> None:
    """Import JAX with float64 on, in this process and in those it starts."""
    os.environ["JAX_ENABLE_X64"] = "1"
    import jax

    jax.config.update("jax_enable_x64", True)
