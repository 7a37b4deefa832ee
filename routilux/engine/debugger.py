"""Debugger: what stands at the breakpoints of one job, and what lets it go. Under the job's lock.

Invariants, whenever the lock is free:

- a caught item is held beside its slot, or waits with its producer, and nothing behind it enters;
  its slot counts it in `stops` as long as any hit holds it;
- a draft that was stopped is in `caught` of its routine, which starts nothing meanwhile;
- for each hit that pauses, the job has its holds, and so its gate is closed, except in a step.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from routilux.debugger.matching import count_match, find_matches
from routilux.engine.call_chain import CallChain
from routilux.engine.caught import Caught
from routilux.engine.hits import BREAKPOINTS, STEP, Hit
from routilux.engine.lane_times import refresh_all
from routilux.engine.leaving import Stops
from routilux.engine.sightings import at_event, at_routine, at_slot, report
from routilux.engine.steps import make_step
from routilux.hooks import BreakpointRecord

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from routilux.debugger.breakpoint import Breakpoint
    from routilux.engine.caught import Draft
    from routilux.engine.debugging import Debugging
    from routilux.engine.job_routine import JobRoutine
    from routilux.engine.job_slot import JobSlot
    from routilux.engine.leaving import Departure
    from routilux.engine.running import RunningActivation
    from routilux.engine.sightings import Sighting
    from routilux.engine.steps import Step
    from routilux.segment import Segment

    Match = tuple[Breakpoint, Sighting]


class Debugger:
    """The debugger of one job; made when its first breakpoint is set, or its first step taken.

    Attributes:
        hits: what stands, by the hit's id, the earliest first.
        chain: the activations since it was made.
        step: the step that goes on, or None.
        step_mode, step_count: the last step, and how many there were.
        stopped_for: why the last step has ended; None once the job went on.
        acted: how often breakpoints did in this process, by kind and action.
    """

    def __init__(self, job: Debugging) -> None:
        self.job = job
        self.hits: dict[str, Hit] = {}
        self.chain = CallChain()
        self.step: Step | None = None
        self.step_mode: str | None = None
        self.step_count = 0
        self.stopped_for: str | None = None
        self.acted: Counter[tuple[str, str]] = Counter()
        self._count = 0

    # -- looking at items --------------------------------------------------------------------------

    def at_entry(self, slot: JobSlot, item: Segment) -> Hit | None:
        """What stops an item that is about to enter `slot`; it has no place meanwhile."""
        if slot.watch is None:
            return None
        slot.queue.number(item)
        passed = item.passed if isinstance(item, Caught) else ()
        steps = self.step is not None and self.step.looks_everywhere and STEP not in passed
        found = self._stopping(slot.watch, at_slot(self.job, slot, item, item.start), passed)
        if not (found or steps):
            return None
        hit = self._make("slot" if found else STEP, found, slot.routine_id, slot.name)
        hit.origin = item.origin
        hit.pauses = hit.pauses or steps
        caught = Caught.of(item)
        caught.passed.update(each.id for each in slot.watch)  # they have all seen it now
        hit.items.append((slot, caught))
        return hit

    def _stopping(
        self, watch: Sequence[Breakpoint], sighting: Sighting, passed: Collection[str] = ()
    ) -> list[Breakpoint]:
        """The breakpoints that stop an item. Tracepoints report it."""
        if not watch:
            return []
        return self._act((each, sighting) for each in find_matches(watch, sighting.view, passed))

    def _act(self, matches: Iterable[tuple[Breakpoint, Sighting]]) -> list[Breakpoint]:
        """Let tracepoints report. Returns the breakpoints that stop."""
        stopping = []
        for each, sighting in matches:
            if each.action == "log":
                self.acted[each.type, each.action] += 1
                report(self.job, each, sighting)
            else:
                stopping.append(each)
        return stopping

    def at_leaving(self, departure: Departure) -> Stops | None:
        """What stops an item on its way out of its routine."""
        outlet, watch = departure.outlet, departure.outlet.output.watch
        if watch is None or watch.is_empty:
            return None
        stops = Stops(self, None)
        found = self._stopping(watch.event, at_event(self.job, departure)) if watch.event else []
        if found:
            hit = self._make("event", found, outlet.activation.routine_id, outlet.output.event)
            hit.origin, hit.raw, hit.output = outlet.origin, departure.raw, outlet.output
            stops.event = hit
        for index, edge in enumerate(watch.edges):
            slot = outlet.output.targets[index][0]
            if edge and (found := self._stopping(edge, self._at_edge(slot, departure, index))):
                hit = self._make("connection", found, slot.routine_id, slot.name)
                hit.origin = outlet.origin
                stops.edges[index] = hit
        return stops if stops.event is not None or stops.edges else None

    def _at_edge(self, slot: JobSlot, departure: Departure, index: int) -> Sighting:
        return at_slot(self.job, slot, departure.segment(index), 0)

    def judge(self, node: JobRoutine, draft: Draft) -> list[Match]:
        """The breakpoints of a routine that match what an activation would get.

        Without the lock: it may be many items. A condition matches if it does for one of them; a
        source is looked at with none.

        Returns:
            Those that match, not counted yet, each with the item that it has matched.
        """
        watch = node.watch
        sightings = at_routine(self.job, node, draft) if watch else []
        matches = (
            (each, next((one for one in sightings if each.matches(one.view)), None))
            for each in watch or ()
        )
        return [(each, found) for each, found in matches if found is not None]

    def stops_at_routine(self, node: JobRoutine, draft: Draft, matches: Iterable[Match]) -> bool:
        """Stop an activation, if what `judge` has found still counts. Whether it is stopped."""
        found = self._act(each for each in matches if each[0].enabled and count_match(each[0]))
        if not found:
            return False
        hit = self._make("routine", found, node.id, None)
        hit.node, hit.draft = node, draft
        node.caught.append(draft)
        self.register(hit)
        return True

    def _make(
        self, kind: str, found: Sequence[Breakpoint], routine_id: str, name: str | None
    ) -> Hit:
        self._count += 1
        pauses = not found or any(each.action == "pause_job" for each in found)
        now = self.job.clock.time_ns()
        return Hit(f"hit-{self._count}", kind, tuple(found), pauses, routine_id, name, now)

    # -- stopping ----------------------------------------------------------------------------------

    def register(self, hit: Hit) -> None:
        """Let a hit take effect: what it holds has its place."""
        job = self.job
        if hit.stands:
            self.hits[hit.id] = hit
            job.became_stopped()
        for slot, caught in hit.items:
            slot.stops += not caught.hits
            caught.hits.append(hit)
            slot.refresh()
        self._tell(hit)
        if any(each.one_shot for each in hit.breakpoints):
            job.look_anew()
        if hit.pauses:
            if hit.kind == STEP:
                self.stopped_for = f"the next item is about to enter {hit.place}"
            for name in hit.hold_names:
                job.add_hold(name, f"{hit.kind} {hit.place}")
            job.add_pause_point(f"{hit.kind} {hit.place}")
        refresh_all(job)

    def take_over(self, hit: Hit) -> None:
        """Take a hit over from a snapshot: everything is in its place, and was told then."""
        self.hits[hit.id] = hit
        self._count = max(self._count, int(hit.id.rpartition("-")[2]))
        for slot, caught in hit.items:
            slot.stops += not caught.hits
            caught.hits.append(hit)

    def _tell(self, hit: Hit) -> None:
        job = self.job
        for each in hit.breakpoints:
            self.acted[hit.kind, each.action] += 1
            job.state.append_to_shared_log(
                {
                    "type": "breakpoint_hit",
                    "breakpoint_id": each.id,
                    "kind": hit.kind,
                    "place": hit.place,
                    "action": each.action,
                    "items": hit.item_ids,
                }
            )
        if not job.hears("breakpoint_hit"):
            return
        for breakpoint_id, action, count in [
            (each.id, each.action, each.hit_count) for each in hit.breakpoints
        ] or [("", "pause_job", self.step_count)]:
            record = BreakpointRecord(
                job_id=job.state.job_id,
                flow_id=job.state.flow_id,
                breakpoint_id=breakpoint_id,
                kind=hit.kind,
                action=action,
                routine_id=hit.routine_id,
                name=hit.name,
                item_ids=tuple(hit.item_ids),
                activation_id=hit.activation_id,
                at_ns=hit.at_ns,
                hit_count=count,
            )
            job.notices.append((job.tell, ("breakpoint_hit", record)))

    # -- letting go --------------------------------------------------------------------------------

    def pausing(self) -> list[Hit]:
        """The hits that the job is paused for."""
        return [hit for hit in self.hits.values() if hit.pauses]

    def item_holds(self) -> list[str]:
        """The holds of single items."""
        return [name for hit in self.hits.values() if not hit.pauses for name in hit.hold_names]

    def release(self, hits: Iterable[Hit]) -> list[JobSlot]:
        """Forget hits and the holds that are only theirs. Returns slots to let go."""
        freed: list[JobSlot] = []
        for hit in hits:
            del self.hits[hit.id]
            for slot, caught in hit.items:
                caught.hits.remove(hit)
                caught.passed.update(hit.marks())
                if not caught.hits:
                    slot.stops -= 1
                    slot.refresh()
                    freed.append(slot)
            if hit.node is not None and hit.draft is not None:
                self._let_draft_go(hit.node, hit.draft)
        kept = {name for hit in self.pausing() for name in hit.hold_names}
        for name in [each for each in self.job.holds if is_debuggers(each) and each not in kept]:
            del self.job.holds[name]
        refresh_all(self.job)
        return freed

    @staticmethod
    def _let_draft_go(node: JobRoutine, draft: Draft) -> None:
        if draft in node.caught:
            node.caught.remove(draft)
            draft.checked = True
            node.backoffs += 1
            node.due.append(draft)

    def give_up(self) -> None:
        """The job has ended: what stood stays in its slots."""
        self.end_step()
        for node in self.job.routines.values():
            for draft in node.caught:
                draft.put_back()
            node.caught.clear()
        self.hits.clear()

    # -- steps -------------------------------------------------------------------------------------

    def begin_step(self, name: str) -> None:
        """Let what stands go, and the job with it, for a step.

        Raises:
            ValueError: there is no such step.
        """
        focus = self.pausing()
        self.step = make_step(name, self.job, focus)
        self.step_mode, self.step_count = name, self.step_count + 1
        self.stopped_for = None
        self.release(focus)
        if self.step.looks_everywhere:
            self.job.look_anew()

    def end_step(self) -> None:
        """No step goes on any more."""
        step, self.step = self.step, None
        if step is not None and step.looks_everywhere:
            self.job.look_anew()

    def stop_step(self, why: str) -> None:
        """The step has ended: the job holds still."""
        self.stopped_for = why
        self.job.add_hold(STEP, why)
        self.job.add_pause_point(f"step: {why}")

    def began(self, activation: RunningActivation) -> None:
        """Logic is about to be called."""
        self.chain.began(activation)
        if self.step is not None:
            self.step.began(activation)

    def ended(self, activation: RunningActivation) -> None:
        """An activation is over."""
        self.chain.ended(activation)
        why = self.step.ended(activation) if self.step is not None else None
        if why is not None and not self.job.ended:
            self.stop_step(why)


def is_debuggers(hold: str) -> bool:
    """Whether a hold of that name is the debugger's."""
    return hold == STEP or hold.startswith(BREAKPOINTS)
