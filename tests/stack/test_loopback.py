"""Nothing that runs can be reached from another machine."""

from __future__ import annotations

import ipaddress
from dataclasses import astuple
from typing import TYPE_CHECKING

import psutil
import pytest

if TYPE_CHECKING:
    from tools.backends.stack import Stack


@pytest.mark.parametrize("name", ["collector", "prometheus", "jaeger"])
def test_a_server_listens_on_this_machine_only(stack: Stack, name: str):
    server = getattr(stack, name)
    ours = [
        each.laddr
        for each in psutil.Process(server.process.pid).net_connections()
        if each.status in (psutil.CONN_LISTEN, psutil.CONN_NONE) and each.laddr
    ]
    assert ours
    assert [each for each in ours if not ipaddress.ip_address(each.ip).is_loopback] == []
    assert {each.port for each in ours} <= set(astuple(stack.ports))
