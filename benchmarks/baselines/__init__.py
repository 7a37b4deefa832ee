"""The workloads of the engine, written by hand without it: what its figures are ratios to.

``bounded_queue`` (a thread a stage) is the reference; the others show what unbounded queues, one
event loop, a bare scheduler, and no queue at all cost on the same machine.
"""
