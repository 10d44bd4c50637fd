"""Stage II solved from the hidden layer with which run 0 of `simulate` begins: every node by itself up its energy.

On the unit sphere, from the start of a run. It is not the whole training: `trained_features` says how far it carries.
"""

from __future__ import annotations

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.tree_util import Partial
from jax.typing import ArrayLike

from ..checks import check_times
from ..errors import BadValue
from ..named_axes import Field
from ..numerics.adaptive_flow import flow_through
from ..numerics.explicit_steps import ORDER, dormand_prince
from ..numerics.invariants import INACCURATE, NON_NEGATIVE, PROBABILITY, hold
from ..numerics.padding import cut, repeated
from ..numerics.programs import compiled_soonest
from ..results import Solution
from ..status import FAILED, GOOD, Status
from .feature_energy import energy_function
from .groups.fourier import component_basis
from .groups.real_representations import real_irreps
from .methods import FeatureAscent
from .problem import GroupTask
from .training.starts import Initial, start_of_run

ASCENT_RANGES = {"energy": NON_NEGATIVE, "feature_purity": PROBABILITY}


def ascent_solution(
    task: GroupTask,
    x: ArrayLike | Sequence,
    method: FeatureAscent,
    dynamics: object,
    *,
    width: int,
    key: Array,
    initial: Initial,
) -> Solution:
    """The Solution of stage II from the hidden layer of run 0, at the times `x` of the flow on the sphere."""
    start = start_of_run(task, width=width, key=key, initial=initial)
    if dynamics is not None:
        raise BadValue(f"dynamics is {dynamics!r}, but FeatureAscent has its own, on the sphere. Leave it out.")
    check_times(x)
    times = np.asarray(x, float)
    drawn, tolerance = start.task, float(np.asarray(method.tolerance))
    functions, members = component_basis(task.group)
    scale = 2.0 * task.group.order / min(r.real_degree for r in real_irreps(task.group))  # 4 max E*
    nodes = start.hidden / np.linalg.norm(start.hidden, axis=1, keepdims=True)
    function, scale, padded = energy_function(drawn), np.asarray(scale), repeated(times)

    def climbed(tolerance):
        *found, ok = _climb(function, nodes, padded, scale, functions, members, np.asarray(tolerance))
        return *cut(found, len(times)), bool(ok)

    energies, purity, share, ok = climbed(tolerance)
    rough = climbed(100.0 * tolerance)
    curves = {"energy": energies.mean(axis=1), "feature_purity": np.median(purity, axis=1)}
    # The coarse solution is a hundred times less accurate: its distance bounds the error from above.
    error = {
        "energy": np.abs(curves["energy"] - rough[0].mean(axis=1)),
        "feature_purity": np.abs(curves["feature_purity"] - np.median(rough[1], axis=1)),
    }
    rounding = np.finfo(float).eps * 8 * np.sqrt(task.samples)
    # Before the first step is done both marches are the same.
    error = {name: values + (rounding + 10 * tolerance) * np.abs(curves[name]) for name, values in error.items()}
    level = GOOD if ok and rough[3] else FAILED
    held = hold(curves, error, level, ASCENT_RANGES)
    curves, level = held.curves, int(held.level)
    return Solution(
        task,
        times,
        curves,
        "time",
        None,
        method,
        numerical_error=error,
        fields={
            "energy": Field(energies, ("time", "node")),
            "purity": Field(purity, ("time", "node")),
            "irrep_share": Field(share, ("time", "irrep")),
        },
        status=Status(
            level,
            noted=INACCURATE,
            failed="The integrator did not reach the last time. Pass earlier times (every node is at a maximum long "
            "before 1e4), or a tolerance from 1e-13 to 1e-3.",
        ),
        run=0,
    )


@compiled_soonest
def _climb(
    function: Partial, nodes: Array, times: Array, scale: Array, functions: Array, members: Array, tolerance: Array
) -> tuple[Array, Array, Array, Array]:
    def velocity(_, w):
        w = w.reshape(nodes.shape)
        slope = jax.grad(lambda x: jnp.sum(function(x)))(w)
        # The sphere is kept by the field itself: w . velocity = 0 up to the integrator's error, taken out below.
        return ((slope - jnp.sum(w * slope, axis=1, keepdims=True) * w) / scale).ravel()

    found = flow_through(
        dormand_prince(velocity, tolerance, tolerance),
        nodes.ravel(),
        times,
        first_step=jnp.asarray(1e-3),
        order=ORDER,
        most_steps=16384,
    )

    def read(w):
        w = w / jnp.linalg.norm(w, axis=1, keepdims=True)
        mass = jnp.sum((w.reshape(len(w), 2, -1) @ functions) ** 2, axis=1) @ members
        return function(w), jnp.max(mass, axis=1), jnp.mean(mass, axis=0)

    energies, purity, share = jax.lax.map(read, found.states.reshape(-1, *nodes.shape))
    return energies, purity, share, found.finished
