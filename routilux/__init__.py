"""Routilux: an event-driven workflow engine whose queues, back-pressure and pauses you can see,
trust and steer.
"""

from __future__ import annotations

from routilux.activation import bind, checkpoint
from routilux.connection import Connection
from routilux.error_handler import ErrorHandler, ErrorStrategy
from routilux.event import Event
from routilux.flow import Flow, FlowBuilder
from routilux.job.history import ExecutionRecord
from routilux.job_executor import JobExecutor
from routilux.job_state import JobState
from routilux.output_handlers import (
    CallbackOutputHandler,
    NullOutputHandler,
    OutputHandler,
    QueueOutputHandler,
)
from routilux.routine import Routine
from routilux.runtime import Runtime, get_runtime_instance
from routilux.slot import Slot
from routilux.status import ExecutionStatus, RoutineStatus

__all__ = [
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
    "bind",
    "checkpoint",
    "get_runtime_instance",
]
