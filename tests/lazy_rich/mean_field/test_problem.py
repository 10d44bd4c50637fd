"""What the Problem refuses, in words; what it remembers."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import grok_theory as gt
from grok_theory.errors import BadValue, TooLarge
from grok_theory.fields import in_range
from grok_theory.kernels import Erf
from grok_theory.lazy_rich import LinearMoments, MeanFieldNetwork, Particles, Population, TangentLimit, simulate, solve

X, Y = np.ones((4, 2)), np.ones(4)
BAD = {
    "richness": (lambda: MeanFieldNetwork(X, Y, 0.0), r"richness is 0.0, but it must be positive and finite\. Pass"),
    "richness nan": (lambda: MeanFieldNetwork(X, Y, np.nan), r"richness is nan, but it must be positive"),
    "activation": (
        lambda: MeanFieldNetwork(X, Y, 1.0, "relo"),
        r"activation is 'relo', but it must be one of 'linear', 'tanh', 'erf', 'relu'\. Did you mean 'relu'\?",
    ),
    "function": (lambda: MeanFieldNetwork(X, Y, 1.0, np.sin), r"activation is .*Wrap a function as Activation"),
    "one input": (lambda: MeanFieldNetwork(Y, Y, 1.0), r"inputs has shape \(4,\), but it must have shape \(any, any\)"),
    "inputs inf": (lambda: MeanFieldNetwork(X * np.inf, Y, 1.0), r"inputs\[0, 0\] is inf, but it must be finite"),
    "lengths": (lambda: MeanFieldNetwork(X, Y[:3], 1.0), r"targets has shape \(3,\), but it must have shape \(4,\)"),
    "rows": (lambda: MeanFieldNetwork(X, X[:3], 1.0), r"targets has shape \(3, 2\), but it must have shape \(4, any\)"),
    "half a test": (lambda: MeanFieldNetwork(X, Y, 1.0, test_inputs=X), r"test_targets is None.*Pass test_targets"),
    "other half": (lambda: MeanFieldNetwork(X, Y, 1.0, test_targets=Y), r"test_inputs is None.*leave test_targets out"),
    "test dim": (
        lambda: MeanFieldNetwork(X, Y, 1.0, test_inputs=X[:, :1], test_targets=Y),
        r"test_inputs has shape \(4, 1\), but it must have shape \(any, 2\)",
    ),
    "test outputs": (
        lambda: MeanFieldNetwork(X, Y, 1.0, test_inputs=X, test_targets=X),
        r"test_targets has shape \(4, 2\), but targets has shape \(4,\), .* the same number of outputs",
    ),
    "directions": (
        lambda: MeanFieldNetwork(X, Y, 1.0, directions=Y),
        r"directions has shape \(4,\), but it must have shape \(2,\)",
    ),
    "count": (lambda: Particles(count=1000), r"count is 1000, but it must be a power of two.*Pass 512 or 1024"),
    "few": (lambda: Particles(count=2), r"count is 2, but it must be an integer from 4"),
    "scrambles": (lambda: Particles(scrambles=0), r"scrambles is 0, but it must be an integer of at least 1"),
    "seed": (lambda: Particles(seed=-1), r"seed is -1, but it must be an integer of at least 0"),
    "tolerance": (lambda: Particles(tolerance=0.0), r"tolerance is 0.0, but it must be positive"),
    "moments": (lambda: LinearMoments(tolerance=-1.0), r"tolerance is -1.0, but it must be positive"),
    "not linear": (
        lambda: solve(MeanFieldNetwork(X, Y, 1.0), [1.0], method=LinearMoments()),
        r"activation is 'tanh', but LinearMoments is the closed theory of 'linear' only\. Pass method=Particles",
    ),
    "method": (
        lambda: solve(MeanFieldNetwork(X, Y, 1.0), [1.0], method=Population()),
        r"method is Population.*it must be Particles\(\.\.\.\), LinearMoments\(\.\.\.\) or TangentLimit\(\)",
    ),
    "times": (
        lambda: solve(MeanFieldNetwork(X, Y, 1.0), [1.0, 0.5], method=TangentLimit()),
        r"times\[1\] is 0.5, but it must not be below times\[0\] = 1.0",
    ),
    "batch": (
        lambda: solve(MeanFieldNetwork(X, Y, np.ones(3)), [1.0]),
        r"richness has shape \(3,\), .*One problem has one number: map over several",
    ),
    "no width": (
        lambda: simulate(MeanFieldNetwork(X, Y, 1.0), [1.0], runs=1, key=jax.random.key(0)),
        r"width is None, but it must be an integer of at least 1\. Pass the number of neurons",
    ),
    "dim": (
        lambda: simulate(MeanFieldNetwork(X, Y, 1.0), [1.0], dim=2, width=4, runs=1, key=jax.random.key(0)),
        r"dim is 2, but a MeanFieldNetwork brings its own data.*Leave dim out",
    ),
    "runs": (
        lambda: simulate(MeanFieldNetwork(X, Y, 1.0), [1.0], width=4, runs=0, key=jax.random.key(0)),
        r"runs is 0, but it must be an integer of at least 1",
    ),
    "key": (
        lambda: simulate(MeanFieldNetwork(X, Y, 1.0), [1.0], width=4, runs=1, key=0),
        r"key is 0, but it must be one typed JAX key",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_values_are_refused_by_field_value_and_remedy(name):
    call, message = BAD[name]
    with pytest.raises(BadValue, match=message):
        call()


def test_what_does_not_fit_is_refused_before_it_is_allocated():
    many = MeanFieldNetwork(np.ones((20_000, 2)), np.ones(20_000), 1.0)
    for method in (Particles(), TangentLimit()):
        with pytest.raises(TooLarge, match=r"GiB, but only .* (Lower count|Pass fewer inputs)"):
            solve(many, [1.0], method=method)
    with pytest.raises(TooLarge, match="Lower width or runs"):
        simulate(MeanFieldNetwork(X, Y, 1.0), [1.0], width=2**31, runs=1, key=jax.random.key(0))


def test_a_problem_is_a_pytree_with_its_activation_as_structure():
    problem = MeanFieldNetwork([[1.0, 2.0]], [1.0], 2.0, Erf(0.5))
    leaves, structure = jax.tree_util.tree_flatten(problem)
    assert len(leaves) == 3
    assert jax.tree_util.tree_unflatten(structure, leaves) == problem
    assert problem.outputs == 1
    assert MeanFieldNetwork(X, X, 1.0).outputs == 2
    assert jnp.asarray(in_range(problem))


def test_a_solution_is_saved_and_loaded_to_the_bit(network, times, tmp_path):
    solution = solve(network(0.1, "erf"), times, method=TangentLimit())
    again = gt.load(solution.save(tmp_path / "limit.npz"))
    assert again.problem == solution.problem
    assert again.problem.activation == "erf"
    for name, values in solution.curves.items():
        np.testing.assert_array_equal(np.asarray(values), again[name])
