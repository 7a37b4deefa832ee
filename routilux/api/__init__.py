"""The HTTP face: flows, jobs and their queues. See `routilux.api.main`."""
