from __future__ import annotations

import pytest

import routilux.flow_registry
import routilux.monitoring
import routilux.monitoring.flow_registry
import routilux.monitoring.storage
import routilux.stores
from routilux.monitoring import MonitoringRegistry


@pytest.fixture
def process_registry(monkeypatch):
    """The process's registry, made anew for one test."""
    monkeypatch.setattr(MonitoringRegistry, "_instance", None)
    return MonitoringRegistry.get_instance()


def test_breakpoints_stop_at_first_and_are_switched_for_the_process(process_registry):
    assert MonitoringRegistry.is_enabled()
    MonitoringRegistry.disable()
    assert not MonitoringRegistry.is_enabled()
    assert not process_registry.is_enabled()
    MonitoringRegistry.enable()
    assert process_registry.is_enabled()
    assert MonitoringRegistry.get_instance() is process_registry


def test_a_registry_of_ones_own_is_switched_alone(process_registry):
    own = MonitoringRegistry()
    own.disable()
    assert not own.is_enabled()
    assert MonitoringRegistry.is_enabled()
    own.enable()
    assert own.is_enabled()


def test_programs_find_registry_and_stores_where_they_were():
    assert routilux.monitoring.flow_registry.FlowRegistry is routilux.flow_registry.FlowRegistry
    assert routilux.monitoring.storage.job_store is routilux.stores.job_store
    assert routilux.monitoring.storage.flow_store is routilux.stores.flow_store
    assert routilux.monitoring.job_store is routilux.stores.job_store
