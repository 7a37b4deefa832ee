"""The workloads on Routilux, written as its README tells people to write flows."""
