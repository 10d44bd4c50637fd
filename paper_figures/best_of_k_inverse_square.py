# ruff: noqa: E501
"""Best of k with the right judge: the inverse-square law, and where it ends.

Caption: Left: error at temperature 0 with the teacher as judge for regressions with n/d = 2, 5 and 50 examples a
dimension; lines exact, points drawn at d = 100, dashes the printed law pi s^2/(k^2 sqrt(1 - 2 q/s^2)), dots the same with
(k+1)(k+2) for k^2, which the line covers. Right: the exact local slope d ln error / d ln k for difficulties q/s^2 from
0.1 to 2; it tends to -min(2, s^2/q) (short bars). Beyond q = s^2/2 rare prompts, where the mean answer is many spreads
away, carry the error, and the inverse square is gone.
"""

from dataclasses import dataclass

import numpy as np

from paper_figures.figure import Claim

PAPER = "Halder & Pehlevan 2025"
FIGURES = ("2",)
STATES = {"2": "P: other sizes and numbers of answers"}
WING = "best_of_k"
COMPUTES_LONG = True


@dataclass(frozen=True)
class Parameters:
    ratios: tuple[float, ...] = (2.0, 5.0, 50.0)  # examples per dimension
    noise: float = 1.0
    prior_scale: float = 1.0
    dim: int = 100
    runs: int = 16
    test_points: int = 500
    difficulties: tuple[float, ...] = (0.1, 0.3, 0.5, 0.7, 1.0, 2.0)
    points: int = 48  # values of k in the right panel


SIZES = {
    "quick": {"dim": 20, "runs": 8, "test_points": 200, "difficulties": (0.1, 1.0)},
    "full": {"runs": 64, "test_points": 4000, "points": 120},
}
K = np.geomspace(10, 1000, 40)
DRAWN = np.array([10, 25, 60])


def steps(parameters):
    return {"theory": lambda: _theory(parameters), "runs": lambda: _runs(parameters)}


def _theory(parameters):
    from grok_theory import best_of_k as bk

    exact, law, printed = [], [], []
    for ratio in parameters.ratios:
        problem = bk.LinearJudge(ratio, parameters.noise, parameters.prior_scale)
        exact.append(bk.solve(problem, K, temperature=0.0)["error"])
        law.append(bk.solve(problem, K, temperature=0.0, method=bk.BestOfK())["error"])
        printed.append(np.asarray(law[-1]) * (K + 1) * (K + 2) / K**2)
    wide = np.geomspace(2, 1e9, parameters.points)
    slopes = []
    for q in parameters.difficulties:
        error = bk.solve(bk.Posterior(q, q, q), wide, temperature=0.0)["error"]
        slopes.append(np.gradient(np.log(np.asarray(error)), np.log(wide)))
    limits = [-bk.decay_exponent(bk.Posterior(q, q, q)) for q in parameters.difficulties]
    return {name: np.array(v) for name, v in {"exact": exact, "law": law, "printed": printed, "wide": wide, "slopes": slopes, "limits": limits}.items()}  # fmt: skip


def _runs(parameters):
    import jax

    from grok_theory import best_of_k as bk

    data = {}
    for i, ratio in enumerate(parameters.ratios):
        drawn = bk.simulate(
            bk.LinearJudge(ratio, parameters.noise, parameters.prior_scale),
            DRAWN,
            temperature=0.0,
            dim=parameters.dim,
            runs=parameters.runs,
            key=jax.random.key(i),
            test_points=parameters.test_points,
        )
        data[f"error_{i}"] = drawn["error"]
    return data


def draw(parameters, data):
    import matplotlib.pyplot as plt

    theory = data["theory"]
    figure, (left, right) = plt.subplots(1, 2, figsize=(7, 2.7))
    for i, ratio in enumerate(parameters.ratios):
        left.plot(K, theory["exact"][i], color=f"C{i}", label=f"n/d = {ratio:g}")
        left.plot(K, theory["printed"][i], color=f"C{i}", ls="--", lw=0.9)
        left.plot(K, theory["law"][i], color="k", ls=":", lw=0.9)
        runs = data["runs"][f"error_{i}"]
        half = 1.96 * runs.std(0, ddof=1) / np.sqrt(len(runs))
        left.errorbar(DRAWN, runs.mean(0), half, fmt="osD"[i], color=f"C{i}", mfc="white", lw=0.8)
    left.plot([], [], color="0.4", ls="--", lw=0.9, label=r"printed law, $1/k^2$")
    left.plot([], [], color="k", ls=":", lw=0.9, label="with (k+1)(k+2)")
    left.set(xscale="log", yscale="log", xlabel="answers, k", ylabel="error")
    left.legend()
    colors = plt.get_cmap("cividis")(np.linspace(0, 0.9, len(parameters.difficulties)))
    for color, q, slope, limit in zip(colors, parameters.difficulties, theory["slopes"], theory["limits"]):
        right.plot(theory["wide"], slope, color=color, label=f"{q:g}")
        right.plot([1.3e9, 6e9], [limit, limit], color=color, lw=2.5, solid_capstyle="butt")
    right.set(xscale="log", xlabel="answers, k", ylabel="slope  d ln error / d ln k", ylim=(-2.1, 0.3))
    right.legend(title=r"$q/s^2$", ncol=2, loc="upper right")
    return figure


def claims(parameters, data):
    theory = data["theory"]
    off = float(np.abs(theory["law"] / theory["exact"] - 1)[2, K > 50].max())
    from grok_theory.best_of_k.closed_forms import hard_prompt_exponent

    # The slope at k = 1e9 differs from its limit by 1/x^2, x the edge of k Gaussian answers: logarithmically slow.
    hard = [i for i, q in enumerate(parameters.difficulties) if q >= 0.6]
    edge = hard_prompt_exponent(1.0, theory["wide"][-2])[1]
    gap = np.abs(theory["slopes"][:, -2] / theory["limits"] - 1)
    ahead = [-hard_prompt_exponent(parameters.difficulties[i], theory["wide"][-2])[0] for i in hard]
    left = np.abs(theory["slopes"][hard, -2] - ahead) * edge**4
    ratio = data["runs"]["error_2"].mean(0)
    exact = np.exp(np.interp(np.log(DRAWN), np.log(K), np.log(theory["exact"][2])))
    z = (ratio - exact) / (data["runs"]["error_2"].std(0, ddof=1) / np.sqrt(parameters.runs))
    return [
        Claim("with (k+1)(k+2) the law is within 1 % of the exact curve for k > 50 at n/d = 50", off < 0.01, f"{off:.1e}"),
        Claim("the exact slope at k = 1e9 is within 12 % of -min(2, s^2/q) (the approach is logarithmic)", bool((gap < 0.12).all()), f"{gap.round(3)}"),
        Claim("for q >= 0.6 s^2 it is s^2/q with its 1/x^2 correction to 16/x^4", bool((left < 16).all()), f"{left.round(1)} / x^4"),
        Claim("runs agree at n/d = 50 (|z| < 4)", bool((np.abs(z) < 4).all()), f"{z.round(2)}"),
    ]  # fmt: skip
