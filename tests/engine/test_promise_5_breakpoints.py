"""Promise 5: a breakpoint holds; it never eats."""

from __future__ import annotations

import pytest

from routilux import ErrorHandler, Flow, JobState
from routilux.activation_policies import batch_size_policy
from routilux.errors import JobFinished, NothingInHand, SlotPausedError
from routilux.monitoring.breakpoint_manager import Breakpoint
from routilux.status import ExecutionStatus
from routilux.testing import CollectingSink, RecordingHook, StepRuntime
from tests.engine.parts import figures, into_sink, line, made, passer, source


def paused_before(rt, flow, *places, **fields):
    """A job of `flow` that has not begun, with breakpoints at `places`."""
    job = rt.exec(flow, start_paused=True)
    made = [job.breakpoints.add(kind, routine, **more, **fields) for kind, routine, more in places]
    job.resume()
    return (job, *made)


def slot(routine, name):
    return ("slot", routine, {"slot_name": name})


def event(routine, name):
    return ("event", routine, {"event_name": name})


def edge(source, source_event, target, target_slot):
    return (
        "connection",
        None,
        {
            "source_routine_id": source,
            "source_event_name": source_event,
            "target_routine_id": target,
            "target_slot_name": target_slot,
        },
    )


def at_routine(routine):
    return ("routine", routine, {})


def in_hand(job):
    return [item.data for item in job.debug.items]


def resume_until_done(rt, job):
    """Resume at each hit; the items that stood, hit by hit."""
    seen = []
    rt.run_until_idle()
    while not job.status.finished:
        seen.append(in_hand(job))
        assert job.debug.resume().changed
        rt.run_until_idle()
    return seen


def check_books(job):
    for each in job.live.slots:
        found = each.metrics()
        assert found.offered == found.consumed + found.unconsumed + found.held + found.refused


# -- where an item stops ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "place",
    [slot("r1", "items"), event("r0", "out"), edge("r0", "out", "r1", "items")],
    ids=["slot", "event", "connection"],
)
def test_each_item_stops_once_and_is_delivered_in_order(rt, place):
    flow, sink = into_sink(range(5))
    job, _ = paused_before(rt, flow, place)
    assert resume_until_done(rt, job) == [[0], [1], [2], [3], [4]]
    assert sink.received == [0, 1, 2, 3, 4]
    assert job.status == ExecutionStatus.COMPLETED
    check_books(job)


def test_at_a_slot_the_item_is_held_and_not_in_it_yet(rt):
    flow, sink = into_sink(range(5))
    job, mark = paused_before(rt, flow, slot("r1", "items"))
    rt.run_until_idle()
    found = figures(job, "r1", "items")
    assert job.status == ExecutionStatus.PAUSED
    assert found.held >= 1
    assert found.unconsumed == 0
    assert sink.received == []
    assert mark.hit_count == 1
    (hit,) = job.debug.hits
    assert (hit.kind, hit.breakpoint_ids, hit.routine_id, hit.name) == (
        "slot", (mark.id,), "r1", "items"
    )  # fmt: skip
    assert [each.id for each in hit.items] == ["r1.items#0"]
    check_books(job)


def test_at_a_routine_logic_has_not_run_and_nothing_is_consumed(rt):
    flow, sink = into_sink(range(5))
    job, mark = paused_before(rt, flow, at_routine("r1"))
    rt.run_until_idle()
    found = figures(job, "r1", "items")
    assert found.consumed == 0
    assert found.unconsumed == len(in_hand(job)) > 0
    (hit,) = job.debug.hits
    assert hit.activation_id == "r1@1"
    assert job.debug.status == "paused"
    assert job.debug.state().reason == "breakpoint"
    resume_until_done(rt, job)
    assert sink.received == [0, 1, 2, 3, 4]
    assert mark.hit_count >= 1
    check_books(job)


def test_a_source_stops_before_it_runs(rt):
    flow, sink = into_sink(range(3))
    job, _ = paused_before(rt, flow, at_routine("r0"))
    assert resume_until_done(rt, job) == [[]]
    assert sink.received == [0, 1, 2]


def test_a_policy_that_said_yes_is_not_asked_again(rt):
    asked = []
    batch = batch_size_policy(3)

    def policy(slots, state):
        answer = batch(slots, state)
        asked.append(answer[0])
        return answer

    sink = CollectingSink()
    sink.set_activation_policy(policy)
    job, _ = paused_before(rt, line(source(range(6)), sink), at_routine("r1"))
    assert resume_until_done(rt, job) == [[0, 1, 2], [3, 4, 5]]
    assert sink.received == [0, 1, 2, 3, 4, 5]
    assert asked.count(True) == 2


def test_a_connection_stops_on_its_own_edge_only(rt):
    flow = Flow("fan")
    left, right = CollectingSink(), CollectingSink()
    flow.add_routine(source(range(3)), "s")
    flow.add_routine(left, "left")
    flow.add_routine(right, "right")
    flow.connect("s", "out", "left", "items")
    flow.connect("s", "out", "right", "items")
    job, _ = paused_before(rt, flow, edge("s", "out", "right", "items"), action="hold_item")
    rt.run_until_idle()
    assert left.received == [0, 1, 2]
    assert right.received == []
    assert job.status == ExecutionStatus.RUNNING
    while not job.status.finished:
        job.debug.resume(job.debug.items[0].id)
        rt.run_until_idle()
    assert right.received == [0, 1, 2]


def test_an_event_hit_is_one_item_for_each_target(rt):
    flow = Flow("fan")
    left, right = CollectingSink(), CollectingSink()
    flow.add_routine(source([{"a": 1}, {"a": 2}]), "s")
    flow.add_routine(left, "left")
    flow.add_routine(right, "right")
    flow.connect("s", "out", "left", "items")
    flow.connect("s", "out", "right", "items", {"a": "b"})
    job, _ = paused_before(rt, flow, event("s", "out"))
    rt.run_until_idle()
    (hit,) = job.debug.hits
    assert {item.routine_id for item in hit.items} == {"left", "right"}
    job.debug.edit({"a": 10})
    resume_until_done(rt, job)
    assert left.received == [{"a": 10}, {"a": 2}]
    assert right.received == [{"b": 10}, {"b": 2}]


def test_an_event_that_leads_nowhere_stops_too(rt):
    job, mark = paused_before(rt, line(source(range(2))), event("r0", "out"))
    rt.run_until_idle()
    assert job.status == ExecutionStatus.PAUSED
    assert job.debug.hits[0].items == ()
    resume_until_done(rt, job)
    assert mark.hit_count == 2


# -- two at once, and who else holds ---------------------------------------------------------------


def test_two_breakpoints_hit_at_once_are_both_reported(rt):
    flow, sink = into_sink(range(1))
    job, one, two = paused_before(rt, flow, slot("r1", "items"), slot("r1", "items"))
    rt.run_until_idle()
    assert job.debug.hits[0].breakpoint_ids == (one.id, two.id)
    assert set(job.debug.resume().holds) == set()
    rt.run_until_idle()
    assert sink.received == [0]


def test_event_and_connection_hit_the_same_item_at_once(rt):
    flow, sink = into_sink(range(1))
    job, one, two = paused_before(rt, flow, event("r0", "out"), edge("r0", "out", "r1", "items"))
    rt.run_until_idle()
    assert [hit.breakpoint_ids for hit in job.debug.hits] == [(one.id,), (two.id,)]
    assert len(job.debug.items) == 1
    assert job.debug.resume().status == "resumed"
    rt.run_until_idle()
    assert sink.received == [0]
    assert job.status == ExecutionStatus.COMPLETED


def test_resume_says_what_still_holds_the_job(rt):
    flow, sink = into_sink(range(2))
    job, mark = paused_before(rt, flow, slot("r1", "items"))
    rt.run_until_idle()
    job.pause("the operator, too")
    answer = job.resume()
    assert answer.changed
    assert (answer.status, answer.holds) == ("paused", (f"breakpoint:{mark.id}",))
    job.pause("again")
    answer = job.debug.resume()
    assert (answer.status, answer.holds) == ("paused", ("operator",))
    rt.run_until_idle()
    assert sink.received == []
    assert job.resume().status == "resumed" or job.debug.hits  # the second item may stop at once
    resume_until_done(rt, job)
    assert sink.received == [0, 1]
    assert mark.hit_count == 2


def test_resume_does_not_hit_the_same_breakpoint_again_for_the_same_item(rt):
    flow, sink = into_sink(range(1))
    job, mark = paused_before(rt, flow, slot("r1", "items"))
    rt.run_until_idle()
    job.pause()
    job.debug.resume()  # let go, and still held by the operator
    job.resume()
    rt.run_until_idle()
    assert sink.received == [0]
    assert mark.hit_count == 1


# -- hold_item -------------------------------------------------------------------------------------


def test_hold_item_holds_the_item_and_those_behind_it_and_the_job_goes_on(rt):
    flow = Flow("two")
    left, right = CollectingSink(), CollectingSink()
    flow.add_routine(source(range(6)), "s")
    flow.add_routine(left, "left")
    flow.add_routine(right, "right")
    flow.connect("s", "out", "left", "items")
    flow.connect("s", "out", "right", "items")
    job, mark = paused_before(
        rt, flow, slot("right", "items"), action="hold_item", one_shot=True, ignore_count=2
    )
    rt.run_until_idle()
    assert left.received == [0, 1, 2, 3, 4, 5]
    assert right.received == [0, 1]
    assert figures(job, "right", "items").held == 4
    assert job.status == ExecutionStatus.RUNNING
    answer = job.debug.resume("right.items#2")
    assert answer.status == "resumed"
    rt.run_until_idle()
    assert right.received == [0, 1, 2, 3, 4, 5]
    assert job.status == ExecutionStatus.COMPLETED
    assert not mark.enabled


def test_behind_a_held_item_producers_stand_when_no_more_can_be_held(rt):
    flow, sink = into_sink(range(9), max_queue_length=2, overflow="retry", max_enqueue_retries=1)
    job, _ = paused_before(rt, flow, slot("r1", "items"), action="hold_item", one_shot=True)
    rt.advance(1000.0)
    found = figures(job, "r1", "items")
    assert (found.held, found.refused, found.unconsumed) == (2, 0, 0)
    assert job.counts().standing == 1
    job.debug.resume(job.debug.items[0].id)
    assert job.wait()
    assert sink.received == list(range(9))
    assert job.dead_letter_count == 0


@pytest.mark.parametrize("overflow", ["reject", "drop_oldest"])
def test_a_held_item_makes_no_slot_refuse_or_evict(rt, overflow):
    flow, sink = into_sink(range(9), max_queue_length=3, overflow=overflow)
    job, _ = paused_before(rt, flow, slot("r1", "items"), action="hold_item", one_shot=True)
    rt.advance(1000.0)
    assert figures(job, "r1", "items").refused == 0
    assert figures(job, "r1", "items").held == 3
    job.debug.resume(job.debug.items[0].id)
    assert job.wait()
    assert len(sink.received) + job.dead_letter_count == 9
    check_books(job)


def test_a_caller_from_outside_waits_behind_a_held_item_and_is_told_by_what(rt):
    flow = line(CollectingSink())
    job = rt.exec(flow, keep_open=True)
    job.breakpoints.add("slot", "r0", slot_name="items", action="hold_item", one_shot=True)
    assert job.post("r0", "items", 1) == "r0.items#0"  # stopped, and so accepted
    with pytest.raises(SlotPausedError, match="a breakpoint of job"):
        job.post("r0", "items", 2)
    job.debug.resume("r0.items#0")
    job.post("r0", "items", 3)
    job.close()
    assert job.wait()
    assert flow.routines["r0"].received == [1, 3]


def test_a_posted_item_that_hits_pauses_the_job(rt):
    flow = line(CollectingSink())
    job = rt.exec(flow, keep_open=True)
    job.breakpoints.add("slot", "r0", slot_name="items")
    job.post("r0", "items", "x")
    assert job.status == ExecutionStatus.PAUSED
    assert in_hand(job) == ["x"]
    job.close()
    resume_until_done(rt, job)
    assert flow.routines["r0"].received == ["x"]


# -- edit and drop ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "place",
    [slot("r1", "items"), event("r0", "out"), edge("r0", "out", "r1", "items"), at_routine("r1")],
    ids=["slot", "event", "connection", "routine"],
)
def test_an_item_in_hand_is_edited_and_delivered_so(rt, place):
    flow, sink = into_sink([7])
    job, _ = paused_before(rt, flow, place)
    rt.run_until_idle()
    assert job.debug.edit(8) == "r1.items#0"
    assert in_hand(job) == [8]
    resume_until_done(rt, job)
    assert sink.received == [8]


@pytest.mark.parametrize(
    "place",
    [slot("r1", "items"), event("r0", "out"), edge("r0", "out", "r1", "items"), at_routine("r1")],
    ids=["slot", "event", "connection", "routine"],
)
def test_an_item_in_hand_is_dropped_and_becomes_a_dead_letter(rt, place):
    flow, sink = into_sink([7, 8])
    job, _ = paused_before(rt, flow, place, one_shot=True)
    rt.run_until_idle()
    wanted = job.debug.items[0].id
    assert job.debug.drop(wanted) == wanted
    assert wanted not in [each.id for each in job.debug.items]
    assert job.status == ExecutionStatus.PAUSED  # until somebody resumes
    check_books(job)
    resume_until_done(rt, job)
    assert sink.received == [8]
    (letter,) = job.dead_letters.list()
    assert (letter.reason, letter.data, letter.item_id) == ("dropped_in_debugger", 7, wanted)
    check_books(job)


def test_a_dropped_held_item_lets_those_behind_it_go(rt):
    flow, sink = into_sink(range(3))
    job, _ = paused_before(rt, flow, slot("r1", "items"), action="hold_item", one_shot=True)
    rt.run_until_idle()
    job.debug.drop()
    assert job.wait()
    assert sink.received == [1, 2]


def test_an_item_that_stands_at_two_breakpoints_is_dropped_from_both(rt):
    flow, sink = into_sink([7, 8])
    place = edge("r0", "out", "r1", "items")
    job, first = paused_before(rt, flow, event("r0", "out"), one_shot=True)[:2]
    job.breakpoints.add(place[0], place[1], **place[2], action="hold_item", one_shot=True)
    rt.run_until_idle()
    assert len(job.debug.hits) == 2
    job.debug.drop("r1.items#0")
    assert [hit.breakpoint_ids for hit in job.debug.hits] == [(first.id,)]
    resume_until_done(rt, job)
    assert sink.received == [8]


def test_hold_item_at_an_event_that_leads_nowhere_holds_nothing(rt):
    job, mark = paused_before(rt, line(source(range(2))), event("r0", "out"), action="hold_item")
    rt.run_until_idle()
    assert job.status == ExecutionStatus.COMPLETED
    assert mark.hit_count == 2


def test_what_is_not_in_hand_cannot_be_edited(rt):
    flow, _ = into_sink(range(2))
    job, _ = paused_before(rt, flow, slot("r1", "items"))
    with pytest.raises(NothingInHand, match="No item of job"):
        job.debug.edit(1)
    rt.run_until_idle()
    with pytest.raises(NothingInHand, match=r"r1\.items#99"):
        job.debug.drop("r1.items#99")
    job.cancel()
    with pytest.raises(JobFinished):
        job.debug.edit(1)


# -- cancel, end -----------------------------------------------------------------------------------


@pytest.mark.parametrize("place", [slot("r1", "items"), at_routine("r1")], ids=["slot", "routine"])
def test_what_a_cancelled_job_had_in_hand_stays_in_its_slots(rt, place):
    flow, sink = into_sink(range(4))
    job, _ = paused_before(rt, flow, place)
    rt.run_until_idle()
    job.cancel()
    rt.run_until_idle()
    found = figures(job, "r1", "items")
    assert found.unconsumed + found.held >= 1
    assert sink.received == []
    assert job.debug.status == "terminated"
    check_books(job)


# -- counts, conditions of time --------------------------------------------------------------------


def test_ignore_count_lets_the_first_matches_through(rt):
    flow, _sink = into_sink(range(5))
    job, mark = paused_before(rt, flow, slot("r1", "items"), ignore_count=3)
    assert resume_until_done(rt, job) == [[3], [4]]
    assert mark.hit_count == 5


def test_a_one_shot_breakpoint_stops_once_and_is_disabled(rt):
    flow, _ = into_sink(range(5))
    job, mark = paused_before(rt, flow, slot("r1", "items"), one_shot=True)
    assert resume_until_done(rt, job) == [[0]]
    assert not mark.enabled
    assert mark.hit_count == 1


def test_a_breakpoint_is_disabled_and_enabled_while_the_job_runs(rt):
    flow = line(CollectingSink())
    job = rt.exec(flow, keep_open=True)
    mark = job.breakpoints.add("slot", "r0", slot_name="items", enabled=False)
    job.post("r0", "items", 1)
    mark.enabled = True
    job.post("r0", "items", 2)
    assert in_hand(job) == [2]
    mark.enabled = False
    job.debug.resume()
    job.post("r0", "items", 3)
    job.close()
    assert job.wait()
    assert flow.routines["r0"].received == [1, 2, 3]


def test_a_tracepoint_reports_and_stops_nothing(rt):
    hook = RecordingHook()
    rt.hooks.add(hook)
    flow, sink = into_sink(range(3))
    job, mark = paused_before(rt, flow, slot("r1", "items"), log_message="an item")
    rt.run_until_idle()
    assert job.status == ExecutionStatus.COMPLETED
    assert sink.received == [0, 1, 2]
    told = [each for each in job.get_shared_log() if each["type"] == "tracepoint"]
    assert [each["message"] for each in told] == ["an item"] * 3
    records = hook.named("breakpoint_hit")
    assert [(each.action, each.breakpoint_id) for each in records] == [("log", mark.id)] * 3


def test_a_hit_is_told_to_hooks_logs_and_pause_points(rt):
    hook = RecordingHook()
    rt.hooks.add(hook)
    flow, _ = into_sink(range(1))
    job, mark = paused_before(rt, flow, slot("r1", "items"))
    rt.run_until_idle()
    (record,) = hook.named("breakpoint_hit")
    assert (record.kind, record.action, record.item_ids) == ("slot", "pause_job", ("r1.items#0",))
    assert record.activation_id == "r0@1"
    assert job.pause_points[-1]["reason"] == "slot r1.items"
    assert any(each["type"] == "breakpoint_hit" for each in job.get_shared_log())
    assert mark.id in {
        each["breakpoint_id"] for each in job.get_shared_log() if "breakpoint_id" in each
    }


# -- breakpoints that nothing can hit --------------------------------------------------------------


def test_a_breakpoint_at_a_place_that_is_not_there_is_kept_and_says_so(rt):
    flow, _ = into_sink(range(1))
    job, mark, good = paused_before(rt, flow, slot("r1", "nowhere"), slot("r1", "items"))
    assert (mark.verified, good.verified) == (False, True)
    assert "No slot r1.nowhere in this job" in mark.message
    assert "slot r1.items" in mark.message
    assert good.message is None
    assert len(job.breakpoints) == 2


def test_breakpoints_that_were_set_before_the_job_began_stop_it(rt):
    flow, sink = into_sink(range(1))
    state = JobState(flow.flow_id)
    manager = rt.monitoring.breakpoint_manager
    mark = Breakpoint(state.job_id, "slot", "r1", slot_name="items")
    assert not mark.verified
    assert "has not started" in mark.message
    manager.add_breakpoint(mark)
    job = rt.exec(flow, state)
    rt.run_until_idle()
    assert mark.verified
    assert in_hand(job) == [0]
    resume_until_done(rt, job)
    assert sink.received == [0]


def test_a_registry_that_is_switched_off_stops_nothing_and_keeps_all(rt):
    flow, sink = into_sink(range(2))
    job = rt.exec(flow, start_paused=True)
    mark = job.breakpoints.add("slot", "r1", slot_name="items")
    rt.monitoring.disable()
    job.resume()
    rt.run_until_idle()
    assert sink.received == [0, 1]
    assert mark.hit_count == 0
    assert list(job.breakpoints) == [mark]


def test_removed_breakpoints_keep_what_they_have_stopped(rt):
    flow, sink = into_sink(range(3))
    job, mark = paused_before(rt, flow, slot("r1", "items"))
    rt.run_until_idle()
    job.breakpoints.remove(mark.id)
    assert in_hand(job) == [0]
    assert resume_until_done(rt, job) == [[0]]
    assert sink.received == [0, 1, 2]


# -- the plan's own case ---------------------------------------------------------------------------


def test_set_a_breakpoint_upstream_sends_on_look_at_the_queue_resume_and_nothing_is_lost(rt):
    flow = line(source(range(50)), passer(max_queue_length=10), CollectingSink(max_queue_length=10))
    job, _ = paused_before(rt, flow, at_routine("r1"), one_shot=True)
    rt.advance(1000.0)
    found = figures(job, "r1", "in")
    assert found.unconsumed + found.held >= 1
    assert found.refused == 0
    assert job.live.counts().standing <= 1
    warnings = job.debug.resume().warnings
    assert all("r1.in" in each for each in warnings)
    assert job.wait()
    assert flow.routines["r2"].received == list(range(50))
    assert job.dead_letter_count == 0


def test_a_retry_does_not_stop_again(rt):
    tries = []

    def logic(items):
        tries.append(items)
        if len(tries) < 3:
            raise OSError("not yet")

    routine = made(logic, errors=ErrorHandler("retry", retry_delay=0.1))
    job, mark = paused_before(rt, line(source([1]), routine), at_routine("r1"))
    rt.run_until_idle()
    job.debug.resume()
    assert job.wait()
    assert tries == [[1], [1], [1]]
    assert mark.hit_count == 1


def test_an_item_that_stood_is_not_reported_twice(rt):
    flow, sink = into_sink(range(2))
    job, _, trace = paused_before(rt, flow, slot("r1", "items"), slot("r1", "items"))
    trace.action = "log"
    resume_until_done(rt, job)
    assert trace.hit_count == 2
    assert sink.received == [0, 1]


# -- conditions ------------------------------------------------------------------------------------


def test_a_condition_in_cel_stops_the_items_for_which_it_is_true(rt):
    flow, sink = into_sink([{"size": n} for n in range(6)])
    job, mark = paused_before(
        rt, flow, slot("r1", "items"), condition="size > 3 && meta.slot == 'items'"
    )
    assert resume_until_done(rt, job) == [[{"size": 4}], [{"size": 5}]]
    assert mark.hit_count == 2
    assert len(sink.received) == 6


def test_a_predicate_stops_the_items_for_which_it_is_true(rt):
    flow, _sink = into_sink([{"size": n} for n in range(6)])
    wanted = {"path": "data.size", "op": "eq", "value": 3}
    job, mark = paused_before(rt, flow, at_routine("r1"), condition=wanted)
    seen = resume_until_done(rt, job)
    assert [{"size": 3}] in [[each for each in items if each["size"] == 3] for items in seen]
    assert mark.condition == wanted


def test_a_condition_that_fails_is_no_match_counted_and_shown(rt):
    flow, sink = into_sink([{"size": 1}, {"other": 2}])
    job, mark = paused_before(rt, flow, event("r0", "out"), condition="size == 2")
    rt.run_until_idle()
    assert job.status == ExecutionStatus.COMPLETED
    assert (mark.hit_count, mark.error_count) == (0, 1)
    assert "size" in mark.last_error
    assert len(sink.received) == 2


def test_a_condition_is_changed_while_the_job_runs(rt):
    flow = line(CollectingSink())
    job = rt.exec(flow, keep_open=True)
    mark = job.breakpoints.add("slot", "r0", slot_name="items", condition="data == 1")
    job.post("r0", "items", 2)
    mark.condition = "data == 3"
    job.post("r0", "items", 1)
    job.post("r0", "items", 3)
    assert in_hand(job) == [3]
    with pytest.raises(ValueError, match="&&"):
        mark.condition = "a and b"
    assert mark.condition == "data == 3"


def test_a_session_shows_and_sets_variables_and_evaluates(rt):
    routine = made(events=())

    def logic(items):
        routine.state["seen"] = routine.state.get("seen", 0) + len(items)

    routine.set_logic(logic).set_activation_policy(batch_size_policy(1))
    job, _ = paused_before(rt, line(source([{"a": 1}, {"a": 2}]), routine), at_routine("r1"))
    rt.run_until_idle()
    job.debug.resume()
    rt.run_until_idle()
    job.update_shared_data("limit", 5)
    found = job.debug.get_variables()
    assert found["item"] == {"a": 2}
    assert found["state"] == {"seen": 1}
    assert found["shared"] == {"limit": 5}
    assert job.debug.evaluate("a + state.seen + shared.limit") == 8
    job.debug.set_variable("item.a", 7)
    job.debug.set_variable("state.seen", 10)
    job.debug.set_variable("shared.limit", 6)
    assert job.debug.evaluate("[a, state.seen, shared.limit]") == [7, 10, 6]
    with pytest.raises(LookupError, match="Variable 'nope' not found"):
        job.debug.set_variable("nope", 1)
    resume_until_done(rt, job)
    assert job.get_routine_state("r1")["seen"] == 11


# -- the end of the runtime ------------------------------------------------------------------------


@pytest.mark.parametrize("action", ["pause_job", "hold_item"])
def test_a_runtime_that_is_shut_down_cancels_a_job_with_something_in_hand(action):
    with StepRuntime() as runtime:
        flow, sink = into_sink(range(3))
        job, _ = paused_before(runtime, flow, slot("r1", "items"), action=action)
        runtime.run_until_idle()
    assert job.status == ExecutionStatus.CANCELLED
    assert job.error == "The runtime was shut down"
    assert sink.received == []
    assert figures(job, "r1", "items").held >= 1


def test_breakpoints_stop_nothing_once_the_runtime_is_shut_down():
    with StepRuntime() as runtime:
        flow, sink = into_sink(range(3))
        job, mark = paused_before(runtime, flow, slot("r1", "items"))
    assert job.status == ExecutionStatus.COMPLETED
    assert sink.received == [0, 1, 2]
    assert mark.hit_count == 0


def test_an_item_that_does_not_stand_is_not_taken_for_another(rt):
    flow, _sink = into_sink([{"n": 0}, {"n": 1}])
    job, _ = paused_before(rt, flow, slot("r1", "items"))
    rt.run_until_idle()
    for look in (
        lambda: job.debug.get_variables("r1.items#7"),
        lambda: job.debug.evaluate("1", "r1.items#7"),
        lambda: job.debug.set_variable("state.x", 1, "r1.items#7"),
        lambda: job.debug.set_variable("item.n", 1, "r1.items#7"),
    ):
        with pytest.raises(NothingInHand, match=r"'r1.items#7' not found"):
            look()
    assert job.routine_data("r1") == {}


def test_a_hit_without_items_has_none_to_drop(rt):
    flow, sink = into_sink(range(2))
    job, _ = paused_before(rt, flow, at_routine("r0"))
    rt.run_until_idle()
    with pytest.raises(NothingInHand, match=job.job_id):
        job.debug.drop(job.debug.hits[0].id)
    resume_until_done(rt, job)
    assert sink.received == [0, 1]


# -- what a breakpoint that stops nothing must not change ------------------------------------------


def test_a_watched_routine_uses_its_other_lane_for_what_an_activation_has_made_room_for(rt):
    """Its first activation passes the breakpoint and stands before its own, full slot."""
    looped = made(slots=("in",), concurrency=2, max_queue_length=1)

    def logic(items: list[int]) -> None:
        for item in items:
            if item < 10:
                looped.emit_item("out", item + 10)

    looped.set_logic(logic)
    flow = line(source(range(4)), looped, on_stall="fail")
    flow.connect("r1", "out", "r1", "in")
    job, mark = paused_before(rt, flow, at_routine("r1"), condition="false")
    rt.run_until_idle()
    assert (job.status, job.error) == (ExecutionStatus.COMPLETED, None)
    assert mark.hit_count == 0
    assert figures(job, "r1", "in").consumed == 8
