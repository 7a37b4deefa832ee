"""No process outlives the test that has started it, whatever comes."""

from __future__ import annotations

import pytest

from tests.cli.programs import STARTED


@pytest.fixture(autouse=True)
def no_process_is_left():
    yield
    while STARTED:
        process = STARTED.pop()
        process.kill()
        process.communicate()
