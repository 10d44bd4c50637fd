"""Work over cores: order, digits, one piece before the others, and what is raised."""

import threading

import pytest

from grok_theory.numerics.threads import cores, over_cores


@pytest.mark.parametrize("workers", [None, 1, 3])
@pytest.mark.parametrize("count", [0, 1, 2, 7])
def test_answers_come_in_order(workers, count):
    assert over_cores(lambda i: i * i, count, workers=workers) == [i * i for i in range(count)]


def test_the_first_is_done_before_the_others_start_and_they_run_together():
    done, together = [], threading.Barrier(2, timeout=30)

    def work(i):
        if i:
            assert 0 in done
            together.wait()  # passes only if two are inside at once
        done.append(i)

    over_cores(work, 5, workers=2)
    assert sorted(done) == list(range(5))


def test_what_one_raises_is_raised():
    def work(i):
        if i == 1:
            raise ValueError("piece 1")
        return i

    with pytest.raises(ValueError, match="piece 1"):
        over_cores(work, 50, workers=2)
    assert cores() >= 1
