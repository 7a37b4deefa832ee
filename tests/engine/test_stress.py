"""A million items of eight producers, and pauses at random: nothing lost, doubled or reordered.

The seed of a run is made of pytest-randomly's and printed, so ``-p "randomly_seed=..."`` gives the
same lengths, ways, portions and pauses again; what the threads do is theirs.
"""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING

import pytest

from routilux import Runtime
from routilux.errors import JobNotStill
from tests.engine.load import POSTERS, PRODUCERS, Load

if TYPE_CHECKING:
    import threading

LENGTHS = (60, 250, 1000)
TINY = (1, 1, 2, 3)
MILLION = [19_500] * 2 + [160_000] * 6 + [500] * POSTERS  # the first two go the narrow way
WORKERS = [1, 2, 4, 8]


def even(total: int) -> list[int]:
    """So many items of the producers in equal parts, and some of the posters."""
    return [total // PRODUCERS] * PRODUCERS + [100] * POSTERS


def run(load: Load, workers: int, pauses: int) -> None:
    """Run a load with about so many pauses."""
    done = 0
    with Runtime(workers) as runtime:
        posters = load.start(runtime.exec(load.flow, keep_open=True))
        while load.next_stop(2 * load.total // pauses):
            load.pause()
            load.job.resume()
            done += 1
        load.finish(posters)
    assert done >= 3  # how many there are is the machine's affair


def run_with_restores(load: Load, workers: int, pauses: int) -> int:
    """As `run`; at each pause the job is saved if it can be, and another goes on with it."""
    restores = 0
    with Runtime(workers) as runtime:
        posters: list[threading.Thread] = load.start(runtime.exec(load.flow, keep_open=True))
        while load.next_stop(2 * load.total // pauses):
            load.pause()
            try:
                saved = json.loads(json.dumps(load.job.snapshot()))
            except JobNotStill:  # somebody stands in `emit`: his items would come twice
                load.job.resume()
                continue
            assert saved["at_least_once"] == []
            load.job.cancel("saved")
            assert load.job.wait()
            load.go_on_with(runtime.restore(saved, load.flow))
            restores += 1
        load.finish(posters)
    return restores


@pytest.mark.timeout(300)
def test_a_million_items_of_eight_producers():
    load = Load(random.getrandbits(32), MILLION, LENGTHS, narrow=TINY)
    assert load.total == 1_000_000
    run(load, workers=4, pauses=100)


@pytest.mark.parametrize("workers", WORKERS)
def test_every_size_of_the_pool(workers):
    load = Load(random.getrandbits(32) + workers, even(10_000), TINY)
    run(load, workers, pauses=40)


@pytest.mark.parametrize("workers", WORKERS)
def test_saved_and_restored_in_between(workers):
    load = Load(random.getrandbits(32) + workers, even(5_000), (1, 5, 100), gentle=True)
    assert run_with_restores(load, workers, pauses=40) > 0


@pytest.mark.soak
@pytest.mark.parametrize("turn", range(3))
@pytest.mark.parametrize("workers", WORKERS)
def test_millions_of_items_in_every_size_of_the_pool(workers, turn):
    load = Load(random.getrandbits(32) + 10 * turn + workers, MILLION, LENGTHS, narrow=TINY)
    run(load, workers, pauses=1000)


@pytest.mark.soak
@pytest.mark.parametrize("turn", range(3))
@pytest.mark.parametrize("workers", WORKERS)
def test_many_items_through_tiny_slots(workers, turn):
    load = Load(random.getrandbits(32) + 10 * turn + workers, even(100_000), TINY)
    run(load, workers, pauses=500)


@pytest.mark.soak
@pytest.mark.parametrize("turn", range(3))
@pytest.mark.parametrize("workers", WORKERS)
def test_many_items_saved_and_restored_in_between(workers, turn):
    seed = random.getrandbits(32) + 10 * turn + workers
    load = Load(seed, even(100_000), (1, 2, 5, 100), gentle=True)
    assert run_with_restores(load, workers, pauses=500) > 50
