"""What the flow says about its own error, its order on the theory itself, its memory: all longer than a quick test."""

import json
import os
import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from grok_theory.lazy_rich import DMFT, QuadraticCommittee, solve
from grok_theory.lazy_rich.dmft.curves import curves_of
from grok_theory.lazy_rich.dmft.derivatives import Settings, marcher
from grok_theory.lazy_rich.dmft.grids import backward_difference_grid, flow_nodes
from grok_theory.lazy_rich.dmft.paths import draw_paths, innovations
from grok_theory.lazy_rich.dmft.single_site import Physics

pytestmark = pytest.mark.slow

A = QuadraticCommittee(1.0, 0.5, 2.0, 0.4)
B = QuadraticCommittee(2.0, 0.3, 3.0, 0.1)
LONG = np.array([0.0, 0.3, 1.0, 3.0, 10.0, 100.0, 1000.0])
# DMFT(paths=2640, grid_points=96, scrambles=2, seed=7): printed error 1e-4 to 9e-4
FINER = {
    "A": (0.75, 0.61498965, 0.46017956, 0.38941516, 0.36884792, 0.36619089, 0.36619089),
    "B": (0.75, 0.765593, 0.816694, 0.71712904, 0.55579943, 0.50694304, 0.50667804),
}


@pytest.mark.parametrize("name", ["A", "B"])
def test_the_printed_error_bounds_the_distance_from_a_finer_solve(name):
    """Measured: the distance is at most .20 of the printed error, which is nearly all the change of the order.

    That change was once taken as it is, of third order on 48 nodes, and below 6e-3; the bound takes it 1.5 times, and
    as of third order on 40 nodes.
    """
    solution = solve({"A": A, "B": B}[name], LONG, method=DMFT())
    error = np.asarray(solution.numerical_error["test_loss"])
    gap = np.abs(np.asarray(solution["test_loss"]) - FINER[name])
    assert np.all(error[1:] < 1.5 * (48 / 40) ** 3 * 6e-3)
    assert np.all(gap <= error)
    for curve in solution.curves.values():
        assert np.isfinite(curve).all()


def test_order_of_convergence_of_the_theory_itself():
    """B', test loss at tau = 1, against order 4 on the finest grid: measured .94, 1.91, 2.87.

    Between 8 nodes (the third order is off by 7e-4) and 12 (2e-4); two scrambles of 2640 paths differ by 1e-4, and on
    finer grids that hides the third order.
    """
    paths = 2640
    drawn = draw_paths(paths, 6)
    physics = Physics(*(jnp.asarray(number) for number in (2.0, 0.3, 3.0, 0.1, 1.0)))
    march = jax.jit(marcher(Settings(True, 1e-10)))

    def at_one(points, orders):
        nodes = flow_nodes(1.0, points)
        quadratures = np.stack([backward_difference_grid(nodes, order).quadrature for order in orders for _ in (0, 1)])
        noise = np.stack([innovations(paths, 6, points + 1, 0, scramble) for _ in orders for scramble in (0, 1)])
        found = march(physics, quadratures, drawn.teacher_field, drawn.weight, noise, points + 1)
        parts = (found.train_loss, found.overlap, found.common_power, found.odd_power, found.private_power)
        return np.asarray(curves_of(physics, *parts)["test_loss"])[:, -1].reshape(len(orders), 2).mean(axis=1)

    exact = at_one(36, (4,))
    coarse, fine = (np.abs(at_one(points, (1, 2, 3)) - exact) for points in (8, 12))
    np.testing.assert_allclose(np.log(coarse / fine) / np.log(12 / 8), (1, 2, 3), atol=0.2)


MEASURE = """
import json, re
import jax
jax.config.update("jax_enable_x64", True)
from grok_theory import GradientDescent
from grok_theory.lazy_rich import DMFT, QuadraticCommittee, solve
def peak(paths):
    call = {"dynamics": GradientDescent(0.1), "method": DMFT(paths=paths, scrambles=1, field_points=0)}
    jax.block_until_ready(solve(QuadraticCommittee(1.0, 0.5, 2.0, 0.4), [63], **call).curves)
    # Not getrusage: its maximum is inherited from the process that started this one.
    return 1024 * int(re.search(r"VmHWM:\\s+(\\d+) kB", open("/proc/self/status").read())[1])
small = peak(48)  # the same program for next to no paths
print(json.dumps(peak(2640) - small))
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_predicted_memory_is_what_a_march_takes():
    from grok_theory.lazy_rich.dmft.derivatives import bytes_of_march

    done = subprocess.run([sys.executable, "-c", MEASURE], capture_output=True, text=True, check=True, env=os.environ)
    assert json.loads(done.stdout) == pytest.approx(bytes_of_march(64, 2640), rel=0.15, abs=0)  # measured .93 of it
