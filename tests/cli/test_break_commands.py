"""``routilux break``, and what places mean."""

from __future__ import annotations

import pytest

from routilux.cli.errors import DONE, NOT_FOUND, USAGE, CommandError
from routilux.cli.remote.places import Kind, place_words, read_place
from tests.cli.programs import call

ENDS = ("source_routine_id", "source_event_name", "target_routine_id", "target_slot_name")


@pytest.fixture
def job(served):
    return served.start(keep_open=True, start_paused=True)


def set_at(job):
    return list(job.breakpoints)


@pytest.mark.parametrize(
    ("kind", "place"),
    [
        ("routine", "sink"),
        ("slot", "sink.in"),
        ("event", "source.out"),
        ("connection", "source.out->sink.in"),
        ("connection", "source.out -> sink.in"),
    ],
)
def test_a_breakpoint_of_each_kind(kind, place, job, capsys):
    done = call(capsys, "break", "add", "last", kind, place)
    (made,) = set_at(job)
    shown = place.replace(" ", "")
    assert (done.code, done.out) == (DONE, f"Breakpoint {made.id} at {kind} {shown}\n")
    assert made.verified
    assert place_words(made.to_dict()) == shown


def test_the_options_of_a_breakpoint(job, capsys):
    words = ("--if", "data.i > 3", "--action", "hold_item", "--ignore", 2, "--once", "--disabled")
    made = call(capsys, "break", "add", "last", "slot", "sink.in", *words, "--json").document
    assert made["condition"] == "data.i > 3"
    assert (made["action"], made["ignore_count"], made["one_shot"]) == ("hold_item", 2, True)
    assert made["enabled"] is False
    listed = call(capsys, "break", "list", "last").out
    assert "hold item, once, after 2, disabled, if data.i > 3" in listed


def test_tracepoints_and_predicates(job, capsys):
    predicate = '{"path": "data.i", "op": "gt", "value": 3}'
    words = ("--log", "i is {data.i}", "--predicate", predicate)
    made = call(capsys, "break", "add", "last", "slot", "sink.in", *words, "--json").document
    assert (made["action"], made["log_message"]) == ("log", "i is {data.i}")
    assert made["condition"]["op"] == "gt"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--if", "data.i >"], "the condition is wrong at column "),
        (["--predicate", "{"], "--predicate is no JSON, "),
        (["--predicate", "[]"], "--predicate is a JSON object, such as"),
        (["--predicate", '{"path": "data.i", "op": "near"}'], "near"),
        (["--if", "true", "--predicate", "{}"], "give --if or --predicate"),
        (["--action", "explode"], "'pause_job', 'hold_item', 'log'"),
        (["--ignore", "-1"], "--ignore"),
    ],
)
def test_what_is_no_breakpoint(words, says, job, capsys):
    done = call(capsys, "break", "add", "last", "slot", "sink.in", *words)
    assert (done.code, done.out) == (USAGE, "")
    assert says in done.error
    assert set_at(job) == []


@pytest.mark.parametrize(
    ("kind", "place"),
    [("slot", "sink"), ("slot", ".in"), ("slot", "sink."), ("routine", ""), ("event", ""),
     ("connection", "source.out"), ("connection", "source.out->sink"), ("connection", "a->")],
)  # fmt: skip
def test_places_of_another_form(kind, place, job, capsys):
    done = call(capsys, "break", "add", "last", kind, place)
    assert (done.code, done.out) == (USAGE, "")
    assert f"is no place for the kind {kind}: write ROUTINE" in done.error


def test_a_place_that_the_job_does_not_have_is_kept_and_told(job, capsys):
    done = call(capsys, "break", "add", "last", "slot", "sink.none")
    assert done.code == DONE
    assert "not verified, it stops nothing now: No slot sink.none in this job" in done.out
    assert len(set_at(job)) == 1
    assert "is not verified: No slot sink.none" in call(capsys, "break", "list", "last").out


def graph(slots, edges=()):
    routines: dict = {}
    for routine_id, name in slots:
        routines.setdefault(routine_id, []).append({"name": name})
    return {
        "routines": [
            {"routine_id": each, "slots": names, "events": names}
            for each, names in routines.items()
        ],
        "connections": [dict(zip(ENDS, edge, strict=True)) for edge in edges],
    }


@pytest.mark.parametrize("kind", [Kind.SLOT, Kind.EVENT])
def test_names_with_dots_are_those_of_the_flow(kind):
    flow = graph([("a.b", "c"), ("x", "y.z")])
    name = f"{kind.value}_name"
    assert read_place(kind, "a.b.c", flow) == {"routine_id": "a.b", name: "c"}
    assert read_place(kind, "x.y.z", flow) == {"routine_id": "x", name: "y.z"}
    assert read_place(kind, "k.l.m", flow) == {"routine_id": "k.l", name: "m"}
    assert read_place(kind, "k.l.m", None) == {"routine_id": "k.l", name: "m"}


def test_connections_with_dots_and_arrows():
    edges = [("a.b", "c", "x", "y.z"), ("p->q.r", "s", "t", "u")]
    flow = graph([], edges)
    for word, edge in (("a.b.c->x.y.z", edges[0]), ("p->q.r.s->t.u", edges[1])):
        assert read_place(Kind.CONNECTION, word, flow) == dict(zip(ENDS, edge, strict=True))


def test_a_word_that_may_mean_two_places():
    flow = graph([("a.b", "c"), ("a", "b.c")])
    with pytest.raises(CommandError, match=r"'a\.b\.c' may mean several places of the flow"):
        read_place(Kind.SLOT, "a.b.c", flow)


# -- list, rm, enable, disable ---------------------------------------------------------------------


def test_an_empty_list(job, capsys):
    assert call(capsys, "break", "list", "last").out == f"Job {job.job_id[:8]} has no breakpoints\n"
    assert call(capsys, "break", "list", "last", "--json").document["total"] == 0


def test_a_condition_that_fails_at_run_time_is_told(served, job, capsys):
    call(capsys, "break", "add", "last", "slot", "sink.in", "--if", "data.none > 3")
    job.resume()
    served.runtime.run_until_idle()
    assert (
        "the condition failed for 25 items, at last: " in call(capsys, "break", "list", "last").out
    )


def test_breakpoints_are_changed_by_id_or_its_beginning(job, capsys):
    first = job.breakpoints.add("routine", "sink")
    second = job.breakpoints.add("slot", "sink", slot_name="in")
    done = call(capsys, "break", "disable", "last", first.id[:8], second.id)
    assert (done.code, done.out) == (DONE, "2 breakpoints disabled\n")
    assert not first.enabled
    done = call(capsys, "break", "enable", "last", first.id)
    assert (done.out, first.enabled, second.enabled) == ("1 breakpoint enabled\n", True, False)
    done = call(capsys, "break", "enable", "last", "--all")
    assert done.out == "1 breakpoint enabled, 1 already were\n"
    document = call(capsys, "break", "rm", "last", first.id[:4] + first.id[4:8], "--json").document
    assert document["changed_ids"] == [first.id]
    assert [each.id for each in set_at(job)] == [second.id]
    assert call(capsys, "break", "rm", "last", "--all").out == "1 breakpoint removed\n"
    assert set_at(job) == []


def test_more_breakpoints_than_fit_a_batch(job, capsys):
    for _ in range(230):
        job.breakpoints.add("routine", "sink")
    assert call(capsys, "break", "disable", "last", "--all").out == "230 breakpoints disabled\n"
    assert call(capsys, "break", "rm", "last", "--all").out == "230 breakpoints removed\n"


def test_breakpoints_that_are_not_there(job, capsys):
    made = job.breakpoints.add("routine", "sink")
    done = call(capsys, "break", "rm", "last", made.id, "none")
    assert (done.code, done.out) == (NOT_FOUND, "")
    assert done.error == f"Breakpoint 'none' not found: there are {made.id[:8]}"
    assert len(set_at(job)) == 1
    assert call(capsys, "break", "rm", "last", made.id[:3]).code == NOT_FOUND


@pytest.mark.parametrize("command", ["rm", "enable", "disable"])
@pytest.mark.parametrize("words", [[], ["x", "--all"]])
def test_all_or_some_have_to_be_named(command, words, job, capsys):
    done = call(capsys, "break", command, "last", *words)
    assert done.code == USAGE
    assert done.error == "name breakpoints by their ids, or say --all"
