"""What is read off neurons, against gradients of the network written as a function."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from grok_theory.kernels import alignment, empirical_ntk
from grok_theory.lazy_rich.mean_field.data import data_of, rotated
from grok_theory.lazy_rich.mean_field.readings import read_neurons, target_alignment
from grok_theory.lazy_rich.mean_field.runs import network_output
from grok_theory.observables import gradient_coherence


@pytest.mark.parametrize("outputs", [pytest.param(1, marks=pytest.mark.slow), 3])
def test_kernel_and_coherence_are_those_of_the_gradients(network, outputs):
    targets = np.random.default_rng(3).normal(size=(4, outputs))
    problem = network(0.7, targets=targets, test_inputs=None, test_targets=None)
    data, width, richness = data_of(problem), 11, jnp.float64(0.7)
    random = np.random.default_rng(0)
    neurons = tuple(jnp.asarray(random.normal(size=(width, size))) for size in (2, outputs))
    moved = tuple(part + 0.1 * random.normal(size=part.shape) for part in neurons)
    offset = network_output(jnp.tanh, richness, neurons, data.inputs)
    reading = jax.jit(read_neurons, static_argnums=0)(jnp.tanh, data, richness, moved, neurons, offset)

    @jax.jit
    def f(parameters, inputs):
        return network_output(jnp.tanh, richness, parameters, inputs)

    kernel = empirical_ntk(f, moved, data.inputs) * richness**2 * width
    np.testing.assert_allclose(reading.kernel, jnp.einsum("nmcc->nm", kernel) / outputs, rtol=1e-11)

    def loss(parameters, x, y, start):
        return jnp.sum(jnp.square(y - f(parameters, x[None])[0] + start))

    each = jax.jit(jax.vmap(jax.grad(loss), (None, 0, 0, 0)))(moved, data.inputs, data.targets, offset)
    assert float(reading.coherence) == pytest.approx(float(gradient_coherence(each).alpha), rel=1e-10, abs=0)
    square = sum(np.sum(np.square(np.asarray(a) - np.asarray(b))) for a, b in zip(moved, neurons, strict=True))
    assert float(reading.distance) == pytest.approx(np.sqrt(square / width), rel=1e-12, abs=0)
    np.testing.assert_allclose(reading.output, f(moved, data.inputs) - offset, rtol=1e-9)


def test_alignment_of_one_output_is_the_kernels_rooms(network):
    kernel = np.cov(np.random.default_rng(1).normal(size=(4, 9)))
    targets = np.random.default_rng(2).normal(size=4)
    found = target_alignment(jnp.asarray(kernel), jnp.asarray(targets)[:, None])
    assert float(found) == pytest.approx(float(alignment(kernel, targets)), rel=1e-14, abs=0)
    copies = target_alignment(jnp.asarray(kernel), jnp.asarray(np.stack([targets, 2 * targets], 1)))
    assert float(copies) == pytest.approx(float(found), rel=1e-12, abs=0)


def test_rotated_data_are_the_same_data(network):
    random = np.random.default_rng(7)
    wide = network(
        inputs=random.normal(size=(4, 12)), test_inputs=random.normal(size=(5, 12)), directions=np.eye(12)[:2].T
    )
    plain, turned = data_of(wide), rotated(data_of(wide))
    assert turned.inputs.shape == (9, 9)
    np.testing.assert_allclose(turned.inputs @ turned.inputs.T, plain.inputs @ plain.inputs.T, atol=1e-12)
    assert float(jnp.sum(jnp.square(turned.directions)) + turned.outside) == pytest.approx(2.0, rel=1e-12, abs=0)
    assert float(turned.idle) == 3.0
