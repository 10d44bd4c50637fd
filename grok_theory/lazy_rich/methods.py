"""How a `QuadraticCommittee` is answered, as data: theories for `solve`, experiments for `simulate`, and forecasts.

Those of a `MeanFieldNetwork` stand in `mean_field.methods`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from jax.typing import ArrayLike

from ..checks import check_between, check_integer
from ..errors import BadValue
from ..kernels.activations import as_activation
from ..pytrees import record
from .problem import QuadraticCommittee

__all__ = [
    "DMFT",
    "ExactReduction",
    "Experiment",
    "ExplicitNetwork",
    "FrozenKernel",
    "Interpolated",
    "LazyLimit",
    "OwnSize",
    "Population",
    "Theory",
]

_DMFT_SETTINGS = "paths teacher_nodes grid_points scrambles seed row_tolerance field_points most_steps"


@record(static=tuple(_DMFT_SETTINGS.split()))
class DMFT:
    """Dynamical mean-field theory of `QuadraticCommittee`: P, D -> infinity at P = kappa D, of infinite width.

    One causal sweep over two-time kernels, no outer iteration. Cost grows as paths * points^3, memory as
    paths * points^2 (about 80 bytes each), points being `grid_points` of a flow or the steps of a descent.

    Parameters
    ----------
    paths : int, default 344
        Sample paths of one march over all h* nodes (shared out in powers of two).
    teacher_nodes : int, default 6
        Half-line Gauss-Hermite nodes of the teacher's field h*.
    grid_points : int, default 40
        Nodes of a flow, growing geometrically, for fourth-order backward differences (third order where they are few
        for the last time: 40 to more than tau = 1500, 48 to more than 9000). Under descent of up to `most_steps` every
        step is a node, and the theory is exact for it.
    scrambles : int, default 9
        Independent scrambles of the Sobol paths, one march each; the curves are their mean, and their scatter is part
        of `numerical_error`, by Student's factor at 99 %: 1.1 standard deviations for 9 (eight degrees of freedom), but
        45 for 2. With one there is no scatter to see, and no `numerical_error`.
    seed : int, default 0
        Of the scrambles. Same seed, same digits; a longer descent repeats a shorter one.
    row_tolerance : float, default 1e-06
        Of the fixed point of a row of a flow, relative. 1e-6 is far below the other errors; a *difference* of two
        solutions needs less: pass 1e-11 to check a derivative by differences. `jax.grad` and its like tighten it by
        themselves.
    field_points : int, optional
        Keep the two-time functions of `fields` at about so many nodes along each axis (None: at all; 0: no fields).
    most_steps : int, default 63
        Descents of more steps have a node for each of the first 20 (where eta_hat is above .02), then the nodes of a
        flow, corrected for the learning rate to its second order (next: the fourth); a quarter of what the second
        changes is part of `numerical_error`, and `status` says so. Memory and time of a march in which every step is a
        node grow with their square and cube: 63 steps cost what those nodes do, 255 a hundred times as much.

    Raises
    ------
    BadValue
        For a setting out of its range, named with what is allowed.

    Examples
    --------
    >>> DMFT(paths=184, grid_points=24).scrambles
    9
    >>> DMFT.accurate().paths > DMFT().paths
    True
    """

    paths: int = 344
    teacher_nodes: int = 6
    grid_points: int = 40
    scrambles: int = 9
    seed: int = 0
    row_tolerance: float = 1e-6
    field_points: int | None = None
    most_steps: int = 63

    def __post_init__(self):
        check_integer("teacher_nodes", self.teacher_nodes, 2, "4 to 10 nodes agree to 3e-4.", high=16)
        least = 8 * self.teacher_nodes
        check_integer("paths", self.paths, least, "Each h* node needs 8 paths; 344 is the default.", high=2**24)
        check_integer("grid_points", self.grid_points, 8, "24 is quick, 40 the default, 72 accurate.", high=4096)
        check_integer("scrambles", self.scrambles, 1, "9 is the default; 2 or more show the scatter of the paths.")
        check_integer("seed", self.seed, 0, "Pass any whole number.")
        remedy = "1e-6 is the default, 1e-11 the tightest that rounding allows."
        check_between("row_tolerance", self.row_tolerance, 1e-12, 1e-3, remedy)
        check_integer("most_steps", self.most_steps, 0, "63 is the default; 0 never has a node for each step.")
        if self.field_points is not None:
            check_integer("field_points", self.field_points, 0, "Pass None to keep all nodes, 0 for no fields.")

    @classmethod
    def accurate(cls, seed: int = 0) -> DMFT:
        """The tight setting, about 2e-3 in test loss to tau = 1e3 in ordinary settings; minutes on one core.

        Parameters
        ----------
        seed : int, default 0
            Of the scrambles.

        Returns
        -------
        DMFT
            1328 paths, 72 grid points, 9 scrambles.
        """
        return cls(paths=1328, grid_points=72, scrambles=9, seed=seed)

    def finer(self) -> DMFT:
        """What a march that lost a row is tried with next: half again as many nodes (flow), twice the paths.

        Returns
        -------
        DMFT
            The other settings as they are.
        """
        return replace(self, paths=2 * self.paths, grid_points=self.grid_points + self.grid_points // 2)


@record()
class Population:
    """Solve the limit samples_per_dim -> infinity, under flow or descent.

    Exact up to the ODE tolerance (1e-12 in the logs of both powers) or rounding. At finite dimension pass
    `problem.dressed(dim)`.

    Examples
    --------
    >>> from grok_theory.lazy_rich import QuadraticCommittee, solve
    >>> problem = QuadraticCommittee(1.0, curvature=0.3, samples_per_dim=3.0, teacher_overlap=0.1)
    >>> print(solve(problem, [0.0, 10.0], method=Population())['test_loss'].round(3))
    [0.75  0.005]
    """


@record()
class LazyLimit:
    """Solve the limit output_scale -> infinity of a centred Problem without teacher overlap.

    Under flow or descent. Exact up to quadrature and rounding (printed; 1e-13 of the test loss). A flow's train loss
    below 1e-26 is rounding.

    Examples
    --------
    >>> import jax; jax.config.update("jax_enable_x64", True)
    >>> from grok_theory.lazy_rich import QuadraticCommittee, solve
    >>> problem = QuadraticCommittee(8.0, curvature=0.25, samples_per_dim=6.0)
    >>> print(solve(problem, [0.0, 1.0], method=LazyLimit())["train_loss"].round(2))
    [0.75 0.56]
    """


_STRUCTURE = ("labels", "stratified", "orthogonal_start", "test_samples")


@record(static=_STRUCTURE)
class ExactReduction:
    """Train by the closed equations of wbar and M: exact at every width, infinite included, and free of it in cost.

    Parameters
    ----------
    labels : callable, optional
        Other targets, a function (inputs, train_inputs) -> targets at inputs, for example `KernelEigenvector(3,
        curvature)`; then the test loss is a mean over `test_samples` fresh inputs, without parts.
    stratified : bool, default True
        Draw the P values of beta . x one in each of P equally likely strata. The same limit, less noise.
    orthogonal_start : bool, default False
        Start weights whose random part has no share along the teacher, so that rho0 = m0^2 as in the theory of infinite
        dimension, instead of m0^2 + (1 - m0^2) / D.
    test_samples : int, default 2048
        Fresh inputs that measure the test loss where `labels` are given; otherwise it is exact.
    tolerance : float, default 1e-05
        Of the flow: local error of the output in units of 1; > 0.
    """

    labels: Callable | None = None
    stratified: bool = True
    orthogonal_start: bool = False
    test_samples: int = 2048
    tolerance: float = 1e-5


@record(static=_STRUCTURE)
class FrozenKernel:
    """Kernel regression with the tangent kernel of the start, on the data and start of `ExactReduction`.

    This is the network linearised around its start, at every width.

    Parameters
    ----------
    labels : callable, optional
        Other targets, as in `ExactReduction`.
    stratified : bool, default True
        Draw the P values of beta . x one in each of P equally likely strata.
    orthogonal_start : bool, default False
        Take the teacher out of the random part of the start.
    test_samples : int, default 2048
        Fresh inputs that measure the test loss where `labels` are given.
    """

    labels: Callable | None = None
    stratified: bool = True
    orthogonal_start: bool = False
    test_samples: int = 2048


@record(static=("activation", "train_readout", "linearised", *_STRUCTURE))
class ExplicitNetwork:
    """Train all weights by automatic differentiation. Needs a width, and `GradientDescent(eta_hat)`.

    Every trained parameter moves by eta = eta_hat N D / alpha^2 times its gradient.

    Parameters
    ----------
    activation : callable or str, optional
        An elementwise function or one of `kernels.activations` (those may be named by a string); None is the Problem's
        h + (eps/2) h^2.
    train_readout : bool, default False
        Train the readouts too; they start at 1.
    linearised : bool, default False
        Train the network's first-order expansion around its start.
    init_scale : array_like, default 1.0
        Factor on all starting weights; > 0.
    labels : callable, optional
        Other targets, as in `ExactReduction`.
    stratified : bool, default True
        Draw the P values of beta . x one in each of P equally likely strata.
    orthogonal_start : bool, default False
        Take the teacher out of the random part of the start.
    test_samples : int, default 2048
        Fresh inputs that measure the test loss where `labels` or another activation are given.

    Raises
    ------
    BadValue
        For an activation by a name that is not known.
    """

    activation: Callable | str | None = None
    train_readout: bool = False
    linearised: bool = False
    init_scale: ArrayLike = 1.0
    labels: Callable | None = None
    stratified: bool = True
    orthogonal_start: bool = False
    test_samples: int = 2048

    def __post_init__(self):
        if isinstance(self.activation, str):
            object.__setattr__(self, "activation", as_activation(self.activation))


@record()
class OwnSize:
    """Forecast one run from draws of the exact reduction at its own dim, width and learning rate."""


@record(static=("dim",))
class Interpolated:
    """Forecast one run of large dim between DMFT (dim -> infinity) and cheaper draws at a smaller one.

    Parameters
    ----------
    dim : int, optional
        Of the smaller networks; half that of the run if left out.

    Raises
    ------
    BadValue
        For a dim that is no whole number of at least 2.
    """

    dim: int | None = None

    def __post_init__(self):
        if self.dim is not None:
            check_integer("dim", self.dim, 2, "Pass the input dimensions of the smaller networks, half of the run's.")

    def size_of(self, problem: QuadraticCommittee, dim: int) -> int:
        """The input dimensions of the smaller networks of a run.

        Parameters
        ----------
        problem : QuadraticCommittee
            Whose `samples_per_dim` times that is a whole number.
        dim : int
            Of the run.

        Returns
        -------
        int
            `self.dim`, or the usable number nearest to half of `dim`.

        Raises
        ------
        BadValue
            Where it is not below `dim`, or none is usable.
        """
        kappa = float(np.asarray(problem.samples_per_dim))
        near = sorted(range(2, dim), key=lambda size: abs(size - dim / 2))
        usable = [size for size in near if abs(kappa * size - round(kappa * size)) <= 1e-9 * kappa * size]
        if self.dim is not None and self.dim in usable:
            return self.dim
        if self.dim is not None or not usable:
            listed = f"; usable are {', '.join(map(str, usable[:3]))}" if usable else ""
            raise BadValue(
                f"dim of Interpolated is {self.dim}, but samples_per_dim * dim must be a whole number, and dim below "
                f"the run's {dim}{listed}. Pass one, or take OwnSize()."
            )
        return usable[0]


Theory = DMFT | Population | LazyLimit
Experiment = ExactReduction | ExplicitNetwork | FrozenKernel
