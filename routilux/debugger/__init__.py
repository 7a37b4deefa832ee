"""Breakpoints and what stops at them, as programs see it. The engine does the stopping."""
