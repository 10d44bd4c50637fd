"""Width of a ReLU network with trained outputs: over-training peaks where width meets samples.

Caption: A student with fixed random ReLU features and trained output weights learns a ReLU teacher (20 units) from P
samples. Left: test loss against width at the best stopping time and after training for ever; lines: theory from the
exact covariance of the features, points: medians of trained networks with quartiles. Right: eigenvalues of the hidden
layer's sample covariance (bars) for width below, at and above P: a mass at zero beyond P, and one outlier far out
(the mean of the activations; arrow).
"""

import dataclasses
from dataclasses import dataclass

import numpy as np

from paper_figures.figure import Claim
from paper_figures.verdicts import judged_over, verdict_claim

PAPER = "Advani & Saxe 2017"
FIGURES = ("7A", "7B", "7C", "7D", "7E")
STATES = {}
WING = "linear"


@dataclass(frozen=True)
class Parameters:
    samples: int = 150  # P; 300 in the paper
    dim: int = 50  # inputs
    teacher_width: int = 20
    snr: float = 5.0
    widths: tuple[float, ...] = (0.1, 0.2, 0.4, 0.6, 0.8, 0.9, 1.0, 1.1, 1.3, 1.6, 2.0, 3.0)  # in units of P
    seeds: int = 50  # trained networks a width, as in the paper
    margin: float = 0.12  # relative difference of mean test losses that would matter
    key: int = 0


SIZES = {
    "quick": {"samples": 60, "dim": 30, "widths": (0.4, 1.0, 2.0), "seeds": 24, "margin": 0.5},
    "full": {"samples": 300},
}


def steps(parameters):
    return {
        "theory": lambda: _theory(parameters),
        "networks": lambda: _networks(parameters),
        "spectra": lambda: _spectra(parameters),
    }


def _verdict(parameters, data, name, away):
    """What compare says of a curve over the widths that are further than `away` from P, in units of P."""
    widths = np.array(_sizes(parameters))
    kept = np.abs(widths / parameters.samples - 1) > away
    theory, runs = {name: data["theory"][name][kept]}, {name: data["networks"][name][kept].T}
    return judged_over("width", widths[kept], theory, runs, margin=parameters.margin)


def _sizes(parameters):
    return [round(width * parameters.samples) for width in parameters.widths]


def _widest(parameters):
    """The widest student; a narrower one has its first units, so all widths share a teacher and all arrays a shape."""
    import jax

    from grok_theory import linear

    return linear.RandomFeatures.draw(
        dim=parameters.dim,
        width=max(_sizes(parameters)),
        samples=parameters.samples,
        teacher_width=parameters.teacher_width,
        snr=parameters.snr,
        key=jax.random.key(parameters.key),
    )


TIMES = np.geomspace(1e-4, 1e3, 36)


def _theory(parameters):
    from grok_theory import linear
    from grok_theory.linear.features import equivalent_problem

    widest, stopped, for_ever, floor = _widest(parameters), [], [], []
    units, power = np.arange(max(_sizes(parameters)))[:, None], float(widest.noise) ** 2
    for width in _sizes(parameters):
        # Units of no weight never fire: the same student, compiled once for all widths.
        problem = dataclasses.replace(widest, features=np.where(units < width, widest.features, 0.0))
        same = equivalent_problem(problem)
        stopped.append(np.min(linear.solve(same, TIMES)["test_loss"]) / power)
        for_ever.append(float(linear.limits(same).test_loss) / power)
        floor.append(float(same.noise) ** 2 / power)
    return {"stopped": np.array(stopped), "for_ever": np.array(for_ever), "floor": np.array(floor)}


def _networks(parameters):
    from grok_theory.linear.features import moments

    widest, stopped, for_ever = _widest(parameters), [], []
    exact = moments(widest)
    power, noise = float(exact.power), float(widest.noise)
    teacher, readout = np.asarray(widest.teacher), np.asarray(widest.readout)
    for width in _sizes(parameters):
        features, overlap = np.asarray(widest.features)[:width], np.asarray(exact.overlap)[:width]
        covariance = np.asarray(exact.covariance)[:width, :width]
        random = np.random.default_rng([parameters.key, width])
        best, last = [], []
        for _ in range(parameters.seeds):
            x = random.standard_normal((parameters.samples, parameters.dim))
            y = np.maximum(x @ teacher.T, 0) @ readout + noise * random.standard_normal(parameters.samples)
            left, scale, right = np.linalg.svd(np.maximum(x @ features.T, 0), full_matrices=False)
            learned = np.append(-np.expm1(-(scale**2) * TIMES[:, None]), np.ones((1, scale.size)), axis=0)
            w = (learned * ((y @ left) / scale)) @ right
            loss = noise**2 + power - 2 * w @ overlap + np.sum((w @ covariance) * w, 1)
            best.append(np.min(loss) / noise**2)
            last.append(loss[-1] / noise**2)
        stopped.append(best)
        for_ever.append(last)
    return {"stopped": np.array(stopped), "for_ever": np.array(for_ever)}


def _spectra(parameters):
    result = {}
    for factor in (0.5, 1.0, 2.0):
        width = round(factor * parameters.samples)
        random = np.random.default_rng([parameters.key, width, 1])
        values = []
        for _ in range(10):
            features = random.standard_normal((width, parameters.dim)) / np.sqrt(parameters.dim)
            hidden = np.maximum(random.standard_normal((parameters.samples, parameters.dim)) @ features.T, 0)
            values.append(np.linalg.eigvalsh(hidden.T @ hidden / parameters.samples))
        result[f"width {factor:g} P"] = np.array(values)
    return result


def draw(parameters, data):
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(7, 2.7))
    widths = np.array(_sizes(parameters))
    for color, name, word in (("C1", "for_ever", "trained for ever"), ("C0", "stopped", "best stop")):
        # Infinite at width = P: the line leaves the picture there.
        line = np.where(np.isfinite(data["theory"][name]), data["theory"][name], 1e9)
        left.plot(widths, line, color=color, label=f"{word}, theory")
        low, middle, high = np.quantile(data["networks"][name], [0.25, 0.5, 0.75], axis=1)
        left.errorbar(widths, middle, [middle - low, high - middle], fmt="o", color=color, elinewidth=0.8)
    left.plot(widths, data["theory"]["floor"], color="0.5", ls="--", label="best weights")
    left.axvline(parameters.samples, color="0.6", lw=0.8, ls=":")
    top = 4 * np.median(data["networks"]["for_ever"][widths != parameters.samples], axis=1).max()
    left.set(xscale="log", yscale="log", xlabel="width", ylabel="test loss [noise variance]", ylim=(0.9, top))
    left.set_xticks(ticks := [w for w in (20, 50, 100, 200, 500) if widths[0] <= w <= widths[-1]], map(str, ticks))
    left.xaxis.minorticks_off()
    left.legend()
    for index, (name, values) in enumerate(data["spectra"].items()):
        kept = values[values > 1e-9]
        counts, edges = np.histogram(np.log10(kept), bins=60, range=(-4, 2.2), density=True)
        share = np.mean(values > 1e-9)
        right.stairs(
            share * counts, 10**edges, color=f"C{index}", fill=True, alpha=0.35, label=f"{name}: {1 - share:.2f} at 0"
        )
    outlier = max(values[:, -1].mean() for values in data["spectra"].values())
    right.annotate(
        "outlier",
        (outlier, 0.03),
        (outlier, 0.35),
        arrowprops={"arrowstyle": "->", "lw": 0.6},
        ha="center",
        fontsize=6.5,
    )
    right.set(xscale="log", xlabel="eigenvalue of the hidden covariance", ylabel="density per decade")
    right.legend(loc="upper left")
    return figure


def claims(parameters, data):
    widths = np.array(_sizes(parameters))
    median = np.median(data["networks"]["for_ever"], axis=1)
    double = data["spectra"]["width 2 P"]
    return [
        Claim(
            "Trained for ever, the error peaks where width equals samples",
            widths[np.argmax(median)] == parameters.samples,
            f"median peak {median.max():.1f} at width {widths[np.argmax(median)]}",
        ),
        verdict_claim(
            "At the best stop networks have the theory's error at every width",
            _verdict(parameters, data, "stopped", -1.0),
            "stopped",
        ),
        verdict_claim(
            "Trained for ever they do at widths not within 45 % of P",
            _verdict(parameters, data, "for_ever", 0.45),
            "for_ever",
        ),
        Claim(
            "At width 2P half of the hidden spectrum is at zero",
            abs(np.mean(double < 1e-9) - 0.5) < 1e-12,
            f"share {np.mean(double < 1e-9):.3f}",
        ),
        Claim(
            "One eigenvalue lies far from the bulk",
            np.all(double[:, -1] > 5 * double[:, -2]),
            f"largest over second {np.mean(double[:, -1] / double[:, -2]):.1f}",
        ),
    ]
