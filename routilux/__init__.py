"""Event-driven flows of routines with bounded slots."""
