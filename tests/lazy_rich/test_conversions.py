"""Conversions against a training script written out in NumPy, with its own scales of everything."""

import jax
import numpy as np
import pytest

from grok_theory.errors import BadValue
from grok_theory.lazy_rich import ExplicitNetwork, from_paper, from_training_code, simulate
from grok_theory.lazy_rich.runs.draws import data_key, draw_inputs, draw_weights, weights_key

DIM, SAMPLES, WIDTH = 8, 16, 6  # the sizes of runs/test_committee: nothing compiles twice


def script(x, w, teacher, *, a, e, k, rate, loss, centred, epochs):
    """Full-batch descent of a two-layer network, as somebody would write it; the losses before each epoch."""
    y = k * (x @ teacher) ** 2
    factor = {"mean": 1 / SAMPLES, "half_mean": 0.5 / SAMPLES, "sum": 1.0, "half_sum": 0.5}[loss]

    def output(w):
        u = x @ w.T
        return a / WIDTH * np.sum(u + e / 2 * u**2, axis=1)

    start, losses, w = output(w) if centred else 0.0, [], w.copy()
    for _ in range(epochs + 1):
        gap = output(w) - start - y
        losses.append(factor * np.sum(gap**2))
        w -= rate * 2 * factor * a / WIDTH * (gap[:, None] * (1 + e * x @ w.T)).T @ x
    return np.array(losses)


@pytest.mark.parametrize("loss", ["mean", "half_mean", "sum", "half_sum"])
@pytest.mark.parametrize("centred", [True, False])
def test_a_script_in_other_units_is_the_same_run(loss, centred):
    a, e, k, s, v, norm = 2.0, 0.4, 0.8, 0.7, 1.3, 1.9
    rate = {"mean": 0.06, "half_mean": 0.12, "sum": 0.06 / SAMPLES, "half_sum": 0.12 / SAMPLES}[loss]
    run = from_training_code(
        dim=DIM,
        samples=SAMPLES,
        width=WIDTH,
        output_scale=a,
        curvature=e,
        learning_rate=rate,
        loss=loss,
        input_deviation=s,
        weight_deviation=v,
        teacher_norm=norm,
        target_factor=k,
        centred=centred,
    )
    key = jax.random.key(0)
    own = jax.random.fold_in(key, 0)
    x = np.asarray(draw_inputs(data_key(own), SAMPLES, DIM, stratified=True)) * s * np.sqrt(DIM)
    w = np.asarray(draw_weights(weights_key(own), run.problem, DIM, WIDTH, orthogonal_start=False)) * v
    epochs = np.array([0, 1, 5, 20, 60])
    losses = script(
        x, w, norm * np.eye(DIM)[0], a=a, e=e, k=k, rate=rate, loss=loss, centred=centred, epochs=int(epochs[-1])
    )
    assert losses[-1] < 0.6 * losses[0]
    ours = simulate(
        run.problem,
        epochs,
        dynamics=run.dynamics,
        dim=DIM,
        width=WIDTH,
        runs=1,
        key=key,
        method=ExplicitNetwork(),
    )
    np.testing.assert_allclose(run.loss_unit * ours["train_loss"][0], losses[epochs], rtol=1e-10)


def test_the_papers_epoch_is_a_hundredth_of_tau_at_dim_100():
    run = from_paper(output_scale=4.0, curvature=0.25, dim=100, samples=550)
    assert run.learning_rate == pytest.approx(0.01, rel=1e-14, abs=0)
    assert run.problem.samples_per_dim == 5.5
    assert (run.problem.output_scale, run.problem.curvature, run.loss_unit) == pytest.approx(
        (4.0, 0.25, 1.0), rel=1e-14, abs=0
    )
    np.testing.assert_allclose(run.times([0, 250]), [0, 2.5], rtol=1e-14)


def test_refusals():
    good = dict(dim=6, samples=18, width=4, output_scale=1.0, curvature=0.5, learning_rate=0.1)
    with pytest.raises(BadValue, match=r"loss is 'mse', but it must be one of 'mean'"):
        from_training_code(**good, loss="mse")
    with pytest.raises(BadValue, match=r"learning_rate is 0.0, but it must be positive"):
        from_training_code(**{**good, "learning_rate": 0.0})
    with pytest.raises(BadValue, match=r"teacher_norm is -1.0"):
        from_training_code(**good, teacher_norm=-1.0)
    with pytest.raises(BadValue, match=r"epochs\[1\] is 1"):
        from_training_code(**good).times([5, 1])
