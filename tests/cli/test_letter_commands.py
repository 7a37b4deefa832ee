"""``routilux dead-letters``."""

from __future__ import annotations

import pytest

from routilux.cli.errors import DONE, NOT_FOUND, USAGE
from tests.cli.programs import call


@pytest.fixture
def job(served):
    """A job with three dead letters: 0, 3 and 6."""
    made = served.start("picky", keep_open=True)
    served.runtime.run_until_idle()
    return made


def ids(job):
    return [letter.id for letter in job.dead_letters]


def test_letters_are_listed_with_reason_error_and_data(job, capsys):
    done = call(capsys, "dead-letters", "list", "last", "--limit", 2)
    lines = done.out.splitlines()
    assert lines[0] == f"Job {job.job_id[:8]}: 3 dead letters, the oldest 2 of them"
    assert lines[1].startswith("  dl-1 of picky.numbers, ")
    assert lines[1].endswith("logic_error: ValueError: 0 is divisible\\nby three")
    assert lines[2] == '    {"value": 0}'
    assert len(lines) == 5
    document = call(capsys, "dead-letters", "list", "last", "--json").document
    assert [letter["id"] for letter in document["dead_letters"]] == ids(job)
    assert (document["total"], document["let_go"]) == (3, 0)


def test_letters_are_chosen(job, capsys):
    for words, count in (
        (["--reason", "logic_error", "--routine", "picky", "--slot", "numbers"], 3),
        (["--reason", "queue_full"], 0),
        (["--routine", "numbers"], 0),
    ):
        document = call(capsys, "dead-letters", "list", "last", *words, "--json").document
        assert document["total"] == count
    done = call(capsys, "dead-letters", "list", "last", "--reason", "boredom")
    assert done.code == USAGE
    assert "logic_error" in done.error


def test_more_letters_than_a_page(served, capsys):
    served.runtime.flows.get("picky").routines["numbers"].set_config(count=900)
    served.start("picky", keep_open=True)
    served.runtime.run_until_idle()
    words = ("dead-letters", "list", "last", "--limit", 250, "--json")
    document = call(capsys, *words).document
    assert (len(document["dead_letters"]), document["total"]) == (250, 300)


def test_letters_are_put_back(served, job, capsys):
    done = call(capsys, "dead-letters", "redeliver", "last", "dl-1")
    assert (done.code, done.out) == (DONE, "1 dead letter put back\n")
    assert ids(job) == ["dl-2", "dl-3"]
    served.runtime.run_until_idle()
    assert job.dead_letters.list()[-1].attempt == 2
    done = call(capsys, "dead-letters", "redeliver", "last")
    assert done.out == "3 dead letters put back\n"


def test_letters_for_which_there_is_no_room_stay(job, capsys):
    for number in range(999):
        job.post("picky", "numbers", {"value": number})
    done = call(capsys, "dead-letters", "redeliver", "last", *ids(job))
    assert done.code == DONE
    assert done.out == "1 dead letter put back; 2 stay, there is no room for them now\n"


def test_letters_go_into_a_new_job(job, capsys):
    out = call(capsys, "dead-letters", "redeliver", job.job_id, "--new-job").out
    assert out.startswith("3 dead letters put back into the new job ")
    assert out.split()[-1] != job.job_id


def test_letters_are_thrown_away(job, capsys):
    done = call(capsys, "dead-letters", "discard", "last", "dl-2")
    assert (done.code, done.out) == (DONE, "1 dead letter thrown away\n")
    assert ids(job) == ["dl-1", "dl-3"]
    document = call(capsys, "dead-letters", "discard", "last", "--all", "--json").document
    assert (document["count"], document["missing"], ids(job)) == (2, [], [])


@pytest.mark.parametrize("command", ["redeliver", "discard"])
def test_letters_that_are_not_there_are_told_after_the_rest_is_done(command, job, capsys):
    done = call(capsys, "dead-letters", command, "last", "dl-1", "dl-99", "\x1b")
    assert done.code == NOT_FOUND
    assert done.out.startswith("1 dead letter ")
    assert done.error == r"no such dead letters: dl-99, \x1b"


def test_nothing_is_thrown_away_by_a_slip_of_the_pen(job, capsys):
    for words in ([], ["dl-1", "--all"]):
        done = call(capsys, "dead-letters", "discard", "last", *words)
        assert done.code == USAGE
    assert len(ids(job)) == 3
