"""What is known of one job: its records, logs, dead letters and counts.

``routilux.job_state.JobState`` is built from these. Nothing here runs anything: the engine does,
and answers to the `routilux.job.live.LiveJob` protocol.
"""
