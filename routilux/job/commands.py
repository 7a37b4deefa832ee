"""The memory of a job's commands, which makes the same request twice one change."""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from routilux.job.log import LOG_LIMIT

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def command_text(verb: str, **parameters: Any) -> str:
    """A command with its parameters as one text, the same for the same command."""
    return f"{verb} {json.dumps(parameters, sort_keys=True, default=repr)}"


class CommandLog:
    """The answers to a job's last commands, by request id.

    Whoever carries a command out looks it up, changes the job and remembers the answer under one
    lock of its own, so that of two equal requests at the same moment the second finds the answer
    of the first.

    Args:
        limit: commands remembered, at least 1.
    """

    def __init__(self, limit: int = LOG_LIMIT) -> None:
        if limit < 1:
            raise ValueError(f"limit must be 1 or more, not {limit!r}")
        self.limit = limit
        self._lock = threading.Lock()
        self._answers: OrderedDict[str, tuple[str | None, Any]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._answers)

    def __contains__(self, request_id: object) -> bool:
        return request_id in self._answers

    def replay(self, request_id: str | None, command: str | None = None) -> Any:
        """The answer that this request got before, or None if it is new.

        Args:
            request_id: None is always new.
            command: what is asked for, with its parameters, as one text; None is not compared.

        Raises:
            ValueError: the id was used for another command.
        """
        known = self._answers.get(request_id) if request_id is not None else None
        if known is None:
            return None
        first, answer = known
        if command is not None and first is not None and command != first:
            raise ValueError(
                f"request_id {request_id!r} was used for another command ({first}): "
                "give each command an id of its own"
            )
        return answer

    def remember(self, request_id: str | None, answer: Any, command: str | None = None) -> None:
        """Keep an answer (JSON data, if it is to survive a restore); None keeps nothing."""
        if request_id is None:
            return
        with self._lock:
            self._answers[request_id] = (command, answer)
            if len(self._answers) > self.limit:
                self._answers.popitem(last=False)

    def to_list(self) -> list[dict[str, Any]]:
        """The commands with their answers, the oldest first."""
        with self._lock:
            known = list(self._answers.items())
        return [
            {"request_id": request_id, "command": command, "answer": answer}
            for request_id, (command, answer) in known
        ]

    def fill(self, commands: Iterable[Mapping[str, Any]]) -> None:
        """Remember what `to_list` gave."""
        for entry in commands:
            self.remember(entry["request_id"], entry["answer"], entry["command"])
