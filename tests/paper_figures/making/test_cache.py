"""A finished step comes back to the bit; a damaged file is noticed, named and computed again."""

import numpy as np
import pytest

from grok_theory import storage
from paper_figures.making.cache import StepCache, address_of, plain_arrays


@pytest.fixture
def warnings():
    return []


@pytest.fixture
def cache(tmp_path, warnings):
    return StepCache(tmp_path, warnings.append)


ARRAYS = {"x": np.linspace(0, 1, 7), "name": np.array("power"), "flags": np.array([True, False])}
ADDRESS = address_of(figure="f", step="s", number=1)


def test_what_is_kept_comes_back_to_the_bit(cache, warnings):
    assert cache.get("f", "s", ADDRESS) is None
    cache.put("f", "s", ADDRESS, ARRAYS, 1.5, 2.5)
    step = cache.get("f", "s", ADDRESS)
    assert step.cached
    assert step.seconds == 1.5
    assert step.cpu_seconds == 2.5
    for name, array in ARRAYS.items():
        assert step.arrays[name].dtype == array.dtype
        assert step.arrays[name].tobytes() == array.tobytes()
    assert warnings == []


def test_every_single_flipped_bit_is_noticed(cache, warnings):
    cache.put("f", "s", ADDRESS, ARRAYS, 1.5, 2.5)
    path = cache.path("f", "s", ADDRESS)
    whole = path.read_bytes()
    rng = np.random.default_rng(1)
    for number in range(200):
        damaged = bytearray(whole)
        damaged[rng.integers(len(whole))] ^= 1 << int(rng.integers(8))
        path.write_bytes(damaged)
        assert cache.get("f", "s", ADDRESS) is None
        assert len(warnings) == number + 1
        assert str(path) in warnings[-1]
        assert not path.exists()


@pytest.mark.parametrize("length", [0, 1, 40, 500])
def test_a_truncated_file_is_noticed(cache, warnings, length):
    cache.put("f", "s", ADDRESS, ARRAYS, 1.5, 2.5)
    path = cache.path("f", "s", ADDRESS)
    path.write_bytes(path.read_bytes()[:length])
    assert cache.get("f", "s", ADDRESS) is None
    assert "Computing it again" in warnings[0]


def test_two_swapped_files_are_noticed(cache, warnings):
    other = address_of(figure="f", step="s", number=2)
    cache.put("f", "s", ADDRESS, ARRAYS, 1.5, 2.5)
    cache.put("f", "s", other, {"x": np.zeros(7)}, 1.5, 2.5)
    one, two = cache.path("f", "s", ADDRESS), cache.path("f", "s", other)
    content = one.read_bytes()
    one.write_bytes(two.read_bytes())
    two.write_bytes(content)
    assert cache.get("f", "s", ADDRESS) is None
    assert cache.get("f", "s", other) is None
    assert all("swapped" in warning for warning in warnings)


def test_old_addresses_of_a_step_are_forgotten(cache):
    for number in range(12):
        cache.put("f", "s", address_of(number=number), ARRAYS, 0.1, 0.1)
    assert len(list((cache.folder / "f").iterdir())) == 8
    assert cache.get("f", "s", address_of(number=11)) is not None


def test_only_arrays_of_numbers_are_kept():
    assert plain_arrays("f", "s", {"a": [1, 2], "b": 3.0})["a"].tolist() == [1, 2]
    with pytest.raises(TypeError, match=r"Step 's' of f returned a list; it must return a dict"):
        plain_arrays("f", "s", [1])
    with pytest.raises(TypeError, match=r"returned 'a' as dict; it must be an array of numbers"):
        plain_arrays("f", "s", {"a": {}})


@pytest.mark.parametrize(
    "change",
    [{"arrays": [1]}, {"arrays": {"a": {}}}, {"seconds": "long"}, {"seconds": None}, {"more": 1, "arrays": None}],
)
def test_a_step_of_another_time_is_computed_again(cache, warnings, change):
    cache.put("f", "s", ADDRESS, ARRAYS, 1.5, 2.5)
    path = cache.path("f", "s", ADDRESS)
    path.write_bytes(storage.pack(storage.unpack(path.read_bytes()) | change))
    assert cache.get("f", "s", ADDRESS) is None
    assert "Computing it again" in warnings[0]
    assert not path.exists()


def test_records_and_durations_of_another_time_are_left_out(tmp_path):
    from paper_figures.making.progress import Durations
    from paper_figures.making.record import is_whole

    for text in ("[]", "3", '{"one": 3}', '{"one": {"quick": "long"}}', "[" * 100_000, ""):
        (tmp_path / "durations.json").write_text(text)
        assert Durations(tmp_path / "durations.json", "quick").expected("one") > 0
    assert not is_whole({"name": "one", "status": "built"})
    assert not is_whole({"status": ["built"]})
