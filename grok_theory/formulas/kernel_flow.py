"""Register: what each sample does to a kernel machine during training."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from .. import kernels as room
from .formula import Formula, Range, seeds
from .kernels import gram


def _flow_case(seed: int, time: float) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[float]]:
    kernel, y = gram(seed)
    return kernel, y, np.random.default_rng(seed + 1).normal(size=(2, len(y))) @ kernel, [time]


@partial(
    Formula,
    name="kernels.flow_influence",
    says="derivative of gradient flow's prediction in the weight of a sample",
    function=room.flow_influence,
    domain={
        "kernel": seeds("a drawn kernel of 5 samples, a target, two test rows"),
        "time": Range(0.01, 3.0, (1.0,), "t"),
    },
    call=lambda seed, time: room.flow_influence(*_flow_case(seed, time))[0],
    symbol=r"\frac{d f_x}{d w_i}",
    latex=r"\sum_{ab} (k_x v_a) (v_a)_i \frac{e^{-\lambda_b t} - e^{-\lambda_a t}}{\lambda_a - \lambda_b} (v_b)_i "
    r"(v_b \cdot y)",
    source="derived here",
    status="ours",
    by="the matrix exponential of the flow and its variation",
    rtol=1e-8,
)
def _variation(seed: int, time: float) -> np.ndarray:
    """One block matrix whose exponential holds int e^{-K(t-s)} E_i e^{-Ks} ds, for every sample."""
    from scipy.linalg import expm

    kernel, y, cross, _ = _flow_case(seed, time)
    size, found = len(y), []
    for one in np.eye(size):
        block = np.block([[-kernel, np.diag(one)], [np.zeros_like(kernel), -kernel]])
        found.append(cross @ expm(time * block)[:size, size:] @ y)
    return np.array(found).T


@partial(
    Formula,
    name="kernels.flow_leave_one_out",
    says="residual of a sample under gradient flow on all the others",
    function=room.flow_leave_one_out,
    domain={"kernel": seeds("a drawn kernel of 5 samples and a target"), "time": Range(0.01, 3.0, (1.0,), "t")},
    call=lambda seed, time: room.flow_leave_one_out(*gram(seed), [time])[0],
    symbol="y_i - f_{-i}(x_i, t)",
    latex=r"y_i - k_{i,-i}^T K_{-i}^{-1} (1 - e^{-K_{-i} t}) y_{-i}",
    source="derived here",
    status="ours",
    by="the flow integrated as an equation with the sample's row cut out, 1e-12",
    rtol=1e-8,
)
def _without(seed: int, time: float) -> np.ndarray:
    """df/dt = K (y - f) on the four other samples, and the prediction of the fifth carried along."""
    from scipy.integrate import solve_ivp

    kernel, y = gram(seed)
    found = []
    for i in range(len(y)):
        others = np.delete(np.arange(len(y)), i)
        rows, labels = kernel[:, others], y[others]

        def slope(_: float, f: np.ndarray, rows: np.ndarray = rows, labels: Any = labels, kept: Any = others) -> Any:
            return rows @ (labels - f[kept])

        run = solve_ivp(slope, (0.0, time), np.zeros(len(y)), method="DOP853", rtol=1e-12, atol=1e-13)
        found.append(y[i] - run.y[i, -1])
    return np.array(found)
