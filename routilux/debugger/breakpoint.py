"""Breakpoint: a place in a job where items are to stop, or to be reported."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar, get_args

from routilux.conditions import ConditionError, compile_condition, compile_template
from routilux.ids import new_id

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from routilux.conditions import Condition, ItemView, Template

S = TypeVar("S")
T = TypeVar("T")
Kind = Literal["routine", "slot", "event", "connection"]
Action = Literal["pause_job", "hold_item", "log"]
KINDS: tuple[str, ...] = get_args(Kind)
ACTIONS: tuple[str, ...] = get_args(Action)
CONNECTION_FIELDS = (
    "source_routine_id",
    "source_event_name",
    "target_routine_id",
    "target_slot_name",
)
NAMES = ("routine_id", "slot_name", "event_name", *CONNECTION_FIELDS)
CHANGEABLE = ("condition", "enabled", "hit_count", "ignore_count", "one_shot")
NOT_STARTED = "the job has not started yet"
Place = tuple[str, ...]


class Owner(Protocol):
    """Who has to know when a breakpoint changes."""

    def changed(self, job_id: str) -> None:
        """A breakpoint of that job is another now. Without locks."""


class Breakpoint:
    """A place where items stop. It belongs to one job.

    Args:
        job_id: the job.
        type: ``routine`` (before its logic runs), ``slot`` (an item is about to enter), ``event``
            (an item is about to leave) or ``connection`` (the same, on one edge only).
        routine_id: the routine, of the first three types.
        slot_name, event_name: of a slot or an event.
        source_routine_id, source_event_name, target_routine_id, target_slot_name: of a connection.
        condition: a CEL expression or a structured predicate; None: every item stops.
        enabled: whether it stops anything.
        hit_count: items that matched so far.
        ignore_count: so many matches are counted and let through.
        one_shot: it is disabled after its first stop.
        log_message: makes it a tracepoint: reports with values filled in, and stops nothing.
        action: ``pause_job`` (the default), ``hold_item`` (this item and those behind it in its
            slot wait, the job goes on) or ``log``.
        breakpoint_id: its id; None makes a random one.

    Attributes:
        id: its id; also as `breakpoint_id`.
        verified: whether the job has that place; if not, `message` says what is missing.
        error_count, last_error: how often the condition could not be evaluated, and why last.
        number: its place in the order of adding, given by the manager.

    Raises:
        ValueError: a field is missing or wrong; `ConditionError` says where in a condition.
    """

    def __init__(
        self,
        job_id: str,
        type: Kind,  # noqa: A002 - known by it
        routine_id: str | None = None,
        slot_name: str | None = None,
        event_name: str | None = None,
        source_routine_id: str | None = None,
        source_event_name: str | None = None,
        target_routine_id: str | None = None,
        target_slot_name: str | None = None,
        condition: str | Mapping[str, Any] | None = None,
        enabled: bool = True,
        hit_count: int = 0,
        *,
        ignore_count: int = 0,
        one_shot: bool = False,
        log_message: str | None = None,
        action: Action | None = None,
        breakpoint_id: str | None = None,
    ) -> None:
        self.id = breakpoint_id or new_id()
        self.number = 0
        self.job_id = job_id
        self.type = type
        self.routine_id = routine_id
        self.slot_name = slot_name
        self.event_name = event_name
        self.source_routine_id = source_routine_id
        self.source_event_name = source_event_name
        self.target_routine_id = target_routine_id
        self.target_slot_name = target_slot_name
        self.hit_count = _count("hit_count", hit_count)
        self.ignore_count = _count("ignore_count", ignore_count)
        self.one_shot = bool(one_shot)
        self.verified = False
        self.message: str | None = NOT_STARTED
        self.error_count = 0
        self.last_error: str | None = None
        self.action: str = _action(action, log_message)
        self.place = self._find_place()
        self.compiled: Condition | None = _named("condition", compile_condition, condition)
        self.log_message = log_message
        self.template: Template | None = (
            _named("log_message", compile_template, log_message) if log_message else None
        )
        self._enabled = bool(enabled)
        self._owner: Owner | None = None

    def _find_place(self) -> Place:
        if self.type not in KINDS:
            raise ValueError(f"type must be one of {', '.join(KINDS)}, not {self.type!r}")
        for field in NAMES:
            given = getattr(self, field)
            if not (given is None or isinstance(given, str)):
                raise ValueError(f"{field} must be a name, a text, not {given!r}")
        if self.type == "connection":
            ends = tuple(str(getattr(self, name) or "") for name in CONNECTION_FIELDS)
            if not all(ends):
                raise ValueError(
                    f"All connection fields ({', '.join(CONNECTION_FIELDS)}) are required for a "
                    "connection breakpoint"
                )
            return ("connection", *ends)
        if not self.routine_id:
            raise ValueError(f"routine_id is required for a {self.type} breakpoint")
        if self.type == "routine":
            return ("routine", self.routine_id)
        field = f"{self.type}_name"
        name = getattr(self, field)
        if not name:
            raise ValueError(f"{field} is required for a {self.type} breakpoint")
        return (self.type, self.routine_id, name)

    @property
    def breakpoint_id(self) -> str:
        """The breakpoint's id."""
        return self.id

    @property
    def enabled(self) -> bool:
        """Whether it stops anything; setting it takes effect at once."""
        return self._enabled

    @enabled.setter
    def enabled(self, value: bool) -> None:
        self.update(enabled=value)

    @property
    def condition(self) -> str | Mapping[str, Any] | None:
        """The condition as it was given. Setting it compiles it, and takes effect at once.

        Raises:
            ConditionError: it is wrong; the breakpoint keeps the one that it had.
        """
        return self.compiled.source if self.compiled is not None else None

    @condition.setter
    def condition(self, source: str | Mapping[str, Any] | None) -> None:
        self.update(condition=source)

    def update(self, **changes: Any) -> None:
        """Change several fields at once, all or none, and take effect at once.

        Args:
            changes: ``condition``, ``enabled``, ``hit_count``, ``ignore_count``, ``one_shot``.

        Raises:
            ValueError: a value is wrong, or the field cannot be changed.
        """
        unknown = set(changes) - set(CHANGEABLE)
        if unknown:
            raise ValueError(
                f"{', '.join(sorted(unknown))} of a breakpoint cannot be changed, only "
                f"{', '.join(CHANGEABLE)}: set another breakpoint"
            )
        for name in ("hit_count", "ignore_count"):
            _count(name, changes.get(name, 0))
        if "condition" in changes:
            self.compiled = _named("condition", compile_condition, changes["condition"])
        self.hit_count = changes.get("hit_count", self.hit_count)
        self.ignore_count = changes.get("ignore_count", self.ignore_count)
        self.one_shot = bool(changes.get("one_shot", self.one_shot))
        self._enabled = bool(changes.get("enabled", self._enabled))
        self._changed()

    def belong_to(self, owner: Owner | None) -> None:
        """Say who has to know of changes (the manager does)."""
        self._owner = owner

    def _changed(self) -> None:
        if self._owner is not None:
            self._owner.changed(self.job_id)

    def spend(self) -> None:
        """A one-shot breakpoint has stopped something: it is over. Tells nobody."""
        self._enabled = False

    def matches(self, view: ItemView) -> bool:
        """Whether an item meets the condition. If that fails it is counted, and is no match."""
        if self.compiled is None:
            return True
        matched, error = self.compiled.matches(view)
        if error is not None:
            self.error_count += 1
            self.last_error = error
        return matched

    def to_dict(self) -> dict[str, Any]:
        """All that it was made of, and its counts, as JSON data."""
        return {
            **{name: getattr(self, name) for name in FIELDS},
            "error_count": self.error_count,
            "last_error": self.last_error,
            "verified": self.verified,
            "message": self.message,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Breakpoint:
        """The breakpoint that `to_dict` made `data` of.

        Raises:
            ValueError: as the constructor.
        """
        made = cls(**{name: data[name] for name in FIELDS if name in data})
        made.error_count = _count("error_count", data.get("error_count", 0))
        made.last_error = data.get("last_error")
        return made

    def __repr__(self) -> str:
        return f"<Breakpoint '{self.id}' {describe_place(self.place)}>"


FIELDS = (
    "breakpoint_id",
    "job_id",
    "type",
    *NAMES,
    "condition",
    "enabled",
    "hit_count",
    "ignore_count",
    "one_shot",
    "log_message",
    "action",
)
"""What a breakpoint is made of: the names of its fields and of the constructor's arguments."""


def describe_place(place: Place) -> str:
    """A place as people write it."""
    if place[0] == "connection":
        return "connection {}.{} -> {}.{}".format(*place[1:])
    return f"{place[0]} {'.'.join(place[1:])}"


def _named(field: str, compiler: Callable[[S], T], source: S) -> T:
    """What a compiler makes of a field; its error names the field."""
    try:
        return compiler(source)
    except ConditionError as error:
        raise ConditionError(
            f"{field}: {error.message}", column=error.column, place=error.place
        ) from error


def _count(name: str, value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError(f"{name} must be a count, 0 or more, not {value!r}")
    return value


def _action(action: str | None, log_message: str | None) -> str:
    if action is None:
        return "log" if log_message else "pause_job"
    if action not in ACTIONS:
        raise ValueError(f"action must be one of {', '.join(ACTIONS)}, not {action!r}")
    if log_message and action != "log":
        raise ValueError(
            f"log_message makes a tracepoint, which stops nothing: leave action '{action}' out, or "
            "make a second breakpoint for it"
        )
    return action
