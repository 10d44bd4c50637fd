"""The scale of the start with both layers trained: what is learned depends on one product.

Caption: Explicit committees whose readouts are trained too, centred, on Gaussian data; all starting weights of both
layers times sigma, steps small in tau and in sigma^2 tau. a: test (solid) and train loss (dashed) for output scales
alpha at sigma = 1; b: for sigma at one alpha; c: the test loss at equal alpha sigma^3, against sigma^2 tau: it
collapses. d, e: how far both layers have moved at the end, relative to their start, f: the final test loss, against
alpha (hollow) and against the product (filled). The product is the size of the quadratic part, alpha a w^2: alpha
sigma^3 where both layers are scaled, alpha sigma^2 where the readouts are not (figures of the start and of the
weights' movement, with theory). There is no theory of trained readouts here. Descent, D, P, N, eps: ours.
"""

from dataclasses import dataclass

import numpy as np

from paper_figures import networks
from paper_figures.figure import Claim

PAPER = "Kumar, Bordelon, Gershman & Pehlevan 2023"
FIGURES = ("7a", "7b", "7c", "7d", "7e", "7f")
STATES = {
    "7c": "P: a variant; with both layers scaled the product is alpha sigma^3",
    "7d": "P: a variant; with both layers scaled the product is alpha sigma^3",
    "7e": "P: a variant; with both layers scaled the product is alpha sigma^3",
    "7f": "P: a variant; with both layers scaled the product is alpha sigma^3",
}
WING = "lazy_rich"


@dataclass(frozen=True)
class Parameters:
    dim: int = 20  # D (ours)
    samples: int = 110  # P
    width: int = 100  # N (ours)
    curvature: float = 0.25  # eps
    products: tuple[float, ...] = (1.0, 8.0, 64.0)  # alpha sigma^3
    init_scales: tuple[float, ...] = (0.5, 1.0, 2.0)  # sigma
    # tau and sigma^2 tau of a step, at most: the linear part limits the first, the quadratic one the second.
    learning_rate: float = 0.02
    scaled_rate: float = 0.01
    last: float = 80.0  # last sigma^2 tau
    reads: int = 40
    runs: int = 2
    key: int = 0


SIZES = {
    "full": {
        "dim": 100, "samples": 550, "width": 500, "products": (1.0, 2.0, 8.0, 32.0, 64.0),
        "init_scales": (0.125, 0.25, 0.5, 1.0, 2.0), "scaled_rate": 0.005, "last": 50.0, "runs": 1,
    },
}  # fmt: skip


def _step(parameters, sigma):
    """tau of a step."""
    return min(parameters.learning_rate, parameters.scaled_rate / sigma**2)


def _reads(parameters, sigma):
    return networks.log_reads(round(parameters.last / sigma**2 / _step(parameters, sigma)), parameters.reads)


def steps(parameters):
    return {f"sigma={sigma:g}": lambda sigma=sigma: _train(parameters, sigma) for sigma in parameters.init_scales}


def _train(parameters, sigma):
    """Curves (product, run, read) of one sigma."""
    import jax
    import optax

    p = parameters

    def phi(h):
        return h + p.curvature / 2 * h**2

    @jax.jit
    def run(start, train, test, scale, reads):
        rate = _step(p, sigma) * p.width * p.dim / (scale * sigma) ** 2
        return networks.committee_curves(
            start, train, test, reads, activation=phi, scale=scale, optimizer=optax.sgd(rate), train_readout=True
        )

    found = []
    for product in p.products:
        runs = []
        for number in range(p.runs):
            random = np.random.default_rng([p.key, number])
            sizes = ((p.samples, 4 * p.samples), p.dim, p.width)
            task = networks.drawn_task(random, lambda h: h**2 / 2, *sizes, start_scale=sigma)
            runs.append(run(*task, np.float32(product / sigma**3), _reads(p, sigma)))
        found.append(jax.tree.map(lambda *rows: np.stack(rows), *runs))
    return jax.tree.map(lambda *rows: np.stack(rows), *found)


def draw(parameters, data):
    import matplotlib as mpl
    import matplotlib.pyplot as plt

    p = parameters
    figure, axes = plt.subplots(2, 3, figsize=(7, 4.4))
    (a, b, c), ends = axes
    blue = mpl.colormaps["cividis"](np.linspace(0, 0.92, len(p.products)))
    tau = {sigma: _reads(p, sigma) * _step(p, sigma) for sigma in p.init_scales}
    plain = data["sigma=1"]
    for number, (product, color) in enumerate(zip(p.products, blue, strict=True)):
        a.plot(tau[1.0], plain["test_loss"][number].mean(0), color=color, label=rf"$\alpha$ = {product:g}")
        a.plot(tau[1.0], plain["train_loss"][number].mean(0), color=color, ls="--", lw=0.8)
        for sigma, style in zip(p.init_scales, (":", "-", "--", "-.", (0, (1, 3))), strict=False):
            curve = data[f"sigma={sigma:g}"]["test_loss"][number].mean(0)
            c.plot(sigma**2 * tau[sigma], curve, color=color, ls=style, lw=1)
    for sigma, color in zip(p.init_scales, ("C0", "C1", "C2", "C3", "C4"), strict=False):
        near = int(np.argmin(np.abs(np.log(np.array(p.products) / sigma**3 / 8))))
        step = data[f"sigma={sigma:g}"]
        alpha = p.products[near] / sigma**3
        label = rf"$\sigma$ = {sigma:g}, $\alpha$ = {alpha:g}"
        b.plot(tau[sigma], step["test_loss"][near].mean(0), color=color, label=label)
        b.plot(tau[sigma], step["train_loss"][near].mean(0), color=color, ls="--", lw=0.8)
        for ax, name in zip(ends, ("moved", "moved readouts", "test_loss"), strict=True):
            values = step[name][:, :, -1].mean(1)
            if sigma == 1.0:
                ax.plot(p.products, values, color="0.6", lw=0.8)
            ax.plot(np.array(p.products) / sigma**3, values, "o", mfc="none", color=color, ms=3.5, alpha=0.5)
            ax.plot(p.products, values, "o", color=color, ms=3.5, label=rf"$\sigma$ = {sigma:g}")
    for ax, letter, title in zip(axes.ravel(), "abcdef", ("", "", "equal products", "", "", ""), strict=True):
        ax.set_title(f"{letter}  {title}", loc="left")
        ax.set(xscale="log")
    for ax in (a, b, c):
        ax.set(xlabel=r"time [$\tau$]", ylim=(0, 1), xlim=(0.1, None))
    c.set_xlabel(r"$\sigma^2$ time [$\tau$]")
    a.set_ylabel("mean squared error")
    a.legend(fontsize=6)
    b.legend(fontsize=6)
    words = ("change of the weights", "change of the readouts", "final test loss")
    for ax, word in zip(ends, words, strict=True):
        ax.set(yscale="log", xlabel=r"filled $\alpha\sigma^3$, hollow $\alpha$", ylabel=word)
    ends[0].legend(fontsize=6)
    return figure


def claims(parameters, data):
    p = parameters
    steps = [data[f"sigma={sigma:g}"] for sigma in p.init_scales]

    def spread(name):
        ends = np.array([step[name][:, :, -1].mean(1) for step in steps])
        return (ends.max(0) / ends.min(0)).max(), ends.mean(0).max() / ends.mean(0).min()

    moved, readouts, final = spread("moved"), spread("moved readouts"), spread("test_loss")
    delays, fits = [], []
    for number in range(len(p.products)):
        step = {name: data["sigma=1"][name][number].mean(0) for name in ("train_loss", "test_loss")}
        tau = _reads(p, 1.0) * _step(p, 1.0)
        times = [networks.fall_time(tau, step[name]) for name in ("train_loss", "test_loss")]
        delays.append(times[1] - times[0])
        fits.append(times[0])
    ratios = np.array(delays) / fits
    return [
        Claim(
            "The relative change of either layer is a function of alpha sigma^3: equal to 5 % at equal products, "
            "while it changes more than ninefold over them",
            max(moved[0], readouts[0]) < 1.05 and min(moved[1], readouts[1]) > 9,
            f"largest ratio at equal products {moved[0]:.2f}, readouts {readouts[0]:.2f}; over the products "
            f"{moved[1]:.0f}, {readouts[1]:.0f}",
        ),
        Claim(
            "So is the final test loss, to 40 %, while it changes more than tenfold",
            final[0] < 1.4 and final[1] > 10,
            f"largest ratio at equal products {final[0]:.2f}; over the products {final[1]:.1f}",
        ),
        Claim(
            "At sigma = 1 the delay over the time to fit grows with alpha, more than fourfold over the sweep "
            "(inf: the test loss has not fallen at the end)",
            bool(np.all((ratios[1:] > ratios[:-1]) | np.isinf(ratios[1:]))) and ratios[-1] > 4 * max(ratios[0], 0),
            ", ".join(f"{a:g}: {d:.3g} after {f:.3g}" for a, d, f in zip(p.products, delays, fits, strict=True)),
        ),
    ]
