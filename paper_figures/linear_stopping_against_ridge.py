"""Early stopping against ridge regression, both at their best.

Caption: Left: test loss (SNR = 5) against samples per weight when training for ever, when stopped at the best time,
and with the best ridge penalty 1/SNR. Right: the error above the noise floor that stopping leaves, over what ridge
leaves. Stopping is never better and never much worse: at most 4.014 % in this excess, at alpha = 1.50 and SNR = 9.5
(a maximum found numerically, not proved).
"""

from dataclasses import dataclass

import numpy as np

from paper_figures.figure import Claim

PAPER = "Advani & Saxe 2017"
FIGURES = ("5",)
STATES = {}
WING = "linear"


@dataclass(frozen=True)
class Parameters:
    snr: float = 5.0  # of the left panel
    snrs: tuple[float, ...] = (0.3, 1.0, 9.5, 100.0, 10000.0)  # of the right panel
    least: float = 0.1  # smallest alpha
    most: float = 10.0  # largest alpha
    points: int = 160


SIZES = {"quick": {"points": 60}, "full": {"points": 400}}


def steps(parameters):
    return {"theory": lambda: _theory(parameters)}


def _theory(parameters):
    import jax

    from grok_theory import linear

    ratios = np.geomspace(parameters.least, parameters.most, parameters.points)

    @jax.jit
    def at(ratios, snr):
        def one(ratio):
            problem = linear.TeacherStudent(ratio, snr)
            stop = linear.optimal_stopping(problem)
            return linear.limits(problem).test_loss, stop.test_loss, linear.optimal_ridge(problem).test_loss

        return jax.vmap(one)(ratios)

    for_ever, stopped, ridge = at(ratios, parameters.snr)
    excess = []
    for snr in parameters.snrs:
        _, stop, best = at(ratios, snr)
        excess.append((stop - 1) / (best - 1))
    facts = np.array([0.25, 0.5, 0.9, 1.1, 2.0, 4.0])
    late, early, _ = at(facts, 5.0)
    _, _, exact = at(np.array([0.25, 0.9]), 5.0)
    _, worst_stop, worst_ridge = at(np.array([1.499]), 9.51)
    return {
        "ratios": ratios,
        "for_ever": for_ever,
        "stopped": stopped,
        "ridge": ridge,
        "excess": np.array(excess),
        "overtraining": late / early,
        "exact": exact,
        "worst": (worst_stop - 1) / (worst_ridge - 1),
    }


def draw(parameters, data):
    import matplotlib.pyplot as plt

    theory = data["theory"]
    figure, (left, right) = plt.subplots(1, 2, figsize=(7, 2.6))
    left.plot(theory["ratios"], theory["for_ever"], color="0.55", ls="--", label="trained for ever")
    left.plot(theory["ratios"], theory["stopped"], color="C0", label="best stop")
    left.plot(theory["ratios"], theory["ridge"], color="C1", ls="-.", label="best ridge")
    left.set(xscale="log", yscale="log", ylim=(0.9, 40), ylabel="test loss [noise variance]")
    for index, snr in enumerate(parameters.snrs):
        right.plot(theory["ratios"], 100 * (theory["excess"][index] - 1), color=f"C{index}", label=f"SNR {snr:g}")
    right.set(xscale="log", ylabel="excess over best ridge [%]", ylim=(0, None))
    for ax in (left, right):
        ax.set(xlabel=r"samples per weight $\alpha$", xlim=(parameters.least, parameters.most))
        ax.legend()
    return figure


def claims(parameters, data):
    theory = data["theory"]
    known = np.array([1.015, 1.090, 3.450, 4.142, 1.130, 1.015])
    return [
        Claim(
            "The best ridge is never worse than the best stop, and that never worse than training for ever",
            np.all(theory["ridge"] <= theory["stopped"]) and np.all(theory["stopped"] <= theory["for_ever"]),
            f"{theory['ratios'].size} aspect ratios",
        ),
        Claim(
            "Stopping leaves at most 4.014 % more excess error than ridge, largest near alpha = 1.499, SNR = 9.51",
            theory["excess"].max() <= 1.04014 and abs(theory["worst"][0] - 1.04014) < 5e-6,
            f"largest drawn {theory['excess'].max() - 1:.4%}; at the named point {theory['worst'][0] - 1:.5%}",
        ),
        Claim(
            "Over-training at SNR 5 costs a factor 1.015 1.090 3.450 4.142 1.130 1.015 at alpha .25 .5 .9 1.1 2 4",
            np.all(np.abs(theory["overtraining"] - known) < 6e-4),
            ", ".join(f"{value:.4f}" for value in theory["overtraining"]),
        ),
        Claim(
            "The best ridge at SNR 5 has test loss exactly 5 at alpha = .25 and 3 at alpha = .9",
            np.all(np.abs(theory["exact"] - [5, 3]) < 1e-13),
            f"{theory['exact'][0]:.15g}, {theory['exact'][1]:.15g}",
        ),
    ]
