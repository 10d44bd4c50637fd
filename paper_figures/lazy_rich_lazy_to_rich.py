"""From lazy to rich: the network generalizes where its linearisation never does.

Caption: Left: train (dashed, hollow) and test loss of a committee (N = 500 neurons) by mean-field theory (lines) and
of drawn networks of the paper's D and P (points, one standard error), beside the same networks linearised around
their start, which is kernel regression with the tangent kernel of the start (thin; dotted: where it ends). Diamonds:
the runs' test loss extrapolated to infinite D, of which the theory speaks. The network first follows its
linearisation, fits the training set, and generalizes when it leaves it. Middle: the squared weight norm rises while
the test loss falls, for two curvatures, by theory and by runs, so it is not a falling norm that makes it generalize.
Right: the alignment of the tangent kernel with the target grows, which the linearised network cannot do. One epoch is
1/D of tau. Not centred.
"""

from dataclasses import dataclass

import numpy as np

from paper_figures import committees
from paper_figures.figure import Claim

PAPER = "Kumar, Bordelon, Gershman & Pehlevan 2023"
FIGURES = ("1b", "1c")
STATES = {}
WING = "lazy_rich"


@dataclass(frozen=True)
class Parameters:
    dim: int = 100  # D, input dimensions
    samples: int = 550  # P
    width: int = 500  # N, neurons
    output_scale: float = 1.0  # alpha
    curvatures: tuple[float, float] = (0.25, 0.02)  # eps of losses and alignment; the other one of the norm alone
    teacher: float = 0.931  # squared norm of the paper's teacher over D (told by its losses at the start)
    epochs: int = 100_000  # last epoch
    points: int = 40  # epochs read, evenly in the logarithm
    shown_runs: int = 2  # of the paper's size
    dims: tuple[int, int] = (20, 40)  # D of the runs that are extrapolated
    runs: int = 100  # at each
    paths: int = 184
    grid_points: int = 40
    scrambles: int = 4
    margin: float = 0.12  # of the theory against the extrapolated runs; losses start at .64
    key: int = 0  # number of the random key


SIZES = {
    "full": {
        "shown_runs": 16, "dims": (50, 100), "runs": 200, "paths": 672, "grid_points": 48, "scrambles": 9,
        "margin": 0.05,
    },
}  # fmt: skip
# Of the paper, at its last epoch: last over first squared norm at both curvatures; alignment at the first of them.
NORM_RATIOS, ALIGNMENTS, LAST = (4.0, 45.0), (0.0022, 0.057), 11_999


def _problem(parameters, curvature):
    """In this wing's units the teacher's norm makes alpha larger, and the unit of the losses smaller."""
    from grok_theory.lazy_rich import QuadraticCommittee

    alpha, kappa = parameters.output_scale / parameters.teacher, parameters.samples / parameters.dim
    return QuadraticCommittee(alpha, curvature, kappa, centred=False).dressed(parameters.dim)


def _epochs(parameters):
    return np.unique(np.append([0, LAST], np.geomspace(10, parameters.epochs, parameters.points)))


def _times(parameters):
    return _epochs(parameters) / parameters.dim


def steps(parameters):
    first, second = parameters.curvatures
    problem, times = _problem(parameters, first), _times(parameters)
    made = committees.theory_and_runs("first", problem, times, parameters, width=parameters.width)
    made["theory second"] = lambda: committees.predicted(
        _problem(parameters, second), times, committees.method_of(parameters)
    )
    for name, curvature in (("network", first), ("second network", second)):
        made[name] = lambda curvature=curvature: _train(parameters, curvature)
    return {**made, "linearised": lambda: _train(parameters, first, linearised=True)}


def _train(parameters, curvature, linearised=False):
    import jax

    from grok_theory.lazy_rich import FrozenKernel

    times = _times(parameters)
    # The last time of the linearised run stands for "for ever": kernel regression without ridge.
    more = {"method": FrozenKernel(orthogonal_start=True)} if linearised else {}
    curves = ("train_loss", "test_loss", "alignment", *(() if linearised else ("weight_norm",)))
    return committees.drawn(
        _problem(parameters, curvature),
        np.append(times, 1e7) if linearised else times,
        dim=parameters.dim,
        width=parameters.width,
        runs=parameters.shown_runs,
        key=jax.random.key(parameters.key),
        curves=curves,
        **more,
    )


def _norm(theory):
    """tr M / D by theory: the common, the private and the odd part, of which the last is its overlap squared.

    What the odd part has beside its overlap is left out: it is of the size of the private part's fluctuations over D.
    """
    return theory["mean_power"] + theory["bulk_power"] + theory["teacher_overlap"] ** 2


def _gathered(parameters, data):
    problem = _problem(parameters, parameters.curvatures[0])
    return committees.gathered("first", problem, _times(parameters), parameters, data)


def draw(parameters, data):
    import matplotlib.pyplot as plt

    theory, _, ideal = _gathered(parameters, data)
    network, linearised = data["network"], data["linearised"]
    times = _times(parameters)
    figure, (losses, norm, alignment) = plt.subplots(1, 3, figsize=(7, 2.6), width_ratios=(1.5, 1, 1))
    for name, color, full in (("train_loss", "C0", False), ("test_loss", "C1", True)):
        word = name.replace("_", " ")
        committees.sketch(losses, theory, name, color=color, label=word, style="-" if full else "--")
        committees.mark(losses, times, network[name], color=color, full=full)
        losses.plot(times, linearised[name].mean(0)[:-1], color=color, lw=0.7, ls="-" if full else "--", alpha=0.6)
    committees.mark(losses, times, ideal["test_loss"], color="black", shape="D", full=False, every=6)
    losses.axhline(linearised["test_loss"].mean(0)[-1], color="0.4", ls=":", lw=1, label="kernel regression")
    losses.set(xscale="log", xlabel=r"time [$\tau$]", ylabel="mean squared error", ylim=(0, 0.95))
    losses.legend(loc="upper right")
    for name, theory_name, color, eps in zip(
        ("network", "second network"), ("first", "second"), ("C2", "C4"), parameters.curvatures, strict=True
    ):
        norm.plot(times, _norm(data[f"theory {theory_name}"]), color=color, label=rf"$\epsilon$ = {eps:g}")
        committees.mark(norm, times, data[name]["weight_norm"], color=color)
    norm.set(xscale="log", yscale="log", xlabel=r"time [$\tau$]", ylabel=r"squared weight norm $|W|^2/(ND)$")
    norm.legend(loc="upper left")
    committees.mark(alignment, times, network["alignment"], color="C3", every=1)
    alignment.plot(times, linearised["alignment"].mean(0)[:-1], color="C3", ls="--", lw=1, label="linearised")
    for value in ALIGNMENTS:
        alignment.axhline(value, color="0.6", lw=0.7, ls=":")
    alignment.set(xscale="log", xlabel=r"time [$\tau$]", ylabel="kernel alignment $A_K$", ylim=(0, None))
    alignment.legend(loc="upper left")
    sizes = f"D = {parameters.dim}, P = {parameters.samples}, N = {parameters.width}"
    eps = f"$\\alpha$ = {parameters.output_scale:g}, $\\epsilon$ = {parameters.curvatures[0]:g}"
    figure.suptitle(f"{sizes}, {eps}", x=0.01, ha="left", fontsize=8)
    return figure


def claims(parameters, data):
    theory, _, ideal = _gathered(parameters, data)
    network, linearised = data["network"], data["linearised"]
    test, norm, alignment = (network[name].mean(0) for name in ("test_loss", "weight_norm", "alignment"))
    end = linearised["test_loss"].mean(0)[-1]
    apart = np.abs(network["test_loss"] / linearised["test_loss"][:, :-1] - 1).mean(0)
    early = _times(parameters) <= 0.5
    last = int(np.searchsorted(_epochs(parameters), LAST))
    rows = [data[name]["weight_norm"].mean(0) for name in ("network", "second network")]
    rows += [_norm(data[f"theory {name}"]) for name in ("first", "second")]
    found = np.array([row[last] / row[0] for row in rows]).reshape(2, 2)
    falling = int(np.argmax(test < 0.7 * test[0]))
    margin = {"train_loss": parameters.margin, "test_loss": parameters.margin}
    return [
        committees.agreement_claim(committees.named(parameters), theory, ideal, margin),
        Claim(
            "The network follows its linearisation to 10 % in test loss until tau = 0.5, and ends below a third of "
            "where kernel regression ends, by theory and by runs",
            apart[early].max() < 0.1 and max(test[-1], theory["test_loss"][-1]) < end / 3,
            f"apart by {100 * apart[early].max():.1f} %; at the end theory {theory['test_loss'][-1]:.4f}, network "
            f"{test[-1]:.4f}, kernel regression {end:.4f}",
        ),
        Claim(
            f"At the paper's epoch {LAST} the squared weight norm has risen by its factors, {NORM_RATIOS[0]:g} and "
            f"{NORM_RATIOS[1]:g}: to 10 % in the runs, to 20 % by theory (whose D is infinite: later), and it has "
            "risen when the test loss has fallen by a third",
            bool(np.all(np.abs(found / NORM_RATIOS - 1).max(1) < (0.1, 0.2))) and norm[falling] > 1.5 * norm[0],
            "runs {:.2f}, {:.1f}; theory {:.2f}, {:.1f}".format(*found.ravel()),
        ),
        Claim(
            f"The kernel's alignment with the target has gone from {ALIGNMENTS[0]:g} to {ALIGNMENTS[1]:g} there, as in "
            "the paper (to 10 %)",
            all(abs(a / b - 1) < 0.1 for a, b in zip(alignment[[0, last]], ALIGNMENTS, strict=True)),
            f"{alignment[0]:.4f} to {alignment[last]:.4f}; at the end {alignment[-1]:.4f}",
        ),
    ]
