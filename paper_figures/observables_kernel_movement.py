"""How far the tangent kernel and the weights move, from lazy to rich.

Caption: A quadratic committee with output scale alpha learns a quadratic target from a start subtracted to zero. Left:
movement |K_t - K_0|/|K_0| of the tangent kernel along training. Middle: where it ends, against alpha; dashed: 1/alpha,
the law of the lazy end. Right: distance of the weights from their start, times alpha over the square root of the width,
beside the lazy law sqrt(r0 . K^-1 (1 - e^(-Kt))^2 r0) of the kernel at the start (black): one curve for all lazy
networks, left by the rich ones.
"""

from dataclasses import dataclass

import numpy as np

from paper_figures.figure import Claim

PAPER = "Kumar, Bordelon, Gershman & Pehlevan 2023"
FIGURES = ("7d",)
STATES = {"7d": "P: over the output scale, not over alpha sigma^2"}
WING = "observables"


@dataclass(frozen=True)
class Parameters:
    dim: int = 40  # D
    samples: int = 100  # P
    width: int = 100  # N
    curvature: float = 0.25  # eps of h + eps h^2/2
    scales: tuple[float, ...] = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0)  # alpha
    rate: float = 0.5  # of descent over the number of samples
    epochs: int = 16_000
    points: int = 40  # times recorded
    key: int = 0


SIZES = {
    "quick": {"dim": 20, "samples": 40, "width": 40, "scales": (0.25, 1.0, 8.0, 32.0), "epochs": 4000, "points": 20},
    "full": {"width": 500, "epochs": 100_000},
}


def steps(parameters):
    return {"networks": lambda: _networks(parameters)}


def _networks(parameters):
    """f = (alpha/N) sum phi(w x) minus its start; descent on half the mean square error, rate times N/alpha^2."""
    import jax
    import jax.numpy as jnp

    from grok_theory.observables import distance_from_init, kernel_movement, lazy_distance

    p = parameters
    keys = jax.random.split(jax.random.key(p.key), 2)
    x = jax.random.normal(keys[0], (p.samples, p.dim)) / np.sqrt(p.dim)
    start = jax.random.normal(keys[1], (p.width, p.dim))
    y, rate = x[:, 0] ** 2 * p.dim / 2, p.rate / p.samples

    def output(w):
        h = x @ w.T
        return jnp.mean(h + p.curvature * h**2 / 2, axis=1)

    def slope(w):
        return 1 + p.curvature * x @ w.T

    def kernel(w):
        return x @ x.T * (slope(w) @ slope(w).T) / p.width

    @jax.jit
    def onward(w, alpha, count):
        def step(_, w):
            residual = y - alpha * (output(w) - output(start))
            return w + rate / alpha * (slope(w) * residual[:, None]).T @ x

        return jax.lax.fori_loop(0, count, step, w)

    look = jax.jit(lambda w: (kernel_movement(kernel(w), kernel(start)), distance_from_init(w, start)))
    epochs = np.unique(np.concatenate([[0], np.round(np.geomspace(1, p.epochs, p.points))]).astype(int))
    movement, distance, loss = [], [], []
    for alpha in p.scales:
        w, before, rows = start, 0, []
        for epoch in epochs:
            w, before = onward(w, alpha, int(epoch) - before), int(epoch)
            rows.append([float(v) for v in look(w)])
        rows = np.array(rows).T
        movement.append(rows[0])
        distance.append(rows[1] * alpha / np.sqrt(p.width))
        loss.append(float(jnp.mean((y - alpha * (output(w) - output(start))) ** 2)))
    # In units of the weights times alpha/sqrt(N) the gradient of an output is that of the kernel above.
    law = lazy_distance(kernel(start), y, epochs * rate)
    return {
        "epochs": epochs,
        "movement": np.array(movement),
        "distance": np.array(distance),
        "loss": np.array(loss),
        "law": np.asarray(law),
    }


def draw(parameters, data):
    import matplotlib.pyplot as plt

    figure, (left, middle, right) = plt.subplots(1, 3, figsize=(7, 2.4))
    run, scales = data["networks"], np.array(parameters.scales)
    epochs, colors = run["epochs"][1:], plt.get_cmap("cividis")(np.linspace(0, 0.92, scales.size))
    for movement, distance, alpha, color in zip(run["movement"], run["distance"], scales, colors):
        left.plot(epochs, movement[1:], color=color, label=f"{alpha:g}")
        right.plot(epochs, distance[1:], color=color)
    left.set(xscale="log", yscale="log", xlabel="step of descent", ylabel="kernel movement")
    left.legend(title=r"$\alpha$", fontsize=6, ncols=2)
    end = run["movement"][:, -1]
    middle.plot(scales, end, "k-", lw=0.8)
    middle.scatter(scales, end, c=colors, zorder=3, s=16)
    middle.plot(scales, end[-1] * scales[-1] / scales, "--", color="0.5", label=r"$1/\alpha$")
    middle.set(xscale="log", yscale="log", xlabel=r"output scale $\alpha$", ylabel="kernel movement at the end")
    middle.legend()
    right.plot(epochs, run["law"][1:], "k--", lw=1.6, label="lazy law")
    right.set(xscale="log", yscale="log", xlabel="step of descent", ylabel=r"$\alpha|w - w_0|/\sqrt{N}$")
    right.legend(loc="lower right")
    return figure


def claims(parameters, data):
    run, scales = data["networks"], np.array(parameters.scales)
    end = run["movement"][:, -1]
    slope = np.log(end[-1] / end[-2]) / np.log(scales[-1] / scales[-2])
    off = np.abs(run["distance"][:, 1:] / run["law"][1:] - 1).max(1)
    closing = np.log(off[-1] / off[-2]) / np.log(scales[-1] / scales[-2])
    return [
        Claim("At the lazy end the kernel moves as 1/alpha, slope within 0.1.", abs(slope + 1) < 0.1, f"{slope:.3f}"),
        Claim(
            "The distance approaches the lazy law as alpha grows, at the end at least as 1/sqrt(alpha).",
            closing < -0.5 and bool(np.all(np.diff(off) < 0)),
            f"power {closing:.2f}; " + ", ".join(f"{alpha:g}: {value:.1%}" for alpha, value in zip(scales, off)),
        ),
    ]
