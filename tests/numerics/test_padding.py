import jax
import jax.numpy as jnp
import numpy as np
import pytest

from grok_theory.numerics.padding import any_traced, bucket, cut, repeated, with_zeros


@pytest.mark.parametrize("length", [1, 2, 15, 16, 17, 31, 32, 33, 64, 65, 1000])
def test_a_bucket_is_the_next_power_of_two_and_no_more_than_twice_the_length(length):
    size = bucket(length)
    assert size >= length
    assert size & (size - 1) == 0
    assert size == 16 if length <= 16 else size < 2 * length


def test_lengths_from_33_to_64_are_one_bucket():
    assert {bucket(length) for length in range(33, 65)} == {64}


def test_padding_repeats_the_last_or_adds_zeros_and_is_cut_off_again():
    times = np.array([0.0, 0.5, 2.0])
    longer = repeated(times, 8)
    assert longer.tolist() == [0.0, 0.5, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0]
    assert (np.diff(longer) >= 0).all()
    assert cut({"curve": longer}, 3)["curve"].tolist() == times.tolist()
    square = with_zeros(np.ones((3, 5)), 4, axes=2)
    assert square.shape == (4, 8)
    assert square.sum() == 15
    assert with_zeros(np.ones((3, 5)), 4).shape == (4, 5)


def test_what_is_cut_from_a_compiled_answer_is_exact_and_cannot_be_written_to():
    answer = jax.jit(lambda x: jnp.sqrt(x))(repeated([1.0, 4.0, 9.0]))
    kept = cut(answer, 3)
    assert kept.tolist() == [1.0, 2.0, 3.0]
    with pytest.raises(ValueError, match="read-only"):
        kept[0] = 2.0


def test_traced_numbers_are_seen_in_any_tree():
    seen = []
    jax.make_jaxpr(lambda x: seen.append((any_traced({"a": [x]}), any_traced(1.0, np.ones(2)))) or x)(1.0)
    assert seen == [(True, False)]
