"""The public names: where programs import them from, and nothing beside them."""

from __future__ import annotations

import importlib
import inspect
from types import ModuleType

import pytest

import routilux

# What `from routilux import ...` offers. A name that is added here is a promise.
PUBLIC = [
    "CallbackOutputHandler",
    "Connection",
    "ErrorHandler",
    "ErrorStrategy",
    "Event",
    "ExecutionRecord",
    "ExecutionStatus",
    "Flow",
    "FlowBuilder",
    "JobExecutor",
    "JobState",
    "NullOutputHandler",
    "OutputHandler",
    "QueueOutputHandler",
    "Routine",
    "RoutineStatus",
    "Runtime",
    "Slot",
]

# Functions beside the classes.
FUNCTIONS = ["bind", "checkpoint", "get_runtime_instance"]

# What programs import by module.
BY_MODULE = {
    "routilux.slot": ["Slot", "SlotDataPoint", "SlotQueueFullError"],
    "routilux.event": ["Event"],
    "routilux.connection": ["Connection"],
    "routilux.routine": ["Routine"],
    "routilux.flow": ["Flow", "FlowBuilder"],
    "routilux.runtime": ["Runtime", "get_runtime_instance"],
    "routilux.job_state": ["JobState", "ExecutionRecord"],
    "routilux.job_executor": ["JobExecutor"],
    "routilux.status": ["ExecutionStatus", "RoutineStatus"],
    "routilux.activation_policies": [
        "all_slots_ready_policy",
        "batch_size_policy",
        "custom_policy",
        "immediate_policy",
        "time_interval_policy",
    ],
    "routilux.error_handler": ["ErrorHandler", "ErrorStrategy"],
    "routilux.flow.job_state_management": ["pause_job_executor", "resume_job_executor"],
    "routilux.monitoring.registry": ["MonitoringRegistry"],
    "routilux.monitoring.flow_registry": ["FlowRegistry"],
    "routilux.monitoring.storage": ["flow_store", "job_store"],
    "routilux.api.main": ["app", "create_app"],
}


def test_all_is_exactly_the_public_list_and_in_order():
    assert list(routilux.__all__) == sorted(routilux.__all__)
    assert sorted(routilux.__all__) == sorted(PUBLIC + FUNCTIONS)


def test_everything_that_is_visible_is_in_all():
    visible = {
        name
        for name, value in vars(routilux).items()
        if not name.startswith("_")
        and not isinstance(value, ModuleType)
        and not hasattr(value, "compiler_flag")  # what `from __future__ import` leaves behind
    }
    assert visible <= set(routilux.__all__)


@pytest.mark.parametrize("name", PUBLIC)
def test_a_public_name_is_a_documented_class(name):
    value = getattr(routilux, name)
    assert inspect.isclass(value)
    assert inspect.getdoc(value)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_public_function_is_documented(name):
    value = getattr(routilux, name)
    assert inspect.isfunction(value)
    assert inspect.getdoc(value)


@pytest.mark.parametrize(
    ("module", "name"), [(module, name) for module, names in BY_MODULE.items() for name in names]
)
def test_a_name_is_found_in_its_module(module, name):
    value = getattr(importlib.import_module(module), name)
    if name in PUBLIC:
        assert value is getattr(routilux, name)
    else:
        assert value is not None


@pytest.mark.parametrize("module", sorted(BY_MODULE))
def test_a_module_that_lists_its_names_lists_these(module):
    listed = getattr(importlib.import_module(module), "__all__", BY_MODULE[module])
    assert set(BY_MODULE[module]) <= set(listed)
