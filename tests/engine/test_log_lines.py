"""What the log says of errors and refusals, for the person who reads it at night."""

from __future__ import annotations

import logging

import pytest

from routilux import ErrorHandler, Flow
from routilux.testing import StepRuntime


@pytest.fixture
def runtime():
    with StepRuntime() as made:
        yield made


def failing_flow(errors=None, overflow="retry"):
    flow = Flow("failing")

    @flow.source
    def numbers():
        return [1, 2, 3]

    @flow.step(after=numbers, each=errors is None, errors=errors, overflow=overflow)
    def divide(number):
        raise ZeroDivisionError("by nothing")

    return flow


def trace_of(record):
    return logging.Formatter().formatException(record.exc_info) if record.exc_info else ""


def test_a_failed_routine_is_logged_with_its_traceback(runtime, caplog):
    runtime.exec(failing_flow(ErrorHandler("stop")))
    runtime.run_until_idle()
    [record] = caplog.records
    assert record.levelname == "ERROR"
    assert "routine 'divide' failed: ZeroDivisionError: by nothing" in record.message
    assert "in divide" in trace_of(record)


def test_a_retry_is_a_warning_without_traceback(runtime, caplog):
    runtime.exec(failing_flow(ErrorHandler("retry", max_retries=1, retry_delay=1)))
    runtime.advance(1)
    first, last = (record for record in caplog.records if "divide" in record.message)
    assert (first.levelname, trace_of(first)) == ("WARNING", "")
    assert last.levelname == "ERROR"
    assert "in divide" in trace_of(last)


def test_the_first_failed_item_is_logged_with_its_traceback(runtime, caplog):
    job = runtime.exec(failing_flow())
    runtime.run_until_idle()
    assert job.dead_letter_count == 3
    [record] = caplog.records  # at most one such line a second
    assert "Item of divide.items failed: ZeroDivisionError: by nothing" in record.message
    assert "in divide" in trace_of(record)


def test_an_item_given_up_with_a_text_has_no_traceback(runtime, caplog):
    flow = Flow("given up")

    @flow.step
    def keep(item):
        """Never called: its routine's logic is the one below."""

    keep.routine.set_logic(lambda items: [keep.routine.fail(item, "no use") for item in items])
    job = runtime.exec(flow, keep_open=True)
    job.post("keep", "items", object())
    runtime.run_until_idle()
    [record] = caplog.records
    assert "RuntimeError: no use" in record.message
    assert trace_of(record) == ""


def test_what_a_cancelled_job_refuses_is_not_called_a_full_slot(runtime, caplog):
    flow = Flow("cancelled")

    @flow.source
    def numbers():
        return range(10)

    @flow.step(after=numbers, max_queue_length=2, overflow="block", each=False)
    def wait_for_two(batch):
        raise AssertionError("the job is cancelled before")

    wait_for_two.routine.set_activation_policy(lambda slots, job_state: (False, {}, None))
    job = runtime.exec(flow, start_paused=True)
    job.resume()
    while not job.counts().standing:
        runtime.run_one()
    job.cancel("enough")
    runtime.run_until_idle()
    [record] = caplog.records
    assert "is cancelled: it takes no more items" in record.message
    assert {letter.error_type for letter in job.dead_letters} == {"JobFinished"}
    assert ".. " not in record.message
