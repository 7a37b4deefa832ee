"""The stores of the process under the path by which programs know them."""

from routilux.stores import FlowStore, JobStore, flow_store, job_store

__all__ = ["FlowStore", "JobStore", "flow_store", "job_store"]
