"""The exact law of the kept answer at a fixed prompt, for any real k >= 1 and any temperature.

Everything here is in units of the spread s: u = (y - y_R)/s is N(gap, 1), `temperature` is T/s^2 = 2 t. The answer
kept by a softmax over k scores -u^2 at temperature T is an argmax of score/T plus Gumbel noise; with
h(z) = exp(z - e^z),

    B(v) = E exp(-e^{v - u^2/T}),   A_j(v) = E[u^j h(v - u^2/T)],   M_j(k) = k int dv A_j(v) B(v)^(k-1),

and M_0 = 1 is a check that costs nothing. At T = 0, with F(r) = P(abs(u) < r),

    M_j(k) = k int_0^inf dr r^j [p(r) + (-1)^j p(-r)] (1 - F(r))^(k-1).

The means A_j do not depend on k: they are made once, and every k is one weighted sum of them. As B' = -A_0 (and
F' = p(r) + p(-r)), 1 - B is the running integral of a mean that is needed anyway: no distribution function is
evaluated. The panels of the outer variable are as many as a gap and a temperature need, a few at a time.
The distance to the truth, u + D, is squared before it is averaged: M_2 + 2 D M_1 + D^2 would bury a small error under
a large D.
"""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from .quadrature import legendre_rule, panel_rule, running_integral

# Below this v the mean over u runs over |u|, above it over the Gumbel variable v - u^2/T, of which v loses the digits.
_SWITCH = 100.0
_NEAR = 8.0  # Gumbel variable that parts its rule: the law falls double exponentially above, as e^x below
_WIDE = 16.0  # spreads
_PANELS = 96  # at most; what is smooth needs few
_FAR = -7.0  # logarithm of k F below which every integrand is an exponential, or a power
_TAKEN = 4  # panels that are computed, or left out, at once
_PLACES = 400  # points that place the panels
_DENSITY = 0.3989422804014327  # of N(0, 1) at 0
_TOGETHER = 64  # values of k in one product; solve pads them to a power of two


class Seen(NamedTuple):
    """Where the mean answer stands: from the judge's favourite (>= 0), the truth, and their distance D."""

    gap: Float[Array, "*gaps"]
    teacher: Float[Array, "*gaps"]
    judge: Float[Array, "*gaps"]


class Rule(NamedTuple):
    """How far one quadrature looks and where its panels lie: two that differ in all of it make the error estimate."""

    cut: Float[Array, "*gaps"]  # the outer variable begins where k (1 - B) = e^-cut
    reach: Float[Array, "*gaps"]  # spreads beyond the mean answer
    depth: Float[Array, "*gaps"]  # Gumbel variable from -depth
    height: Float[Array, "*gaps"]  # to height
    fineness: Float[Array, "*gaps"]  # panels over what `_measure` says is needed


FIRST = Rule(*map(np.asarray, (46.0, 11.0, 54.0, 5.5, 1.0)))
SECOND = Rule(*map(np.asarray, (41.0, 10.0, 48.0, 5.1, 0.9)))


def kept_moments(
    seen: Seen,
    asked: Bool[Array, " gaps"],
    samples: Float[Array, " samples"],
    temperature: Float[Array, ""] | None,
    rule: Rule,
    nodes: int,
) -> Float[Array, "4 gaps samples"]:
    """Means of 1, u^2, u or z = u - gap, and (u + D)^2 of the kept answer for every gap and every real k >= 1.

    `nodes` Gauss-Legendre nodes a panel; `temperature` None is T = 0. Gaps that are not `asked` for cost nothing, and
    their means are zero.
    """
    largest = jax.lax.stop_gradient(jnp.max(samples))
    blocks = samples.reshape(-1, min(samples.size, _TOGETHER))

    # One gap at a time: what is between stays in the processor's cache, and checkpoint keeps it out of the memory of
    # reverse differentiation.
    @jax.checkpoint
    def one(each):
        seen, asked, rule = each
        if temperature is None:
            given, means = (seen.gap, largest), partial(_densities, seen)
            places = _radii
        else:
            given, means = (
                (seen.gap, largest, temperature),
                partial(_means_over_answers, seen, temperature, rule, nodes),
            )
            places = _keys
        points, weights, panels = places(*jax.lax.stop_gradient(given), rule, nodes)
        panels = jnp.where(asked, panels, 0.0)

        def add(carried, points, weights):
            loss, total = carried
            parts = means(points) * weights[None, :]
            # Below the first panel is less than a share e^-cut of what matters.
            log_rest = _log_of_rest(loss + running_integral(parts[0], nodes))

            def at(k):
                return parts @ (k[None, :] * jnp.exp((k[None, :] - 1) * log_rest[:, None]))

            # One block is no loop to compile.
            more = (
                at(blocks[0]) if len(blocks) == 1 else jnp.moveaxis(jax.lax.map(at, blocks), 0, 1).reshape(total.shape)
            )
            return loss + jnp.sum(parts[0]), total + more

        def few_panels(carried, each):
            first, *rest = each
            return jax.lax.cond(first < panels, add, lambda carried, *_: carried, carried, *rest), None

        steps = np.arange(0.0, _PANELS, _TAKEN)
        given = steps, *(part.reshape(steps.size, -1) for part in (points, weights))
        return jax.lax.scan(few_panels, (jnp.zeros(()), jnp.zeros((4, samples.size))), given)[0][1]

    return jnp.moveaxis(jax.lax.map(one, (seen, asked, rule)), 0, 1)


def _measure(grid, largest, log_loss, fine, root, rule):
    """How many panels the parts of a grid need, and how many that makes in all.

    A panel holds 2.6 of the logarithm of what is raised to the power k, whose strip is pi wide; 8 where that is far
    from 1/k for all k, and the integrand an exponential; and two spreads of the Gaussian law of the answers. `fine`
    (parts,): what the integrand needs beside.
    """
    level = jnp.log(largest) + log_loss
    change = jnp.abs(jnp.diff(level)) * jnp.where(level[1:] < _FAR, 1 / 8, 1 / 2.6)
    parts = rule.fineness * (jnp.maximum(change, fine) + jnp.diff(root) / 2)
    count = _TAKEN * jnp.ceil(jnp.sum(parts) / _TAKEN)
    return parts + 1e-12 * jnp.diff(grid) / (grid[-1] - grid[0]), jnp.clip(count, _TAKEN, _PANELS)


def _keys(gap, largest, temperature, rule, nodes):
    """Rule of v, from where the best of the largest k is not yet, to where a single answer no longer is."""
    last = (gap + rule.reach) ** 2 / temperature + rule.height

    def early(v):
        return jnp.log(largest) + jnp.log(_rough_loss(v, gap, temperature)) < -rule.cut

    # 1 - B <= e^v.
    ends = _folded(jnp.stack([-jnp.log(largest) - rule.cut, last]))
    start = _zoom(lambda x: early(_unfolded(x)), *ends)
    grid = _unfolded(start + (ends[1] - start) * np.linspace(0.0, 1.0, _PLACES))
    # Around 0 the Gumbel law decides, whose strip is pi wide; far above, powers of v, whose pole at 0 is far only for
    # panels within a factor of 3.
    middle = jnp.diff(jnp.clip(grid, -4.0, 6.0)) / 2.6
    above = jnp.diff(jnp.log(jnp.maximum(grid, 6.0))) * 0.9
    root = jnp.minimum(jnp.sqrt(temperature * jnp.maximum(grid, 0.0)), gap + rule.reach)
    loss = jnp.log(_rough_loss(grid, gap, temperature))
    measure, panels = _measure(grid, largest, loss, middle + above, root, rule)
    return *panel_rule(grid, measure, panels=_PANELS, nodes=nodes, used=panels), panels


def _folded(v):
    """A map that brings the range of v, 1e280 and more, to hundreds; places of panels need no accuracy."""
    return jnp.sign(v) * jnp.log(1 + jnp.abs(v))


def _unfolded(x):
    return jnp.sign(x) * (jnp.exp(jnp.abs(x)) - 1)


def _rough_loss(v, gap, temperature):
    """E min(1, e^(v - u^2/T)), which is 1 - B to within a factor 1 - 1/e, from above: it says where a rule begins."""
    share = temperature / (temperature + 2)  # e^(-u^2/T) tilts N(gap, 1) to N(gap share, share)
    edge = jnp.sqrt(temperature * jnp.maximum(v, 0.0))
    width = jnp.sqrt(share)
    beyond = jnp.maximum(edge - gap * share, 0.0) / width
    return _rough_ball(edge, gap) + width * jnp.exp(v - gap**2 / (temperature + 2) - beyond**2 / 2)


def _rough_ball(r, gap):
    """P(abs(u) < r) for u ~ N(gap, 1), from above and to within a factor of the order of 1 + gap."""
    return jnp.minimum(1.0, 0.8 * r) * jnp.exp(-(jnp.maximum(gap - r, 0.0) ** 2) / 2)


def _zoom(early, low, high):
    """Largest point of a threefold grid at which a monotone condition still holds."""

    def closer(_, ends):
        grid = ends[0] + (ends[1] - ends[0]) * jnp.linspace(0.0, 1.0, 33)
        last = jnp.clip(jnp.sum(early(grid)) - 1, 0, 31)
        return grid[last], grid[last + 1]

    return jax.lax.fori_loop(0, 3, closer, (low, high))[0]


def _means_over_answers(seen, temperature, rule, nodes, v):
    """A_j at every v, over r = abs(u) where the Gumbel variable x = v - r^2/T neither drowns nor decides."""
    edges = _edges(*jax.lax.stop_gradient((v, seen.gap, temperature)), rule)
    cold = (v > _SWITCH)[:, None]
    # Two panels see what ninety-six do outside: they need more nodes each.
    shares = [legendre_rule(n) for n in (3 * nodes + 4, 3 * nodes // 2 + 2)]
    points = jnp.concatenate(
        [a + (b - a) * (s[None, :] + 1) / 2 for a, b, (s, _) in zip(edges[:-1], edges[1:], shares)], axis=1
    )
    widths = jnp.concatenate(
        [jnp.abs(b - a) * w[None, :] / 2 for a, b, (_, w) in zip(edges[:-1], edges[1:], shares)], axis=1
    )
    # Warm: the points are r. Cold: they are x, as v has not the digits for x = v - r^2/T.
    r = jnp.where(cold, _distance(jnp.where(cold, v[:, None], 1.0), jnp.where(cold, points, 0.0), temperature), points)
    x = jnp.where(cold, points, v[:, None] - points**2 / temperature)
    width = jnp.where(cold, widths * temperature / (2 * jnp.where(cold, r, 1.0)), widths)
    # h(x) times the density of u = r, in one exponential.
    plus = jnp.exp(x - jnp.exp(x) - (r - seen.gap) ** 2 / 2) * (_DENSITY * width)
    return jnp.stack([jnp.sum(part, axis=1) for part in _powers(r, seen, plus)])


def _edges(v, gap, temperature, rule):
    """Ends of the two panels, (v, 1) each: in r up to _SWITCH, in x above."""
    reach = rule.reach + 2  # the tilt e^(-u^2/T) moves the mean answer down, selection up again
    mean = gap * (temperature / (temperature + 2))
    low, high = jnp.maximum(mean - reach, 0.0), gap + reach
    above = jnp.maximum(v, 0.0)
    start = jnp.maximum(jnp.sqrt(temperature * jnp.maximum(v - rule.height, 0.0)), low)
    end = jnp.maximum(jnp.minimum(jnp.sqrt(temperature * (above + rule.depth)), high), start)
    middle = jnp.clip(jnp.sqrt(temperature * (above + _NEAR)), start, end)
    # A tail as wide as the law of the answers is cut at the mean answer: the nodes of either panel see half of it.
    middle = jnp.where((end - middle > _WIDE) & (middle < gap), jnp.minimum(gap, end), middle)
    top = jnp.minimum(rule.height, v - low**2 / temperature)
    bottom = jnp.minimum(jnp.maximum(-rule.depth, v - high**2 / temperature), top)
    cut = jnp.clip(-_NEAR, bottom, top)
    far = _distance(v, bottom, temperature) - _distance(v, cut, temperature)
    at_mean = v - gap**2 / temperature
    cut = jnp.where((far > _WIDE) & (cut > at_mean), jnp.maximum(at_mean, bottom), cut)
    pairs = ((start, top), (middle, cut), (end, bottom))
    return [jnp.where(v > _SWITCH, b, a)[:, None] for a, b in pairs]


def _distance(v, x, temperature):
    """The r = abs(u) at which the Gumbel variable is x."""
    return jnp.sqrt(temperature * jnp.maximum(v - x, 1e-300))


def is_near(seen):
    """Whether u + D has smaller terms than the equal z + DT, z = u - gap: then it is u that the bias is made from."""
    return jnp.abs(seen.judge) <= jnp.abs(seen.teacher)


def _powers(r, seen, plus):
    """What u = +r and u = -r put into the means of 1, u^2, u (`is_near`) or z, and (u + D)^2; `plus` is that of +r."""
    near = is_near(seen)
    right = jnp.where(near, r + seen.judge, (r - seen.gap) + seen.teacher)
    left = seen.judge - r
    # plus - minus, whose ratio is e^(-2 r gap): no digits are lost at small gaps, where the bias is small.
    odd = -plus * jnp.expm1(-2 * r * seen.gap)
    minus = plus - odd
    first = jnp.where(near, r * odd, (r - seen.gap) * plus - (r + seen.gap) * minus)
    return plus + minus, r**2 * (plus + minus), first, right**2 * plus + left**2 * minus


def _densities(seen, r):
    """What u = +-r puts into the means, at T = 0."""
    return jnp.stack(_powers(r, seen, jnp.exp(-((r - seen.gap) ** 2) / 2) * _DENSITY))


def _log_of_rest(loss):
    # Where the loss rounds to 1, ln B is -inf and (k - 1) ln B nan at k = 1; nothing of weight is there.
    return jnp.log1p(-jnp.clip(loss, 0.0, 1 - 2.0**-53))


def _radii(gap, largest, rule, nodes):
    last = gap + rule.reach

    def early(x):
        return jnp.log(largest) + jnp.log(_rough_ball(jnp.exp(x), gap)) < -rule.cut

    # F <= 0.8 r.
    first = jnp.exp(_zoom(early, -jnp.log(largest) - rule.cut, jnp.log(last)))
    grid = jnp.exp(jnp.linspace(jnp.log(first), jnp.log(last), 2 * _PLACES))
    loss = jnp.log(_rough_ball(grid, gap))
    # A panel within a factor of 4: an exponential of -k r is no polynomial on a longer one.
    fine = jnp.where((jnp.log(largest) + loss)[1:] < _FAR, 0.0, jnp.diff(jnp.log(grid)) * 0.7)
    measure, panels = _measure(grid, largest, loss, fine, grid, rule)
    return *panel_rule(grid, measure, panels=_PANELS, nodes=nodes, used=panels), panels
