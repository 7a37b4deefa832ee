"""Routine: what its author defines, and what it says outside of any logic."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from routilux import ErrorHandler, Flow, JobState, Routine
from routilux.activation_policies import batch_size_policy
from routilux.errors import NoActivation
from routilux.testing import CollectingSink, ManualRuntime, StepRuntime
from tests.definitions.samples import FakeActivation, Reader, Sink, decide

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LONG_S = 20.0  # of real time; nothing here takes that long, unless it hangs
OUTSIDE = (
    r"emit\('out'\) of <Routine 'r'> outside of its logic: call it in logic, carry the activation "
    r"into a thread with routilux.bind\(\), or pass runtime= and job_state="
)


@pytest.fixture
def rt() -> Iterator[StepRuntime]:
    with StepRuntime() as made:
        yield made


@pytest.fixture
def routine() -> Routine:
    """Routine ``r`` of a flow, with one slot and one event."""
    made = Routine()
    made.define_slot("in")
    made.define_event("out")
    Flow("f").add_routine(made, "r")
    return made


def with_logic(routine: Routine, logic: Callable[..., Any]) -> tuple[Flow, CollectingSink]:
    """A flow in which a sink hears the routine, which is the source ``r``."""
    flow, sink = Flow("f"), CollectingSink()
    routine.define_event("out")
    flow.add_routine(routine.set_logic(logic), "r")
    flow.add_routine(sink, "sink")
    flow.connect("r", "out", "sink", "items")
    return flow, sink


class Recorder:
    """Stands in for a runtime: keeps what it is told to deliver."""

    def __init__(self) -> None:
        self.delivered: list[tuple[Any, ...]] = []

    def handle_event_emit(self, *told: Any) -> None:
        self.delivered.append(told)


# -- slots and events ------------------------------------------------------------------------------


def test_define_slot_and_add_slot_are_one_method():
    assert Routine.add_slot is Routine.define_slot
    assert Routine.add_event is Routine.define_event


def test_slots_and_events_are_kept_by_name_in_their_order():
    routine = Routine()
    made = [routine.define_slot("b"), routine.add_slot("a", 5, 0.5, overflow="block")]
    assert list(routine.slots.items()) == [("b", made[0]), ("a", made[1])]
    assert [slot.routine for slot in made] == [routine, routine]
    assert made[0].explicit == {}
    assert made[1].explicit == {"max_queue_length": 5, "watermark": 0.5, "overflow": "block"}
    assert not routine.emits
    event = routine.define_event("out", ["x"])
    assert routine.events == {"out": event}
    assert (event.routine, event.output_params) == (routine, ["x"])
    assert routine.emits


def test_a_name_that_is_taken_is_refused(routine):
    with pytest.raises(ValueError, match="Slot 'in' already exists in <Routine 'r'>"):
        routine.define_slot("in")
    with pytest.raises(ValueError, match="Event 'out' already exists in <Routine 'r'>"):
        routine.define_event("out")
    assert (list(routine.slots), list(routine.events)) == (["in"], ["out"])


def test_a_slot_and_an_event_may_have_the_same_name(routine):
    routine.define_slot("out")
    routine.define_event("in")
    assert (list(routine.slots), list(routine.events)) == (["in", "out"], ["out", "in"])


def test_a_slot_with_a_bad_setting_is_not_defined(routine):
    with pytest.raises(ValueError, match="watermark must be a number from 0 to 1, not 2"):
        routine.define_slot("other", watermark=2)
    assert list(routine.slots) == ["in"]


def test_get_slot_and_get_event_give_the_definition_outside_of_logic(routine):
    assert routine.get_slot("in") is routine.slots["in"]
    assert routine.get_event("out") is routine.events["out"]
    assert routine.get_slot("out") is None
    assert routine.get_event("in") is None


def test_get_slot_gives_the_jobs_slot_inside_logic(rt):
    found: dict[str, Any] = {}
    routine, other = Routine(), Sink()
    routine.define_slot("trigger")

    def logic(items: list[Any]) -> None:
        found["own"] = routine.get_slot("trigger")
        found["missing"] = routine.get_slot("none")
        found["other's"] = other.get_slot("items")

    flow = Flow("f")
    flow.add_routine(routine.set_logic(logic), "r")
    flow.add_routine(other, "other")
    job = rt.exec(flow)
    assert job.wait()
    assert found["own"] is job.slot("r", "trigger")
    assert found["own"] is not routine.slots["trigger"]
    assert found["missing"] is None
    assert found["other's"] is other.slots["items"]
    assert routine.get_slot("trigger") is routine.slots["trigger"]


def test_job_slot_is_known_while_the_job_lives(rt, routine):
    flow = Flow("live")
    live = Sink()
    flow.add_routine(live, "live")
    job = rt.exec(flow, keep_open=True)
    assert live.in_use
    assert live.job_slot(job.job_id, "items") is job.slot("live", "items")
    assert live.job_slot(job.job_id, "none") is None
    assert live.job_slot("another", "items") is None
    job.close()
    assert job.wait()
    assert live.job_slot(job.job_id, "items") is None
    assert not live.in_use


# -- logic, policy, error handler ------------------------------------------------------------------


def test_logic_is_the_method_of_that_name_or_what_was_set(routine):
    assert routine.get_logic() is None
    assert routine.set_logic(print) is routine
    assert routine.get_logic() is print
    reader = Reader()
    assert reader.get_logic() == reader.logic


def test_logic_that_cannot_be_called_is_refused(routine):
    with pytest.raises(TypeError, match="logic must be callable, not 'print'"):
        routine.set_logic("print")
    assert routine.get_logic() is None


def test_a_policy_is_set_and_taken_away_again(routine):
    policy = batch_size_policy(2)
    assert routine.set_activation_policy(policy) is routine
    assert routine.activation_policy is policy
    with pytest.raises(TypeError, match="An activation policy must be callable, not 5"):
        routine.set_activation_policy(5)
    assert routine.activation_policy is policy
    assert routine.set_activation_policy(None).activation_policy is None


def test_policy_info_is_a_type_a_config_and_a_sentence(routine):
    assert routine.get_activation_policy_info() == {
        "type": "none",
        "config": {},
        "description": "no policy: all new items, as soon as there is one",
    }
    info = routine.set_activation_policy(batch_size_policy(2)).get_activation_policy_info()
    assert info == {
        "type": "batch_size",
        "config": {"size": 2},
        "description": "2 of each slot, once every slot has 2",
    }
    info = routine.set_activation_policy(decide).get_activation_policy_info()
    assert info == {"type": "custom", "config": {}, "description": "decide() decides"}


def test_an_error_handler_is_set_and_taken_away_again(routine):
    handler = ErrorHandler("skip")
    assert routine.set_error_handler(handler) is routine
    assert routine.error_handler is handler
    with pytest.raises(TypeError, match="handler must be an ErrorHandler, not 'skip'"):
        routine.set_error_handler("skip")
    assert routine.error_handler is handler
    assert routine.set_error_handler(None).error_handler is None


@pytest.mark.parametrize(("given", "strategy"), [((), "continue"), (("skip",), "skip")])
def test_an_optional_routine_does_not_end_its_job(routine, given, strategy):
    assert routine.set_as_optional(*given) is routine
    assert routine.error_handler.strategy == strategy
    assert routine.error_handler.is_critical is False


def test_a_critical_routine_is_retried_and_then_ends_its_job(routine):
    def read() -> tuple[Any, ...]:
        made = routine.error_handler
        return made.strategy, made.max_retries, made.retry_delay, made.retry_backoff

    assert routine.set_as_critical() is routine
    assert read() == ("retry", 3, 1.0, 2.0)
    routine.set_as_critical(max_retries=1, retry_delay=0.5, retry_backoff=3.0)
    assert read() == ("retry", 1, 0.5, 3.0)
    assert routine.error_handler.is_critical is True


# -- config ----------------------------------------------------------------------------------------


def test_config_is_kept_and_read_by_name(routine):
    routine.set_config(limit=10, names=["a"])
    routine.set_config(limit=11)
    assert routine.get_config("limit") == 11
    assert routine.get_config("other") is None
    assert routine.get_config("other", 3) == 3
    assert routine.config() == routine.get_all_config() == {"limit": 11, "names": ["a"]}


def test_config_goes_in_and_comes_out_as_a_copy(routine):
    names = ["a"]
    routine.set_config(names=names)
    names.append("b")
    for copied in (routine.config(), routine.get_all_config()):
        copied["names"].append("c")
        copied["more"] = 1
    assert routine.config() == {"names": ["a"]}


@pytest.mark.parametrize("value", [{1, 2}, object(), float("nan"), [float("inf")], b"bytes"])
def test_config_that_is_no_json_data_is_refused_whole(routine, value):
    with pytest.raises(ValueError, match="config 'bad' must be JSON data: "):
        routine.set_config(good=1, bad=value)
    assert routine.config() == {}


def test_config_is_refused_while_a_job_runs(rt):
    flow, sink = Flow("f"), Sink()
    flow.add_routine(sink, "sink")
    job = rt.exec(flow, keep_open=True)
    with pytest.raises(RuntimeError, match="<Sink 'sink'> is running: its config belongs to all"):
        sink.set_config(limit=1)
    assert sink.config() == {}
    job.close()
    assert job.wait()
    sink.set_config(limit=1)
    assert sink.config() == {"limit": 1}


# -- a job's data ----------------------------------------------------------------------------------


def test_a_jobs_data_is_read_and_written_with_the_job_in_hand(routine):
    job, other = JobState("f"), JobState("f")
    assert routine.get_state(job) == {}
    routine.set_state(job, "count", 1)
    routine.update_state(job, {"count": 2, "sum": 3})
    assert routine.get_state(job) == {"count": 2, "sum": 3}
    assert routine.get_state(job, "sum") == 3
    assert routine.get_state(job, "mean") is None
    assert routine.get_state(job, "mean", 1.5) == 1.5
    assert routine.get_state(other) == {}


def test_state_inside_logic_is_the_jobs_data(rt):
    routine = Routine()

    def logic(job_state: JobState) -> None:
        routine.state["count"] = 1 + routine.get_state(job_state, "count", 0)

    flow, _ = with_logic(routine, logic)
    jobs = [rt.exec(flow), rt.exec(flow)]
    assert [job.wait() for job in jobs] == [True, True]
    assert [routine.get_state(job) for job in jobs] == [{"count": 1}, {"count": 1}]
    with pytest.raises(NoActivation, match=r"state of <Routine 'r'> outside of its logic: use get"):
        _ = routine.state


def test_the_state_of_another_routine_is_not_to_be_had_in_logic(rt, routine):
    own = Routine()
    flow, _ = with_logic(own, lambda: routine.state)
    job = rt.exec(flow)
    assert job.wait()
    assert "NoActivation: state of <Routine 'r'> outside of its logic" in job.error


def test_a_routine_of_no_flow_has_no_data_in_a_job():
    routine, job = Routine(), JobState("f")
    calls: list[Callable[[], object]] = [
        lambda: routine.get_state(job),
        lambda: routine.set_state(job, "a", 1),
        lambda: routine.update_state(job, {"a": 1}),
    ]
    for call in calls:
        with pytest.raises(ValueError, match=r"<Routine> is in no flow yet: add it with"):
            call()


# -- emit outside of logic -------------------------------------------------------------------------


def test_emit_outside_of_logic_says_what_to_do(routine):
    calls: list[Callable[[], None]] = [
        lambda: routine.emit("out", x=1),
        lambda: routine.emit("out", x=1, runtime=Recorder()),
        lambda: routine.emit("out", x=1, job_state=JobState("f")),
        lambda: routine.emit_item("out", 1),
        lambda: routine.emit_many("out", [1, 2]),
    ]
    for call in calls:
        with pytest.raises(NoActivation, match=OUTSIDE):
            call()


def test_emit_of_an_unknown_event_lists_those_that_exist(routine):
    routine.define_event("more")
    for call in (routine.emit, lambda name: routine.emit_item(name, 1)):
        with pytest.raises(
            ValueError, match="'no' does not exist in <Routine 'r'>; it defines out,"
        ):
            call("no")
    with pytest.raises(ValueError, match="Event 'out' does not exist in <Sink>; it defines none"):
        Sink().emit("out")


def test_emit_with_a_runtime_and_a_job_is_handed_to_that_runtime(routine):
    runtime, job = Recorder(), JobState("f")
    routine.emit("out", runtime=runtime, job_state=job, x=1)
    details = {"emitted_from": "r", "event_name": "out"}
    told = (routine.events["out"], {"data": {"x": 1}, "metadata": details}, job)
    assert runtime.delivered == [told]


def test_a_routine_of_no_flow_emits_under_its_repr():
    runtime, reader = Recorder(), Reader()
    reader.emit("file", runtime=runtime, job_state=JobState("f"))
    assert runtime.delivered[0][1]["metadata"]["emitted_from"] == "<Reader>"


def test_emit_with_a_runtime_and_a_job_reaches_that_job(rt):
    routine = Routine()
    flow, sink = with_logic(routine, lambda: None)
    job, other = rt.exec(flow, keep_open=True), rt.exec(flow, keep_open=True)
    routine.emit("out", runtime=rt, job_state=job, x=1)
    for each in (job, other):
        each.close()
        assert each.wait()
    assert (sink.received_by(job), sink.received_by(other)) == ([{"x": 1}], [])


def test_emit_inside_logic_takes_the_old_arguments_too(rt):
    routine = Routine()

    def logic(job_state: JobState) -> None:
        routine.emit("out", x=1, runtime=rt, job_state=job_state)
        routine.emit("out", x=2, job_state=job_state)
        routine.emit("out", x=3, runtime=None)
        routine.emit("out", x=4)

    flow, sink = with_logic(routine, logic)
    job = rt.exec(flow)
    assert job.wait()
    assert sink.received == [{"x": 1}, {"x": 2}, {"x": 3}, {"x": 4}]
    points = job.slot("sink", "items").points()
    assert [point.emitted_from for point in points] == ["r"] * 4


def test_emit_inside_logic_for_another_job_goes_to_that_job():
    routine, jobs = Routine(), []

    def logic(job_state: JobState) -> None:
        if jobs and job_state is not jobs[0]:
            routine.emit("out", x=1, runtime=rt, job_state=jobs[0])

    flow, sink = with_logic(routine, logic)
    with ManualRuntime() as rt:
        jobs.append(rt.exec(flow, keep_open=True))
        other = rt.exec(flow)
        assert other.wait(LONG_S)
        sink.wait_for(1)
        jobs[0].close()
    assert (sink.received_by(jobs[0]), sink.received_by(other)) == ([{"x": 1}], [])


def test_emit_of_another_routine_inside_logic_is_outside_of_its_logic(rt, routine):
    own = Routine()
    flow, _ = with_logic(own, lambda: routine.emit("out"))
    job = rt.exec(flow)
    assert job.wait()
    assert "NoActivation: emit('out') of <Routine 'r'> outside of its logic" in job.error


def test_emit_item_gives_the_very_object_and_emit_many_each_of_a_batch(rt):
    routine, one = Routine(), object()

    def logic() -> None:
        routine.emit_item("out", one)
        routine.emit_many("out", iter([1, None]))
        routine.emit_many("out", [])
        routine.emit("out", event_name="x")

    flow, sink = with_logic(routine, logic)
    assert rt.exec(flow).wait()
    assert sink.received == [one, 1, None, {"event_name": "x"}]
    assert sink.received[0] is one


@pytest.mark.parametrize(("verb", "given", "data"), [("emit", (), {}), ("emit_item", (1,), 1)])
def test_an_outlet_is_handed_over_when_its_limit_is_reached(verb, given, data):
    routine = Routine()
    routine.define_event("out")
    activation = FakeActivation(routine, limit=2)
    outlet, handed_over = activation.outlets["out"], []

    def logic() -> None:
        for _ in range(2):
            getattr(routine, verb)("out", *given)
            handed_over.append(len(outlet.handed_over))

    routine.set_logic(logic)
    assert activation.run() == [data, data]
    assert (handed_over, outlet.stamps) == ([0, 1], [0, 0])


# -- fail and checkpoint ---------------------------------------------------------------------------


def test_fail_outside_of_logic_is_refused(routine):
    with pytest.raises(NoActivation, match=r"fail\(\) of <Routine 'r'> outside of its logic"):
        routine.fail(1, "bad")


def test_fail_keeps_the_error_or_makes_one_of_a_text():
    routine, error = Routine(), KeyError("x")
    routine.define_event("out")
    activation = FakeActivation(routine)

    def logic() -> None:
        routine.fail("a", error)
        routine.fail("b", "too short")

    routine.set_logic(logic)
    activation.run()
    (first, second) = activation.failed
    assert first == ("a", error)
    assert (second[0], type(second[1]), str(second[1])) == ("b", RuntimeError, "too short")


def test_fail_of_an_unknown_item_is_refused(rt):
    routine, told = Routine(), []
    routine.define_slot("trigger")

    def logic(items: list[Any]) -> None:
        routine.fail(items[0], "bad")
        for item in (items[0], dict(items[0]), "stranger"):
            with pytest.raises(ValueError, match="not an item of activation r@1, or failed alr"):
                routine.fail(item, "bad")
            told.append(item)

    flow = Flow("f")
    flow.add_routine(routine.set_logic(logic), "r")
    job = rt.exec(flow, entry_params={"x": 1})
    assert job.wait()
    assert (job.status, told) == ("completed", [{"x": 1}, {"x": 1}, "stranger"])
    assert [(letter.data, letter.error) for letter in job.dead_letters] == [({"x": 1}, "bad")]


def test_checkpoint_does_nothing_outside_of_the_routines_own_logic(routine):
    own = Routine()
    own.define_event("out")
    activation = FakeActivation(own)
    own.set_logic(routine.checkpoint)
    activation.run()
    routine.checkpoint()
    assert activation.checkpoints == 0
    own.set_logic(own.checkpoint)
    activation.run()
    assert activation.checkpoints == 1


# -- as text ---------------------------------------------------------------------------------------


def test_repr_names_the_class_and_the_id(routine):
    assert repr(routine) == "<Routine 'r'>"
    assert repr(Sink()) == "<Sink>"
    assert (routine.routine_id, Sink().routine_id) == ("r", None)
