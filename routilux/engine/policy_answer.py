"""Checking what an activation policy answers, before anything of it is believed.

A policy is an author's code. What it may get wrong is found out while everything that it consumed
can still go back to its slots.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

if TYPE_CHECKING:
    from collections.abc import Collection

SHAPE = "return (activate, {slot: [items]}, message)"


class PolicyAnswer(NamedTuple):
    """An answer that holds what it promises.

    Attributes:
        yes: whether to activate.
        shown: what logic is to see of a slot, as lists of our own; nothing when `yes` is false.
        message: for logic.
    """

    yes: bool
    shown: dict[str, list[Any]]
    message: Any


def check_answer(answer: Any, routine_id: str, slots: Collection[str]) -> PolicyAnswer:
    """What the policy of a routine with those slots has answered.

    Raises:
        TypeError: it is not of the shape ``(bool, {slot: [items]} or None, message)``.
        ValueError: it names a slot that the routine does not have.
    """
    if not isinstance(answer, tuple):
        _refuse(routine_id, _kind(answer))
    if len(answer) != 3:
        _refuse(routine_id, f"a tuple of {len(answer)}")
    yes, shown, message = answer
    if not isinstance(yes, bool):
        _refuse(routine_id, f"{_kind(yes)} for 'activate', which is True or False")
    if not yes or shown is None:
        return PolicyAnswer(yes, {}, message)
    if not isinstance(shown, Mapping):
        _refuse(routine_id, f"{_kind(shown)} for the items")
    return PolicyAnswer(yes, _lists(shown, routine_id, slots), message)


def _lists(
    shown: Mapping[str, Any], routine_id: str, slots: Collection[str]
) -> dict[str, list[Any]]:
    lists: dict[str, list[Any]] = {}
    for name, items in shown.items():
        if name not in slots:
            known = ", ".join(f"'{each}'" for each in slots)
            raise ValueError(
                f"policy of routine '{routine_id}' returned items for {name!r}, which is none of "
                f"its slots ({known}): {SHAPE}"
            )
        # Not just anything that can be walked: an item may be a tuple, or a text, itself.
        if not isinstance(items, list):
            _refuse(routine_id, f"{_kind(items)} for slot '{name}', which is no list")
        lists[name] = list(items)
    return lists


def _refuse(routine_id: str, what: str) -> NoReturn:
    raise TypeError(f"policy of routine '{routine_id}' returned {what}: {SHAPE}")


def _kind(value: Any) -> str:
    """What a value is, without its data."""
    if value is None or isinstance(value, bool):
        return repr(value)
    return f"a value of type {type(value).__name__}"
