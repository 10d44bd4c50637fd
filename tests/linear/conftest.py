"""Oracles of the linear wing in 40 digits; none shares a substitution, a rule or a formula with the package."""

import itertools

import mpmath as mp
import numpy as np
import pytest

DIGITS = 40


def _legendre(order):
    """Gauss-Legendre nodes and weights on [-1, 1] to 40 digits: Newton from the double-precision ones."""
    nodes, weights = [], []
    for start in np.polynomial.legendre.leggauss(order)[0]:
        x = mp.mpf(start)
        for _ in range(4):
            before, now = mp.mpf(1), x
            for k in range(1, order):
                before, now = now, ((2 * k + 1) * x * now - k * before) / (k + 1)
            slope = order * (x * now - before) / (x * x - 1)
            x -= now / slope
        nodes.append(x)
        weights.append(2 / ((1 - x * x) * slope * slope))
    return list(zip(nodes, weights))


class Oracle:
    """Curves of TeacherStudent by composite Gauss-Legendre in the angle phi, l = l- + 4 sqrt(alpha) sin^2(phi/2)."""

    def __init__(self):
        mp.mp.dps = DIGITS
        self.rule = _legendre(36)

    def bulk(self, alpha, scale, functions):
        """int_bulk rho f for several f at once; `scale` is the largest rate in f (its time)."""
        mp.mp.dps = DIGITS
        alpha = mp.mpf(alpha)
        root = mp.sqrt(alpha)
        low = (1 - root) ** 2
        smallest = 1 / mp.sqrt(1 + scale * root)
        if root != 1:
            smallest = min(smallest, abs(1 - root) / 2)  # below this angle l stays at the edge
        cuts = [mp.mpf(0), mp.pi / 2]
        while cuts[1] > smallest / 4:
            cuts.insert(1, cuts[1] / 2)
        # Descent near its largest stable rate lives at the upper edge.
        cuts += [mp.pi - cut for cut in reversed(cuts[:-1])]
        totals = [mp.mpf(0)] * len(functions)
        for a, b in itertools.pairwise(cuts):
            # Where exp(-l t) varies much over one piece, cut it finer.
            pieces = (
                int(min(64, max(1, mp.ceil(scale * root * (b * b - a * a) / 40)))) if scale * root * a * a < 400 else 1
            )
            for i in range(pieces):
                left, right = a + (b - a) * i / pieces, a + (b - a) * (i + 1) / pieces
                for x, w in self.rule:
                    phi = (left + right) / 2 + x * (right - left) / 2
                    l = low + 4 * root * mp.sin(phi / 2) ** 2
                    density = w * (right - left) / 2 * 2 * alpha * mp.sin(phi) ** 2 / (mp.pi * l)
                    for index, f in enumerate(functions):
                        totals[index] += density * f(l)
        return totals

    def curves(self, alpha, snr, inr, g, t=None, steps=None, rate=None):
        """(test_loss, train_loss, weight_norm) with noise 1; flow to time t, or descent for `steps` at `rate`."""
        alpha, snr, inr, g = map(mp.mpf, (alpha, snr, inr, g))
        if steps is None:
            t, left = mp.mpf(t), lambda l: mp.exp(-(l + g) * mp.mpf(t))
        else:
            t, left = int(steps) * mp.mpf(rate), lambda l: (1 - mp.mpf(rate) * (l + g)) ** int(steps)

        def forms(l):
            e = left(l)
            psi = (1 - e) / (l + g)
            error = (g + l * e) / (l + g)
            return (
                snr * error**2 + inr * e**2 + l * psi**2,
                l * (snr * error**2 + inr * e**2) + error**2,
                (snr * l**2 + l) * psi**2 + inr * e**2,
            )

        memory = {}

        def form(index):
            def f(l):
                if l not in memory:
                    memory.clear()
                    memory[l] = forms(l)
                return memory[l][index]

            return f

        test, train, norm = self.bulk(alpha, 2 * t, [form(0), form(1), form(2)])
        atom, frozen = max(0, 1 - alpha), left(mp.mpf(0)) ** 2
        return 1 + test + atom * (snr + inr * frozen), train / alpha + max(0, 1 - 1 / alpha), norm + atom * inr * frozen

    def skellam(self, alpha, signal, t):
        """(test_loss, train_loss) without decay from probabilities of a Skellam variable."""
        mp.mp.dps = 60  # it cancels by up to 1/|1 - alpha| times t
        alpha, signal, t = map(mp.mpf, (alpha, signal, t))
        half, atom = (lambda s: self._tails(alpha, s)), max(0, 1 - alpha)
        at_least_0, at_least_2, ramp_up, ramp_down = half(2 * t)
        L2 = at_least_0 - alpha * at_least_2
        H2 = (ramp_up - alpha * ramp_down - 1) / (1 - alpha) - atom * 2 * t
        _, _, ramp_up, ramp_down = half(t)
        H1 = (ramp_up - alpha * ramp_down - 1) / (1 - alpha) - atom * t
        s = 2 * t
        M = mp.sqrt(alpha) * mp.exp(-(1 + alpha) * s) * mp.besseli(1, 2 * mp.sqrt(alpha) * s) / s
        return 1 + signal * L2 + 2 * H1 - H2, (signal * M + L2 - atom) / alpha + max(0, 1 - 1 / alpha)

    @staticmethod
    def _tails(alpha, s):
        """Pr(D >= 0), Pr(D >= 2), E(D+1)^+, E(D-1)^+ for D = Poisson(s) - Poisson(alpha s), by summing Bessel terms."""
        z, log_root = 2 * mp.sqrt(alpha) * s, mp.log(alpha) / 2
        spread = int(mp.ceil(20 * mp.sqrt((1 + alpha) * s) + abs(1 - alpha) * s)) + 60
        # Miller's backward recurrence for I_k(z), normalised by I_0.
        values = [mp.mpf(0)] * (spread + 41)
        above, now = mp.mpf(0), mp.mpf(10) ** -60
        for k in range(spread + 40, 0, -1):
            values[k] = now
            above, now = now, above + 2 * k / z * now
        unit = mp.besseli(0, z) / now
        values[0] = now
        prefactor = mp.exp(-(1 + alpha) * s)
        p = [prefactor * values[k] * unit * mp.exp(-k * log_root) for k in range(spread)]
        sums = [
            sum(p),
            sum(p[2:]),
            sum((k + 1) * q for k, q in enumerate(p)),
            sum((k - 1) * q for k, q in enumerate(p) if k > 1),
        ]
        return sums


@pytest.fixture(scope="session")
def oracle():
    return Oracle()
