"""What watches jobs. Nothing in the engine imports it."""

from routilux.monitoring.flow_registry import FlowRegistry
from routilux.monitoring.registry import MonitoringRegistry
from routilux.monitoring.storage import flow_store, job_store

__all__ = ["FlowRegistry", "MonitoringRegistry", "flow_store", "job_store"]
