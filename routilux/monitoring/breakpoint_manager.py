"""Breakpoints under the path by which programs know them."""

from routilux.debugger.breakpoint import Breakpoint
from routilux.debugger.manager import BreakpointManager

__all__ = ["Breakpoint", "BreakpointManager"]
