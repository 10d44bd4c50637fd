"""Where the true loss comes from: populations of a linear model, with the loss of any weights known exactly or nearly.

A population draws training sets and tells the mean loss of weights on fresh labels: in closed form for the isotropic
inputs of `linear.TeacherStudent`; for `linear.RandomFeatures` over many test inputs, label noise in closed form.
"""

from typing import Protocol

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from ..linear import RandomFeatures, TeacherStudent
from ..linear.features import moments
from ..pytrees import record
from .truncated_loss import truncated_squared_loss


class Population(Protocol):
    """What a bound needs of a problem."""

    def draw(self, key: Array, samples: int) -> tuple[Array, Array]: ...
    def squared_loss(self, weights: Array) -> Array: ...
    def truncated_loss(self, weights: Array, cap: float) -> Array: ...


@record()
class Isotropic:
    """Inputs N(0, 1/N) in N dimensions, labels teacher . x + noise; everything is exact."""

    teacher: Array
    noise: ArrayLike

    def draw(self, key: Array, samples: int) -> tuple[Float[Array, "{samples} dim"], Float[Array, "{samples}"]]:
        """Features and labels of fresh samples."""
        data, noise = jax.random.split(key)
        dim = self.teacher.shape[0]
        inputs = jax.random.normal(data, (samples, dim)) / jnp.sqrt(float(dim))
        return inputs, inputs @ self.teacher + self.noise * jax.random.normal(noise, (samples,))

    def squared_loss(self, weights: Float[Array, " dim"]) -> Float[Array, ""]:
        """E (y - w.x)^2 = noise^2 + norm(w - teacher)^2/N."""
        return self.noise**2 + jnp.mean((weights - self.teacher) ** 2)

    def truncated_loss(self, weights: Float[Array, " dim"], cap: float) -> Float[Array, ""]:
        """E min((y - w.x)^2, cap^2): the residual is Gaussian."""
        return truncated_squared_loss(0.0, cap, variance=self.squared_loss(weights))


@record()
class Features:
    """ReLU features of N(0, 1) inputs, labels of a ReLU teacher; truncated losses are means over `inputs`."""

    problem: RandomFeatures
    inputs: Array
    covariance: Array
    overlap: Array
    power: Array

    def _read(self, x: Array) -> tuple[Array, Array]:
        hidden = jax.nn.relu(x @ self.problem.features.T)
        return hidden, jax.nn.relu(x @ self.problem.teacher.T) @ self.problem.readout

    def draw(self, key: Array, samples: int) -> tuple[Float[Array, "{samples} dim"], Float[Array, "{samples}"]]:
        """Features and labels of fresh samples."""
        data, noise = jax.random.split(key)
        hidden, mean = self._read(jax.random.normal(data, (samples, self.inputs.shape[1])))
        return hidden, mean + self.problem.noise * jax.random.normal(noise, (samples,))

    def squared_loss(self, weights: Float[Array, " dim"]) -> Float[Array, ""]:
        """Exact, from the moments of the features."""
        fitted = weights @ self.covariance @ weights - 2 * weights @ self.overlap
        return self.problem.noise**2 + self.power + fitted

    def truncated_loss(self, weights: Float[Array, " dim"], cap: float) -> Float[Array, ""]:
        """Mean over the test inputs, with the label noise in closed form."""
        hidden, mean = self._read(self.inputs)
        return jnp.mean(truncated_squared_loss(mean - hidden @ weights, cap, variance=self.problem.noise**2))


def isotropic(problem: TeacherStudent, dim: int, key: Array) -> Isotropic:
    """A teacher of the problem in `dim` dimensions."""
    scale = jnp.sqrt(jnp.asarray(problem.snr, float)) * problem.noise
    return Isotropic(scale * jax.random.normal(key, (dim,)), jnp.asarray(problem.noise, float))


def features(problem: RandomFeatures, points: int, key: Array) -> Features:
    """The problem's features and teacher as they are, with `points` test inputs."""
    problem = jax.tree_util.tree_map(lambda leaf: jnp.asarray(leaf, float), problem)
    inputs = jax.random.normal(key, (points, jnp.shape(problem.features)[1]))
    return Features(problem, inputs, *moments(problem))
