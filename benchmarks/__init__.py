"""Speed and latency figures of Routilux, each with what it must reach and how it is measured.

``python -m benchmarks`` measures and prints the table; ``python -m benchmarks --list`` names the
figures.  Nothing here is imported by ``routilux``.
"""
