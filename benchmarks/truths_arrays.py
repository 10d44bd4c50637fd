"""Truths for li2's stages and for kernels' learning curves: 40 digits, and an ODE at 1e-13."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import mpmath as mp
import numpy as np

from benchmarks.truths_linear import Case, exactly_at
from grok_theory import kernels, li2
from grok_theory.li2.feature_energy import energy_function
from grok_theory.li2.training.starts import samples_of, start_of_run

WIDTH, SAMPLES = 6, 15


def lazy(count: int):
    """Stage I on Z_5 with 15 of 25 pairs and 6 nodes, in 40 digits from the same hidden layer."""
    rng = np.random.default_rng(23)
    for index in range(count):
        centering = str(rng.choice(["samples", "classes"]))
        decay, scale = rng.choice([0.0, 10 ** rng.uniform(-4, 1)]), float(rng.choice([0.0, 1.0]))
        task = li2.GroupTask(li2.groups.cyclic(5), train_fraction=SAMPLES / 25, weight_decay=decay, centering=centering)
        times = np.sort(10 ** rng.uniform(-3, 4, 3))
        initial = li2.training.TorchUniform() if scale else li2.training.ZeroReadout()
        found = li2.solve(task, times, width=WIDTH, key=jax.random.key(index), initial=initial)
        start = start_of_run(task, width=WIDTH, key=jax.random.key(index), initial=li2.training.TorchUniform())
        yield found.curves, found.numerical_error, _lazy_truth(task, start, scale, times)


def _lazy_truth(task, start, scale, times):
    samples, order = samples_of(start.task), 5
    labels = np.concatenate([np.asarray(samples.labels), np.asarray(samples.products[task.samples :])])
    with mp.workdps(40):
        hidden = [[mp.mpf(float(v)) for v in row] for row in np.asarray(start.hidden)]
        table = mp.matrix(25, WIDTH)
        for i, (g, h) in enumerate(np.asarray(samples.pairs)):
            for k in range(WIDTH):
                table[i, k] = (hidden[k][g] + hidden[k][order + h]) ** 2
        features, targets = table[:SAMPLES, :], mp.matrix(SAMPLES, order)
        for i in range(SAMPLES):
            targets[i, int(labels[i])] = 1
        readout = scale * mp.matrix(np.asarray(start.readout).tolist())
        by_samples = task.centering == "samples"
        if by_samples:
            features, targets = _centred(features), _centred(targets)
        else:
            targets = targets - mp.matrix(SAMPLES, order).apply(lambda _: mp.mpf(1) / order)
            readout = _centred(readout.T).T
        ridge = mp.mpf(float(start.task.ridge))
        values, vectors = mp.eigsy(features.T * features)
        rows = []
        for time in times:
            back, inside = vectors.T * (features.T * targets), vectors.T * readout
            weights = mp.matrix(WIDTH, order)
            for k in range(WIDTH):
                rate = max(values[k], mp.mpf(0)) + ridge
                kept = mp.exp(-rate * mp.mpf(time))
                spent = (1 - kept) / rate if rate > mp.mpf(10) ** -30 else mp.mpf(time)
                for m in range(order):
                    weights[k, m] = spent * back[k, m] + kept * inside[k, m]
            weights = vectors * weights
            rest = targets - features * weights
            gradient, leading = rest * weights.T, targets * (targets.T * features)
            said = table * weights
            cosines = []
            for k in range(WIDTH):
                pair = gradient[:, k], leading[:, k]
                sizes = [mp.sqrt(sum(v**2 for v in column)) for column in pair]
                cosines.append(sum(x * y for x, y in zip(*pair, strict=True)) / sizes[0] / sizes[1])
            for m in range(order):
                share = mp.fsum((int(labels[i]) == m) - said[i, m] for i in range(SAMPLES)) / SAMPLES
                for i in range(25):
                    said[i, m] += share if by_samples else mp.mpf(1) / order
            missed = [sum((said[i, m] - (int(labels[i]) == m)) ** 2 for m in range(order)) for i in range(25)]
            right = [max(range(order), key=lambda m, i=i: said[i, m]) == int(labels[i]) for i in range(25)]
            rows.append(
                {
                    "train_loss": sum(v**2 for v in rest) / SAMPLES,
                    "test_loss": sum(missed[SAMPLES:]) / (25 - SAMPLES),
                    "train_accuracy": np.mean(right[:SAMPLES]),
                    "test_accuracy": np.mean(right[SAMPLES:]),
                    "gradient_norm": mp.sqrt(sum(v**2 for v in gradient)),
                    "alignment": sum(cosines) / WIDTH,
                }
            )
    return {name: [float(row[name]) for row in rows] for name in rows[0]}


def _centred(matrix):
    rows, columns = matrix.rows, matrix.cols
    means = [mp.fsum(matrix[i, j] for i in range(rows)) / rows for j in range(columns)]
    return mp.matrix([[matrix[i, j] - means[j] for j in range(columns)] for i in range(rows)])


def ascent(count: int):
    """Stage II on Z_5 against DOP853 at 1e-13 on the same energy."""
    rng = np.random.default_rng(29)
    follow = jax.jit(lambda f, x: (f(x), jax.grad(lambda y: jnp.sum(f(y)))(x)))
    for index in range(count):
        task = li2.GroupTask(li2.groups.cyclic(5), train_fraction=float(rng.choice([0.6, 1.0])))
        times, key = np.sort(rng.uniform(0.05, 8.0, 3)), jax.random.key(index)
        found = li2.solve(task, times, width=WIDTH, key=key, method=li2.FeatureAscent())
        start = start_of_run(task, width=WIDTH, key=key, initial=li2.training.TorchUniform())
        function = energy_function(start.task)
        irreps = li2.groups.real_irreps(task.group)
        scale = 2.0 * 5 / min(irrep.real_degree for irrep in irreps)

        def velocity(_, flat, function=function, scale=scale):
            w = flat.reshape(WIDTH, 10)
            slope = np.asarray(follow(function, jnp.asarray(w))[1])
            return ((slope - np.sum(w * slope, 1, keepdims=True) * w) / scale).ravel()

        nodes = np.asarray(start.hidden) / np.linalg.norm(start.hidden, axis=1, keepdims=True)
        states = exactly_at(velocity, nodes.ravel(), times)
        rows = []
        for flat in states.T:
            w = flat.reshape(WIDTH, 10)
            w /= np.linalg.norm(w, axis=1, keepdims=True)
            waves = np.abs(np.fft.fft(w.reshape(WIDTH, 2, 5), axis=2)) ** 2 / 5  # the irreps of Z_5 are its frequencies
            shares = waves.sum(1)
            mass = np.stack([shares[:, 1] + shares[:, 4], shares[:, 2] + shares[:, 3]])  # without the constant
            rows.append((np.mean(follow(function, jnp.asarray(w))[0]), np.median(mass.max(0))))
        truth = {"energy": [row[0] for row in rows], "feature_purity": [row[1] for row in rows]}
        yield found.curves, found.numerical_error, truth


def learning_curves(count: int):
    """Kernel regression over up to 60 decades of eigenvalues, roots by halving in 60 digits."""
    rng = np.random.default_rng(31)
    for _ in range(count):
        l, c = 10 ** rng.uniform(-rng.choice([1, 10, 60]), 2, 12), rng.standard_normal(12)
        m = rng.choice([1.0, 3.0, 7.5], 12)
        ridge, noise = rng.choice([0.0, 10 ** rng.uniform(-12, 2)]), rng.choice([0.0, 10 ** rng.uniform(-2, 1)])
        samples = np.sort(10 ** rng.uniform(1, 3, 3))
        found = kernels.solve(kernels.KernelRegression(l, c, m, ridge, noise), samples)
        with mp.workdps(60):
            rows = [_regression(*([mp.mpf(v) for v in part] for part in (l, c, m)), ridge, noise, n) for n in samples]
        names = ("test_loss", "train_loss", "kappa", "effective_dimension")
        truth = {name: [float(row[i]) for row in rows] for i, name in enumerate(names)}
        yield found.curves, found.numerical_error, truth


def _regression(l, c, m, ridge, noise, n):
    ridge, noise, n = mp.mpf(ridge), mp.mpf(noise), mp.mpf(n)
    kappa = mp.mpf(0)
    if ridge > 0 or sum(m) > n:
        low, high = mp.mpf(-2000), mp.log((sum(a * b for a, b in zip(l, m, strict=True)) + ridge) / n) + 1
        for _ in range(220):
            middle = (low + high) / 2
            at = mp.exp(middle)
            total = sum(b * a / (a + at) for a, b in zip(l, m, strict=True)) + ridge / at
            low, high = (middle, high) if total > n else (low, middle)
        kappa = mp.exp((low + high) / 2)
    shares = [a / (a + kappa) for a in l]
    left = n - sum(b * s * s for b, s in zip(m, shares, strict=True))
    test = n / left * (sum((1 - s) ** 2 * x * x for s, x in zip(shares, c, strict=True)) + noise**2)
    train = (ridge / (n * kappa)) ** 2 * test if kappa > 0 else (left / n) ** 2 * test
    return test, train, kappa, sum(b * s for b, s in zip(m, shares, strict=True))


__all__ = ["Case", "ascent", "lazy", "learning_curves"]
