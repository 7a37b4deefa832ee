"""Flows: the wired graph, how to build one, and its form as a document."""

from __future__ import annotations

from routilux.flow.builder import FlowBuilder
from routilux.flow.flow import Flow
from routilux.flow.steps import Step

__all__ = ["Flow", "FlowBuilder", "Step"]
