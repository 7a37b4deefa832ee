"""The real collector, Prometheus and Jaeger: built from source, started as plain processes.

`python -m tools.backends` builds what is missing, `python -m tools.backends.stack` starts all
three. Tests in `tests/stack` use `Stack`, or one server alone.
"""
