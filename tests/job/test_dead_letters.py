from __future__ import annotations

import threading
from datetime import UTC, datetime

import pytest

from routilux.clock import NANOSECONDS
from routilux.job.dead_letters import REASONS, DeadLetterBox, LetterFacts

REJECTED = LetterFacts("r", "in", "rejected", at_ns=2 * NANOSECONDS, emitted_from="src")


class Clock:
    """Stands still until it is moved."""

    def __init__(self):
        self.now = 0

    def monotonic_ns(self):
        return self.now

    time_ns = monotonic_ns

    def wait(self, lock, timeout):
        raise AssertionError("a box waits for nobody")


def box_of(count, **options):
    box = DeadLetterBox(**options)
    box.add_many(REJECTED, list(range(count)), [NANOSECONDS] * count, range(100, 100 + count))
    return box


def test_a_letter_says_what_was_refused_and_why():
    facts = LetterFacts(
        "r", "in", "logic_error", 2 * NANOSECONDS, "src", "ValueError: no", "ValueError", 2, "r@7"
    )
    box = DeadLetterBox()
    assert box.add(facts, {"x": 1}, NANOSECONDS, 41) == "dl-1"
    letter = box.get("dl-1")
    assert (letter.id, letter.item_id, letter.number) == ("dl-1", "r.in#41", 41)
    assert (letter.routine_id, letter.slot_name, letter.data) == ("r", "in", {"x": 1})
    assert (letter.reason, letter.error, letter.error_type) == (
        "logic_error",
        "ValueError: no",
        "ValueError",
    )
    assert letter.emitted_from == "src"
    assert letter.emitted_at == datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)
    assert letter.at == datetime(1970, 1, 1, 0, 0, 2, tzinfo=UTC)
    assert (letter.attempt, letter.activation_id) == (2, "r@7")
    with pytest.raises(AttributeError):
        letter.reason = "paused"


def test_reasons_are_a_closed_list():
    assert REASONS == (
        "queue_full",
        "paused",
        "rejected",
        "evicted",
        "unmatched",
        "cancelled",
        "dropped_in_debugger",
        "logic_error",
        "interrupted",
    )
    with pytest.raises(ValueError, match=r"must be one of queue_full, .* not 'lost'"):
        LetterFacts("r", "in", "lost", at_ns=0)


def test_a_batch_gets_ids_in_order():
    box = box_of(3)
    assert box.add_many(REJECTED, [7, 8], [0, 0], [0, 1]) == range(4, 6)
    assert [(letter.id, letter.data) for letter in box] == [
        ("dl-1", 0),
        ("dl-2", 1),
        ("dl-3", 2),
        ("dl-4", 7),
        ("dl-5", 8),
    ]
    assert [letter.number for letter in box][:3] == [100, 101, 102]
    assert box.total == len(box) == 5
    assert (box.get("dl-9"), box.get("nonsense")) == (None, None)


def test_the_list_is_filtered_and_counted():
    box = box_of(2)
    box.add(LetterFacts("s", "in", "evicted", 0), 5, 0, 0)
    box.add(LetterFacts("r", "side", "evicted", 0), 6, 0, 0)
    assert [letter.data for letter in box.list("evicted")] == [5, 6]
    assert [letter.data for letter in box.list(routine_id="r")] == [0, 1, 6]
    assert [letter.data for letter in box.list(slot_name="in")] == [0, 1, 5]
    assert [letter.data for letter in box.list("evicted", "r", "side")] == [6]
    assert box.counts() == {"rejected": 2, "evicted": 2}


def test_letters_that_are_taken_come_back_to_their_places():
    box = box_of(4)
    taken = box.take({"dl-3", "dl-1", "dl-99"})
    assert [letter.id for letter in taken] == ["dl-1", "dl-3"]
    assert [letter.id for letter in box] == ["dl-2", "dl-4"]
    before = taken[0]
    box.put_back(taken)
    assert [letter.id for letter in box] == ["dl-1", "dl-2", "dl-3", "dl-4"]
    assert box.get("dl-1") == before
    assert box.total == 4
    assert len(box.take()) == 4
    assert len(box) == 0


def test_discarding_counts():
    box = box_of(4)
    assert box.discard(["dl-2", "dl-2", "dl-7"]) == 1
    assert box.discard() == 3
    assert box.discard() == 0
    assert box.add(REJECTED, 0, 0, 0) == "dl-5"


def test_the_oldest_go_beyond_the_bound():
    box = box_of(7, limit=3)
    assert [letter.id for letter in box] == ["dl-5", "dl-6", "dl-7"]
    assert (box.let_go, box.total) == (4, 7)
    (first, *_) = box.take(["dl-5"])
    box.add(REJECTED, "new", 0, 0)
    box.put_back([first])
    assert [letter.id for letter in box] == ["dl-6", "dl-7", "dl-8"]
    assert box.let_go == 5
    with pytest.raises(ValueError, match="limit must be 1 or more, not 0"):
        DeadLetterBox(limit=0)


def test_what_is_let_go_is_told_at_most_once_a_second():
    clock, told = Clock(), []
    box = DeadLetterBox(2, lambda since, total: told.append((since, total)), clock)
    box.add_many(REJECTED, range(5), [0] * 5, range(5))
    box.add(REJECTED, 5, 0, 5)
    assert told == [(3, 3)]
    clock.now = NANOSECONDS
    box.add(REJECTED, 6, 0, 6)
    assert told == [(3, 3), (2, 5)]
    clock.now = 2 * NANOSECONDS
    box.discard()
    box.add(REJECTED, 7, 0, 7)
    assert len(told) == 2


def test_the_box_is_not_locked_while_it_tells():
    told = []
    box = DeadLetterBox(1, lambda since, total: told.append(len(box.list())))
    box.add_many(REJECTED, [1, 2], [0, 0], [0, 1])
    assert told == [1]


def test_a_letter_that_another_thread_has_told_of_is_not_told_again():
    told = []

    class Slow(Clock):
        """While the first caller reads the time, another one adds a letter and tells."""

        def monotonic_ns(self):
            self.now += 2 * NANOSECONDS
            own = self.now
            if len(box.list()) and not told:
                box.on_let_go = lambda since, total: told.append((since, total))
                self.monotonic_ns = lambda: 0
                box.add(REJECTED, "other", 0, 9)
            return own

    box = DeadLetterBox(1, lambda since, total: told.append("too early"), Slow())
    box.add_many(REJECTED, [1, 2], [0, 0], [0, 1])
    assert told == [(2, 2)]


def test_counting_goes_on_after_a_restore():
    box = DeadLetterBox()
    box.put_back(box_of(3).list())
    box.resume_at(next_number=8, let_go=4)
    assert (box.next_number, box.let_go, box.total) == (8, 4, 7)
    assert box.add(REJECTED, 0, 0, 0) == "dl-8"
    box.put_back([])
    assert len(box) == 4
    empty = DeadLetterBox()
    empty.put_back([])
    assert empty.total == 0


def test_threads_get_different_ids():
    box, start = DeadLetterBox(), threading.Barrier(4)
    ids = []

    def add():
        start.wait()
        mine = [box.add(REJECTED, number, 0, number) for number in range(300)]
        ids.extend(mine)

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(ids)) == len(ids) == box.total == len(box) == 1_200
