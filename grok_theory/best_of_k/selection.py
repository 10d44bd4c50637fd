"""The exact law of the kept answer at a fixed prompt, for any real k >= 1 and any temperature.

Everything here is in units of the spread s: u = (y - y_R)/s is N(gap, 1), `temperature` is T/s^2 = 2 t. The answer
kept by a softmax over k scores -u^2 at temperature T is an argmax of score/T plus Gumbel noise; with
h(z) = exp(z - e^z),

    B(v) = E exp(-e^{v - u^2/T}),   A_j(v) = E[u^j h(v - u^2/T)],   M_j(k) = k int dv A_j(v) B(v)^(k-1),

and M_0 = 1 is a check that costs nothing (section 4.1 of the docs page). At T = 0, with F(r) = P(|u| < r),

    M_j(k) = k int_0^inf dr r^j [p(r) + (-1)^j p(-r)] (1 - F(r))^(k-1).

The tables 1 - B and A_j do not depend on k: they are made once, and every k is one weighted sum.
"""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax.scipy.special import ndtr
from jaxtyping import Array, Float

from .quadrature import gumbel_rule, panel_rule

# Below this v the mean over u is a trapezoid rule in |u|/sqrt(T), above it a Gauss rule in the Gumbel variable.
_SWITCH = 45.0
_LOW_PANELS, _HIGH_PANELS, _BEST_PANELS = 40, 72, 72
_DISTANCES = 500  # nodes in |u|/sqrt(T); spectral, because the integrand is even and analytic
_GUMBEL_NODES = 20


class Tables(NamedTuple):
    """Integrand of M_j on a rule of the outer variable, for every gap: what is left is a power of k."""

    log_survival: Float[Array, "gaps nodes"]  # ln B(v), or ln(1 - F(r)) at T = 0
    weighted: Float[Array, "3 gaps nodes"]  # weight times A_j, j = 0, 1, 2


def selection_tables(
    gaps: Float[Array, " gaps"], largest: Float[Array, ""], temperature: Float[Array, ""], nodes: int
) -> Tables:
    """Tables at T > 0 for `gaps` >= 0 and every k up to `largest`."""
    kappa = jnp.minimum(gaps + 1, 7.0)
    last = (gaps + 10) ** 2 / temperature + 4
    # The smallest v that matters: k (1 - B) <= k e^v E e^{-u^2/T} = e^-40 there.
    smallest = jnp.min(gaps)
    first = -jnp.log(largest) - 40 + jnp.log1p(2 / temperature) / 2 + smallest**2 / (2 + temperature)
    first = jnp.minimum(first, _SWITCH - 1)
    end = jnp.clip(jnp.max(last), first + 1, _SWITCH)

    grid = first + (end - first) * jnp.linspace(0.0, 1.0, 400)
    above = jnp.maximum(grid, 1.0)
    spread = jnp.max(kappa) * jnp.sqrt(temperature / (4 * (jnp.maximum(grid, 0.0) + 1)))
    # On the far left every integrand is e^v to all digits, and a panel may be long.
    density = jnp.where(grid < first + 33, 0.35, jnp.minimum(1.3, jnp.where(grid < 1, 1.0, 2 / above) + spread))
    v, weights = panel_rule(grid, density, panels=_LOW_PANELS, nodes=nodes)
    low_loss, low_moments = _means_over_distance(v, gaps, temperature)
    low = low_moments * weights[None, None, :]

    def high(gap, kappa, last):
        grid = jnp.geomspace(_SWITCH, jnp.maximum(last, _SWITCH + 1), 400)
        density = 2 / grid + kappa * jnp.sqrt(temperature / (4 * (grid + 1)))
        v, weights = panel_rule(grid, density, panels=_HIGH_PANELS, nodes=nodes)
        loss, moments = _means_over_gumbel(v, gap, temperature)
        return loss, moments * weights[None, :]

    high_loss, high_moments = jax.vmap(high, out_axes=(0, 1))(gaps, kappa, last)
    loss = jnp.concatenate([low_loss, high_loss], axis=1)
    # Where the loss rounds to 1, ln B is -inf and (k - 1) ln B nan at k = 1; nothing of weight is there.
    log_survival = jnp.log1p(-jnp.clip(loss, 0.0, 1 - 2.0**-53))
    return Tables(log_survival, jnp.concatenate([low, high_moments], axis=2))


def _means_over_distance(v, gaps, temperature):
    """1 - B and A_j by the trapezoid rule in zeta = |u|/sqrt(T): one matrix product for all gaps."""
    reach = jnp.minimum(jnp.sqrt(86.0), (jnp.max(gaps) + 11) / jnp.sqrt(temperature))
    zeta = jax.lax.stop_gradient(reach) * jnp.linspace(0.0, 1.0, _DISTANCES)
    step = zeta[1] * jnp.sqrt(temperature) * jnp.ones(_DISTANCES).at[0].set(0.5)
    r = jnp.sqrt(temperature) * zeta
    plus = _normal(r[None, :] - gaps[:, None]) * step[None, :]
    minus = _normal(r[None, :] + gaps[:, None]) * step[None, :]
    intensity = jnp.exp(v[:, None] - zeta[None, :] ** 2)
    gumbel = intensity * jnp.exp(-intensity)
    loss = (plus + minus) @ (-jnp.expm1(-intensity)).T
    powers = jnp.stack([plus + minus, r[None, :] * (plus - minus), r[None, :] ** 2 * (plus + minus)])
    return loss, powers @ gumbel.T


def _means_over_gumbel(v, gap, temperature):
    """1 - B and A_j by the Gauss rule of the Gumbel weight: v - u^2/T is a Gumbel variable x."""
    x, weights = (jnp.asarray(part) for part in gumbel_rule(_GUMBEL_NODES))
    r = jnp.sqrt(temperature * (v[:, None] - x[None, :]))
    plus, minus = _normal(r - gap), _normal(r + gap)
    inside, _ = ball_probability(r, gap)
    rate = temperature / 2 * weights[None, :]
    moments = [(plus + minus) / r, plus - minus, r * (plus + minus)]
    return inside @ weights, jnp.stack([(rate * moment).sum(axis=1) for moment in moments])


def best_tables(gaps: Float[Array, " gaps"], largest: Float[Array, ""], nodes: int) -> Tables:
    """Tables at T = 0 for `gaps` >= 0 and every k up to `largest`; the outer variable is r = |u|."""

    def one(gap):
        kappa = jnp.minimum(gap + 1, 7.0)
        grid = jnp.geomspace(1e-17 / largest, gap + 10, 800)
        # As above: below r = 1e-3 / k_max the integrand is a power of r.
        density = jnp.where(grid * largest < 1e-3, 0.35, 1.0) / grid + kappa
        r, weights = panel_rule(grid, density, panels=_BEST_PANELS, nodes=nodes)
        plus, minus = _normal(r - gap), _normal(r + gap)
        inside, outside = ball_probability(r, gap)
        small = inside < 0.5
        log_survival = jnp.where(
            small, jnp.log1p(-jnp.where(small, inside, 0.0)), jnp.log(jnp.where(small, 1.0, outside))
        )
        moments = jnp.stack([plus + minus, r * (plus - minus), r**2 * (plus + minus)])
        return log_survival, moments * weights[None, :]

    return Tables(*jax.vmap(one, out_axes=(0, 1))(gaps))


def moments(tables: Tables, samples: Float[Array, " samples"]) -> Float[Array, "3 gaps samples"]:
    """M_0, M_1, M_2 of the kept answer for every gap and every real k >= 1."""

    # One k at a time keeps the memory that of the tables; checkpoint keeps it so under reverse differentiation.
    @jax.checkpoint
    def at(k):
        kept = k * jnp.exp((k - 1) * tables.log_survival)
        return (tables.weighted * kept[None, :, :]).sum(axis=-1)

    return jnp.moveaxis(jax.lax.map(at, samples), 0, -1)


def ball_probability(
    r: Float[Array, "*points"], gap: Float[Array, ""]
) -> tuple[Float[Array, "*points"], Float[Array, "*points"]]:
    """P(|u| < r) and P(|u| > r) for u ~ N(gap, 1), gap >= 0, each to full relative accuracy."""
    near = r * (1 + gap) < 0.03
    # A difference of two distribution functions loses digits at small r; the series has Hermite polynomials of gap.
    small = jnp.where(near, r, 0.0)
    even = (gap**2 - 1) / 6, (gap**4 - 6 * gap**2 + 3) / 120, (gap**6 - 15 * gap**4 + 45 * gap**2 - 15) / 5040
    series = 2 * _normal(gap) * small * (1 + small**2 * (even[0] + small**2 * (even[1] + small**2 * even[2])))
    far = jnp.where(near, 1.0, r)
    inside = jnp.where(near, series, ndtr(far - gap) - ndtr(-far - gap))
    return inside, ndtr(gap - r) + ndtr(-gap - r)


def _normal(x):
    """Density of N(0, 1)."""
    return jnp.exp(-(x**2) / 2) * 0.3989422804014327
