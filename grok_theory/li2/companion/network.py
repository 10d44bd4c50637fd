"""A two-layer network that adds modulo p: exact by construction, or taken from a training run."""

from __future__ import annotations

import jax
import numpy as np
import scipy  # its rooms are imported when first used: stats takes as long as a solve
from jax.typing import ArrayLike

from ...checks import check_integer, check_key, check_shape, check_shown
from ...errors import BadValue
from ...pytrees import record
from ...results import Ensemble
from ..training.losses import SquaredLoss
from .participation import inverse_participation_ratio


@record()
class ModularNetwork:
    """A quadratic network on pairs of numbers modulo p: f_q(m, n) = sum_k W_qk (U_km + V_kn)^2 + b_q.

    Parameters
    ----------
    left : ndarray or Array
        U (N, p), one row a neuron.
    right : ndarray or Array
        V (N, p), one row a neuron.
    output : ndarray or Array
        W (p, N), one row an output.
    bias : array_like, default 0.0
        b (p,) or 0.

    Raises
    ------
    BadValue
        Where the shapes do not fit each other.

    Examples
    --------
    >>> import numpy as np
    >>> network = ModularNetwork(np.ones((2, 5)), np.ones((2, 5)), np.zeros((5, 2)))
    >>> print(network.outputs().shape)
    (5, 5, 5)
    """

    left: np.ndarray | jax.Array
    right: np.ndarray | jax.Array
    output: np.ndarray | jax.Array
    bias: ArrayLike = 0.0

    def __post_init__(self) -> None:
        for name in ("left", "right", "output"):
            check_shown(name, getattr(self, name), "Pass every weight.")
        neurons, modulus = np.shape(self.left)
        check_shape("right", self.right, (neurons, modulus), "Pass one row a neuron, as in left.")
        check_shape("output", self.output, (modulus, neurons), "Pass one row an output.")

    @property
    def width(self) -> int:
        """Number N of neurons."""
        return np.shape(self.left)[0]

    @property
    def modulus(self) -> int:
        """Modulus p, the number of outputs."""
        return np.shape(self.left)[1]

    def activity(self) -> np.ndarray:
        """What every neuron says on every pair (m, n).

        Returns
        -------
        ndarray
            (p, p, N), (U_km + V_kn)^2.
        """
        return (np.asarray(self.left).T[:, None] + np.asarray(self.right).T[None]) ** 2

    def outputs(self) -> np.ndarray:
        """What the network says on every pair (m, n).

        Returns
        -------
        ndarray
            (p, p, p), f_q(m, n) with q along the last axis.
        """
        return self.activity() @ np.asarray(self.output).T + self.bias

    def participation(self) -> np.ndarray:
        """Mean inverse participation ratio of each neuron's three vectors, one-sided.

        Returns
        -------
        ndarray
            (N,), 1 for one frequency; 0 for a dead neuron.
        """
        vectors = np.stack([self.left, self.right, np.transpose(self.output)])
        return np.asarray(inverse_participation_ratio(vectors)).mean(axis=0)


def exact_network(modulus: int, width: int, *, key: jax.Array) -> ModularNetwork:
    """A network that adds modulo p by interference of cosines, with random phases.

    U_ki = c cos(2 pi s_k i/p + a_k), V_kj = c cos(2 pi s_k j/p + b_k), W_qk = c cos(-2 pi s_k q/p - a_k - b_k), s_k
    running through 1..(p-1)/2 in random order, repeated; phases uniform. c = (2/N)^{1/3} makes the right output 1 on
    average; the paper prints (2/N)^{-1/3}, which changes no decision.

    Parameters
    ----------
    modulus : int
        p: odd, >= 3.
    width : int
        N >= 1, the number of neurons.
    key : Array
        Typed JAX key, of frequencies and phases.

    Returns
    -------
    ModularNetwork
        Without a bias.

    Raises
    ------
    BadValue
        For an argument out of its range, named with what is allowed.

    References
    ----------
    A. Gromov, arXiv 2301.02679.

    Examples
    --------
    >>> import jax; jax.config.update("jax_enable_x64", True)
    >>> import numpy as np
    >>> place = np.arange(5)
    >>> answers = exact_network(5, 40, key=jax.random.key(0)).outputs().argmax(axis=-1)
    >>> print(bool(np.mean(answers == (place[:, None] + place) % 5) > 0.5))
    True
    """
    modulus = check_integer("modulus", modulus, 3, "Pass an odd number, for example 23.")
    if modulus % 2 == 0:
        raise BadValue(f"modulus is {modulus}, but it must be odd. Pass for example {modulus + 1}.")
    width = check_integer("width", width, 1, "Pass the number of neurons, for example 256.")
    check_key(key)
    order_key, phase_key = jax.random.split(key)
    frequencies = np.asarray(jax.random.permutation(order_key, np.arange(1, (modulus + 1) // 2)))
    # Whole rounds through the frequencies, cut at the end: each occurs as often as any other, to one.
    speed = 2 * np.pi * np.resize(frequencies, width)[:, None] / modulus
    a, b = np.asarray(jax.random.uniform(phase_key, (2, width, 1), minval=0, maxval=2 * np.pi), float)
    place, size = np.arange(modulus)[None], (2 / width) ** (1 / 3)
    return ModularNetwork(
        left=size * np.cos(speed * place + a),
        right=size * np.cos(speed * place + b),
        output=size * np.cos(-speed * place - a - b).T,
    )


def exact_network_accuracy(modulus: int, width: int) -> float:
    """Expected accuracy of `exact_network` if the interference were independent Gaussian: an approximation.

    int phi(x) Phi(x + (sqrt(N)/2) p/(p-1))^{p-1} dx: the right output is 1 on average, the wrong ones -1/(p-1), and
    each carries variance 4/N. The outputs of one network are correlated; docs/li2_companion.md has the measured error.

    Parameters
    ----------
    modulus : int
        p >= 3.
    width : int
        N >= 1, the number of neurons.

    Returns
    -------
    float
        Share of the p^2 pairs decided right, in [0, 1]; the integral is exact to rounding.

    Raises
    ------
    BadValue
        For an argument out of its range, named with what is allowed.

    Examples
    --------
    >>> print(round(exact_network_accuracy(23, 100), 3))
    0.998
    """
    modulus = check_integer("modulus", modulus, 3, "Pass an odd number, for example 23.")
    width = check_integer("width", width, 1, "Pass the number of neurons, for example 256.")
    gap = np.sqrt(width) / 2 * modulus / (modulus - 1)
    # The integrand is analytic and falls like a Gaussian: the trapezoid rule converges to rounding.
    x = np.linspace(-12.0, 12.0, 961)
    values = np.exp((modulus - 1) * scipy.special.log_ndtr(x + gap) - x**2 / 2) / np.sqrt(2 * np.pi)
    return float(np.sum(values) * (x[1] - x[0]))


def network_of_run(ensemble: Ensemble, run: int = 0) -> ModularNetwork:
    """Run `run` of `li2.simulate` at its last step, with the output bias that centring over samples stands for.

    Square activation and the cyclic group in its natural labels only: others have no frequencies.

    Parameters
    ----------
    ensemble : Ensemble
        What `simulate` returned, with its layers in `stats`.
    run : int, default 0
        Counted from 0.

    Returns
    -------
    ModularNetwork
        The layers of that run; no bias with centring by classes or a cross-entropy.

    Raises
    ------
    BadValue
        For another task or what `simulate` did not return, and for a run that diverged.
    """
    if not isinstance(ensemble, Ensemble) or "readout" not in ensemble.stats:
        raise BadValue("ensemble holds no layers in stats, but a network needs them. Pass what simulate returned.")
    task, order = ensemble.problem, ensemble.problem.group.order
    place = np.arange(order)
    if not np.array_equal(task.group.table, (place[:, None] + place) % order):
        raise BadValue(f"task is on {task.group.name}, but the network must add modulo p. Simulate on cyclic(p).")
    if task.activation != "square":
        raise BadValue(f"activation is {task.activation!r}, but the network must be quadratic. Simulate with 'square'.")
    run = check_integer("run", run, 0, "Pass the index of a run.", high=ensemble.runs - 1)
    hidden, readout = ensemble.stats["hidden"][run], ensemble.stats["readout"][run]
    lost = ensemble.failed_runs("train_loss")
    if lost[run] or not (np.isfinite(hidden).all() and np.isfinite(readout).all()):
        raise BadValue(f"run is {run}, but that run diverged: its record is not finite. Pass another run.")
    if ensemble.status.name == "failed" and not lost.any():
        raise BadValue(f"ensemble has failed, and no run of it says why. It says: {ensemble.status.text}")
    network = ModularNetwork(hidden[:, :order], hidden[:, order:], readout.T)
    if task.centering == "classes" or not isinstance(ensemble.conditions.loss, SquaredLoss):
        return network
    first, second = ensemble.stats["train_pairs"][run].T
    targets = np.eye(order)[ensemble.stats["train_labels"][run]]
    bias = np.mean(targets - network.outputs()[first, second], axis=0)
    return ModularNetwork(network.left, network.right, network.output, bias)
