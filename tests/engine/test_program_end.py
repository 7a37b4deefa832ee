"""Programs that fork, and programs that end with jobs that have not."""

from __future__ import annotations

import subprocess
import sys
from textwrap import dedent

from tests.engine.parts import LONG_S


def run(program: str) -> tuple[str, str]:
    """What another process writes to its two outputs."""
    done = subprocess.run(
        [sys.executable, "-c", dedent(program)],
        capture_output=True,
        text=True,
        timeout=LONG_S,
        check=True,
    )
    return done.stdout, done.stderr


FORKING = """
    import os
    from routilux import Flow, Runtime, get_runtime_instance

    flow = Flow("f")
    flow.source(lambda: [1], name="s")
    runtime, default = Runtime(1), get_runtime_instance()
    child = os.fork()
    if child == 0:
        try:
            runtime.exec(flow)
        except RuntimeError as error:
            print(error, flush=True)
        assert get_runtime_instance() is not default
        with Runtime(1) as own:
            print(own.exec(flow).wait(10), flush=True)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    assert runtime.exec(flow).wait(10)
    runtime.shutdown()
"""


def test_a_runtime_says_that_it_cannot_be_used_after_a_fork() -> None:
    out, _ = run(FORKING)
    refusal, own = out.splitlines()
    assert "make a new Runtime in the child" in refusal
    assert own == "True"


ENDING = """
    from routilux import Flow, Runtime

    flow = Flow("f")
    flow.source(lambda: [1], name="s")
    runtime = Runtime(1)
    assert runtime.exec(flow).wait(10)
    job = runtime.exec(flow, keep_open=True)
"""


def test_a_program_that_ends_before_its_jobs_is_told() -> None:
    out, told = run(ENDING)
    assert out == ""
    (line,) = told.splitlines()
    assert line.startswith("The program ends while 1 job(s) have not (flow 'f': running)")
    assert line.endswith("or wait for the jobs and call runtime.shutdown()")


def test_a_program_whose_jobs_have_ended_is_told_nothing() -> None:
    waits = "    job.close()\n    assert job.wait(10)\n"
    assert run(ENDING + waits) == ("", "")
    assert run(ENDING + "    runtime.shutdown()\n") == ("", "")
