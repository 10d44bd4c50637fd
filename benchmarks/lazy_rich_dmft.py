"""lazy_rich: the causal sweep of the DMFT beside a damped fixed-point iteration of the same equations, and its growth.

Processor seconds over all threads, after compilation; ratios are between timings of this run. The iteration starts
from no feedback, solves all kernels for a given feedback, passes once over all rows of the samples and mixes half of
the new feedback in (damping 0.5), until no entry of J, N or J_* moves by more than 1e-6.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from benchmarks import report
from benchmarks.report import Headline, Rows
from grok_theory.dynamics import GradientDescent
from grok_theory.lazy_rich import DMFT, ExactReduction, QuadraticCommittee, simulate, solve
from grok_theory.lazy_rich.dmft.gaussian_rows import add_increments, draw_increments, no_increments, whitening
from grok_theory.lazy_rich.dmft.grids import descent_grid
from grok_theory.lazy_rich.dmft.kernels import COMMON, ODD, PRIVATE, Forces, KernelRow
from grok_theory.lazy_rich.dmft.paths import draw_paths, innovations
from grok_theory.lazy_rich.dmft.single_site import Physics, add_site, feedback, no_triangles, site_row

SETTING = QuadraticCommittee(1.0, 0.5, 2.0, 0.4)
LEARNING_RATE = 0.1
DAMPING, STOP = 0.5, 1e-6


def main(out: Path, *, quick: bool) -> None:
    """Print the tables and write `lazy_rich_dmft_sweep.json` and `lazy_rich_dmft_growth.json` below `out`."""
    report.publish(
        "lazy_rich_dmft_sweep",
        "lazy_rich DMFT: seconds to a stated accuracy, one causal sweep and what it replaces",
        _sweep(quick),
        out,
    )
    report.publish("lazy_rich_dmft_growth", "lazy_rich DMFT: cost of a march", _growth(quick), out)


def seconds(call) -> float:
    """Least of three, after one call that compiles."""
    call()
    times = []
    for _ in range(3):
        start = time.process_time()
        call()
        times.append(time.process_time() - start)
    return min(times)


def _whole_kernels(physics: Physics, quadrature, forces: Forces):
    """All kernels for given feedback: (I - kappa A J)^{-1} and what follows from it, by full solves."""
    nodes = len(quadrature)
    kappa, m0 = physics.kappa, physics.teacher_overlap
    inverse = jnp.linalg.inv(jnp.eye(nodes)[None] - kappa * jnp.einsum("ij,xjk->xik", quadrature, forces.feedback))
    response = inverse @ quadrature[None]
    start = jnp.sum(inverse, axis=2)
    first = jnp.array([0.0, 0.0, 1.0])[:, None, None] * (1.0 - m0**2)
    covariance = first * start[:, :, None] * start[:, None, :] + kappa * jnp.einsum(
        "xij,xjk,xlk->xil", response, forces.noise, response
    )
    overlap = m0 * start[ODD] + kappa * response[ODD] @ forces.teacher
    return KernelRow(response, covariance, start, overlap)


@jax.jit
def damped_iteration(physics: Physics, quadrature, teacher_field, weight, noise):
    """Iterations until nothing moves, and the train loss at the last node."""
    nodes, paths = len(quadrature), len(weight)

    def once(forces: Forces):
        whole = _whole_kernels(physics, quadrature, forces)

        def row(n, carry):
            increments, triangles, new, _ = carry
            known = jnp.arange(nodes) <= n
            at = KernelRow(
                whole.response[:, n],
                jnp.where(known[None, :], whole.covariance[:, n], 0.0),
                whole.start[:, n],
                whole.overlap[n],
            )
            before = jnp.where((n > 0) & (jnp.arange(nodes) < n)[None, :], whole.covariance[:, n - 1], 0.0)
            whitened = whitening(increments, n)
            drawn = draw_increments(increments, whitened, at.covariance[:PRIVATE], before[:PRIVATE], noise[n], n)
            site = site_row(physics, at, drawn.level[COMMON], drawn.level[ODD], teacher_field, triangles, n)
            back = feedback(physics, at, site, teacher_field, weight, triangles, n)
            new = Forces(
                new.feedback.at[:, n].set(back.feedback),
                new.noise.at[:, n].set(back.noise).at[:, :, n].set(back.noise),
                new.teacher.at[n].set(back.teacher),
            )
            increments = add_increments(increments, drawn, n)
            return increments, add_site(physics, site, teacher_field, triangles, n), new, weight @ site.residual**2

        empty = Forces(jnp.zeros((3, nodes, nodes)), jnp.zeros((3, nodes, nodes)), jnp.zeros(nodes))
        start = (no_increments(2, nodes, paths), no_triangles(nodes, paths), empty, jnp.array(0.0))
        return lax.fori_loop(0, nodes, row, start)[2:]

    def iterate(state):
        forces, _, count, _ = state
        new, train = once(forces)
        moved = jnp.max(jnp.stack([jnp.max(jnp.abs(n - o)) for n, o in zip(new, forces, strict=True)]))
        mixed = jax.tree.map(lambda n, o: DAMPING * n + (1 - DAMPING) * o, new, forces)
        return mixed, moved, count + 1, train

    nothing = Forces(jnp.zeros((3, nodes, nodes)), jnp.zeros((3, nodes, nodes)), jnp.zeros(nodes))
    start = (nothing, jnp.array(jnp.inf), jnp.array(0), jnp.array(0.0))
    _, _, count, train = lax.while_loop(lambda s: (s[1] > STOP) & (s[2] < 500), iterate, start)
    return count, train


def _sweep(quick: bool) -> list[dict[str, Any]]:
    """Seconds to a stated accuracy in test loss (0.5 %) at the last step, by the three ways.

    The sweep and the iteration solve the same equations on the same paths, so their error is one. Runs are as accurate
    as their number allows: the seconds are those of as many runs as bring one standard error below the target; their
    bias of finite D comes on top.
    """
    paths, exact_paths = (184, 344) if quick else (672, 2640)
    steps, target = (10, 0.005) if quick else (40, 0.005)
    wanted, descent = np.arange(steps + 1), GradientDescent(LEARNING_RATE)
    exact = DMFT(paths=exact_paths, scrambles=4, seed=11, field_points=0)
    exact = float(solve(SETTING, wanted, dynamics=descent, method=exact)["test_loss"][-1])
    method = DMFT(paths=paths, scrambles=1, field_points=0)
    causal = seconds(lambda: solve(SETTING, wanted, dynamics=descent, method=method))
    solution = solve(SETTING, wanted, dynamics=descent, method=method)
    error = abs(float(solution["test_loss"][-1]) / exact - 1)

    drawn = draw_paths(paths, 6)
    physics = Physics(*(jnp.asarray(v) for v in (1.0, 0.5, 2.0, 0.4, 1.0)))
    quadrature = jnp.asarray(descent_grid(LEARNING_RATE, steps).quadrature) * 2.0 / (1.0 * 2.0)
    noise = jnp.asarray(innovations(paths, 6, steps + 1, 0, 0))
    arguments = (physics, quadrature, jnp.asarray(drawn.teacher_field), jnp.asarray(drawn.weight), noise)
    iterated = seconds(lambda: jax.block_until_ready(damped_iteration(*arguments)))
    count, same = damped_iteration(*arguments)

    dim, runs = (50, 2) if quick else (400, 4)
    reduction = ExactReduction(orthogonal_start=True)

    def simulated():
        key = jax.random.key(0)
        return simulate(SETTING, wanted, dynamics=descent, dim=dim, runs=runs, key=key, method=reduction)

    direct = seconds(simulated) / runs
    last = simulated()["test_loss"][:, -1]
    needed = max(1, int(np.ceil((np.std(last, ddof=1) / exact / target) ** 2)))
    kept = f"{100 * target:g} %"
    return [
        {"what": f"causal sweep, {steps} steps, {paths} paths", "seconds": causal, "ratio": 1.0,
         f"error (target {kept})": error, "train loss": float(solution["train_loss"][-1])},
        {"what": f"damped iteration, {int(count)} times", "seconds": iterated, "ratio": iterated / causal,
         f"error (target {kept})": error, "train loss": float(same)},
        {"what": f"{needed} runs at D = {dim}", "seconds": needed * direct, "ratio": needed * direct / causal,
         f"error (target {kept})": target, "train loss": np.nan},
    ]  # fmt: skip


def _growth(quick: bool) -> list[dict[str, Any]]:
    rows = []
    for steps in (10, 20) if quick else (25, 50, 100):
        call = {"x": np.arange(steps), "dynamics": GradientDescent(LEARNING_RATE)}
        call["method"] = DMFT(paths=184 if quick else 672, scrambles=1, field_points=0)
        cost = seconds(lambda call=call: solve(SETTING, **call))
        rows.append(
            {"nodes": steps, "seconds": cost, "over half the nodes": cost / rows[-1]["seconds"] if rows else 0.0}
        )
    return rows


def _dmft_sweep(rows: Rows) -> str:
    return "; ".join(f"{row['what']}: {row['ratio']:.0f} times as long" for row in rows[1:])


def _growth_in_words(rows: Rows) -> str:
    steps = " ".join(f"{row['over half the nodes']:.1f}" for row in rows[1:])
    return f"{' -> '.join(str(row['nodes']) for row in rows)} nodes: times {steps} a doubling"


HEADLINES = (
    Headline("DMFT: CPU time of what one causal sweep replaces", "lazy_rich_dmft_sweep", _dmft_sweep),
    Headline("Growth: DMFT march", "lazy_rich_dmft_growth", _growth_in_words),
)
