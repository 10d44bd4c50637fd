"""Kernel eigenvalues by activation: what each network can learn, and how fast.

Caption: Left: share of the tangent kernel's trace on the unit sphere in 10 dimensions that falls on the harmonics of
each degree (eigenvalue times multiplicity), for networks with one trained hidden layer: ReLU spreads over all even
degrees, erf over all odd ones, the quadratic activation stops at degree 2. Right: eigenvalues on the circle. Lines:
infinite width. Points: eigenvalues of the tangent kernels of drawn networks (mean and standard error over networks).
"""

from dataclasses import dataclass

import numpy as np

from paper_figures.figure import Claim

PAPER = "beyond the paper"
FIGURES = ()
STATES = {}
WING = "kernels"
NAMES = ("erf", "relu", "quadratic")


@dataclass(frozen=True)
class Parameters:
    dim: int = 10  # of the space around the sphere, left
    degree: int = 12  # highest degree
    width: int = 2048  # units of the drawn networks
    networks: int = 24  # drawn
    points: int = 400  # inputs, evenly on the circle
    epsilon: float = 1.0  # of the quadratic activation h + epsilon h^2 / 2
    key: int = 0  # number of the random key


SIZES = {"quick": {"width": 512, "networks": 8, "points": 200}, "full": {"width": 8192, "networks": 48}}


def _activation(name, parameters):
    from grok_theory.kernels import Erf, Quadratic, Relu

    return {"erf": Erf(), "relu": Relu(), "quadratic": Quadratic(parameters.epsilon)}[name]


def steps(parameters):
    return {
        "sphere": lambda: {n: _theory(n, parameters.dim, parameters) for n in NAMES},
        "circle": lambda: {n: _theory(n, 2, parameters) for n in NAMES},
        **{f"networks_{n}": lambda n=n: _drawn(n, parameters) for n in NAMES},
    }


def _theory(name, dim, parameters):
    import jax.numpy as jnp

    from grok_theory.kernels import sphere_spectrum

    phi = _activation(name, parameters)

    def tangent(t):
        one = jnp.ones_like(t)
        return t * phi.dual_derivative(one, t, one) + phi.dual(one, t, one)

    spectrum = sphere_spectrum(tangent, dim, parameters.degree)
    return np.stack([spectrum.eigenvalues, spectrum.multiplicities])


def _drawn(name, parameters):
    import jax
    import jax.numpy as jnp

    from grok_theory.kernels import empirical_ntk

    phi, width = _activation(name, parameters), parameters.width
    angle = 2 * np.pi * np.arange(parameters.points) / parameters.points
    inputs = jnp.stack([jnp.cos(angle), jnp.sin(angle)], 1)

    @jax.jit
    def eigenvalues(key):
        first, second = jax.random.split(key)
        params = jax.random.normal(first, (2, width)), jax.random.normal(second, (width,))
        kernel = empirical_ntk(lambda p, x: phi(x @ p[0]) @ p[1] / jnp.sqrt(width), params, inputs)
        # On even points of a circle the plane waves are exact: |F_k|^2 with the kernel between them.
        waves = jnp.exp(-1j * jnp.outer(jnp.arange(parameters.degree + 1.0), angle)) / parameters.points
        return jnp.real(jnp.einsum("ki,ij,kj->k", waves, kernel, waves.conj()))

    keys = jax.random.split(jax.random.key(parameters.key), parameters.networks)
    return {"eigenvalues": np.stack([eigenvalues(key) for key in keys])}


def draw(parameters, data):
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(7, 2.7), layout="constrained")
    degree = np.arange(parameters.degree + 1)
    for name, marker in zip(NAMES, ("o", "s", "^"), strict=True):
        values, counts = data["sphere"][name]
        share = values * counts / _trace(name, parameters)
        shown = share > 1e-12
        left.plot(degree[shown], share[shown], marker=marker, markersize=4, label=name)
        values = data["circle"][name][0]
        shown = values > 1e-12
        line = right.plot(degree[shown], values[shown], linewidth=1)[0]
        runs = data[f"networks_{name}"]["eigenvalues"]
        error = runs.std(0, ddof=1) / np.sqrt(len(runs))
        right.errorbar(
            degree[shown],
            runs.mean(0)[shown],
            error[shown],
            fmt=marker,
            color=line.get_color(),
            markersize=4,
            label=name,
        )
    for axes in (left, right):
        axes.set(yscale="log", xlabel="degree of the harmonic")
        axes.legend()
    left.set(ylabel="share of the trace", title=f"sphere in {parameters.dim} dimensions")
    right.set(ylabel="eigenvalue", title="circle: infinite width and drawn networks")
    return figure


def _trace(name, parameters):
    """Diagonal of the kernel: what all eigenvalues sum to."""
    phi = _activation(name, parameters)
    return float(phi.dual_derivative(1.0, 1.0, 1.0) + phi.dual(1.0, 1.0, 1.0))


def claims(parameters, data):
    sphere = {n: data["sphere"][n] for n in NAMES}
    quadratic = sphere["quadratic"][0]
    beyond = np.abs(quadratic[3:]).max() / quadratic.max()
    odd = np.abs(sphere["relu"][0][3::2]).max() / sphere["relu"][0].max()
    even = np.abs(sphere["erf"][0][::2]).max() / sphere["erf"][0].max()
    worst = 0.0
    for name in NAMES:
        runs, theory = data[f"networks_{name}"]["eigenvalues"], data["circle"][name][0]
        error = runs.std(0, ddof=1) / np.sqrt(len(runs))
        seen = theory > 1e-3 * theory.max()
        worst = max(worst, np.abs((runs.mean(0) - theory) / error)[seen].max())
    return [
        Claim("The quadratic activation has no harmonics beyond degree 2.", beyond < 1e-13, f"largest {beyond:.1e}"),
        Claim(
            "ReLU has no odd harmonics beyond the first, erf no even ones.",
            max(odd, even) < 1e-13,
            f"{odd:.1e}, {even:.1e}",
        ),
        Claim(
            "Drawn networks have the eigenvalues of infinite width within 5 standard errors.",
            worst < 5,
            f"worst {worst:.1f}",
        ),
    ]
