"""The size of a model: test loss in steps and features, and the frontier of what compute can buy.

Caption: One-pass SGD on N random linear features of inputs with a power-law spectrum, l_j = j^-1.5, l_j w_j^2 = j^-1.8.
Left: test loss in steps for several N; it falls as t^-(b - 1)/a until the features have told all they can. Lines: exact
recursion; points: drawn runs of one size; dotted: what is left in the mean over draws of the features. Middle: that
rest against N, its law (line, from the effective ridge) and exact projections on drawn features with their spread
(points); dashed: the power N^-min(b - 1, a). Right: the same test losses over compute, steps times features times
batch; black: the least of all N, the compute-optimal frontier.
"""

import dataclasses
from dataclasses import dataclass

import numpy as np

from paper_figures.figure import Claim

PAPER = "beyond the paper (Bordelon, Atanasov & Pehlevan 2024)"
FIGURES = ()
WING = "linear"


@dataclass(frozen=True)
class Parameters:
    modes: int = 3000  # M
    decay: float = 1.5  # a
    signal: float = 1.8  # b
    features: tuple[int, ...] = (10, 20, 40, 80, 160, 320)  # N
    draws: int = 12  # of the features, of a size
    rate: float = 0.1
    batch: int = 4
    last: int = 30_000  # step
    run_features: int = 40  # of the size that is run for real
    runs: int = 200
    run_last: int = 300
    key: int = 0


SIZES = {
    "quick": {"modes": 1000, "features": (10, 20, 40, 80, 160), "draws": 6, "last": 8000, "runs": 40, "run_last": 60},
    "full": {"modes": 10_000, "features": (10, 20, 40, 80, 160, 320, 640), "draws": 40},
}


def steps(parameters):
    return {"sizes": lambda: _sizes(parameters), "runs": lambda: _runs(parameters)}


def _problem(parameters):
    from grok_theory import linear

    j = np.arange(1, parameters.modes + 1.0)
    target = j ** ((parameters.decay - parameters.signal) / 2)
    return linear.CorrelatedInputs(j**-parameters.decay, target, samples=np.inf, noise=0.0)


def _features(parameters, count, draw):
    random = np.random.default_rng([parameters.key, count, draw])
    return random.standard_normal((parameters.modes, count)) / np.sqrt(count)


def _how(parameters):
    from grok_theory import linear

    return linear.OnePass(parameters.rate, parameters.batch)


def _sizes(parameters):
    import grok_theory as gt

    whole, how = _problem(parameters), _how(parameters)
    at = np.unique(np.concatenate([[0], np.geomspace(1, parameters.last, 120).round()]))
    first, rest = [], []
    for count in parameters.features:
        each = [gt.linear.through_projection(whole, _features(parameters, count, i)) for i in range(parameters.draws)]
        # Modes of variance 0 change nothing, and all sizes are one program.
        more = np.zeros(max(parameters.features) - count)
        longer = {name: np.concatenate([getattr(each[0], name), more]) for name in ("spectrum", "target")}
        first.append(dataclasses.replace(each[0], **longer))
        rest.append([one.noise**2 for one in each])
    told = gt.sweep(
        lambda one: gt.linear.solve(one, at, dynamics=how)["test_loss"],
        first,
        batch=len(first),
        workers=1,
        version="1",
    )
    law = gt.linear.projection_residual(whole.spectrum, whole.target, np.array(parameters.features, float))
    return {"steps": at, "loss": told.read(np.asarray), "rest": np.array(rest), "law": np.asarray(law)}


def _runs(parameters):
    """Real SGD on real features, written out: W, inputs of all modes, labels."""
    random = np.random.default_rng(parameters.key + 1)
    problem = _problem(parameters)
    seen = _features(parameters, parameters.run_features, 0)
    at = np.unique(np.geomspace(1, parameters.run_last, 8).round()).astype(int)
    weights, losses = np.zeros((parameters.runs, parameters.run_features)), []
    for step in range(1, at[-1] + 1):
        shape = (parameters.runs * parameters.batch, parameters.modes)
        inputs = random.standard_normal(shape, dtype=np.float32) * np.sqrt(problem.spectrum).astype(np.float32)
        shown = (inputs @ seen).reshape(parameters.runs, parameters.batch, -1)
        missed = (inputs @ problem.target).reshape(parameters.runs, -1) - np.einsum("rbn,rn->rb", shown, weights)
        weights = weights + parameters.rate / parameters.batch * np.einsum("rb,rbn->rn", missed, shown)
        if step in at:
            losses.append((problem.target[None] - weights @ seen.T) ** 2 @ problem.spectrum)
    return {"at": at, "losses": np.array(losses)}


def _frontier(parameters, data):
    """Compute, and the least loss of all sizes there."""
    found = data["sizes"]
    compute = found["steps"][None, 1:] * np.array(parameters.features)[:, None] * parameters.batch
    grid = np.geomspace(compute[0, 0] * 10, compute[-1, -1], 60)
    logs = [np.interp(np.log(grid), np.log(c), np.log(v[1:])) for c, v in zip(compute, found["loss"], strict=True)]
    for i, each in enumerate(logs):
        each[(grid < compute[i, 0]) | (grid > compute[i, -1])] = np.inf
    best = np.argmin(logs, axis=0)
    return compute, grid, np.exp(np.min(logs, axis=0)), best


def draw(parameters, data):
    import matplotlib.pyplot as plt

    figure, (time, size, compute) = plt.subplots(1, 3, figsize=(9, 2.9))
    found, real = data["sizes"], data["runs"]
    spent, grid, least, _ = _frontier(parameters, data)
    colors = [plt.get_cmap("viridis")(i / len(parameters.features)) for i in range(len(parameters.features))]
    for i, (count, color) in enumerate(zip(parameters.features, colors, strict=True)):
        time.plot(found["steps"][1:], found["loss"][i, 1:], color=color, label=f"N = {count}")
        time.axhline(found["law"][i], color=color, ls=":", lw=0.7)
        compute.plot(spent[i], found["loss"][i, 1:], color=color, lw=1)
    mean, error = real["losses"].mean(1), real["losses"].std(1, ddof=1) / np.sqrt(parameters.runs)
    bars = {"fmt": "o", "ms": 3, "color": "k", "mfc": "none", "lw": 0.8}
    time.errorbar(real["at"], mean, 2.58 * error, **bars, label=f"runs, N = {parameters.run_features}")
    time.set(xscale="log", yscale="log", xlabel="step", ylabel="test loss [label$^2$]")
    time.legend(fontsize=6)
    counts = np.array(parameters.features)
    size.plot(counts, found["law"], "k-", label="law")
    size.errorbar(counts, found["rest"].mean(1), found["rest"].std(1, ddof=1), **bars, label="drawn features")
    power = min(parameters.signal - 1, parameters.decay)
    size.plot(counts, found["law"][0] * (counts / counts[0]) ** -power, "k--", lw=0.7, label=rf"$N^{{-{power:.1f}}}$")
    size.set(xscale="log", yscale="log", xlabel="features N", ylabel="late loss [label$^2$]")
    size.legend(fontsize=6)
    compute.plot(grid, least, "k-", lw=1.6, label="frontier")
    compute.set(xscale="log", yscale="log", xlabel="compute [multiplications]", ylabel="test loss [label$^2$]")
    compute.legend(fontsize=6)
    return figure


def claims(parameters, data):
    from scipy.stats import t

    found, real, made = data["sizes"], data["runs"], []
    which = parameters.features.index(parameters.run_features)
    told = np.exp(np.interp(np.log(real["at"]), np.log(found["steps"][1:]), np.log(found["loss"][which, 1:])))
    error = real["losses"].std(1, ddof=1) / np.sqrt(parameters.runs)
    worst = np.abs(real["losses"].mean(1) - told) / error
    least = float(2 * t.sf(worst.max(), parameters.runs - 1) * worst.size)
    made.append(
        Claim(
            "SGD on real features is the recursion on their projection (1 % in all)",
            least > 0.01,
            f"{worst.size} means, largest {worst.max():.1f} standard errors, corrected p = {min(least, 1):.2g}",
        )
    )
    error = found["rest"].std(1, ddof=1) / np.sqrt(parameters.draws)
    off = np.abs(found["rest"].mean(1) - found["law"])
    # The law is that of large sizes: a part of 1/N is allowed it.
    beyond = np.maximum(off - 0.5 / np.array(parameters.features) * found["law"], 0) / error
    least = float(2 * t.sf(beyond.max(), parameters.draws - 1) * beyond.size)
    made.append(
        Claim(
            "Drawn features leave what the law says, up to a share of 1/(2N) (1 % in all)",
            least > 0.01,
            f"largest gap {np.max(off / found['law']):.1%}, corrected p = {min(least, 1):.2g}",
        )
    )
    counts = np.array(parameters.features, float)
    power = -np.polyfit(np.log(counts), np.log(found["law"]), 1)[0]
    wanted = min(parameters.signal - 1, parameters.decay)
    made.append(
        Claim("It falls as N^-min(b - 1, a), within 0.1", abs(power - wanted) < 0.1, f"{power:.3f} ({wanted:.3f})")
    )
    _, grid, loss, best = _frontier(parameters, data)
    inside = (best > 0) & (best < counts.size - 1)
    slope = -np.polyfit(np.log(grid[inside]), np.log(loss[inside]), 1)[0]
    in_time = (parameters.signal - 1) / parameters.decay
    both = in_time * wanted / (in_time + wanted)
    made.append(
        Claim(
            "On the frontier the loss falls as the power p q/(p + q) of compute, within 0.05, and sizes grow with it",
            bool(abs(slope - both) < 0.05 and np.all(np.diff(best) >= 0) and np.unique(best).size >= 3),
            f"slope {slope:.3f} ({both:.3f}, p = {in_time:.3f} in steps, q = {wanted:.3f} in features)",
        )
    )
    return made
