"""Below which learning rate descent is stable, of each Problem of the wing."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
from jax.scipy.special import ndtri
from jaxtyping import Array

from ..checks import check_integer
from ..errors import BadValue
from ..fields import check_single
from ..kernels import FullyConnected, ntk
from .closed_forms import largest_stable_learning_rate
from .mean_field.problem import MeanFieldNetwork
from .population import stable_below as stable_on_all
from .problem import QuadraticCommittee


def largest_learning_rate(problem: QuadraticCommittee | MeanFieldNetwork, samples: int | None) -> Array:
    """See `lazy_rich.stable_below`."""
    if not isinstance(problem, (QuadraticCommittee, MeanFieldNetwork)):
        raise BadValue(
            f"problem is a {type(problem).__name__}, but lazy_rich.stable_below takes QuadraticCommittee and "
            "MeanFieldNetwork. Pass one of them."
        )
    check_single(problem)
    if isinstance(problem, MeanFieldNetwork):
        return _at_the_start(problem)
    if samples is None:
        return stable_on_all(problem)
    samples = check_integer("samples", samples, 1, "Pass how many training samples there are.")
    # The largest of so many targets h^2 / 2, typically.
    return largest_stable_learning_rate(problem, jnp.square(ndtri(1 - 1 / (2 * samples))) / 2)


def _at_the_start(problem: MeanFieldNetwork) -> Array:
    """Outputs move by -(2/P) K (f - y) a tau: 2 over the largest eigenvalue of (2/P) K, K the kernel at the start."""
    samples, dim = np.shape(problem.inputs)
    kernel = ntk(FullyConnected(problem.phi, weight_variance=1.0 / dim), jnp.asarray(problem.inputs, float))
    return samples / jnp.linalg.eigvalsh(kernel)[-1]
