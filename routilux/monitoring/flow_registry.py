"""`FlowRegistry` under the path by which programs know it."""

from routilux.flow_registry import FlowRegistry

__all__ = ["FlowRegistry"]
