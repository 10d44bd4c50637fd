# ruff: noqa: E501
"""One- against two-point deterministic equivalents, and how a finite dimension approaches them.

Caption: Left: variance q of the mean answer's error over prompts, against dimension per example alpha = d/n, for noise
0.5, prior 1 and a unit teacher; line: two-point equivalent; dashes: the one-point value used in the authors' scripts;
points: drawn regressions at d = 100. The error is quadratic in the mean answer, so the proportional limit needs two
points. Right: at alpha = 0.5, the relative gap of the mean and the spread over training sets of q, and the gap of s^2,
against d from 50 to 800; lines fall as 1/d and 1/sqrt(d).
"""

from dataclasses import dataclass

import numpy as np

from paper_figures.figure import Claim

PAPER = "beyond the paper"
FIGURES = ()
STATES = {}
WING = "best_of_k"
COMPUTES_LONG = True


@dataclass(frozen=True)
class Parameters:
    noise: float = 0.5
    prior_scale: float = 1.0
    ratios: tuple[float, ...] = (0.5, 1.0, 2.0, 4.0, 10.0)  # n/d of the left panel
    dim: int = 100  # of the left panel
    dims: tuple[int, ...] = (50, 100, 200, 400)  # to 800 at the full size
    runs: int = 96  # training sets a point; fewer at large d, see `_sizes`


SIZES = {
    "quick": {"runs": 16, "dims": (50, 100, 200), "ratios": (0.5, 2.0, 10.0)},
    "full": {"runs": 512, "dims": (50, 100, 200, 400, 800)},
}


def steps(parameters):
    left = {f"ratio_{r:g}": (lambda r=r: _draw(parameters, r, parameters.dim)) for r in parameters.ratios}
    return left | {f"dim_{d}": (lambda d=d: _draw(parameters, 2.0, d)) for d in parameters.dims} | {"theory": lambda: _theory(parameters)}  # fmt: skip


def _draw(parameters, ratio, dim):
    import jax

    from grok_theory import best_of_k as bk

    # q of a large system fluctuates less: fewer training sets tell as much.
    runs = max(8, int(parameters.runs * min(1.0, 200 / dim)))
    problem = bk.LinearJudge(ratio, parameters.noise, parameters.prior_scale)
    drawn = bk.simulate(problem, [1], temperature=0.0, dim=dim, runs=runs, key=jax.random.key(dim), test_points=2)
    return {"q": drawn.stats["teacher_variance"], "spread": drawn.stats["spread"]}


def _theory(parameters):
    from grok_theory import best_of_k as bk

    alphas = np.geomspace(0.05, 3, 40)
    made = [bk.posterior(bk.LinearJudge(float(1 / a), parameters.noise, parameters.prior_scale)) for a in alphas]
    at = bk.posterior(bk.LinearJudge(2.0, parameters.noise, parameters.prior_scale))
    points = [bk.posterior(bk.LinearJudge(r, parameters.noise, parameters.prior_scale)) for r in parameters.ratios]
    return {
        "alphas": alphas,
        "two": np.array([float(p.teacher_variance) for p in made]),
        "one": np.array([float(p.one_point_teacher_variance) for p in made]),
        "at": np.array([float(at.teacher_variance), float(at.spread)]),
        "two_at": np.array([float(p.teacher_variance) for p in points]),
        "one_at": np.array([float(p.one_point_teacher_variance) for p in points]),
    }


def _laws(parameters, data):
    q, s = data["theory"]["at"]
    runs = [data[f"dim_{d}"] for d in parameters.dims]
    gap = np.array([abs(r["q"].mean() / q - 1) for r in runs])
    error = np.array([r["q"].std(ddof=1) / np.sqrt(r["q"].size) / q for r in runs])
    spread = np.array([r["q"].std(ddof=1) / q for r in runs])
    scatter = np.array([abs((r["spread"] ** 2).mean() / s**2 - 1) for r in runs])
    return gap, error, spread, scatter


def draw(parameters, data):
    import matplotlib.pyplot as plt

    theory = data["theory"]
    figure, (left, right) = plt.subplots(1, 2, figsize=(7, 2.6))
    left.plot(theory["alphas"], theory["two"], label="two-point")
    left.plot(theory["alphas"], theory["one"], ls="--", color="C1", label="one-point")
    mean = np.array([data[f"ratio_{r:g}"]["q"].mean() for r in parameters.ratios])
    error = np.array([data[f"ratio_{r:g}"]["q"].std(ddof=1) / np.sqrt(data[f"ratio_{r:g}"]["q"].size) for r in parameters.ratios])  # fmt: skip
    left.errorbar(1 / np.array(parameters.ratios), mean, 1.96 * error, fmt="o", color="k", mfc="white", label=f"drawn, d = {parameters.dim}")  # fmt: skip
    left.set(xscale="log", yscale="log", xlabel=r"dimensions per example, $\alpha = d/n$", ylabel="q")
    left.legend()
    gap, error, spread, scatter = _laws(parameters, data)
    d = np.array(parameters.dims, float)
    right.plot(d, spread, "o", color="C0", label="q: spread over training sets")
    right.plot(d, spread[0] * np.sqrt(d[0] / d), color="C0", lw=0.9)
    right.errorbar(d, gap, 1.96 * error, fmt="s", color="C1", label="q: gap of the mean (95 %)")
    right.plot(d, scatter, "D", color="C2", label=r"$s^2$: gap of the mean")
    right.plot(d, 0.2 / d, color="0.6", lw=0.9, ls="--", label=r"$0.2/d$")
    right.set(xscale="log", yscale="log", xlabel="dimension, d", ylabel="relative", ylim=(1e-4, 60))
    right.set_xticks(d, [f"{n:.0f}" for n in d])
    right.minorticks_off()
    right.legend(fontsize=6, loc="upper right")
    return figure


def claims(parameters, data):
    gap, error, spread, _ = _laws(parameters, data)
    theory = data["theory"]
    d = np.array(parameters.dims, float)
    slope = np.polyfit(np.log(d), np.log(spread), 1)[0]
    z2, z1 = [], []
    for i, r in enumerate(parameters.ratios):
        q = data[f"ratio_{r:g}"]["q"]
        standard = q.std(ddof=1) / np.sqrt(q.size)
        z2.append(abs(q.mean() - theory["two_at"][i]) / standard)
        z1.append(abs(q.mean() - theory["one_at"][i]) / standard)
    return [
        Claim("two-point q within 4 standard errors plus 2/d at every size", bool((gap < 4 * error + 2 / d).all()), f"{gap.round(4)}"),
        Claim("the spread of q over training sets falls as d^-1/2", -0.75 < slope < -0.25, f"slope {slope:.2f}"),
        Claim("drawn q agrees with the two-point value at every alpha (|z| < 4.5)", max(z2) < 4.5, f"worst {max(z2):.1f}"),
        Claim("drawn q rejects the one-point value at alpha <= 0.5 (|z| > 8)", min(z1[-2:]) > 8, f"least {min(z1[-2:]):.0f}"),
    ]  # fmt: skip
