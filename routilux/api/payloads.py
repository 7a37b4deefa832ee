"""What a caller may see of a program's own data: items, log entries, texts of errors."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Any

from fastapi import Depends

from routilux.api.caller import AppCaller
from routilux.api.models.breakpoint import BreakpointResponse
from routilux.api.models.dead_letter import DeadLetterResponse
from routilux.api.models.item import ItemResponse
from routilux.api.models.log import LogEntryResponse
from routilux.api.problems import ProblemError
from routilux.debugger.breakpoint import Breakpoint
from routilux.job.dead_letters import DeadLetter
from routilux.job.diagnosis import WAITING_FOR_POLICY, Diagnosis
from routilux.json_view import json_view
from routilux.monitoring.items import ItemReading
from routilux.status import ExecutionStatus
from routilux.stored import clean_text

HIDDEN = "hidden: this key may not see payloads"
LONGEST_DATA = 8 * 1024  # bytes of one item; a page of 200 stays below 2 MiB
# The entries that the engine writes, and no word of a program's in them.
ENGINE_ENTRIES = frozenset(
    {
        "breakpoint_hit", "cancelled", "dropped_in_debugger", "evicted", "item_dropped",
        "item_edited", "paused", "redelivered", "slot_queue_full", "tracepoint", "unmatched",
    }
)  # fmt: skip
ENGINE_FIELDS = frozenset(
    {
        "action", "breakpoint_id", "count", "event_name", "identity", "job_id", "kind", "missing",
        "place", "queue_metrics", "reason", "routine_id", "slot_name", "source_routine_id",
        "timestamp", "type",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Payloads:
    """Shows or hides payloads. `visible`: whether the caller may see them."""

    visible: bool

    def check(self, what: str) -> None:
        """Refuse an answer that is nothing but payloads.

        Raises:
            ProblemError: 403.
        """
        if not self.visible:
            raise ProblemError(403, f"This key may not see payloads, and {what} is full of them")

    def text(self, text: str) -> str:
        """A text that logic may have written."""
        return clean_text(text) if self.visible or not text else HIDDEN

    def error(self, text: str | None) -> str | None:
        """Why a job failed, or what a tracepoint says; None: there is nothing to tell."""
        return text if text is None else self.text(text)

    def data(self, value: Any) -> dict[str, Any]:
        """The fields of `routilux.api.models.payload.Payload`."""
        if not self.visible:
            return {"redacted": True, "truncated": False}
        view = json_view(value, limit_bytes=LONGEST_DATA)
        return {"redacted": False, "truncated": view.truncated, "data": view.value}

    def item(self, item: ItemReading) -> ItemResponse:
        """An item of a slot."""
        return ItemResponse(
            item_id=item.id,
            state=item.state,
            emitted_from=item.emitted_from,
            emitted_at=item.emitted_at,
            enqueued_at=item.enqueued_at,
            consumed_at=item.consumed_at,
            attempt=item.attempt,
            **self.data(item.data),
        )

    def letter(self, letter: DeadLetter) -> DeadLetterResponse:
        """A dead letter. Only the error of failed logic is the program's."""
        is_own = letter.reason in ("logic_error", "interrupted")
        return DeadLetterResponse(
            id=letter.id,
            item_id=letter.item_id,
            routine_id=letter.routine_id,
            slot_name=letter.slot_name,
            reason=letter.reason,  # type: ignore[arg-type]  # a letter checks it itself
            error=self.text(letter.error) if is_own else letter.error,
            error_type=letter.error_type,
            emitted_from=letter.emitted_from,
            emitted_at=letter.emitted_at,
            at=letter.at,
            attempt=letter.attempt,
            activation_id=letter.activation_id,
            event=letter.event,
            **self.data(letter.data),
        )

    def breakpoint(self, made: Breakpoint) -> BreakpointResponse:
        """A breakpoint. Its condition and its message say what is in items."""
        fields = made.to_dict()
        if not self.visible:
            hidden = ("condition", "log_message")
            fields.update({name: HIDDEN for name in hidden if fields[name] is not None})
        return BreakpointResponse.model_validate(fields)

    def log_entry(self, number: int, entry: Mapping[str, Any]) -> LogEntryResponse:
        """An entry of a job's log."""
        kind = entry.get("type")
        shown = self
        if not self.visible and isinstance(kind, str) and kind in ENGINE_ENTRIES:
            shown = Payloads(visible=True)
            entry = {name: value for name, value in entry.items() if name in ENGINE_FIELDS}
        told = shown.data(entry)
        return LogEntryResponse(
            number=number,
            timestamp=_moment(entry.get("timestamp")),
            type=clean_text(kind) if shown.visible and isinstance(kind, str) else None,
            **told,
        )

    def diagnosis(self, diagnosis: Diagnosis) -> Diagnosis:
        """A diagnosis, without what logic and policies have written."""
        summary, routines = diagnosis.summary, []
        for row in diagnosis.routines:
            detail = clean_text(row.detail)
            if not self.visible and row.state == WAITING_FOR_POLICY and row.detail:
                detail = HIDDEN
                summary = summary.replace(row.detail, HIDDEN)
            routines.append(replace(row, detail=detail))
        if not self.visible and ExecutionStatus(diagnosis.status).finished:
            summary = f"The job is {diagnosis.status}."
        return replace(diagnosis, summary=clean_text(summary), routines=tuple(routines))


def _moment(value: object) -> datetime | None:
    """The time of an entry; a program may have put anything in its place."""
    try:
        return datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def payloads_of(caller: AppCaller) -> Payloads:
    """What the caller of a request may see."""
    return Payloads(caller.sees_payloads)


AppPayloads = Annotated[Payloads, Depends(payloads_of)]
