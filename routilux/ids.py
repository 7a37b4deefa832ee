"""Identifiers. Unique ones are random; those of items and activations are built from counts."""

from __future__ import annotations

import os


def new_id() -> str:
    """A random id (UUID version 4), in a third of the time that the library's object takes."""
    digits = os.urandom(16).hex()
    variant = "89ab"[int(digits[16], 16) & 3]
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"


def item_id(routine_id: str | None, slot_name: str, number: int) -> str:
    """The id of a slot's item: the slot and the item's number in it, from 0.

    Nothing is made for an item until someone looks; the number was given under the slot's lock.
    """
    return f"{routine_id or '-'}.{slot_name}#{number}"


def activation_id(routine_id: str, number: int) -> str:
    """The id of an activation within its job: the routine and the activation's number, from 1."""
    return f"{routine_id}@{number}"
