"""Real runs of linear attention: their draws and losses against brute force, their fits against NumPy, and theory."""

import chance
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import grok_theory as gt
from grok_theory import BadValue, GradientFlow, SizeLaw, compare
from grok_theory.in_context import LinearAttention, simulate, solve
from grok_theory.in_context.runs.prompts import draw_prompts, draw_tasks, exact_losses
from grok_theory.in_context.runs.ridge_fit import BLOCK
from tests.compiled import counted

FLOW = GradientFlow()
drawn_prompts = jax.jit(draw_prompts, static_argnums=(3, 4))
losses_of = jax.jit(exact_losses, static_argnums=3)
LOSSES = ("icl_loss", "idg_loss")
SIZES = {8: 400, 12: 300, 16: 200}  # dim -> runs


def whole_prompts(rng, tasks, noise, context, count):
    """Every x_i of every prompt drawn, and b summed: what `draw_prompts` says it is equal to in law."""
    dim = tasks.shape[1]
    task = tasks[rng.integers(0, len(tasks), count)]
    inputs = rng.standard_normal((count, context, dim)) / np.sqrt(dim)
    labels = np.einsum("nld,nd->nl", inputs, task) + noise * rng.standard_normal((count, context))
    query = rng.standard_normal((count, dim)) / np.sqrt(dim)
    answers = np.sum(query * task, axis=1) + noise * rng.standard_normal(count)
    return query, dim / context * np.einsum("nl,nld->nd", labels, inputs), answers


@pytest.mark.statistical
def test_prompts_have_the_law_of_whole_ones(key, rng, plausible):
    """Moments up to the fourth, of b alone and with its task. Planted: the part across the task unnormalised."""
    dim, context, noise, count = 3, 4, 0.5, 40_000
    tasks = draw_tasks(key, 2, dim)
    ours = map(np.asarray, drawn_prompts(key, tasks, jnp.asarray(noise), context, count))
    theirs = whole_prompts(rng, np.asarray(tasks), noise, context, count)

    def moments(query, prompt, answer):
        pairs = np.einsum("ni,nj->nij", prompt, prompt).reshape(count, -1)
        norm = np.sum(prompt**2, axis=1, keepdims=True)
        mixed = answer[:, None, None] * query[:, :, None] * prompt[:, None, :]
        return np.concatenate([prompt, pairs, norm**2, norm * pairs, mixed.reshape(count, -1), answer[:, None] ** 2], 1)

    left, right = moments(*ours), moments(*theirs)
    errors = np.sqrt((left.var(0) + right.var(0)) / count)
    plausible(chance.normal((left.mean(0) - right.mean(0)) / errors))


@pytest.mark.statistical
def test_losses_are_those_of_drawn_prompts(rng, plausible):
    dim, context, other, count = 3, 5, 2, 40_000
    problem = LinearAttention(5 / 3, 2 / 3, 0.5, test_context_per_dim=2 / 3, test_noise=0.8)
    tasks, matrix = rng.standard_normal((2, dim)), rng.standard_normal((dim, dim)) / 3
    exact = losses_of(jnp.asarray(matrix), jnp.asarray(tasks), problem, context, jnp.asarray(other, float))

    def error(query, prompt, answer):
        return (answer - np.einsum("ni,ij,nj->n", query, matrix, prompt)) ** 2

    seen = error(*whole_prompts(rng, tasks, 0.5, context, count))
    fresh = error(*whole_prompts(rng, rng.standard_normal((count, dim)), 0.8, other, count))
    z = [
        (drawn.mean() - float(exact[name])) / (drawn.std() / count**0.5)
        for name, drawn in (("icl_loss", fresh), ("idg_loss", seen))
    ]
    plausible(chance.normal(z))


@pytest.mark.parametrize("ridge", [0.0, 0.1])
def test_a_fit_is_that_of_numpy(ridge, key):
    """The same draws, and least squares on them: fewer sequences than weights, as many, more; over two blocks."""
    dim, problem, taus = 4, LinearAttention(1.0, 0.5, 0.3, ridge), [0.5, 0.75, 2.0, 20.0]
    run = simulate(problem, taus, key=key, runs=1, dim=dim)
    of_tasks, of_prompts = jax.random.split(jax.random.fold_in(key, 0))
    tasks = draw_tasks(of_tasks, 2, dim)
    noise = jnp.asarray(0.3)
    blocks = [drawn_prompts(jax.random.fold_in(of_prompts, i), tasks, noise, 4, BLOCK) for i in range(2)]
    query, prompt, answer = (np.concatenate(parts) for parts in zip(*blocks, strict=True))
    for at, tau in enumerate(taus):
        count = round(tau * dim**2)
        features = np.einsum("ni,nj->nij", query, prompt)[:count].reshape(count, -1)
        rows = np.concatenate([features, np.sqrt(count / dim * ridge) * np.eye(dim**2)])
        wanted = np.concatenate([answer[:count], np.zeros(dim**2)])
        matrix = np.linalg.lstsq(rows, wanted, rcond=None)[0].reshape(dim, dim)
        exact = losses_of(jnp.asarray(matrix), tasks, problem, 4, jnp.asarray(4.0))
        for name in LOSSES:
            np.testing.assert_allclose(run[name][0, at], exact[name], rtol=1e-7, atol=0)


@pytest.mark.parametrize("dynamics", [None, FLOW], ids=["fit", "flow"])
def test_a_run_is_the_same_whatever_else_is_asked_for(dynamics, key):
    problem, x = LinearAttention(1.0, 0.5, 0.3), [0.5, 2.0]
    few, many = (simulate(problem, x, key=key, runs=n, dim=4, dynamics=dynamics) for n in (2, 5))
    for name in LOSSES:
        np.testing.assert_array_equal(few[name], many[name][:2])
    assert few.x_name == ("sequences_per_dim2" if dynamics is None else "time")
    with counted() as programs:
        simulate(LinearAttention(1.0, 0.5, 0.1), [0.5, 1.5, 2.0], key=key, runs=1, dim=4, dynamics=dynamics)
    assert not programs
    if dynamics is None:
        more = simulate(problem, [0.5, 1.5, 2.0], key=key, runs=2, dim=4)
        np.testing.assert_allclose(more["icl_loss"][:, [0, 2]], few["icl_loss"], rtol=1e-9, atol=0)


@pytest.mark.parametrize(
    ("problem", "x", "more", "said"),
    [
        (
            LinearAttention(0.3, 0.5, 0.3),
            [1.0],
            {"dim": 4},
            r"context_per_dim \* dim is 1\.2, .* nearest usable dim is",
        ),
        (LinearAttention(1.0, 0.3, 0.3), [1.0], {"dim": 4}, r"tasks_per_dim \* dim is 1\.2, .* nearest usable dim is"),
        (LinearAttention(1.0, 0.5, 0.3), [0.51], {"dim": 4}, r"sequences_per_dim2 \* dim\^2 is 8\.16, .* whole number"),
        (
            LinearAttention(1.0, 0.5, 0.3, test_context_per_dim=0.3),
            [1.0],
            {"dim": 4},
            r"test_context_per_dim \* dim is",
        ),
        (LinearAttention(1.0, 0.5, 0.3), [1.0], {}, r"dim is None, .* Pass the dimension of a token"),
        (LinearAttention(1.0, 0.5, 0.3, 0.1), [1.0], {"dim": 4, "dynamics": FLOW}, r"ridge is 0\.1, .* Pass ridge=0"),
    ],
)
def test_refused(problem, x, more, said):
    with pytest.raises(BadValue, match=said):
        simulate(problem, x, key=jax.random.key(0), runs=1, **more)


def test_a_size_beyond_the_memory_is_refused_with_the_knob():
    with pytest.raises(gt.TooLarge, match=r"dim=2000, 4000000 weights needs .* GiB.* Pass a smaller dim"):
        simulate(LinearAttention(1.0, 1.0, 0.3), [1.0], key=jax.random.key(0), runs=1, dim=2000)


@pytest.mark.slow
@pytest.mark.statistical
def test_fits_reach_the_theory_as_one_over_d(optimized, key, plausible):
    """Planted: c = rho/alpha, lambda without n/d, icl without the noise of the draw."""
    problem, tau = LinearAttention(1.0, 0.5, 0.3, 0.1), 2.0
    theory = solve(problem, [tau])
    runs = {
        dim: simulate(problem, [tau], key=jax.random.fold_in(key, dim), runs=runs, dim=dim)
        for dim, runs in SIZES.items()
    }
    for name in LOSSES:
        law = SizeLaw.measure(theory, runs, name, tau)
        found = law.intercept()
        assert found.standard_error < 0.03
        # Three small sizes: what the square of 1/d leaves is allowed.
        plausible(chance.normal([chance.beyond(found.value, 0.03) / found.standard_error]), of=2)


@pytest.mark.statistical
def test_one_pass_descent_follows_the_flow(optimized, key, plausible):
    """The loss on fresh tasks falls and rises again. Planted: time as rate x steps."""
    problem, times = LinearAttention(1.0, 0.25, 0.1**0.5), [0.0, 0.03, 0.14, 0.3, 1.2]
    runs = simulate(problem, times, key=key, runs=24, dim=16, dynamics=FLOW)
    theory = solve(problem, times, dynamics=FLOW)
    agreement = compare(theory, runs, margin=0.05, curves=["icl_loss"])
    assert agreement.verdict == "agrees", str(agreement)
    fall, rise = runs["icl_loss"][:, 2] - runs["icl_loss"][:, 0], runs["icl_loss"][:, -1] - runs["icl_loss"][:, 2]
    for gap in (-fall, rise):
        z = gap.mean() / (gap.std(ddof=1) / len(gap) ** 0.5)
        assert z > 3, z
    ratio = runs["icl_loss"][:, 1:] / theory["icl_loss"][1:]
    gap = chance.beyond(ratio.mean(0) - 1, 0.05)
    plausible(chance.student(gap / (ratio.std(0, ddof=1) / len(ratio) ** 0.5), len(ratio)))


def test_a_log_of_its_runs_is_read_and_laid_over(tmp_path, key):
    problem, times = LinearAttention(1.0, 0.25, 0.3), np.array([0.0, 0.1, 0.5, 1.0])
    runs = simulate(problem, times, key=key, runs=2, dim=8, dynamics=FLOW)
    path = tmp_path / "runs.csv"
    runs.to_dataframe().to_csv(path)
    log = gt.read_log(path, x="time", train="idg_loss", test="icl_loss", run="run").scaled(x=(1.0, "time", "tau"))
    laid = gt.overlay(log, problem, dynamics=FLOW, curves={"train": "idg_loss", "test": "icl_loss"}, config={"dim": 8})
    assert laid.verdict == "cannot tell"
    assert len(laid["test"]) == 2
    assert {check.name: check.verdict for check in laid.checks}["size"] == "holds"
    for part in laid["test"].values():
        np.testing.assert_allclose(part.theory, solve(problem, times, dynamics=FLOW)["icl_loss"], rtol=1e-12, atol=0)
