"""The table, leave-one-out, and every bound beside the true gap of drawn regressions."""

import chance
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.stats import binomtest

from grok_theory import BadValue, bounds, linear
from grok_theory.bounds.bound import make_bound
from grok_theory.bounds.population import features, isotropic
from grok_theory.linear.closed_forms import finite_size_test_loss

STUDENT = linear.TeacherStudent(0.5, snr=5.0, weight_decay=0.5)
PROMISED = "high probability"


@pytest.fixture(scope="module")
def many():
    """40 training sets of 10 samples and 20 weights: one compilation for the file."""
    return bounds.regression_bounds(STUDENT, dim=20, runs=40, steps=20, posterior_draws=50, key=jax.random.key(12))


def test_no_more_violations_than_promised(many):
    """Each promise of 95 % separately; what promises nothing is not counted."""
    promised = [b for b in many if b.kind == PROMISED and np.all(b.assumptions_hold)]
    assert len(promised) == 4
    for bound in promised:
        count = int(np.sum(bound.violated))
        assert binomtest(count, 40, 0.05, alternative="greater").pvalue > 1e-3, bound.name
    for bound in many:
        assert np.all(np.isfinite(bound.value)), bound.name
        assert np.all(np.isfinite(bound.gap)), bound.name
    assert {b.kind for b in many} == {PROMISED, "in expectation", "estimate"}


def test_runs_do_not_depend_on_their_number(many):
    fewer = bounds.regression_bounds(STUDENT, dim=20, runs=2, steps=20, posterior_draws=50, key=jax.random.key(12))
    for a, b in zip(fewer, many, strict=True):
        np.testing.assert_array_equal(a.value, b.value[:2])
        np.testing.assert_array_equal(a.gap, b.gap[:2])


def test_table_of_a_batch_and_of_one(many):
    text = bounds.table(many)
    lines = text.splitlines()
    assert lines[0].split() == ["bound", "value", "gap", "promise", "assumptions"]
    assert len(lines) == 2 + len(many)
    assert "none made" in next(line for line in lines if line.startswith("leave one out"))
    assert "do not hold" in next(line for line in lines if line.startswith("ridge stability"))
    one = jax.tree_util.tree_map(lambda leaf: leaf[0], many[0])
    assert str(one) == bounds.table([one])
    assert f"{float(one.value):.4g}" in str(one)
    with pytest.raises(BadValue, match="bounds is empty"):
        bounds.table([])


def make(value, **settings):
    arguments = {
        "kind": PROMISED,
        "assumptions": (),
        "holds": True,
        "loss_range": 4.0,
        "train_loss": 1.0,
        "test_loss": 2.0,
    } | settings
    return make_bound("x", value, **arguments)


def test_vacuous_means_no_better_than_the_range_of_the_loss():
    assert not bool(make(0.999 * 3 - 1e-6).vacuous)
    assert bool(make(0.999 * 3).vacuous)
    assert bool(make(np.inf, loss_range=np.inf).vacuous)
    assert not bool(make(1e9, loss_range=np.inf).vacuous)
    unknown = make(3.5, train_loss=np.nan)
    assert not bool(unknown.vacuous)
    assert np.isnan(unknown.gap)
    assert "unknown" in str(unknown)
    below = make(0.5)
    assert bool(below.violated)
    assert "below the gap" in str(below)
    assert "below the gap" not in str(make(0.5, kind="estimate"))


def test_leave_one_out_is_the_mean_of_refits():
    generator = np.random.default_rng(1)
    x, y = generator.standard_normal((20, 5)), generator.standard_normal(20)
    fit = lambda keep: np.linalg.solve(x[keep].T @ x[keep] + 0.7 * np.eye(5), x[keep].T @ y[keep])  # noqa: E731
    left = [(y[i] - x[i] @ fit(np.delete(np.arange(20), i))) ** 2 for i in range(20)]
    train = np.mean((y - x @ fit(np.arange(20))) ** 2)
    bound = bounds.leave_one_out_estimate(x @ x.T, y, ridge=0.7, test_loss=5.0)
    assert float(bound.value) == pytest.approx(np.mean(left) - train, rel=1e-12, abs=0)
    assert float(bound.gap) == pytest.approx(5 - train, rel=1e-12, abs=0)
    assert bound.kind == "estimate"
    assert not bool(bound.assumptions_hold)


@pytest.mark.statistical
def test_leave_one_out_is_unbiased_for_one_sample_less(rng, plausible):
    """Its mean over 2000 sets is the exact test loss at P - 1 samples, N = 5, P = 20. Planted: P for P - 1."""
    x = rng.standard_normal((2000, 20, 5)) / np.sqrt(5)
    y = (x @ rng.standard_normal((2000, 5, 1)))[..., 0] + rng.standard_normal((2000, 20))
    losses = np.asarray(left_out(x @ x.transpose(0, 2, 1), y))
    gap = np.mean(losses) - float(finite_size_test_loss(5, 19, 1.0))
    plausible(chance.student(gap / (np.std(losses, ddof=1) / np.sqrt(2000)), 2000))


@jax.jit
@jax.vmap
def left_out(gram, y):
    return bounds.leave_one_out_estimate(gram, y, ridge=0.0, train_loss=0.0).value


@pytest.mark.parametrize("kind", ["isotropic", pytest.param("features", marks=pytest.mark.slow)])
def test_populations_tell_the_true_loss(kind):
    """Exact losses against a large fresh sample, within five standard errors."""
    weights_key, data_key = jax.random.split(jax.random.key(5))
    if kind == "isotropic":
        population = isotropic(STUDENT, 6, weights_key)
    else:
        wide = linear.RandomFeatures.draw(dim=4, width=6, samples=8, teacher_width=3, snr=2.0, key=jax.random.key(2))
        population = features(wide, 20_000, weights_key)
    w = 0.3 * jax.random.normal(weights_key, (6,))
    hidden, labels = population.draw(data_key, 20_000)
    squares = np.asarray(labels - hidden @ w) ** 2
    exact = population.squared_loss(w), population.truncated_loss(w, 1.0)
    for loss, truth in zip((squares, np.minimum(squares, 1.0)), exact):
        spread = np.std(loss) * np.sqrt((1 if kind == "isotropic" else 2) / 20_000)
        assert abs(np.mean(loss) - float(truth)) < 5 * spread


@pytest.mark.slow
def test_random_features_and_starts():
    problem = linear.RandomFeatures.draw(dim=5, width=12, samples=8, teacher_width=3, snr=2.0, key=jax.random.key(2))
    everything = bounds.regression_bounds(
        problem, weight_decay=0.1, runs=3, steps=5, posterior_draws=20, test_points=500, key=jax.random.key(0)
    )
    names = [b.name for b in everything]
    assert "PAC-Bayes (Gibbs)" in names
    assert "leave one out" in names
    # Ten weights a sample: |w|^2 is about nine times |w - w(0)|^2, more than the rounding of radii to powers of two.
    start = linear.TeacherStudent(0.1, snr=1.0, inr=20.0)
    elsewhere = bounds.regression_bounds(start, dim=40, runs=3, steps=5, key=jax.random.key(0))
    assert [b.name for b in elsewhere] == names[:5]
    assert np.all(elsewhere[1].value < elsewhere[0].value)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"problem": linear.DeepLinear(0.5, 1.0, 2, 1.0, 1.0)}, "problem is a DeepLinear.*one by one"),
        ({"dim": 21}, r"samples_per_dim \* dim is 10.5.*nearest usable dim"),
        ({"weight_decay": 1.0}, "weight_decay is 1.0, but a TeacherStudent has its own"),
        ({"cap": -1.0}, "cap is -1.0.*4.0"),
        ({"steps": 0}, "steps is 0.*descent steps"),
        ({"confidence": 2.0}, "confidence is 2.0"),
        ({"runs": 0}, "runs is 0"),
        ({"key": 3}, "key is 3"),
    ],
)
def test_bad_inputs_are_named(settings, message):
    arguments = {"problem": STUDENT, "dim": 20, "key": jax.random.key(0)} | settings
    with pytest.raises(BadValue, match=message):
        bounds.regression_bounds(arguments.pop("problem"), **arguments)


def test_a_bound_is_a_pytree():
    batch = jax.vmap(lambda v: make(v))(jnp.array([0.1, 5.0]))
    assert batch.vacuous.tolist() == [False, True]
    assert batch.violated.tolist() == [True, False]
