"""Debug sessions under the path by which programs know them."""

from routilux.debugger.session import DebugSession, DebugSessionStore

__all__ = ["DebugSession", "DebugSessionStore"]
