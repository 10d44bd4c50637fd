"""Runs approach the dynamical mean-field theory as 1/D: test loss in several settings.

Caption: Relative gap of the mean test loss of drawn networks (infinite width, exact reduction of gradient descent, h*
stratified, start orthogonal to the teacher) to the DMFT at the last step, against 1/D, D the input dimension. Points:
mean of runs with one standard error; lines: weighted fit a + b/D; at 1/D = 0 the intercept with its 99 % interval
(Student's t at the fewest runs, Bonferroni over settings). The settings run from rich (alpha = 0.5) to lazy (alpha =
1000). Right: train and test loss of the first setting, theory as lines, runs as points at the greatest D.
"""

from dataclasses import dataclass

import numpy as np

from paper_figures import verdicts
from paper_figures.figure import Claim

PAPER = "beyond the paper"
FIGURES = ()
STATES = {}
WING = "lazy_rich"


@dataclass(frozen=True)
class Parameters:
    # alpha, curvature, kappa, m0, learning rate, steps
    settings: tuple[tuple[float, ...], ...] = (
        (1.0, 0.5, 2.0, 0.4, 0.1, 30),
        (0.5, 0.5, 4.0, 0.4, 0.1, 30),
        (2.0, 0.3, 3.0, 0.2, 0.1, 30),
        (1.0, 1.0, 1.0, 0.3, 0.02, 30),
        (1000.0, 0.5, 2.0, 0.0, 0.2, 30),
    )
    dims: tuple[int, ...] = (50, 100, 200)  # D
    runs: tuple[int, ...] = (64, 32, 16)  # at each D
    largest: tuple[int, int] = (0, 0)  # D and runs of one more point in the first setting; 0: none
    paths: int = 672
    margin: float = 0.08  # of the test loss extrapolated from the first two D; it starts at .7 to .75
    key: int = 0


SIZES = {"full": {"dims": (100, 200, 400), "runs": (256, 160, 32), "largest": (800, 4), "paths": 2640, "margin": 0.05}}


def steps(parameters):
    made = {}
    for number, setting in enumerate(parameters.settings):
        sizes = list(zip(parameters.dims, parameters.runs, strict=True))
        if number == 0 and parameters.largest[0]:
            sizes.append(parameters.largest)
        made[f"theory {number}"] = lambda setting=setting: _theory(parameters, setting)
        for dim, runs in sizes:
            made[f"runs {number} D={dim}"] = lambda setting=setting, dim=dim, runs=runs: _runs(
                parameters, setting, dim, runs
            )
    return made


def _problem(setting):
    from grok_theory import GradientDescent
    from grok_theory.lazy_rich import QuadraticCommittee

    alpha, curvature, kappa, overlap, learning_rate, count = setting
    return QuadraticCommittee(alpha, curvature, kappa, overlap), GradientDescent(learning_rate), np.arange(count + 1)


def _theory(parameters, setting):
    from grok_theory.lazy_rich import DMFT, solve

    problem, dynamics, steps = _problem(setting)
    theory = solve(problem, steps, dynamics=dynamics, method=DMFT(paths=parameters.paths))
    return {
        "times": steps * float(problem.tau_per_step(dynamics)),
        **{name: np.asarray(theory[name]) for name in ("train_loss", "test_loss")},
        "error": np.asarray(theory.numerical_error["test_loss"]),
    }


def _runs(parameters, setting, dim, runs):
    import jax

    from grok_theory.lazy_rich import ExactReduction, simulate

    problem, dynamics, steps = _problem(setting)
    drawn = simulate(
        problem,
        steps,
        dynamics=dynamics,
        dim=dim,
        runs=runs,
        key=jax.random.fold_in(jax.random.key(parameters.key), dim),
        method=ExactReduction(orthogonal_start=True),
    )
    return {name: np.asarray(drawn[name]) for name in ("train_loss", "test_loss")}


def _gaps(parameters, data, number):
    """1/D, relative gap of the mean at the last step, its standard error."""
    theory = data[f"theory {number}"]["test_loss"][-1]
    sizes = list(parameters.dims)
    if number == 0 and parameters.largest[0]:
        sizes.append(parameters.largest[0])
    last = [data[f"runs {number} D={dim}"]["test_loss"][:, -1] for dim in sizes]
    gap = np.array([np.mean(runs) / theory - 1 for runs in last])
    error = np.array([np.std(runs, ddof=1) / np.sqrt(len(runs)) / theory for runs in last])
    return 1 / np.array(sizes), gap, error


def _fit(inverse, gap, error):
    """Intercept and slope of gap = a + b/D, and the intercept's standard error, by weighted least squares."""
    design = np.stack([np.ones_like(inverse), inverse], axis=1) / error[:, None]
    covariance = np.linalg.inv(design.T @ design)
    intercept, slope = covariance @ design.T @ (gap / error)
    return intercept, slope, np.sqrt(covariance[0, 0])


def _bonferroni(parameters):
    """Student's quantile at the fewest runs: their standard error, from 16 runs, is itself known to 20 %."""
    from scipy.stats import t

    return t.isf(0.005 / len(parameters.settings), min(parameters.runs) - 1)


def draw(parameters, data):
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(7, 2.9), layout="constrained")
    factor = _bonferroni(parameters)
    for number, setting in enumerate(parameters.settings):
        inverse, gap, error = _gaps(parameters, data, number)
        intercept, slope, uncertain = _fit(inverse, gap, error)
        line = np.array([0, inverse.max()])
        label = rf"$\alpha={setting[0]:g}$, $\kappa={setting[2]:g}$"
        (drawn,) = left.plot(line, 100 * (intercept + slope * line), lw=0.9)
        left.errorbar(inverse, 100 * gap, 100 * error, fmt="o", ms=3, color=drawn.get_color(), label=label)
        shift = (number - 2) * 0.006 * inverse.max()
        left.errorbar(
            [shift], [100 * intercept], [100 * factor * uncertain], fmt="_", capsize=2, color=drawn.get_color()
        )
    left.axhline(0, color="black", lw=0.6)
    left.set(xlabel="1/D", ylabel="runs over theory, test loss [%]")
    bottom, top = left.get_ylim()
    left.set_ylim(bottom - 0.42 * (top - bottom), top)  # room for five settings below the points
    left.legend(loc="lower center", ncols=2)
    left.locator_params(axis="x", nbins=4)

    theory = data["theory 0"]
    greatest = parameters.largest[0] or parameters.dims[-1]
    runs = data[f"runs 0 D={greatest}"]
    for name, color in (("train_loss", "C0"), ("test_loss", "C1")):
        right.plot(theory["times"], theory[name], color=color, label=name.replace("_", " ") + ", DMFT")
        mean = runs[name].mean(axis=0)
        spread = runs[name].std(axis=0, ddof=1) / np.sqrt(len(runs[name]))
        right.errorbar(
            theory["times"][::2], mean[::2], spread[::2], fmt="o", ms=2.5, color=color, label=f"runs, D = {greatest}"
        )
    right.set(yscale="log", xlabel=r"$\tau$", ylabel="loss", title=rf"$\alpha={parameters.settings[0][0]:g}$")
    right.legend()
    return figure


def claims(parameters, data):
    factor = _bonferroni(parameters)
    made = []
    for number, setting in enumerate(parameters.settings):
        inverse, gap, error = _gaps(parameters, data, number)
        intercept, _, uncertain = _fit(inverse, gap, error)
        numerical = data[f"theory {number}"]["error"][-1] / data[f"theory {number}"]["test_loss"][-1]
        made.append(
            Claim(
                f"alpha = {setting[0]:g}, kappa = {setting[2]:g}: the gap vanishes as D grows",
                abs(intercept) <= factor * uncertain + numerical,
                f"intercept {100 * intercept:.2f} %, half-width {100 * factor * uncertain:.2f} %, "
                f"gaps {', '.join(f'{100 * g:.2f}({100 * e:.2f})' for g, e in zip(gap, error))} %, "
                f"numerical {100 * numerical:.2f} %",
            )
        )
        made.append(_judged(parameters, data, number))
        if parameters.dims[-1] >= 400:
            made.append(
                Claim(
                    f"alpha = {setting[0]:g}: gap at D = 400 at most 5 %",
                    abs(gap[2]) <= 0.05,
                    f"{100 * gap[2]:.2f} %",
                )
            )
    if parameters.largest[0] >= 800:
        made.append(Claim("gap at D = 800 at most 2 %", abs(gap_at(parameters, data)) <= 0.02))
    return made


def _judged(parameters, data, number):
    """The verdict of `compare` on the test loss at every step, extrapolated to 1/D = 0 from the first two sizes.

    Run i with run i: of the smaller size, which has more runs, the first ones.
    """
    from grok_theory import Absolute

    loss, dims, count = "test_loss", parameters.dims[:2], min(parameters.runs[:2])
    small, large = ({loss: data[f"runs {number} D={dim}"][loss][:count]} for dim in dims)
    theory = data[f"theory {number}"]
    step = verdicts.judged_differences(
        "tau",
        theory["times"],
        {loss: theory[loss]},
        verdicts.extrapolated(small, large, dims),
        margin={loss: Absolute(parameters.margin)},
        errors={loss: theory["error"]},
    )
    alpha, kappa = parameters.settings[number][0], parameters.settings[number][2]
    text = (
        f"alpha = {alpha:g}, kappa = {kappa:g}: at all steps the test loss extrapolated from D = {dims[0]}, {dims[1]}"
    )
    return verdicts.verdict_claim(f"{text} is the theory's, to {parameters.margin:g}", step, loss)


def gap_at(parameters, data):
    """The first setting's gap at its greatest D."""
    return _gaps(parameters, data, 0)[1][-1]
