"""The item that every workload moves, and the map that makes a new one of it."""

from __future__ import annotations

Item = dict[str, int]


def make_item(i: int) -> Item:
    """Return a new item for the number ``i``."""
    return {"i": i, "v": 2 * i}


def map_item(item: Item) -> Item:
    """Return a new item made of ``item``."""
    return {"i": item["i"], "v": item["v"] + 1}


def checksum(n: int) -> int:
    """Return what the ``v`` of the ``n`` mapped items add up to."""
    return n * (n - 1) + n
