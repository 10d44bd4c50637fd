"""One solve a wing, against numbers that are known: what a set of versions must at least be able to do."""

import importlib.metadata
import sys

import jax
import numpy as np

import grok_theory as gt

jax.config.update("jax_enable_x64", True)
NAMES = ("jax", "jaxlib", "numpy", "scipy", "diffrax", "optimistix", "optax", "jaxtyping")
print(sys.version.split()[0], *(f"{name} {importlib.metadata.version(name)}" for name in NAMES))

student = gt.linear.TeacherStudent(samples_per_dim=0.5, snr=5.0)
theory = gt.linear.solve(student, [0.0, 10.0])
np.testing.assert_allclose(theory["test_loss"], [6.0, 4.333484019821], rtol=1e-12)
runs = gt.linear.simulate(student, [0.0, 10.0], dim=40, runs=4, key=jax.random.key(0))
print(gt.compare(theory, runs, margin=0.5, curves=["test_loss"]).verdict)

committee = gt.lazy_rich.QuadraticCommittee(1.0, 0.5, 2.0, 0.4)
descent = gt.GradientDescent(0.1)
found = gt.lazy_rich.solve(committee, [1, 5], dynamics=descent, method=gt.lazy_rich.DMFT(field_points=0))
np.testing.assert_allclose(found["test_loss"], [0.701585, 0.55837], rtol=4e-3)

task = gt.li2.GroupTask(gt.li2.groups.cyclic(5), train_fraction=0.6)
stage = gt.li2.solve(task, [0, 5], dynamics=descent, width=4, key=jax.random.key(0))
trained = gt.li2.simulate(
    task, [0, 5], dynamics=descent, width=4, runs=1, key=jax.random.key(0), train_hidden=False, dtype="float64"
)
np.testing.assert_allclose(trained["train_loss"][0], stage["train_loss"], rtol=1e-10)

# One answer is a draw: its error is the gap's square and the spread's.
answers = gt.best_of_k.solve(gt.best_of_k.Prompt(teacher_gap=0.3, reward_gap=1.0), [1.0, 4.0], temperature=1.0)
np.testing.assert_allclose(answers["error"][0], 0.3**2 + 1.0, rtol=1e-12)

kernel = gt.kernels.ntk(gt.kernels.FullyConnected("relu"), np.eye(3))
assert np.all(np.linalg.eigvalsh(np.asarray(kernel)) > 0)
print("good")
