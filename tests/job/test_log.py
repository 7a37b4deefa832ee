from __future__ import annotations

import copy
import json
import threading

import pytest

from routilux.job.log import BoundedList


def test_every_way_to_add_keeps_the_bound():
    log = BoundedList([1, 2, 3, 4], limit=3)
    assert (log, log.let_go) == ([2, 3, 4], 1)
    log.append(5)
    log.extend([6, 7])
    log += [8]
    log.insert(3, 9)
    assert (log, log.let_go) == ([7, 8, 9], 6)
    assert isinstance(log, BoundedList)


def test_it_is_a_list_to_everyone_else():
    log = BoundedList([{"a": 1}], let_go=4)
    assert json.loads(json.dumps(log)) == log
    assert log.let_go == 4
    assert type(copy.deepcopy(log)) is list
    assert copy.copy(log) == log


def test_a_bound_is_at_least_one():
    with pytest.raises(ValueError, match="limit must be 1 or more, not 0"):
        BoundedList(limit=0)


def test_no_entry_is_lost_uncounted_between_threads():
    log, start = BoundedList(limit=50), threading.Barrier(4)

    def add():
        start.wait()
        for number in range(500):
            log.append(number)

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(log), log.let_go) == (50, 1_950)
