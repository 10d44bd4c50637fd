"""Distance from the start against time: three training problems, three laws, and a power that can bend into each.

Caption: Left: separable logistic regression: the norm grows like ln t though nothing is random, so a logarithm is no
evidence of a rugged landscape. Middle: steps driven by fresh random labels alone, with no signal to restore anything:
the weights diffuse, sqrt t. Right: lazy regression saturates, though with many rates; its distance is the lazy law of
`lazy_distance`. Points: literal descent; lines: the least-squares fits of `distance_laws`, thick where named best.
The numbers are each fit's root mean square error over the spread of the data. A power t^p has one number more: it is a
logarithm at p = 0, a square root at 1/2, and for p < 0 it ends too, sometimes nearer to many rates than one rate is.
"""

from dataclasses import dataclass

import numpy as np

from paper_figures.figure import Claim

PAPER = "beyond the paper"
FIGURES = ()
STATES = {}
WING = "observables"
CASES = ("logistic", "noise", "lazy")
EXPECTED = {"logistic": "logarithm", "noise": "square root", "lazy": "saturation"}


@dataclass(frozen=True)
class Parameters:
    dim: int = 40
    samples: int = 20
    steps: int = 20_000
    points: int = 60  # times recorded
    key: int = 0


SIZES = {"quick": {"steps": 4000}, "full": {"steps": 200_000}}


def steps(parameters):
    return {name: lambda name=name: _run(parameters, name) for name in CASES}


def _run(parameters, name):
    random = np.random.default_rng([parameters.key, CASES.index(name)])
    x = random.standard_normal((parameters.samples, parameters.dim)) / np.sqrt(parameters.dim)
    w = np.zeros(parameters.dim)
    last = parameters.steps if name != "lazy" else 300
    wanted = np.unique(np.round(np.geomspace(10 if name != "lazy" else 1, last, parameters.points)).astype(int))
    y, found = np.where(x[:, 0] > 0, 1.0, -1.0), []
    for step in range(1, last + 1):
        if name == "logistic":
            w = w + (y / (1 + np.exp(y * (x @ w)))) @ x
        elif name == "noise":
            row = random.standard_normal(parameters.dim) / np.sqrt(parameters.dim)
            w = w + 0.01 * random.standard_normal() * row
        else:
            w = w + 0.3 * x.T @ (y - x @ w)
        if step in wanted:
            found.append(np.linalg.norm(w))
    return {"time": wanted * (0.3 if name == "lazy" else 1.0), "distance": np.array(found)}


def _fits(run):
    from grok_theory.observables import distance_laws

    return distance_laws(run["time"], run["distance"])


def draw(parameters, data):
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 3, figsize=(7, 2.4))
    colors = ("logarithm", "square root", "saturation", "power")
    titles = ("separable logistic", "fresh label noise", "lazy regression")
    for ax, name, title in zip(axes, CASES, titles):
        run = data[name]
        laws = _fits(run)
        ax.plot(run["time"], run["distance"], "ko", ms=2.5)
        for i, law in enumerate(laws):
            best = law is laws[0]
            color = f"C{colors.index(law.name)}"
            ax.plot(
                run["time"], law(run["time"]), color=color, lw=2 if best else 0.8, ls="-" if best else "--",
                label=f"{law.name} {law.relative_error:.3f}", zorder=5 - i,
            )  # fmt: skip
        ax.set(xscale="log", xlabel="time", title=title, ylim=(0, 1.25 * run["distance"].max()))
        ax.legend(fontsize=6)
    axes[0].set_ylabel("$|w - w_0|$")
    return figure


def claims(parameters, data):
    found = {name: _fits(data[name]) for name in CASES}
    plain = {name: [law for law in laws if law.name != "power"] for name, laws in found.items()}
    power = {name: next(law for law in laws if law.name == "power") for name, laws in found.items()}
    first = {name: min(laws, key=lambda law: law.relative_error) for name, laws in plain.items()}
    (low, high), (least, most) = power["logistic"].interval, power["noise"].interval
    return [
        Claim(
            "Of the three laws without a free exponent each problem is best described by its own.",
            all(first[name].name == EXPECTED[name] for name in CASES),
            ", ".join(f"{n}: {first[n].name} {first[n].relative_error:.3f}" for n in CASES),
        ),
        Claim(
            "As a power, separable logistic regression cannot be told from a logarithm, nor noise from a square root.",
            low <= 0 <= high < least <= 0.5 <= most,
            f"exponents in [{low:.2f}, {high:.2f}] and [{least:.2f}, {most:.2f}] (99 %)",
        ),
        Claim(
            "As a power, lazy regression comes to an end: its exponent is negative.",
            power["lazy"].exponent < 0,
            f"{power['lazy'].exponent:.2f}; errors: power {power['lazy'].relative_error:.3f}, saturation "
            f"{first['lazy'].relative_error:.3f}",
        ),
    ]
