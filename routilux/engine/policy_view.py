"""Asking an activation policy, as a transaction over the job's slots.

A policy gets a view of each slot. What it consumes there is drawn from the slot, and counts as
waiting until the policy has said yes; if it says no, or raises, everything goes back to the head.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from routilux.engine.caught import Draft
from routilux.engine.claim import Claim
from routilux.engine.policy_answer import check_answer
from routilux.segment import Segment, all_data, count_items
from routilux.slot_reader import SlotReader

if TYPE_CHECKING:
    from collections.abc import Mapping

    from routilux.engine.job_slot import JobSlot
    from routilux.engine.running import RunningActivation
    from routilux.slot import Slot


class PolicyView(SlotReader):
    """One slot of the job as its policy sees it."""

    def __init__(self, slot: JobSlot) -> None:
        self._slot = slot
        self.drawn: list[Segment] = []
        self.name = slot.name
        self.routine_id = slot.routine_id
        self.max_queue_length = slot.max_queue_length
        self.watermark = slot.watermark
        self.watermark_threshold = slot.watermark_threshold

    def _consume(self, count: int | None) -> list[Segment]:
        queue = self._slot.queue
        with self._slot.job.lock:
            taken = queue.take_all() if count is None else queue.take(count)
        self.drawn.extend(taken)
        return taken

    def _waiting(self) -> list[Segment]:
        with self._slot.job.lock:
            return list(self._slot.queue.waiting)

    def _visible(self) -> list[Segment]:
        with self._slot.job.lock:
            return [*self._slot.queue.kept, *self._slot.queue.waiting]

    def get_unconsumed_count(self) -> int:
        """Items that wait, without those that this policy has consumed."""
        return self._slot.queue.unconsumed - count_items(self.drawn)

    def get_total_count(self) -> int:
        """Items that can be seen."""
        return self._slot.get_total_count() - count_items(self.drawn)

    def get_queue_metrics(self) -> dict[str, Any]:
        """The slot's figures, see `Slot.get_queue_metrics`."""
        return self._slot.get_queue_metrics()

    def get_queue_status(self) -> dict[str, Any]:
        """The slot's figures in the older words."""
        return self._slot.get_queue_status()

    # -- under the job's lock ---------------------------------------------------------------------

    def takes(self, returned: list[Any] | None) -> bool:
        """Whether a yes would take an item from the slot."""
        return bool(self.drawn or (returned and self._slot.queue.waiting))

    def settle(self, returned: list[Any] | None, claim: Claim) -> None:
        """The policy said yes: what it took is the claim's, what it returned is what logic sees."""
        queue = self._slot.queue
        if not self.drawn and returned:
            self.drawn = queue.take(len(returned))
        if not isinstance(claim, Draft):
            queue.commit(self.drawn, self._slot.job.clock.time_ns())
        own = returned is None or _same(returned, all_data(self.drawn))
        claim.add(self._slot, self.drawn, None if own else returned)

    def give_back(self) -> None:
        """The policy said no."""
        if not self.drawn:
            return
        self._slot.queue.put_back(self.drawn)
        self.drawn = []
        for leg in self._slot.legs:  # what was in hand could not be evicted for them
            leg.parcel.wake()


def ask_policy(activation: RunningActivation) -> Claim | None:
    """Ask the routine's policy. None when it declines, or takes no item at all.

    Raises:
        TypeError, ValueError: the policy's answer has the wrong shape, or names unknown slots.
        BaseException: whatever the policy raises; the items are back in their slots then.
    """
    job, node = activation.job, activation.node
    policy = node.plan.policy
    assert policy is not None
    views = {slot.name: PolicyView(slot) for slot in node.slots}
    try:
        answer = policy(cast("dict[str, Slot]", views), job.state)
        yes, shown, message = check_answer(answer, node.id, views)
    except BaseException:  # a policy is a stranger's code; what it raised is decided by the caller
        with job.lock:
            for view in views.values():
                view.give_back()
            node.evaluating = False
        raise
    with job.lock:
        node.evaluating = False
        # Who takes nothing would be asked about the same items again, for ever.
        if not (yes and any(view.takes(shown.get(name)) for name, view in views.items())):
            for view in views.values():
                view.give_back()
            _declined(activation, policy, views)
            return None
        claim = activation.claim = _accept(activation, views, shown)
        claim.message = message
        if job.debugger is not None and type(claim) is Claim:
            job.debugger.began(activation)
    job.tell_notices()
    return claim


def _accept(
    activation: RunningActivation,
    views: Mapping[str, PolicyView],
    shown: Mapping[str, list[Any]],
) -> Claim:
    node = activation.node
    number = node.next_number()
    claim = Claim(number) if node.watch is None else Draft(number)
    for name, view in views.items():
        view.settle(shown.get(name), claim)
    node.declines = False
    node.news = node.backlog > 0
    if node.watch is None:
        for slot in node.slots:
            slot.taken()
    node.consider()
    return claim


def _declined(activation: RunningActivation, policy: Any, views: Mapping[str, PolicyView]) -> None:
    job, node = activation.job, activation.node
    node.declines = True
    ask_again_in = getattr(policy, "ask_again_in", None)
    if ask_again_in is not None and not job.state.draining:
        seconds = ask_again_in(views, job.state)
        if seconds is not None:
            job.ask_again(node, seconds)
    activation.leave()


def _same(one: list[Any], other: list[Any]) -> bool:
    return len(one) == len(other) and all(a is b for a, b in zip(one, other, strict=True))
