"""Norm bounds of random-feature networks over width: what the start costs, and where the frozen subspace pays.

Caption: ReLU networks with fixed random features and output weights trained for ever on P samples of a ReLU teacher.
Left: complexity R = B sqrt(tr K)/P against width, with B = |w - w(0)| from a start at zero, and with B the norm of the
best output weights (known to the population only), beside the true gap; lines: theory from the exact covariance of the
features; points: medians of trained networks with quartiles. Right: complexity relative to a start at zero, from output
weights of variance s^2 at the start, in the ball about zero and in the ball about the start. The squares of the two
differ by s^2 (2 rank - width) on average over starts, whatever the features: the start as centre pays beyond width 2P.
"""

from dataclasses import dataclass

import numpy as np

from paper_figures.figure import Claim

PAPER = "beyond the paper"
FIGURES = ()
STATES = {}
WING = "bounds"


@dataclass(frozen=True)
class Parameters:
    samples: int = 150  # P
    dim: int = 50  # inputs
    teacher_width: int = 20
    snr: float = 5.0
    widths: tuple[float, ...] = (0.15, 0.25, 0.4, 0.6, 0.8, 1.0, 1.25, 1.6, 2.0, 2.5, 3.2, 4.0)  # in units of P
    start: float = 0.3  # s, standard deviation of the output weights at the start
    seeds: int = 20  # networks a width
    key: int = 0


SIZES = {"full": {"samples": 300, "seeds": 50}}


def steps(parameters):
    return {"theory": lambda: _theory(parameters), "networks": lambda: _networks(parameters)}


def _sizes(parameters):
    return [round(width * parameters.samples) for width in parameters.widths]


def _problem(parameters, width):
    import jax

    from grok_theory import linear

    return linear.RandomFeatures.draw(
        dim=parameters.dim,
        width=width,
        samples=parameters.samples,
        teacher_width=parameters.teacher_width,
        snr=parameters.snr,
        key=jax.random.key(parameters.key),  # the same for all widths: one teacher
    )


def _theory(parameters):
    from grok_theory import linear
    from grok_theory.linear.features import equivalent_problem

    most, rows = max(_sizes(parameters)), []
    for width in _sizes(parameters):
        same = equivalent_problem(_problem(parameters, width))
        spectrum, pad = np.maximum(same.spectrum, 0), np.zeros(most - width)  # one shape: one compilation
        padded = linear.CorrelatedInputs(
            np.concatenate([spectrum, pad]), np.concatenate([same.target, pad]), same.samples, same.noise
        )
        end, trace = linear.limits(padded), float(spectrum.sum())
        unit = np.sqrt(trace / parameters.samples)  # sqrt(tr K)/P of typical samples
        rows.append(
            [
                np.sqrt(most * float(end.weight_norm)) * unit,
                np.linalg.norm(same.target) * unit,
                float(end.test_loss - end.train_loss),
            ]
        )
    return dict(zip(("frozen", "best", "gap"), np.array(rows).T))


def _networks(parameters):
    from grok_theory.linear.features import moments

    rows = []
    for width in _sizes(parameters):
        problem = _problem(parameters, width)
        exact = moments(problem)
        covariance, overlap = np.asarray(exact.covariance), np.asarray(exact.overlap)
        features, teacher, readout = (np.asarray(part) for part in (problem.features, problem.teacher, problem.readout))
        random = np.random.default_rng([parameters.key, width])
        runs = []
        for _ in range(parameters.seeds):
            x = random.standard_normal((parameters.samples, parameters.dim))
            y = np.maximum(x @ teacher.T, 0) @ readout + problem.noise * random.standard_normal(parameters.samples)
            hidden = np.maximum(x @ features.T, 0)
            start = parameters.start * random.standard_normal(width)
            inverse = np.linalg.pinv(hidden)
            w, moved = inverse @ y, inverse @ (y - hidden @ start)
            loss = problem.noise**2 + exact.power - 2 * w @ overlap + w @ covariance @ w
            unit = np.linalg.norm(hidden) / parameters.samples
            norms = [np.linalg.norm(v) * unit for v in (w, start + moved, moved)]
            runs.append([*norms, float(loss) - np.mean((y - hidden @ w) ** 2)])
        rows.append(runs)
    rows = np.array(rows)
    return {name: rows[..., i] for i, name in enumerate(("frozen", "about_zero", "about_start", "gap"))}


def draw(parameters, data):
    import matplotlib.pyplot as plt
    from matplotlib.ticker import FixedLocator, NullFormatter, ScalarFormatter

    figure, (left, right) = plt.subplots(1, 2, figsize=(7, 2.7))
    widths, theory, runs = np.array(_sizes(parameters)), data["theory"], data["networks"]
    words = {"gap": "true gap", "frozen": "R, $|w - w(0)|$, start at 0", "best": "R, best weights' norm"}
    top = 4 * np.median(runs["gap"], axis=1).max()
    for i, (name, word) in enumerate(words.items()):
        line = np.where(np.isfinite(theory[name]), theory[name], 1e9)
        left.plot(widths, line, color=f"C{i}", label=word)
        if name in runs:
            low, middle, high = np.quantile(runs[name], [0.25, 0.5, 0.75], axis=1)
            left.errorbar(widths, middle, [middle - low, high - middle], fmt="o", color=f"C{i}", elinewidth=0.8)
    left.axvline(parameters.samples, color="0.6", lw=0.8, ls=":")
    left.set(xscale="log", yscale="log", xlabel="width", ylim=(None, top))
    left.set_ylabel("complexity R [label]; gap [label$^2$]")
    left.legend(fontsize=6.5, loc="lower right")
    for i, (name, word) in enumerate((("about_zero", "$|w|$"), ("about_start", "$|w - w(0)|$"))):
        relative = runs[name] / runs["frozen"]
        low, middle, high = np.quantile(relative, [0.25, 0.5, 0.75], axis=1)
        right.errorbar(
            widths, middle, [middle - low, high - middle], fmt="o-", color=f"C{i + 3}", elinewidth=0.8, label=word
        )
    right.axvline(2 * parameters.samples, color="0.4", lw=0.8, ls=":")
    right.text(2.05 * parameters.samples, 0.9, "2P", transform=right.get_xaxis_transform(), fontsize=6.5)
    right.set(xscale="log", xlabel="width", ylabel="complexity relative to a start at 0")
    right.legend(title=f"start s = {parameters.start:g}", loc="upper left")
    for ax in (left, right):
        ax.xaxis.set_major_locator(FixedLocator([round(f * parameters.samples) for f in (0.2, 0.5, 1, 2, 4)]))
        ax.xaxis.set_major_formatter(ScalarFormatter())
        ax.xaxis.set_minor_formatter(NullFormatter())
    return figure


def claims(parameters, data):
    widths, theory, runs = np.array(_sizes(parameters)), data["theory"], data["networks"]
    away = np.abs(widths / parameters.samples - 1) > 0.15
    gap = np.abs(np.median(runs["frozen"], axis=1) / theory["frozen"] - 1)[away].max()
    medians = {name: np.median(values, axis=1) for name, values in runs.items()}
    difference = np.mean(runs["about_start"] ** 2 - runs["about_zero"] ** 2, axis=1)
    clear = np.abs(np.log(widths / (2 * parameters.samples))) > 0.2
    signs = np.sign(difference) == np.sign(2 * np.minimum(widths, parameters.samples) - widths)
    return [
        Claim(
            "Complexity and gap peak together where width equals samples.",
            widths[np.argmax(medians["frozen"])] == widths[np.argmax(medians["gap"])] == parameters.samples,
            f"median R {medians['frozen'].max():.2f}, median gap {medians['gap'].max():.2f}",
        ),
        Claim("Away from the peak median complexity and theory agree within 20 %.", gap < 0.2, f"{gap:.1%}"),
        Claim(
            "The ball about the start is the smaller one exactly beyond width 2P.",
            bool(np.all(signs[clear])),
            ", ".join(f"{w}: {d:+.3g}" for w, d in zip(widths, difference)),
        ),
    ]
