from __future__ import annotations

import pytest

from routilux.flow import Flow
from routilux.flow_registry import FlowRegistry


def test_the_process_has_one_and_programs_their_own():
    assert FlowRegistry.get_instance() is FlowRegistry.get_instance()
    assert FlowRegistry() is not FlowRegistry.get_instance()


def test_flows_are_found_by_id():
    registry, flow = FlowRegistry(), Flow("a")
    registry.register(flow)
    registry.register(flow)
    assert registry.get("a") is flow
    assert registry.get("b") is None
    newer = Flow("a")
    registry.register(newer)
    assert registry.list_all() == [newer]


def test_flows_are_found_by_name_too():
    registry, flow = FlowRegistry(), Flow("a")
    registry.register_by_name("nightly", flow)
    registry.register_by_name("nightly", flow)
    registry.register_by_name("also", flow)
    assert registry.get_by_name("nightly") is registry.get("a") is flow
    assert registry.get_by_name("a") is None
    assert registry.list_all() == [flow]
    with pytest.raises(ValueError, match=r"'nightly' is already registered \(for flow 'a'\)"):
        registry.register_by_name("nightly", Flow("b"))
    assert registry.get("b") is None


def test_find_takes_a_name_or_an_id():
    registry, flow, named = FlowRegistry(), Flow("a"), Flow("b")
    registry.register(flow)
    registry.register_by_name("a", named)
    assert registry.find("a") is named
    assert registry.find("b") is named
    with pytest.raises(ValueError, match="Flow 'x' not found in registry"):
        registry.find("x")


def test_names_and_flows_go():
    registry, flow, other = FlowRegistry(), Flow("a"), Flow("b")
    registry.register_by_name("one", flow)
    registry.register_by_name("two", flow)
    registry.register_by_name("three", other)
    assert registry.unregister_by_name("one")
    assert not registry.unregister_by_name("one")
    assert registry.get("a") is flow
    assert registry.unregister("a")
    assert not registry.unregister("a")
    assert registry.get_by_name("two") is None
    assert registry.get_by_name("three") is other
    registry.clear()
    assert registry.list_all() == []
    assert registry.get_by_name("three") is None
