"""Register: learning from a prompt. Means over the law of the tasks' covariance are integrals in 30 digits."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from ..dynamics import GradientFlow
from ..in_context import LinearAttention, closed_forms, solve
from .formula import Formula, Range
from .many_digits import DIGITS, over_spectrum

PAPER = "setting of Lu, Letey, Zavatone-Veth, Maiti & Pehlevan, arXiv 2405.11751; derived here"
QUADRATURE = "30-digit quadrature of the Marchenko-Pastur law"
ALPHA = Range.of_field(LinearAttention, "context_per_dim", r"\alpha")
KAPPA = Range.of_field(LinearAttention, "tasks_per_dim", r"\kappa")
NOISE = Range.of_field(LinearAttention, "noise", r"\sqrt{\rho}")
RATIO = Range(0.01, 100.0, (1.0, 0.25), "c/c'")


def _means(kappa: float, smallest: Any, functions: list[Callable[[Any], Any]]) -> list[Any]:
    """E f(r) over the eigenvalues of the tasks' covariance; `smallest` is the least r + q that is divided by."""
    import mpmath as mp

    with mp.workdps(DIGITS):
        k = mp.mpf(kappa)
        bulk = over_spectrum(k, [lambda l, f=f: f(l / k) for f in functions], scale=1 / (k * smallest))
        return [part + max(mp.mpf(0), 1 - k) * f(mp.mpf(0)) for part, f in zip(bulk, functions, strict=True)]


@partial(
    Formula,
    name="in_context.task_resolvent",
    says="mean resolvent of the covariance of k tasks in d dimensions",
    function=closed_forms.task_resolvent,
    domain={"penalty": Range(1e-3, 1e3, (1.0,), "q"), "tasks_per_dim": KAPPA},
    symbol="M(q)",
    expression="2/(penalty + 1 - 1/tasks_per_dim + sqrt((penalty + 1 - 1/tasks_per_dim)**2 + 4*penalty/tasks_per_dim))",
    source="Marchenko & Pastur 1967",
    status="as printed",
    by=QUADRATURE,
    rtol=1e-13,
)
def _task_resolvent(penalty: float, kappa: float) -> float:
    (mean,) = _means(kappa, penalty, [lambda r: 1 / (r + penalty)])
    return float(mean)


@partial(
    Formula,
    name="in_context.infinite_sequences_loss",
    says="loss on fresh tasks after all sequences, without a ridge",
    function=closed_forms.infinite_sequences_loss,
    domain={"context_per_dim": ALPHA, "tasks_per_dim": KAPPA, "noise": NOISE},
    symbol=r"\mathcal{L}_\mathrm{icl}(\tau = \infty)",
    latex=r"\rho + 1 - 2 (1 - c M) + (1 + c)(1 - 2 c M - c^2 M'), \quad M = M(c), \quad c = (1 + \rho)/\alpha",
    source=PAPER,
    status="ours",
    by="30-digit quadrature of the loss of the optimal matrix R (R + c)^-1",
    rtol=1e-12,
)
def _infinite_sequences_loss(alpha: float, kappa: float, noise: float) -> float:
    import mpmath as mp

    with mp.workdps(DIGITS):
        rho = mp.mpf(noise) ** 2
        c = (1 + rho) / mp.mpf(alpha)
        learned = lambda r: r / (r + c)  # noqa: E731
        (mean,) = _means(kappa, c, [lambda r: 1 - 2 * learned(r) + (1 + c) * learned(r) ** 2])
        return float(rho + mean)


@partial(
    Formula,
    name="in_context.long_context_loss",
    says="that loss for long prompts: the threshold of diversity at one task a dimension",
    function=closed_forms.long_context_loss,
    domain={
        "tasks": Range(1, 12, (), "k", whole=True),
        "dim": Range(1, 12, (), "d", whole=True),
        "noise": NOISE,
    },
    call=lambda tasks, dim, noise: closed_forms.long_context_loss(tasks / dim, noise),
    symbol=r"\mathcal{L}_\mathrm{icl}(\tau, \alpha = \infty)",
    expression="noise**2 + Max(0, 1 - tasks/dim)",
    source=PAPER,
    status="ours",
    by="rank of drawn tasks",
    rtol=1e-14,
)
def _long_context_loss(tasks: int, dim: int, noise: float) -> float:
    drawn = np.random.default_rng(tasks + 100 * dim).normal(size=(tasks, dim))
    return noise**2 + (dim - int(np.linalg.matrix_rank(drawn))) / dim


def _where_the_edge_is(ratio: float, start: float, towards: float) -> float:
    """kappa between two ends at which the lower edge of the law, in units of R, is `ratio`; 40 digits."""
    import mpmath as mp

    with mp.workdps(40):
        low, high = mp.mpf(start), mp.mpf(towards)
        above = lambda k: (1 + 1 / k - 2 / mp.sqrt(k)) > mp.mpf(ratio)  # noqa: E731
        for _ in range(140):
            middle = mp.sqrt(low * high)
            low, high = (middle, high) if above(middle) else (low, middle)
        return float(low)


@partial(
    Formula,
    name="in_context.transience_threshold",
    says="tasks per dimension up to which in-context learning is transient",
    function=closed_forms.transience_threshold,
    domain={"prompt_noise_ratio": RATIO},
    symbol=r"\kappa^*",
    expression="1/(1 + sqrt(prompt_noise_ratio))**2",
    source=PAPER,
    status="ours",
    by="bisection of the lower edge of the law in 40 digits",
    rtol=1e-14,
)
def _transience_threshold(ratio: float) -> float:
    return _where_the_edge_is(ratio, 1e-6, 1.0)


@partial(
    Formula,
    name="in_context.second_transience_threshold",
    says="tasks per dimension from which on it is transient again, for shorter test prompts",
    function=closed_forms.second_transience_threshold,
    domain={"prompt_noise_ratio": Range(0.01, 0.9, (0.25,), "c/c'")},
    symbol=r"\kappa^{**}",
    expression="Piecewise((1/(1 - sqrt(prompt_noise_ratio))**2, prompt_noise_ratio < 1), (oo, True))",
    source=PAPER,
    status="ours",
    by="bisection of the lower edge of the law in 40 digits",
    rtol=1e-12,
)
def _second_transience_threshold(ratio: float) -> float:
    return _where_the_edge_is(ratio, 1e12, 1.0)


@partial(
    Formula,
    name="in_context.learning_curve",
    says="loss on fresh tasks, loss on training tasks and effective ridge after n = tau d^2 sequences",
    function=solve,
    domain={
        "sequences_per_dim2": Range(0.05, 50.0, (0.5, 2.0), r"\tau"),
        "context_per_dim": ALPHA,
        "tasks_per_dim": KAPPA,
        "noise": NOISE,
        "ridge": Range.of_field(LinearAttention, "ridge", r"\lambda"),
        "test_noise": NOISE,
    },
    call=lambda tau, alpha, kappa, noise, ridge, test_noise: _at_sequences(
        LinearAttention(alpha, kappa, noise, ridge, test_noise=test_noise), tau
    ),
    symbol=r"\mathcal{L}_\mathrm{icl}, \; \mathcal{L}_\mathrm{idg}, \; \xi",
    latex=r"\xi M(c + \xi) - \tau\lambda/\xi = 1 - \tau, \;\; "
    r"\mathcal{L}_\mathrm{idg} = \frac{\rho + c + q M (\xi - c) + \xi q^2 M'}{1 - (1 - 2 \xi M - \xi^2 M')/\tau}, \;\; "
    r"\mathcal{L}_\mathrm{icl} = \rho' + 1 - 2 (1 - q M) + (1 + c')(1 - 2 q M - q^2 M') "
    r"+ \frac{\mathcal{L}_\mathrm{idg}}{\tau} (1 + c')(M + \xi M')",
    source=PAPER,
    status="ours",
    by="means over the law and a root in a bracket, 30 digits, without the closed resolvent",
    rtol=1e-12,
    note="at the interpolation peak, ridge 0 and tau = 1, both losses are infinite; it is refused",
)
def _learning_curve(tau, alpha, kappa, noise, ridge, test_noise) -> tuple[float, float, float] | None:
    """Ridge regression on features of covariance I (x) (R + c)/d, whose target is r/(r + c) along a mode."""
    import mpmath as mp

    if ridge == 0 and tau == 1:
        return (float("nan"),) * 3  # as the curves say
    with mp.workdps(DIGITS):
        t, lam, rho, rho_test = mp.mpf(tau), mp.mpf(ridge), mp.mpf(noise) ** 2, mp.mpf(test_noise) ** 2
        c, c_test = (1 + rho) / mp.mpf(alpha), (1 + rho_test) / mp.mpf(alpha)

        def balance(log_xi):
            xi = mp.exp(log_xi)
            (share,) = _means(kappa, c, [lambda r: (r + c) / (r + c + xi)])
            return mp.log(share + t * lam / xi) - mp.log(t)

        xi = mp.mpf(0)
        if lam > 0 or t < 1:
            low = mp.log(max(lam, c * max(1 - t, 0) / t)) - 1
            high = mp.log((1 + c) / t + lam) + 1
            fine = mp.mpf(10) ** (4 - DIGITS)  # asked for more, the search is driven by rounding and leaves the root
            xi = mp.exp(mp.findroot(balance, (low, high), solver="anderson", tol=fine, verify=False))
        q = c + xi
        squared, wanted, missed, learned, noises = _means(
            kappa,
            c,
            [
                lambda r: ((r + c) / (r + q)) ** 2,
                lambda r: r - r * r / (r + c) + (r + c) * (r / (r + c) - r / (r + q)) ** 2,
                lambda r: (1 - r / (r + q)) ** 2,
                lambda r: (r / (r + q)) ** 2,
                lambda r: (r + c) / (r + q) ** 2,
            ],
        )
        idg = (rho + wanted) / (1 - squared / t)
        icl = rho_test + missed + c_test * learned + (1 + c_test) * idg / t * noises
        return float(icl), float(idg), float(xi)


@partial(
    Formula,
    name="in_context.population_flow",
    says="loss on fresh tasks and on training tasks along the population flow",
    function=solve,
    domain={
        "time": Range(1e-3, 1e3, (0.0, 1.0), "s"),
        "context_per_dim": ALPHA,
        "tasks_per_dim": KAPPA,
        "noise": NOISE,
    },
    call=lambda time, alpha, kappa, noise: _at_time(LinearAttention(alpha, kappa, noise), time),
    symbol=r"\mathcal{L}_\mathrm{icl}(s), \; \mathcal{L}_\mathrm{idg}(s)",
    latex=r"\rho + E_r [1 - 2 g_r + (1 + c) g_r^2], \;\; \rho + E_r [r - 2 r g_r + (r + c) g_r^2], \quad "
    r"g_r = \frac{r}{r + c} (1 - e^{-(r + c) s})",
    source=PAPER,
    status="ours",
    by=QUADRATURE,
    rtol=1e-12,
)
def _population_flow(time: float, alpha: float, kappa: float, noise: float) -> tuple[float, float]:
    import mpmath as mp

    with mp.workdps(DIGITS):
        s, rho = mp.mpf(time), mp.mpf(noise) ** 2
        c = (1 + rho) / mp.mpf(alpha)
        g = lambda r: r / (r + c) * (1 - mp.exp(-(r + c) * s))  # noqa: E731
        both = [lambda r: 1 - 2 * g(r) + (1 + c) * g(r) ** 2, lambda r: r - 2 * r * g(r) + (r + c) * g(r) ** 2]
        icl, idg = _means(kappa, 1 / (1 / c + s), both)
        return float(rho + icl), float(rho + idg)


def _at_sequences(problem: LinearAttention, tau: float) -> tuple[Any, ...]:
    found = solve(problem, [tau], throw=False)
    return tuple(found[name][0] for name in ("icl_loss", "idg_loss", "effective_ridge"))


def _at_time(problem: LinearAttention, time: float) -> tuple[Any, ...]:
    found = solve(problem, [time], dynamics=GradientFlow())
    return tuple(found[name][0] for name in ("icl_loss", "idg_loss"))
