"""Local complexity of deeper layers: the definition vertex by vertex, exactness of what is counted."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grok_theory import BadValue
from grok_theory.observables import deep_local_complexity, local_complexity


def draw(seed):
    generator = np.random.default_rng(seed)
    sizes = (4, 9, 7, 5)
    layers = [(generator.standard_normal((b, a)), generator.standard_normal(b)) for a, b in itertools.pairwise(sizes)]
    frame = np.linalg.qr(generator.standard_normal((4, 4)))[0][: generator.integers(1, 5)]
    return layers, generator.standard_normal((3, 4)), frame


@given(st.integers(0, 2**31), st.floats(-2, 1))
def test_the_definition_vertex_by_vertex(seed, power):
    layers, centers, frame = draw(seed)
    ours = deep_local_complexity(layers, centers, frame, 10.0**power)
    np.testing.assert_array_equal(ours[:, 0], local_complexity(*layers[0], centers, frame, 10.0**power))
    for i, center in enumerate(centers):
        images = [center + sign * 10.0**power * v for v in frame for sign in (1, -1)]
        for j, (weights, biases) in enumerate(layers):
            before = [[w @ h + b for w, b in zip(weights, biases)] for h in images]
            assert ours[i, j] == sum(len({value[k] > 0 for value in before}) == 2 for k in range(len(biases)))
            images = [np.maximum(value, 0) for value in before]
    np.testing.assert_array_equal(ours[0], deep_local_complexity(layers, centers[0], frame, 10.0**power))


@given(st.integers(0, 2**31))
def test_what_is_counted_on_a_segment_is_there(seed):
    """One direction: walk from end to end of the segment; every counted unit switches on the way."""
    layers, centers, frame = draw(seed)
    counts = deep_local_complexity(layers, centers[0], frame[:1], 1.0)
    h = centers[0] + np.linspace(-1, 1, 2001)[:, None] * frame[:1]
    for count, (weights, biases) in zip(counts, layers):
        h = h @ weights.T + biases
        positive = h > 0
        assert count <= np.sum(positive.any(0) & ~positive.all(0))
        assert count == np.sum(positive[0] != positive[-1])
        h = np.maximum(h, 0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"radius": 0.0}, "radius is 0.0.*unit of the inputs"),
        ({"layers": []}, "at least one layer"),
        ({"frame": np.ones((2, 4))}, "orthonormal"),
        ({"center": np.full(4, np.nan)}, "center.*nan.*finite"),
        (
            {"layers": [(np.ones((3, 4)), np.ones(3)), (np.ones((2, 4)), np.ones(2))]},
            r"layers\[1\] has weights of shape",
        ),
    ],
)
def test_bad_inputs_are_named(change, message):
    layers, centers, frame = draw(0)
    arguments = {"layers": layers, "center": centers[0], "frame": frame, "radius": 1.0} | change
    with pytest.raises(BadValue, match=message):
        deep_local_complexity(**arguments)
