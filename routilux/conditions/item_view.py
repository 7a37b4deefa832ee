"""What a condition sees: one item, as JSON data under names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from routilux.json_view import JsonView, json_view
from routilux.secret_keys import REDACTED, is_secret_key

# The metadata of an item, or what makes it: it is only asked for by conditions that use `meta`.
Meta: TypeAlias = Mapping[str, Any] | Callable[[], Mapping[str, Any]]

META_LIMIT_BYTES = 4096  # ids, names and a time are a few hundred
MISSING = object()  # stands for a value that there is not

_NO_NAMES: Mapping[str, Any] = {}


class TooLarge(Exception):
    """The item is too large or too deep for conditions to look at."""


class ItemView:
    """One item, seen by several conditions: each part is made when it is first asked for.

    The names in it are `data` (all of the item's data), `meta`, those that the caller adds, and
    the keys of the data if that is a dict. Earlier ones hide later ones.

    Attributes:
        size_bytes: how long the JSON text is of all that was looked at so far, at most.
        entries: how many entries all lists and dicts in it have.
        longest: how many the longest of them has.
    """

    __slots__ = (
        "_data",
        "_known",
        "_meta",
        "_names",
        "_redact",
        "_redacted",
        "entries",
        "longest",
        "size_bytes",
    )

    def __init__(
        self,
        data: Any,
        meta: Meta,
        *,
        names: Mapping[str, Any] = _NO_NAMES,
        redact: bool = False,
    ) -> None:
        """See `data`, without calling anything of it.

        Args:
            data: the item's data: any object.
            meta: item_id, routine_id, slot, event, emitted_from, emitted_at, attempt, job_id,
                flow_id, activation_id: what is known of them; or a function that returns it.
            names: further values under names of their own, such as a routine's state.
            redact: show no values of secrets. Conditions may ask for one, people may not.
        """
        self._data = data
        self._meta = meta
        self._names = names
        self._redact = redact
        self._redacted: ItemView | None = None
        self._known: dict[str, Any] = {}
        self.size_bytes = 0
        self.entries = 0
        self.longest = 0

    @property
    def redacted(self) -> ItemView:
        """The same item as people may see it."""
        if self._redact:
            return self
        if self._redacted is None:
            self._redacted = ItemView(self._data, self._meta, names=self._names, redact=True)
        return self._redacted

    def value(self, name: str) -> Any:
        """The JSON data under `name`, or `MISSING`. Not to be changed: others see it, too.

        Raises:
            TooLarge: it is larger than conditions look at.
        """
        known = self._known
        if name in known:
            return known[name]
        if name == "data":
            return self._look(name, self._data)
        if name == "meta":
            return self._look_at_meta()
        if name in self._names:
            secret = self._redact and is_secret_key(name)
            return self._look(name, REDACTED if secret else self._names[name])
        data = self.value("data")
        return data.get(name, MISSING) if type(data) is dict else MISSING

    def _look(self, name: str, value: Any) -> Any:
        seen = json_view(value, redact=self._redact)
        if seen.truncated:
            raise TooLarge
        return self._keep(name, seen)

    def _look_at_meta(self) -> Any:
        meta = self._meta() if callable(self._meta) else self._meta
        seen = json_view(dict(meta), limit_bytes=META_LIMIT_BYTES, redact=self._redact)
        return self._keep("meta", seen)

    def _keep(self, name: str, seen: JsonView) -> Any:
        self.size_bytes += seen.size_bytes
        self.entries += seen.entries
        if seen.longest > self.longest:
            self.longest = seen.longest
        self._known[name] = seen.value
        return seen.value
