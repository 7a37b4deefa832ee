"""Dashboards and alerts as code: ``python -m tools.dashboards`` writes what `dashboards/` holds.

Names of metrics come from the table of instruments, so that a query cannot name what nobody emits.
"""
