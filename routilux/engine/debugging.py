"""The part of a job that is debugged: breakpoints, what stands at them, steps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from routilux.clock import stamp
from routilux.debugger import values
from routilux.debugger.values import DebugState, HitInfo, ItemInHand
from routilux.engine.debugger import Debugger
from routilux.engine.gate import Gate
from routilux.engine.hits import STEP, Hit
from routilux.engine.lane_times import refresh_all
from routilux.engine.outlet import prepare
from routilux.engine.watches import set_watches, verify
from routilux.errors import NothingInHand, NotPaused
from routilux.ids import item_id
from routilux.job.commands import command_text
from routilux.job.pause_points import queue_warnings
from routilux.job.results import ResumeResult

if TYPE_CHECKING:
    from collections.abc import Iterator

    from routilux.debugger.manager import BreakpointManager
    from routilux.engine.caught import Caught
    from routilux.engine.job_slot import JobSlot
    from routilux.segment import Segment


class Debugging(Gate):
    """The part of a job that stops at breakpoints."""

    # -- breakpoints -------------------------------------------------------------------------------

    @property
    def breakpoint_manager(self) -> BreakpointManager:
        """Who keeps the breakpoints that it stops at."""
        return self.host.breakpoints

    def breakpoints_changed(self) -> None:
        """The breakpoints of the job are others now. Without the lock."""
        with self.lock:
            if not self.ended:
                self.look_anew()
        self.tell_notices()

    def look_anew(self) -> None:
        """Work out where breakpoints are looked at. Under the lock."""
        manager = self.host.breakpoints
        found = manager.adopt(self.state)
        verify(found, self)
        if found and self.debugger is None:
            self.debugger = Debugger(self)
        step = self.debugger.step if self.debugger is not None else None
        set_watches(
            self,
            found if manager.active and not self.closing else (),
            everywhere=step is not None and step.looks_everywhere,
        )

    # -- going on ----------------------------------------------------------------------------------

    def debug_resume(
        self,
        item_id: str | None = None,
        reason: str = "",
        identity: str | None = None,
        request_id: str | None = None,
    ) -> ResumeResult:
        """Lift the debugger's holds, or that of one item. See `DebugSession.resume`."""
        command = command_text("debug_resume", item_id=item_id, reason=reason, identity=identity)
        with self.lock:
            known = self.state.commands.replay(request_id, command)
            if known is not None:
                return ResumeResult.from_dict(known)
            self.check_live()
            hits = self._hits_at(item_id) if item_id is not None else self._pausing()
            warnings = queue_warnings([slot.read_metrics() for slot in self.slots])
            changed = bool(hits) or (item_id is None and STEP in self.holds)
            if changed:
                self._let_go(hits, reason, identity)
            result = self._resume_result(changed, warnings)
            self.state.commands.remember(request_id, result.to_dict(), command)
        self.tell_notices()
        return result

    def _pausing(self) -> list[Hit]:
        return self.debugger.pausing() if self.debugger is not None else []

    def _let_go(self, hits: list[Hit], reason: str, identity: str | None) -> None:
        """Forget hits, and let what they held go on if nothing else holds it."""
        assert self.debugger is not None
        self.debugger.stopped_for = None
        freed = self.debugger.release(hits)
        if self.gate_closed:
            if not self.holds:
                self.open_gate(reason, identity)
            return
        for slot in freed:
            slot.let_go()
        for hit in hits:
            if hit.node is not None:
                hit.node.consider()
        self.settle()

    def debug_step(
        self,
        mode: str,
        reason: str = "",
        identity: str | None = None,
        request_id: str | None = None,
    ) -> ResumeResult:
        """Go on for a little. See `DebugSession.step_over`.

        Raises:
            NotPaused: the job is not paused.
            ValueError: there is no such step.
        """
        command = command_text("step", mode=mode, reason=reason, identity=identity)
        with self.lock:
            known = self.state.commands.replay(request_id, command)
            if known is not None:
                return ResumeResult.from_dict(known)
            self.check_live()
            if not self.gate_closed:
                raise NotPaused(self.state.job_id, self.state.status.value)
            if self.debugger is None:
                self.debugger = Debugger(self)
            warnings = queue_warnings([slot.read_metrics() for slot in self.slots])
            self.debugger.begin_step(mode)
            self.open_gate(reason or f"step {mode}", identity)
            stepping = self.debugger.step is not None
            result = ResumeResult(
                True, "stepping" if stepping else "paused", self.all_holds(), tuple(warnings)
            )
            self.state.commands.remember(request_id, result.to_dict(), command)
        self.tell_notices()
        return result

    # -- what stands -------------------------------------------------------------------------------

    def _hits_at(self, wanted: str) -> list[Hit]:
        """The hits of an item, or the hit of that id.

        Raises:
            NothingInHand: nothing of that id stands at a breakpoint.
        """
        hits = list(self.debugger.hits.values()) if self.debugger is not None else []
        found = [hit for hit in hits if hit.is_at(wanted)]
        if not found:
            raise NothingInHand(
                self.state.job_id, wanted, [i for hit in hits for i in hit.item_ids]
            )
        return found

    def _only_item(self, wanted: str | None) -> tuple[Hit, str]:
        """A hit and the item of it that is meant: `wanted`, or the only one in hand."""
        hits = list(self.debugger.hits.values()) if self.debugger is not None else []
        if wanted is not None:
            hit = self._hits_at(wanted)[0]
            if wanted in hit.item_ids:
                return hit, wanted
            hits = [hit]
        with_items = [hit for hit in hits if hit.item_ids]
        ids = [each for hit in with_items for each in hit.item_ids]
        # What an event has emitted is one, however many slots it goes to.
        if len(with_items) != 1 or (len(ids) > 1 and with_items[0].kind != "event"):
            raise NothingInHand(self.state.job_id, None if ids else wanted, ids)
        return with_items[0], ids[0]

    def debug_edit(self, data: Any, item_id: str | None = None, identity: str | None = None) -> str:
        """Give an item in hand other data. Returns its id. See `DebugSession.edit`."""
        with self.lock:
            self.check_live()
            hit, wanted = self._only_item(item_id)
            output = hit.output if hit.kind == "event" else None
        # A connection may call its author's code, which must not find the job locked.
        parts: dict[JobSlot, Any] = {}
        if output is not None:
            # By slot: the item for one of them may be gone.
            places = [slot for slot, _ in output.targets]
            parts = dict(zip(places, prepare(output, data), strict=False))
        with self.lock:
            self.check_live()
            if hit not in self._hits_at(wanted):  # it was let go, and stands elsewhere by now
                raise NothingInHand(self.state.job_id, wanted, [])
            if output is not None:
                hit.raw = data
            for slot, caught in hit.items:
                caught.replace(parts.get(slot, data))
            if hit.draft is not None:
                hit.draft.replace(*self._place_in_draft(hit, wanted), data)
            self._log_debug("item_edited", wanted, identity)
        return wanted

    def debug_drop(self, item_id: str | None = None, identity: str | None = None) -> str:
        """Make an item in hand a dead letter. Returns its id. See `DebugSession.drop`."""
        with self.lock:
            self.check_live()
            hit, wanted = self._only_item(item_id)
            if not hit.item_ids:  # a source, or an event that leads nowhere
                raise NothingInHand(self.state.job_id, wanted, [])
            emptied = [hit]
            for slot, caught in list(hit.items):
                emptied += caught.hits
                self._drop_caught(slot, caught)
            if hit.draft is not None:
                self._drop_of_draft(hit, wanted)
            self._log_debug("item_dropped", wanted, identity)
            # A job that was paused for it stays so until somebody resumes.
            over = [each for each in emptied if not each.pauses and not each.item_ids]
            if over:
                self._let_go(list(dict.fromkeys(over)), "dropped", identity)
            refresh_all(self)
            self.settle()
        self.tell_notices()
        return wanted

    def _drop_caught(self, slot: JobSlot, caught: Caught) -> None:
        """Refuse an item that was stopped on its way; it stands nowhere any more."""
        slot.drop(caught)
        for hit in caught.hits:
            hit.items = [each for each in hit.items if each[1] is not caught]
        caught.hits.clear()
        slot.stops -= 1
        slot.refresh()
        slot.let_go()

    def _drop_of_draft(self, hit: Hit, wanted: str) -> None:
        """Refuse an item that logic would get."""
        assert hit.draft is not None
        assert hit.node is not None
        slot, number = self._place_in_draft(hit, wanted)
        gone = hit.draft.drop(slot, number)
        slot.queue.refuse_drawn([gone], "dropped_in_debugger")
        self.refused(slot, gone, "dropped_in_debugger")
        slot.taken()
        if not hit.draft.count:
            hit.node.caught.remove(hit.draft)
            hit.draft = None  # nothing would run any more

    def _place_in_draft(self, hit: Hit, wanted: str) -> tuple[JobSlot, int]:
        assert hit.draft is not None
        for slot, segment, index in hit.draft.places():
            number = segment.base + index
            if item_id(slot.routine_id, slot.name, number) == wanted:
                return slot, number
        raise NothingInHand(self.state.job_id, wanted, hit.item_ids)

    def _log_debug(self, what: str, item: str, identity: str | None) -> None:
        self.state.append_to_shared_log({"type": what, "item": item, "identity": identity})

    # -- looking -----------------------------------------------------------------------------------

    def debug_state(self) -> DebugState:
        """The job as its debugger sees it, at one moment."""
        with self.lock:
            debugger = self.debugger
            hits = list(debugger.hits.values()) if debugger is not None else []
            status, reason, description = self._why_paused(hits)
            first = hits[0] if hits else None
            return DebugState(
                job_id=self.state.job_id,
                job_status=self.state.status.value,
                status=status,
                reason=reason,
                description=description,
                still=self.active == self.standing,
                paused_at=stamp(self.closed_at_ns) if self.gate_closed else None,
                holds=self.all_holds(),
                hits=tuple(_hit_info(hit) for hit in hits),
                step_mode=debugger.step_mode if debugger is not None else None,
                step_count=debugger.step_count if debugger is not None else 0,
                call_stack=(
                    debugger.chain.frames(first.activation_id)
                    if debugger is not None and first is not None
                    else ()
                ),
            )

    def _why_paused(self, hits: list[Hit]) -> tuple[str, str, str]:
        """The session's status, reason and description."""
        debugger = self.debugger
        if self.ended:
            return values.TERMINATED, "", f"the job is {self.state.status.value}"
        if debugger is not None and debugger.step is not None:
            return values.STEPPING, "", f"step {debugger.step.name}"
        if not (self.gate_closed or hits):
            return values.RUNNING, "", ""
        status = values.PAUSED if self.gate_closed else values.RUNNING
        at = ", ".join(f"{hit.kind} {hit.place}" for hit in hits if hit.breakpoint_ids)
        if at:
            return status, "breakpoint", f"at {at}"
        if debugger is not None and debugger.stopped_for is not None:
            return status, "step", debugger.stopped_for
        return status, "pause", "; ".join(filter(None, self.holds.values()))


def _hit_info(hit: Hit) -> HitInfo:
    return HitInfo(
        id=hit.id,
        kind=hit.kind,
        breakpoint_ids=tuple(hit.breakpoint_ids),
        pauses=hit.pauses,
        routine_id=hit.routine_id,
        name=hit.name,
        at=stamp(hit.at_ns),
        activation_id=hit.activation_id,
        items=tuple(_in_hand(*place) for place in _places(hit)),
        holds=tuple(hit.hold_names),
        emitted=hit.raw,
    )


def _places(hit: Hit) -> Iterator[tuple[JobSlot, Segment, int]]:
    if hit.draft is not None:
        yield from hit.draft.places()
    for slot, caught in hit.items:
        yield slot, caught, 0


def _in_hand(slot: JobSlot, segment: Segment, index: int) -> ItemInHand:
    origin = segment.origin
    return ItemInHand(
        id=item_id(slot.routine_id, slot.name, segment.base + index),
        data=segment.data[index],
        routine_id=slot.routine_id,
        slot_name=slot.name,
        emitted_from=origin.routine_id,
        event=origin.event,
        emitted_at=stamp(segment.stamps[index]),
        activation_id=origin.activation_id,
        attempt=segment.attempt,
    )
