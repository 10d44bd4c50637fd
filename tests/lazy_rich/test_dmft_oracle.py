"""The march against a second implementation: literal recursions, and every response by a complex step.

The oracle shares the innovations and nothing else: no triangular systems, no increments, no incremental rows.
"""

import jax
import numpy as np
import pytest

from grok_theory.dynamics import GradientDescent
from grok_theory.lazy_rich import DMFT, QuadraticCommittee, solve
from grok_theory.lazy_rich.dmft import gaussian_rows
from grok_theory.lazy_rich.dmft.paths import draw_paths, innovations

PATHS, NODES, STEPS, RATE = 48, 3, 5, 0.05


def sample_process(p, c, q, h, responses, bulk, g):
    """Delta, Delta e, eps Delta a and S of every path, step by step; complex arguments carry derivatives."""
    alpha, eps = p.output_scale, p.curvature
    steps, paths = c.shape
    delta, e, a = (np.zeros((steps, paths), complex) for _ in range(3))
    spread = np.zeros((steps, steps, paths), complex)
    for t in range(steps):
        hbar = c[t] + sum(g * responses[0][t, s] * delta[s] * e[s] for s in range(t))
        e[t] = 1 + eps * hbar
        a[t] = q[t] + sum(g * eps * responses[1][t, s] * delta[s] * a[s] for s in range(t))
        for path in range(paths):
            # Columns of residuals from t on do not matter: the response is strictly causal.
            chi = np.linalg.inv(
                np.eye(t + 1) - g * eps * responses[2][: t + 1, : t + 1] * delta[: t + 1, path][None, :]
            )
            spread[: t + 1, : t + 1, path] = chi @ bulk[: t + 1, : t + 1] @ chi.T
        output = alpha * hbar + alpha * eps / 2 * (hbar**2 + a[t] ** 2 + spread[t, t])
        if t == 0:
            start = output
        delta[t] = h**2 / 2 - output + (start if p.centred else 0)
    return delta, delta * e, eps * delta * a, spread


def oracle(p):
    """Train loss, m, V, Ct, Q for t = 0 ... STEPS by the definition of the theory, literally."""
    alpha, eps, kappa, m0 = p.output_scale, p.curvature, p.samples_per_dim, p.teacher_overlap
    g = 2 * RATE / (alpha * kappa)
    drawn = draw_paths(PATHS, NODES)
    h, weight = drawn.teacher_field, drawn.weight
    z = innovations(PATHS, NODES, STEPS + 1, 0, 0)
    size = STEPS + 1
    response = [np.zeros((size, size)) for _ in range(3)]
    cov = [np.zeros((size, size)) for _ in range(3)]
    cov[2][0, 0] = 1 - m0**2
    feedback, noise = ([np.zeros((size, size)) for _ in range(3)] for _ in range(2))
    teacher, m, train = np.zeros(size), np.zeros(size), np.zeros(size)
    m[0] = m0
    step = 1e-30
    for t in range(size):
        factors = [np.linalg.cholesky(cov[x][1 : t + 1, 1 : t + 1]) if t and cov[x][t, t] > 0 else None for x in (0, 1)]
        c, q = np.zeros((t + 1, h.size), complex), (m[: t + 1, None] * h[None, :]).astype(complex)
        for field, x in ((c, 0), (q, 1)):
            if factors[x] is not None:
                field[1:] += factors[x] @ z[1 : t + 1, x]
        arguments = (h, [r[: t + 1, : t + 1] for r in response], cov[2][: t + 1, : t + 1], g)
        delta, by_c, by_q, spread = sample_process(p, c, q, *arguments)
        train[t] = weight @ delta[t].real ** 2
        for s in range(t + 1):
            kick = np.zeros((t + 1, 1), complex)
            kick[s] = 1j * step
            feedback[0][t, s] = weight @ sample_process(p, c + kick, q, *arguments)[1][t].imag / step
            feedback[1][t, s] = weight @ sample_process(p, c, q + kick, *arguments)[2][t].imag / step
            # The private field enters linearly: its response is E[eps Delta chi_P].
            chi = [
                np.linalg.inv(np.eye(t + 1) - g * eps * response[2][: t + 1, : t + 1] * delta[:, i].real)[t, s]
                for i in range(h.size)
            ]
            feedback[2][t, s] = weight @ (eps * delta[t].real * np.array(chi))
            noise[0][t, s] = noise[0][s, t] = weight @ (by_c[t] * by_c[s]).real
            noise[1][t, s] = noise[1][s, t] = weight @ (by_q[t] * by_q[s]).real
            noise[2][t, s] = noise[2][s, t] = eps**2 * weight @ (delta[t] * delta[s] * spread[t, s]).real
        kicked = (h + 1j * step, *arguments[1:])
        teacher[t] = weight @ sample_process(p, c, q, *kicked)[2][t].imag / step
        if t == STEPS:
            break
        m[t + 1] = m[t] + g * kappa * (feedback[1][t, : t + 1] @ m[: t + 1] + teacher[t])
        for x in range(3):
            for s in range(t):
                response[x][t + 1, s] = response[x][t, s] + g * kappa * sum(
                    feedback[x][t, r] * response[x][r, s] for r in range(s + 1, t + 1)
                )
            response[x][t + 1, t] = 1
            for s in [*range(t + 1), t + 1]:
                row = cov[x][t] if s <= t else cov[x][:, t + 1]
                known = row[s] if s <= t else cov[x][t, t + 1]
                column = cov[x][: t + 1, s]
                value = known + g * kappa * feedback[x][t, : t + 1] @ column
                value += g**2 * kappa * sum(response[x][s, r] * noise[x][t, r] for r in range(min(s, t + 1)))
                cov[x][t + 1, s] = cov[x][s, t + 1] = value
    return train, m, *(np.diag(k) for k in cov)


@pytest.fixture(scope="module")
def unregularised():
    """With the regularisation off both draw the same paths: increments and levels have one triangular factor."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gaussian_rows, "RIDGE", 1e-14)
        patch.setattr(gaussian_rows, "FLOOR", 1e-12)
        yield
    jax.clear_caches()


@pytest.mark.usefixtures("unregularised")
@pytest.mark.parametrize("centred", [True, False])
def test_the_march_is_the_literal_recursion(centred):
    problem = QuadraticCommittee(1.3, 0.6, 2.5, 0.4, centred)
    # A tolerance of its own, so that the compiled march of other tests is not met.
    method = DMFT(paths=PATHS, teacher_nodes=NODES, scrambles=1, row_tolerance=1.234e-7)
    solution = solve(problem, np.arange(STEPS + 1), dynamics=GradientDescent(RATE), method=method)
    train, m, common, odd, private = oracle(problem)
    np.testing.assert_allclose(solution["train_loss"], train, rtol=1e-9)
    np.testing.assert_allclose(solution["teacher_overlap"], m, rtol=1e-9)
    np.testing.assert_allclose(solution["mean_power"], common, rtol=1e-8, atol=1e-12)
    np.testing.assert_allclose(solution["bulk_power"], private, rtol=1e-9)
    correlation = np.diag(np.asarray(solution.fields["correlation_odd"].values))
    np.testing.assert_allclose(correlation, odd, rtol=1e-8, atol=1e-12)
