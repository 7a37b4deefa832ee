"""The engine: what happens between ``Runtime.exec`` and the end of a job.

``pool`` shares workers among jobs, ``job`` is one run of a flow with one lock for all of its state,
``job_routine`` decides when a routine starts, ``running`` calls its logic, ``outlet`` and
``job_slot`` carry what it emits, ``stall`` and ``draining`` decide what happens when nothing moves.

Lock order: a job's lock, then the pool's, then the timer's. Nothing that a user wrote, and no log
handler, is called under any of them: what is to be told goes into the job's notices, which are
told after the lock was given back.
"""
