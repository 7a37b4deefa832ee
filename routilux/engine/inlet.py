"""What comes into a job from outside: posted items and redelivered dead letters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from routilux.clock import stamp_ns
from routilux.engine.debugging import Debugging
from routilux.ids import item_id
from routilux.job.commands import command_text
from routilux.job.results import Redelivery
from routilux.segment import UNNUMBERED, Origin, Segment

if TYPE_CHECKING:
    from collections.abc import Collection

    from routilux.engine.job_slot import JobSlot
    from routilux.job.dead_letters import DeadLetter

POSTED = "post"  # emitted_from of an item that came through `post`


class Inlet(Debugging):
    """The part of a job that takes items from outside."""

    def slot(self, routine_id: str, name: str) -> JobSlot:
        """One slot of the job.

        Raises:
            ValueError: there is no such routine or slot; names those there are.
        """
        number = self.plan.places.get((routine_id, name))
        if number is None:
            known = ", ".join(f"{r}.{s}" for r, s in self.plan.places) or "none"
            raise ValueError(f"Slot '{routine_id}.{name}' not found; the job has {known}")
        return self.slots[number]

    def post(self, routine_id: str, slot_name: str, data: Any, timeout: float | None = None) -> str:
        """Put an item in. See `routilux.job_state.JobState.post`."""
        slot = self.slot(routine_id, slot_name)
        context = self.ask("context") if self.watched else None
        segment = Segment([data], [self.clock.time_ns()], Origin(POSTED, context=context))
        return item_id(routine_id, slot_name, slot.enter(segment, timeout=timeout))

    def close(self) -> bool:
        """Close the job's input: it completes when what it has is done. False: it was closed."""
        with self.lock:
            changed = self.open and not self.ended
            self.open = False
            self.settle()
        self.tell_notices()
        return changed

    def redeliver(
        self,
        ids: Collection[str] | None = None,
        new_job: bool = False,
        reason: str = "",
        identity: str | None = None,
        request_id: str | None = None,
    ) -> Redelivery:
        """Offer dead letters again. See `routilux.job.letters.DeadLetters.redeliver`.

        A letter for which there is no room now stays a dead letter.
        """
        box, commands = self.state.dead_letter_box, self.state.commands
        command = command_text(
            "redeliver", ids=sorted(ids or ()), new_job=new_job, reason=reason, identity=identity
        )
        with self.lock:
            known = commands.replay(request_id, command)
            if known is not None:
                return Redelivery.from_dict(known)
            if not new_job:
                self.check_live()
            letters = box.take(ids)
            found = {letter.id for letter in letters}
            missing = tuple(each for each in ids or () if each not in found)
            job_id = self.state.job_id
            left = letters
            if not new_job:
                left = [letter for letter in letters if not self._let_in(letter, letter.number)]
                box.put_back(left)
        if new_job and letters:
            job_id, left = self._redeliver_anew(letters)
        result = Redelivery(len(letters) - len(left), job_id, missing)
        with self.lock:
            commands.remember(request_id, result.to_dict(), command)
            self.state.append_to_shared_log(
                {"type": "redelivered", "reason": reason, "identity": identity, **result.to_dict()}
            )
            if not new_job:
                self.settle()
        self.tell_notices()
        return result

    def _redeliver_anew(self, letters: list[DeadLetter]) -> tuple[str, list[DeadLetter]]:
        """Start a job with letters that were taken out; what it has no room for comes back."""
        box = self.state.dead_letter_box
        try:
            job_id, left = self.host.redeliver_anew(self, letters)
        except BaseException:  # whatever it was: no letter may be lost
            box.put_back(letters)
            raise
        box.put_back(left)
        return job_id, left

    def _let_in(self, letter: DeadLetter, number: int = UNNUMBERED) -> bool:
        """Offer a letter to its slot if there is room now. Under the lock."""
        slot = self.slot(letter.routine_id, letter.slot_name)
        if (slot.hold_room() if slot.closed else slot.room()) <= 0:
            return False
        segment = self._segment_of(letter)
        if number != UNNUMBERED:
            segment.base = number
        slot.offer(segment)
        return True

    @staticmethod
    def _segment_of(letter: DeadLetter) -> Segment:
        """A dead letter as an item on its way, one attempt on."""
        origin = Origin(
            letter.emitted_from, letter.event, letter.activation_id, letter.trace_context
        )
        segment = Segment([letter.data], [stamp_ns(letter.emitted_at)], origin)
        segment.attempt = letter.attempt + 1
        return segment
