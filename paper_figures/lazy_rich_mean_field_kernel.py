"""The tangent kernel before and after training, from lazy to rich.

Caption: Tangent kernel of the infinitely wide tanh network on 40 images of scikit-learn's digits 3 and 8 (20 each,
sorted by class), every picture divided by its largest entry: at the start, and at tau = 300 for growing richness. A
lazy network keeps its kernel; a rich one makes it the labels' own, two blocks of +1 and two of -1. Below: its leading
eigenvalues as shares of the trace. Settings are this package's choice.
"""

from dataclasses import dataclass

import numpy as np

from paper_figures.figure import Claim

PAPER = "beyond the paper"
FIGURES = ()
STATES = {}
WING = "lazy_rich"


@dataclass(frozen=True)
class Parameters:
    classes: tuple[int, int] = (3, 8)
    each: int = 20  # training images of either class
    richness: tuple[float, ...] = (0.1, 1.0, 10.0)
    count: int = 1024  # particles of a flow
    scrambles: int = 2
    last: float = 300.0  # tau
    shown: int = 8  # eigenvalues
    data_seed: int = 0


SIZES = {
    "quick": {"each": 10, "count": 128, "scrambles": 1, "last": 30.0, "richness": (0.1, 10.0)},
    "full": {"count": 8192},
}


def _problem(parameters, richness):
    from sklearn.datasets import load_digits

    from grok_theory.lazy_rich import MeanFieldNetwork

    images, digits = load_digits(return_X_y=True)
    images = images - images.mean(0)
    images /= np.sqrt(np.mean(np.sum(images**2, axis=1)) / images.shape[1])  # |x|^2 / D = 1 on average
    random = np.random.default_rng(parameters.data_seed)
    chosen = np.concatenate(
        [random.permutation(np.flatnonzero(digits == digit))[: parameters.each] for digit in parameters.classes]
    )
    return MeanFieldNetwork(images[chosen], np.where(digits[chosen] == parameters.classes[0], 1.0, -1.0), richness)


def steps(parameters):
    return {f"richness {g:g}": lambda g=g: _kernels(parameters, g) for g in parameters.richness}


def _kernels(parameters, richness):
    from grok_theory.lazy_rich import Particles, solve

    method = Particles(count=parameters.count, scrambles=parameters.scrambles, tolerance=1e-4)
    found = solve(_problem(parameters, richness), [0.0, parameters.last], method=method)
    before, after = np.asarray(found.fields["tangent_kernel"].values)
    names = ("alignment", "kernel_movement", "train_loss")
    return {"before": before, "after": after} | {name: np.asarray(found[name]) for name in names}


def _pictures(parameters, data):
    first = data[f"richness {parameters.richness[0]:g}"]
    return [("start", first["before"])] + [
        (rf"$\gamma_0$ = {g:g}", data[f"richness {g:g}"]["after"]) for g in parameters.richness
    ]


def draw(parameters, data):
    import matplotlib.pyplot as plt

    pictures = _pictures(parameters, data)
    figure, axes = plt.subplots(
        2, len(pictures), figsize=(7, 3.0), layout="constrained", height_ratios=(1.6, 1), squeeze=False
    )
    for number, (title, kernel) in enumerate(pictures):
        picture, bars = axes[0, number], axes[1, number]
        image = picture.imshow(kernel / np.abs(kernel).max(), cmap="RdBu_r", vmin=-1, vmax=1)
        picture.set(title=title, xticks=[], yticks=[])
        values = np.sort(np.linalg.eigvalsh(kernel))[::-1][: parameters.shown]
        bars.bar(
            np.arange(1, len(values) + 1),
            values / np.trace(kernel),
            color=f"C{max(number - 1, 0)}" if number else "0.5",
        )
        bars.set(ylim=(0, 0.6), xlabel="eigenvalue", xticks=[1, parameters.shown])
        if number:
            bars.set_yticklabels([])
    axes[0, 0].set_ylabel("image, by class")
    axes[1, 0].set_ylabel("share of trace")
    figure.colorbar(image, ax=axes[0, :], shrink=0.8, label="kernel")
    return figure


def claims(parameters, data):
    ordered = [data[f"richness {g:g}"] for g in parameters.richness]
    movement = [float(step["kernel_movement"][-1]) for step in ordered]
    alignment = [float(ordered[0]["alignment"][0]), *(float(step["alignment"][-1]) for step in ordered)]
    named = [f"{g:g}: {m:.3g}" for g, m in zip(parameters.richness, movement, strict=True)]
    return [
        Claim("The kernel moves more the richer the network, and by less than 15 % in the laziest",
              bool(np.all(np.diff(movement) > 0) and movement[0] < 0.15), ", ".join(named)),
        Claim("The richest kernel is the most aligned with the labels, above 0.9", alignment[-1] > 0.9,
              "start and after: " + ", ".join(f"{a:.3f}" for a in alignment)),
    ]  # fmt: skip
