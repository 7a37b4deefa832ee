"""The registry of the process under the path by which programs know it."""

from routilux.debugger.registry import MonitoringRegistry

__all__ = ["MonitoringRegistry"]
