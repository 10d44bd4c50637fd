"""Coherence of the examples while a model memorizes and generalizes: linear, lazy, rich.

Caption: m-coherence of the per-example gradients (orange: 1 where they are orthogonal, m where they are identical) on
one time axis with train and test loss. Left: linear regression with label noise; line: theory of infinite size, points:
drawn data. Where only noise is left to fit, the examples pull against each other and coherence falls below one. Middle:
a quadratic committee linearised around its start, that is kernel regression: it memorizes. Right: the same network
itself, which memorizes first and generalizes after; its coherence falls while it memorizes, and rises as the teacher's
direction is learned.
"""

from dataclasses import dataclass

import numpy as np

from paper_figures.figure import Claim

PAPER = "Chatterjee & Zielinski 2022"
FIGURES = ()
STATES = {}
WING = "observables"


@dataclass(frozen=True)
class Parameters:
    linear_dim: int = 300  # N, left
    samples_per_dim: float = 0.5  # P/N, left
    noise_variance: float = 0.25  # of the labels, teacher variance 1, left
    runs: int = 8  # data sets, left
    dim: int = 40  # D of the committee
    samples: int = 200  # P of the committee
    width: int = 100  # N of the committee
    curvature: float = 0.25  # eps of h + eps h^2/2
    rate: float = 4.0  # of descent, in units in which flow has rate 1 per step
    epochs: int = 8000
    points: int = 60  # times recorded
    key: int = 0


SIZES = {}


def steps(parameters):
    return {
        "theory": lambda: _theory(parameters),
        "linear": lambda: _linear(parameters),
        "committee": lambda: _committee(parameters),
    }


TIMES = np.concatenate([[0], np.geomspace(0.01, 60, 60)])  # of the linear model; flow of half the mean square error


def _theory(parameters):
    """int rho mu (mu + s2) e^{-2 mu t} / [int rho (mu + s2) e^{-2 mu t} + (1 - 1/c)_+ s2], rho of X X^T per sample."""
    c, s2 = parameters.samples_per_dim, parameters.noise_variance
    points, weights = np.polynomial.legendre.leggauss(400)
    angle = np.pi / 2 * (points + 1)
    low, high = (1 - np.sqrt(c)) ** 2, (1 + np.sqrt(c)) ** 2
    mu = (low + high) / 2 + (high - low) / 2 * np.cos(angle)
    # Density of the P eigenvalues of the Gram matrix (c < 1), times the Jacobian of the angle.
    rho = ((high - low) / 2 * np.sin(angle)) ** 2 / (2 * np.pi * c * mu) * weights * np.pi / 2
    decay = np.exp(-2 * np.outer(TIMES, mu))
    above = decay @ (rho * mu * (mu + s2))
    return {"mass": rho.sum(), "m_coherence": above / (decay @ (rho * (mu + s2)) + max(0, 1 - 1 / c) * s2)}


def _linear(parameters):
    from grok_theory.observables import kernel_coherence

    random, dim = np.random.default_rng(parameters.key), parameters.linear_dim
    samples, found = round(parameters.samples_per_dim * dim), []
    for _ in range(parameters.runs):
        x = random.standard_normal((samples, dim)) / np.sqrt(dim)
        teacher = random.standard_normal(dim)
        y = x @ teacher + np.sqrt(parameters.noise_variance) * random.standard_normal(samples)
        left, scale, right = np.linalg.svd(x, full_matrices=False)
        kernel, rows = x @ x.T, []
        for t in TIMES:
            w = right.T @ (-np.expm1(-(scale**2) * t) / scale * (left.T @ y))
            residual = y - x @ w
            test = parameters.noise_variance + np.mean((w - teacher) ** 2)
            rows.append([float(kernel_coherence(kernel, residual).m_coherence), np.mean(residual**2), test])
        found.append(rows)
    return dict(zip(("m_coherence", "train", "test"), np.moveaxis(np.array(found), 2, 0)))


def _committee(parameters):
    """Full-batch descent of the network, and of its linearisation by the eigenbasis of the tangent kernel."""
    import jax
    import jax.numpy as jnp

    from grok_theory.kernels import gradient_descent
    from grok_theory.observables import kernel_coherence

    p = parameters
    keys = jax.random.split(jax.random.key(p.key), 3)
    x = jax.random.normal(keys[0], (p.samples, p.dim)) / np.sqrt(p.dim)
    fresh = jax.random.normal(keys[1], (1000, p.dim)) / np.sqrt(p.dim)
    start = jax.random.normal(keys[2], (p.width, p.dim))

    def target(inputs):
        return inputs[:, 0] ** 2 * p.dim / 2

    def slope(w, inputs):
        return 1 + p.curvature * inputs @ w.T

    def output(w, inputs):
        h = inputs @ w.T
        return jnp.mean(h + p.curvature * h**2 / 2, axis=1)

    def read(w, inputs):
        return output(w, inputs) - output(start, inputs)

    def kernel(w, a, b):
        return a @ b.T * (slope(w, a) @ slope(w, b).T) / p.width

    rate = p.rate / p.samples

    def train(w, _):
        residual = target(x) - read(w, x)
        return w + rate * (slope(w, x) * residual[:, None]).T @ x, None

    @jax.jit
    def onward(w, count):
        return jax.lax.fori_loop(0, count, lambda _, w: train(w, None)[0], w)

    @jax.jit
    def look(w):
        residual = target(x) - read(w, x)
        coherence = kernel_coherence(kernel(w, x, x), residual).m_coherence
        return jnp.stack([coherence, jnp.mean(residual**2), jnp.mean((target(fresh) - read(w, fresh)) ** 2)])

    epochs = np.unique(np.concatenate([[0], np.round(np.geomspace(1, p.epochs, p.points))]).astype(int))
    w, before, rich = start, 0, []
    for epoch in epochs:
        w, before = onward(w, int(epoch) - before), int(epoch)
        rich.append(np.asarray(look(w)))
    gram = kernel(start, x, x)
    inside, outside = gradient_descent(gram, target(x), kernel(start, fresh, x), epochs.astype(float), step_size=rate)
    residual = np.asarray(target(x)) - np.asarray(inside)
    one = jax.jit(lambda r: kernel_coherence(gram, r).m_coherence)
    lazy = [
        np.array([float(one(r)) for r in residual]),
        np.mean(residual**2, axis=1),
        np.mean((np.asarray(target(fresh)) - np.asarray(outside)) ** 2, axis=1),
    ]
    names = ("m_coherence", "train", "test")
    found = {"epochs": epochs}
    found |= {f"rich_{name}": values for name, values in zip(names, np.array(rich).T)}
    return found | {f"lazy_{name}": values for name, values in zip(names, lazy)}


def draw(parameters, data):
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 3, figsize=(7, 2.4))
    linear, committee = data["linear"], data["committee"]
    panels = [("linear", TIMES, {n: linear[n].mean(0) for n in linear}, "time")]
    for kind in ("lazy", "rich"):
        curves = {n: committee[f"{kind}_{n}"] for n in ("m_coherence", "train", "test")}
        panels.append((kind, committee["epochs"], curves, "step of descent"))
    for ax, (kind, x, curves, unit) in zip(axes, panels):
        ax.plot(x[1:], curves["train"][1:], color="C0", label="train loss")
        ax.plot(x[1:], curves["test"][1:], color="C2", label="test loss")
        ax.set(xscale="log", yscale="log", xlabel=unit, title=kind, ylim=(1e-3, 10))
        right = ax.twinx()
        right.spines["right"].set_visible(True)
        if kind == "linear":
            right.plot(x[1:], data["theory"]["m_coherence"][1:], color="C1")
            right.plot(x[1::4], curves["m_coherence"][1::4], "o", color="C1")
        else:
            right.plot(x[1:], curves["m_coherence"][1:], color="C1")
        right.axhline(1, color="C1", lw=0.6, ls=":")
        right.set_ylim(0, None)
        right.tick_params(axis="y", colors="C1")
        if kind == "rich":
            right.set_ylabel("m-coherence", color="C1")
    axes[0].set_ylabel("mean squared error")
    axes[0].legend(loc="lower left")
    return figure


def claims(parameters, data):
    theory, linear, committee = data["theory"]["m_coherence"], data["linear"]["m_coherence"], data["committee"]
    early = TIMES < 5
    error = linear.std(0, ddof=1) / np.sqrt(len(linear))
    score = (np.abs(linear.mean(0) - theory) / (error + 1 / parameters.linear_dim))[early].max()
    rich, lazy = committee["rich_m_coherence"], committee["lazy_m_coherence"]
    fitted = int(np.argmax(committee["rich_train"] < 0.1 * committee["rich_train"][0]))
    return [
        Claim(
            "Linear: data agree with theory to 5 standard errors and 5/N; coherence starts above 1 and ends below.",
            score < 5 and theory[0] > 1 > theory[-1],
            f"in units of standard error + 1/N {score:.1f}; from {theory[0]:.2f} to {theory[-1]:.3f}",
        ),
        Claim(
            "Lazy: the test loss stays above half its start; rich: it ends below a tenth.",
            committee["lazy_test"][-1] > 0.5 * committee["lazy_test"][0]
            and committee["rich_test"][-1] < 0.1 * committee["rich_test"][0],
            f"{committee['lazy_test'][-1] / committee['lazy_test'][0]:.2f} and "
            f"{committee['rich_test'][-1] / committee['rich_test'][0]:.3f}",
        ),
        Claim(
            "Rich: once a tenth of the train loss is left, coherence is above the lazy one.",
            rich[fitted] > lazy[fitted],
            f"step {committee['epochs'][fitted]}: {rich[fitted]:.2f} against {lazy[fitted]:.2f}",
        ),
    ]
