"""A whole job with a debugger beside a model of it: breakpoints, resumes, steps, edits, drops."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule

from tests.engine.test_job_machine import JobMachine

if TYPE_CHECKING:
    from routilux.debugger.breakpoint import Breakpoint


class DebuggedJobMachine(JobMachine):
    """`JobMachine`, and a person at its debugger."""

    def places(self) -> list[dict[str, Any]]:
        """Every place that a breakpoint may name."""
        found: list[dict[str, Any]] = [{"kind": "routine", "routine_id": "source"}]
        found.append({"kind": "event", "routine_id": "source", "event_name": "out"})
        for node in self.graph.nodes:
            found.append({"kind": "routine", "routine_id": node.name})
            found.append({"kind": "event", "routine_id": node.name, "event_name": "out"})
            for index in range(node.slots):
                found.append({"kind": "slot", "routine_id": node.name, "slot_name": f"in{index}"})
        for sender, targets in [
            ("source", self.graph.source_targets),
            *((node.name, node.targets) for node in self.graph.nodes),
        ]:
            for target, slot in targets:
                found.append(
                    {
                        "kind": "connection",
                        "source_routine_id": sender,
                        "source_event_name": "out",
                        "target_routine_id": target,
                        "target_slot_name": slot,
                    }
                )
        return found

    # -- breakpoints -------------------------------------------------------------------------------

    @precondition(lambda self: self.live)
    @rule(
        which=st.integers(0, 50),
        action=st.sampled_from(["pause_job", "pause_job", "hold_item", "log"]),
        one_shot=st.booleans(),
        ignore_count=st.sampled_from([0, 0, 1, 3]),
    )
    def set_breakpoint(self, which: int, action: str, one_shot: bool, ignore_count: int) -> None:
        places = self.places()
        self.job.breakpoints.add(
            **places[which % len(places)],
            action=action,
            one_shot=one_shot,
            ignore_count=ignore_count,
        )

    def known(self, which: int) -> Breakpoint | None:
        there = list(self.job.breakpoints)
        return there[which % len(there)] if there else None

    @precondition(lambda self: self.live)
    @rule(which=st.integers(0, 50), what=st.sampled_from(["remove", "disable", "enable"]))
    def change_breakpoint(self, which: int, what: str) -> None:
        found = self.known(which)
        if found is None:
            return
        if what == "remove":
            assert self.job.breakpoints.remove(found.id)
        else:
            found.enabled = what == "enable"

    # -- going on ----------------------------------------------------------------------------------

    @precondition(lambda self: self.live and self.is_paused)
    @rule()
    def resume(self) -> None:
        """The operator's: the debugger's holds stay."""
        held = self.job.debug.state().holds
        answer = self.job.resume()
        assert answer.changed == ("operator" in held)
        if self.live and answer.holds:
            assert answer.status == "paused"

    @precondition(lambda self: self.live)
    @rule()
    def resume_debugger(self) -> None:
        self.job.debug.resume()
        self.remember()

    @precondition(lambda self: self.live)
    @rule(which=st.integers(0, 50))
    def resume_item(self, which: int) -> None:
        items = self.job.debug.items
        if items:
            self.job.debug.resume(items[which % len(items)].id)
            self.remember()

    @precondition(lambda self: self.live and self.is_paused)
    @rule(mode=st.sampled_from(["over", "into", "out"]), count=st.integers(0, 8))
    def step(self, mode: str, count: int) -> None:
        before = sum(node.activations for node in self.job.live.routines.values())
        answer = self.job.step(mode)
        assert answer.changed
        for _ in range(count):
            self.runtime.run_one()
        if mode == "over" and self.is_paused and self.job.debug.state().reason == "step":
            after = sum(node.activations for node in self.job.live.routines.values())
            assert after <= before + 1 + self.workers
        self.remember()

    # -- what is in hand ---------------------------------------------------------------------------

    @precondition(lambda self: self.live)
    @rule(which=st.integers(0, 50))
    def drop(self, which: int) -> None:
        items = self.job.debug.items
        if not items:
            return
        item = items[which % len(items)]
        self.job.debug.drop(item.id)
        assert item.id not in [each.id for each in self.job.debug.items]
        letters = [each for each in self.job.dead_letters if each.item_id == item.id]
        assert letters[-1].reason == "dropped_in_debugger"
        self.remember()

    @precondition(lambda self: self.live)
    @rule(which=st.integers(0, 50))
    def edit(self, which: int) -> None:
        """An equal item of another identity: the books stay ours, and what is delivered is it."""
        items = self.job.debug.items
        if not items:
            return
        item = items[which % len(items)]
        new = type(item.data)(*item.data)
        self.job.debug.edit(new, item.id)
        assert any(each.data is new for each in self.job.debug.items)

    # -- what holds after every rule ---------------------------------------------------------------

    @invariant()
    def look(self) -> None:
        """As of any job; but this one also pauses by itself, after which it must not move."""
        now = (self.job.job_id, id(self.job), self.job.live.resumes, self.is_paused)
        if now != getattr(self, "looked", None):
            self.looked = now
            self.remember()
        super().look()

    @invariant()
    def look_at_debugger(self) -> None:
        job = self.job
        debugger = job.live.debugger
        for slot in job.live.slots:
            stopped = [each for each in slot.queue.held_segments if getattr(each, "hits", None)]
            waiting = [each for each in slot.legs if getattr(each.segment, "hits", None)]
            assert slot.stops == len(stopped) + len(waiting) or not self.live, slot
        if debugger is None or not self.live:
            return
        standing = [hit for hit in debugger.hits.values() if hit.pauses]
        if standing and debugger.step is None:
            assert self.is_paused
        names = {name for hit in standing for name in hit.hold_names}
        assert names <= set(job.live.holds)
        for node in job.live.routines.values():
            drafts = [hit.draft for hit in debugger.hits.values() if hit.node is node]
            assert all(each in drafts for each in node.caught)

    def let_all_go(self) -> None:
        """Whatever holds the job or an item."""
        while self.live and (held := self.job.debug.state()).holds:
            for hit in held.hits:
                if self.live and hit.id in [each.id for each in self.job.debug.hits]:
                    self.job.debug.resume(hit.id)
            if self.live:
                self.job.debug.resume()
            if self.live:
                self.job.resume()

    def teardown(self) -> None:
        if not hasattr(self, "job"):
            return
        for each in list(self.job.breakpoints):
            self.job.breakpoints.remove(each.id)
        self.let_all_go()
        for _ in range(100):
            if not self.live or self.job.debug.status == "running":
                break
            self.runtime.advance(1.0)  # a step may wait for a back-off
            self.let_all_go()
        super().teardown()


TestDebuggedJobMachine = DebuggedJobMachine.TestCase
TestDebuggedJobMachine.settings = settings(max_examples=250, stateful_step_count=40)
