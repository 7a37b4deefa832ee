"""What the paths work on: a runtime, flows and jobs. An app has one context."""

import threading
from collections.abc import Callable, Mapping
from typing import Annotated, Any, cast

from fastapi import Depends, Request

from routilux.api.events.hub import EventHub
from routilux.api.events.settings import StreamSettings
from routilux.api.idempotency import Answers
from routilux.api.life import Life
from routilux.api.problems import ProblemError, not_found
from routilux.api.settings import ApiSettings, read_settings
from routilux.engine.ledger import PROCESS_LEDGER, Ledger
from routilux.flow import Flow
from routilux.flow_registry import FlowRegistry
from routilux.hooks import PROCESS_HOOKS
from routilux.job_state import JobState
from routilux.runtime import Runtime, get_runtime_instance
from routilux.stores import JobStore, job_store

# Each request that waits for a pause holds one of the server's 40 threads; the commands that
# end such a wait need some, too.
WAITING_REQUESTS = 16
TelemetryProbe = Callable[[], Mapping[str, Any]]


class Context:
    """What an app works on; see `routilux.api.main.create_app` for the arguments.

    Attributes:
        flows, jobs: where flows and jobs are found.
        ledger: whose jobs the figures are of.
        answers: what requests with a key were answered.
        telemetry_state: asks the application's instrumentation how it is; None: there is none.
        waits: requests that may wait for a pause at one time.
        settings: limits, keys and where to serve.
        life: whether the server is about to stop.
        events: the event streams.
    """

    def __init__(
        self,
        runtime: Runtime | None,
        flows: FlowRegistry | None,
        jobs: JobStore | None,
        settings: ApiSettings | None = None,
        telemetry_state: TelemetryProbe | None = None,
    ) -> None:
        self.settings = settings if settings is not None else read_settings()
        self.life = Life()
        self._runtime = runtime
        if flows is None:
            flows = runtime.flows if runtime is not None else FlowRegistry.get_instance()
        if jobs is None:
            jobs = runtime.jobs if runtime is not None else job_store
        self.flows = flows
        self.jobs = jobs
        self.ledger: Ledger = runtime.ledger if runtime is not None else PROCESS_LEDGER
        self.answers = Answers()
        self.telemetry_state = telemetry_state
        self.waits = threading.BoundedSemaphore(WAITING_REQUESTS)
        limits = StreamSettings(
            max_streams=self.settings.event_streams, write_timeout_s=self.settings.write_timeout
        )
        hooks = runtime.hooks if runtime is not None else PROCESS_HOOKS
        self.events = EventHub(jobs, hooks, limits)
        self.on_stop(self.events.close)

    @property
    def runtime(self) -> Runtime:
        """What starts jobs: the runtime that was given, or the process's."""
        return self._runtime if self._runtime is not None else get_runtime_instance()

    @property
    def stopping(self) -> bool:
        """Whether the server is about to stop."""
        return self.life.stopping

    def on_stop(self, callback: Callable[[], object]) -> Callable[[], None]:
        """Have `callback` called when the server is about to stop; see `Life.on_stop`."""
        return self.life.on_stop(callback)

    def known_flows(self) -> dict[str, Flow]:
        """Flows by id: those of known jobs, and the registered ones, which go first."""
        started = (job for job in self.jobs.list_all() if job.is_started)
        found = {job.flow_id: job.live.flow for job in started}
        return {**found, **{flow.flow_id: flow for flow in self.flows.list_all()}}

    def flow(self, flow_id: str) -> Flow:
        """A flow; also one that is not registered, as long as a job of it is known.

        Raises:
            ProblemError: 404.
        """
        flow = self.flows.get(flow_id) or self.known_flows().get(flow_id)
        if flow is None:
            raise not_found("Flow", flow_id, "GET /api/flows lists those there are")
        return flow

    def job(self, job_id: str) -> JobState:
        """A job.

        Raises:
            ProblemError: 404, or 410 when it ended long ago and only a line is left of it.
        """
        job = self.jobs.get(job_id)
        if job is not None:
            return job
        gone = self.jobs.get_evicted(job_id)
        if gone is None:
            raise not_found("Job", job_id, "GET /api/jobs lists those there are")
        ended = gone.completed_at.isoformat() if gone.completed_at else None
        raise ProblemError(
            410,
            f"Job '{job_id}' is {gone.status} and was let go: "
            "of finished jobs only so many are kept, and only so long",
            job_id=job_id,
            flow_id=gone.flow_id,
            job_status=gone.status,
            completed_at=ended,
        )

    def running_runtime(self) -> Runtime:
        """The runtime, to start a job.

        Raises:
            ProblemError: 503, it was shut down.
        """
        runtime = self.runtime
        if runtime.is_shut_down:
            raise shut_down()
        return runtime

    def started_job(self, job_id: str) -> JobState:
        """A job that runs, or ran in this process.

        Raises:
            ProblemError: as `job`, and 409 when it was never started.
        """
        job = self.job(job_id)
        if not job.is_started:
            raise ProblemError(
                409,
                f"Job '{job_id}' is {job.status.value} and not started in this process: "
                "start it with Runtime.exec or Runtime.restore",
                job_id=job_id,
                job_status=job.status.value,
            )
        return job


def shut_down() -> ProblemError:
    """The error of an application whose runtime has ended."""
    return ProblemError(503, "The runtime was shut down: start the process again")


def context_of(request: Request) -> Context:
    """The context of the app that got the request."""
    return cast("Context", request.app.state.context)


AppContext = Annotated[Context, Depends(context_of)]
