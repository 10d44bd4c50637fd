"""What feature learning brings: nats of bias that a small test loss still needs, from the kernel along training.

Caption: A two-layer tanh network of infinite width learns a single-index target, tanh(2 x_1) in six dimensions, from 40
samples. At every time its tangent kernel, scaled to the variance of the target, is the covariance of Gaussian
hypotheses that fit the samples; I = -ln P(test loss <= eps) is what a learner with that kernel must bring besides.
Left: I over time for three losses, at richness 4 (solid) and 0.01 (dashed), where the kernel does not move. Right: I of
the kernel at the start and at the end over the loss; circles: counts of drawn hypotheses.
"""

from dataclasses import dataclass

import numpy as np

from paper_figures.figure import Claim

PAPER = "beyond the paper (Boopathy et al. 2024)"
FIGURES = ()
WING = "bounds"


@dataclass(frozen=True)
class Parameters:
    dim: int = 6
    samples: int = 40
    tests: int = 60
    richness: tuple[float, float] = (4.0, 0.01)
    last: float = 30.0  # tau
    times: int = 9
    losses: tuple[float, ...] = (0.01, 0.02, 0.05)  # eps, over the variance of the target
    ridge: float = 1e-4  # variance of label noise
    particles: int = 1024
    scrambles: int = 2
    draws: int = 100_000
    key: int = 0


SIZES = {"full": {"particles": 8192, "scrambles": 9, "draws": 1_000_000}}  # quick: compiling alone takes longer
FEWEST = 100


def steps(parameters):
    return {f"{richness:g}": lambda gamma=richness: _bias(parameters, gamma) for richness in parameters.richness}


def _kernel(weights, readouts, points):
    """The tangent kernel on all points, from neurons: E[phi phi] + K_x E[a^2 phi' phi']."""
    values = np.tanh(weights @ points.T)
    pulled = (1 - values**2) * readouts
    return (values.T @ values + (points @ points.T) * (pulled.T @ pulled)) / len(weights)


def _bias(parameters, richness):
    from grok_theory import lazy_rich
    from grok_theory.bounds import inductive_bias

    random = np.random.default_rng(parameters.key)
    points = random.standard_normal((parameters.samples + parameters.tests, parameters.dim))
    wanted = np.tanh(2 * points[:, 0])
    seen, new = slice(0, parameters.samples), slice(parameters.samples, None)
    problem = lazy_rich.MeanFieldNetwork(points[seen], wanted[seen], richness, "tanh", points[new], wanted[new])
    times = np.concatenate([[0.0], np.geomspace(0.3, parameters.last, parameters.times - 1)])
    method = lazy_rich.Particles(parameters.particles, parameters.scrambles, tolerance=1e-4, keep="neurons")
    theory = lazy_rich.solve(problem, times, method=method)
    neurons, readouts = (np.asarray(theory.fields[name].values) for name in ("neurons", "readouts"))
    power = np.mean(wanted[new] ** 2)
    grid, nats, law, counted = power * np.geomspace(0.01, 1.0, 25), [], [], []
    for at in range(times.size):
        kernel = _kernel(neurons[at], readouts[at], points / np.sqrt(parameters.dim))
        if at == 0:
            off = np.max(np.abs(kernel[seen, seen] - np.asarray(theory.fields["tangent_kernel"].values[0])))
        kernel *= power / np.mean(np.diag(kernel))
        blocks = kernel[seen, seen], wanted[seen], kernel[new, seen], kernel[new, new], wanted[new]
        asked = np.concatenate([power * np.array(parameters.losses), grid])
        found, _ = inductive_bias(*blocks, asked, ridge=parameters.ridge)
        nats.append(np.asarray(found)[: len(parameters.losses)])
        if at in (0, times.size - 1):
            law.append(np.asarray(found)[len(parameters.losses) :])
            counted.append(_shares(parameters, blocks, grid))
    return {
        "times": times,
        "nats": np.array(nats),
        "loss": grid / power,
        "law": np.array(law),
        "shares": np.array(counted),
        "test_loss": np.asarray(theory["test_loss"]) / power,
        "off": off,
    }


def _shares(parameters, blocks, grid):
    """Shares of drawn hypotheses with a loss below each of the grid, by plain linear algebra."""
    train, labels, cross, test, wanted = blocks
    inner = np.linalg.solve(
        train + parameters.ridge * np.eye(len(train)), np.concatenate([labels[:, None], cross.T], axis=1)
    )
    mean, left = cross @ inner[:, 0], test - cross @ inner[:, 1:]
    values, vectors = np.linalg.eigh((left + left.T) / 2)
    root = vectors * np.sqrt(np.maximum(values, 0))
    random = np.random.default_rng(parameters.key + 1)
    drawn = mean + random.standard_normal((parameters.draws, len(wanted))) @ root.T
    losses = np.mean((drawn - wanted) ** 2, axis=1)
    return np.mean(losses[:, None] <= grid[None], axis=0)


def draw(parameters, data):
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(7.2, 2.9))
    for richness, look in zip(parameters.richness, ("-", "--"), strict=True):
        found = data[f"{richness:g}"]
        for i, eps in enumerate(parameters.losses):
            words = f"loss {eps:g}" if look == "-" else None
            left.plot(found["times"] + 0.1, found["nats"][:, i], f"C{i}{look}", label=words)
    for richness, look in zip(parameters.richness, ("-", "--"), strict=True):
        left.plot([], [], f"k{look}", label=rf"$\gamma_0$ = {richness:g}")
    left.set(xscale="log", xlabel=r"time + 0.1 [$\tau$]", ylabel="$I$ [nats]", ylim=(0, None))
    left.legend(fontsize=6)
    found = data[f"{parameters.richness[0]:g}"]
    for i, words in enumerate(("kernel at the start", "kernel at the end")):
        right.plot(found["loss"], found["law"][i], f"C{i + 3}-", label=words)
        some = found["shares"][i] * parameters.draws >= FEWEST
        right.plot(found["loss"][some], -np.log(found["shares"][i][some]), f"C{i + 3}o", ms=3, mfc="none")
    right.set(xscale="log", xlabel="test loss [variance of the target]", ylabel="$I$ [nats]")
    right.legend(fontsize=6)
    return figure


def claims(parameters, data):
    from scipy.stats import binom

    rich, lazy = (data[f"{richness:g}"] for richness in parameters.richness)
    counts = np.round(np.concatenate([d["shares"].ravel() for d in (rich, lazy)]) * parameters.draws)
    chance = np.exp(-np.concatenate([d["law"].ravel() for d in (rich, lazy)]))
    tail = np.minimum(binom.cdf(counts, parameters.draws, chance), binom.sf(counts - 1, parameters.draws, chance))
    least = float(2 * tail.min() * tail.size)
    fallen, kept = (d["nats"][-1] / d["nats"][0] for d in (rich, lazy))
    return [
        Claim(
            "Every count of drawn hypotheses is one that the law allows (1 % in all)",
            least > 0.01,
            f"{tail.size} counts, corrected p = {min(least, 1):.2g}",
        ),
        Claim(
            "The kernel read off the neurons is the solver's, to 1e-12",
            max(rich["off"], lazy["off"]) < 1e-12,
            f"{max(rich['off'], lazy['off']):.1e}",
        ),
        Claim(
            "Feature learning buys at least a third of the nats, at every loss",
            bool(np.all(fallen < 2 / 3)),
            ", ".join(f"{a:.1f} to {b:.1f}" for a, b in zip(rich["nats"][0], rich["nats"][-1], strict=True)),
        ),
        Claim(
            "A lazy network buys none: within 5 %",
            bool(np.all(np.abs(kept - 1) < 0.05)),
            ", ".join(f"{share:.3f}" for share in kept),
        ),
    ]
