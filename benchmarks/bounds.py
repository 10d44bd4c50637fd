"""bounds: every bound beside its gap for linear and random-feature regression, and violations over random problems.

The random problems are drawn so that assumptions hold: sizes, teacher, ridge, cap and noise at random, norm and
PAC-Bayes on Gaussian data, ridge stability on bounded data. Violations are put against the promised share by an exact
binomial test. Pair stability promises a mean only: it is judged by means over training sets of logistic regression.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from scipy.stats import binomtest

from benchmarks import report
from benchmarks.report import Headline, Rows
from grok_theory import bounds, linear, storage

RATIOS = (0.5, 2.0, 10.0)


def main(out: Path, *, quick: bool) -> None:
    """Print the tables and write `bounds_table.json`, `bounds_violations.json`."""
    rows = []
    for name, found in _settings(quick):
        print(f"\n{name}: means over {np.size(found[0].value)} training sets\n{bounds.table(found)}")
        rows += _rows(name, found)
    content = json.dumps({"title": "every bound beside its gap", "rows": rows, **report.provenance()}, indent=1)
    storage.write_whole(out / "bounds_table.json", content.encode())
    report.publish("bounds_violations", "violations where assumptions hold", _violations(60 if quick else 600), out)


def _settings(quick: bool):
    runs = 2 if quick else 20
    for ratio in RATIOS[: 1 if quick else 3]:
        problem = linear.TeacherStudent(ratio, snr=1.0, weight_decay=0.5)
        yield f"linear, P/N = {ratio:g}", bounds.regression_bounds(problem, dim=40, runs=runs, key=jax.random.key(0))
    features = linear.RandomFeatures.draw(
        dim=20, width=60, samples=40, teacher_width=10, snr=5.0, key=jax.random.key(1)
    )
    found = bounds.regression_bounds(
        features, weight_decay=0.5, runs=runs, cap=float(4 * features.noise), test_points=2000, key=jax.random.key(0)
    )
    yield "random features, P = 40, width 60", found


def _rows(setting: str, found: tuple[bounds.Bound, ...]) -> list[dict[str, Any]]:
    return [
        {
            "problem": setting,
            "bound": bound.name,
            "value": float(np.mean(bound.value)),
            "gap": float(np.mean(bound.gap)),
            "promise": bound.kind,
            "assumptions hold": "none made" if bound.kind == "estimate" else str(bool(np.all(bound.assumptions_hold))),
            "vacuous": float(np.mean(bound.vacuous)),
            "above the gap in": float(np.mean(~bound.violated)),
        }
        for bound in found
    ]


def _violations(problems: int) -> list[dict[str, Any]]:
    """Problems one by one, in NumPy but for the bounds: shapes differ, and compiling each would be all the time."""
    counts: dict[str, list[tuple[bool, bool]]] = {}
    for confidence in (0.95, 0.5):
        for i in range(problems):
            random = np.random.default_rng([i, int(100 * confidence)])
            for bound in (*_gaussian(random, confidence), _bounded(random, confidence)):
                name = f"{bound.name}, confidence {confidence:g}"
                counts.setdefault(name, []).append((bool(bound.violated), bool(bound.vacuous)))
    rows = []
    for name, seen in counts.items():
        broken, vacuous = np.array(seen).sum(axis=0)
        share = 1 - float(name.split()[-1])
        test = binomtest(int(broken), len(seen), share, alternative="greater")
        rows.append(
            {
                "bound": name,
                "problems": len(seen),
                "violations": int(broken),
                "promised at most": share,
                "upper end, 99 %": float(
                    binomtest(int(broken), len(seen), alternative="less").proportion_ci(0.99).high
                ),
                "p": float(test.pvalue),
                "vacuous": vacuous / len(seen),
            }
        )
    return rows + _pair_stability(problems)


SHAPES = ((8, 10), (20, 10), (10, 40), (100, 20), (600, 10))  # samples, weights: few, so that little is compiled


def _gaussian(random: np.random.Generator, confidence: float):
    """Norm about zero, about the start, the smaller of both; PAC-Bayes: on isotropic Gaussian inputs, exact losses."""
    samples, dim = SHAPES[random.integers(len(SHAPES))]
    snr, cap, ridge = 10 ** random.uniform(-1, 1.5), random.uniform(1, 6), 10 ** random.uniform(-1, 1)
    x = random.standard_normal((samples, dim)) / np.sqrt(dim)
    teacher, start = np.sqrt(snr) * random.standard_normal(dim), random.standard_normal(dim)
    y = x @ teacher + random.standard_normal(samples)
    kernel = x @ x.T

    def losses(w, spread):
        train = bounds.truncated_squared_loss(y - x @ w, cap, variance=np.sum((x @ spread) ** 2, axis=1))
        # Given the weights the residual of a fresh sample is Gaussian; average that over draws of the weights.
        drawn = w + random.standard_normal((200, dim)) @ spread.T
        test = bounds.truncated_squared_loss(np.zeros(200), cap, variance=1 + np.mean((drawn - teacher) ** 2, axis=1))
        return {"train_loss": float(np.mean(train)), "test_loss": float(np.mean(test))}

    fitted = start + np.linalg.pinv(x) @ (y - x @ start)
    known, radii = losses(fitted, np.zeros((dim, dim))), (np.linalg.norm(fitted), np.linalg.norm(fitted - start))
    for name, radius, sure in (
        ("norm |w|", radii[0], confidence),
        ("norm |w - w(0)|", radii[1], confidence),
        ("smaller norm, half delta each", min(radii), (1 + confidence) / 2),
    ):
        yield bounds.norm_bound(kernel, radius, cap=cap, confidence=sure, name=name, **known)
    precision = x.T @ x / ridge + np.eye(dim)
    mean = np.linalg.solve(precision, x.T @ y) / ridge
    spread = np.linalg.inv(np.linalg.cholesky(precision)).T
    divergence = bounds.gaussian_process_kl(kernel, y, ridge=ridge)
    yield bounds.pac_bayes_bound(
        divergence, samples=samples, loss_range=cap**2, confidence=confidence, **losses(mean, spread)
    )


def _bounded(random: np.random.Generator, confidence: float) -> bounds.Bound:
    """Ridge stability: inputs on the sphere, targets within [-1, 1], so both bounds hold for every sample."""
    samples, dim = SHAPES[random.integers(len(SHAPES))]
    ridge, slope = samples * 10 ** random.uniform(-2, 2), 10 ** random.uniform(-0.5, 1)

    def draw(count):
        x = random.standard_normal((count, dim))
        x /= np.linalg.norm(x, axis=1, keepdims=True)
        return x, np.clip(slope * x[:, 0] + 0.5 * random.standard_normal(count), -1, 1)

    (x, y), (test_x, test_y) = draw(samples), draw(4000)
    w = np.linalg.solve(x.T @ x + ridge * np.eye(dim), x.T @ y)
    return bounds.ridge_stability_bound(
        ridge=ridge,
        samples=samples,
        kernel_bound=1.0,
        target_bound=1.0,
        confidence=confidence,
        train_loss=np.mean((y - x @ w) ** 2),
        test_loss=np.mean((test_y - test_x @ w) ** 2),
    )


def _pair_stability(sets: int) -> list[dict[str, Any]]:
    """Logistic regression on the unit sphere: convex, Lipschitz with 1, smooth with 1/4. Means are compared."""
    m, dim, steps, rate = 30, 5, 60, 2.0

    def loss(w, x, y):
        return jax.nn.softplus(-y * (x @ w))

    def one(key):
        data, signs = jax.random.split(key)
        x = jax.random.normal(data, (2 * m + 1000, dim))
        x = x / jnp.linalg.norm(x, axis=1, keepdims=True)
        y = jnp.sign(x[:, 0] + 0.5 * jax.random.normal(signs, (len(x),)))
        each = jax.vmap(jax.grad(loss), (None, 0, 0))

        def step(w, _):
            own, other = each(w, x[:m], y[:m]), each(w, x[m : 2 * m], y[m : 2 * m])
            return w - rate * own.mean(0), bounds.pair_distance(own, other)

        w, distance = jax.lax.scan(step, jnp.zeros(dim), length=steps)
        bound = bounds.pair_stability_bound(
            distance, rate, lipschitz=1.0, smoothness=0.25, samples=m, convex=True, assumptions_hold=True,
            train_loss=loss(w, x[:m], y[:m]).mean(), test_loss=loss(w, x[2 * m :], y[2 * m :]).mean(),
        )  # fmt: skip
        return bound.value, bound.gap

    value, gap = jax.jit(jax.vmap(one))(jax.random.split(jax.random.key(3), sets))
    error = float(jnp.std(gap - value) / np.sqrt(sets))
    return [
        {
            "bound": f"pair stability, means {float(value.mean()):.3f} and {float(gap.mean()):.4f} (in expectation)",
            "problems": sets,
            "violations": int(gap.mean() > value.mean() + 3 * error),
            "promised at most": 0.0,
            "upper end, 99 %": float("nan"),
            "p": float("nan"),
            "vacuous": 0.0,
        }
    ]


def _violations_in_words(rows: Rows) -> str:
    promised = [row for row in rows if row["p"] == row["p"]]
    few = min(promised, key=lambda row: row["p"])
    return (
        f"{len(promised)} bounds; smallest p {few['p']:.2g} ({few['bound']}: {few['violations']} of {few['problems']})"
    )


HEADLINES = (Headline("Bounds violated where their assumptions hold", "bounds_violations", _violations_in_words),)
