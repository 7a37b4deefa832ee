"""The instruments of `routilux.monitoring.instruments` as observables of a meter provider.

The SDK asks each instrument by itself. So that all points of a collection come from one reading,
a reading is kept until an instrument asks for the second time: then the next collection has begun.
"""

from __future__ import annotations

import threading
import weakref
from typing import TYPE_CHECKING

from opentelemetry.metrics import CallbackOptions, MeterProvider, Observation

from routilux.engine.ledger import PROCESS_LEDGER, Ledger
from routilux.monitoring.instruments import INSTRUMENTS, Instrument
from routilux.monitoring.reading import Reading, read

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

METER = "routilux"


class Collection:
    """One reading for all instruments of a collection.

    Args:
        ledger: whose jobs.

    Attributes:
        readings: how many readings were taken.
    """

    def __init__(self, ledger: Ledger = PROCESS_LEDGER) -> None:
        self.readings = 0
        self._ledger = ledger
        self._lock = threading.Lock()
        self._reading: Reading | None = None
        self._served: set[str] = set()

    def reading_for(self, name: str) -> Reading:
        """The reading of the present collection, for the instrument of that name."""
        with self._lock:
            if self._reading is None or name in self._served:
                self._reading = read(self._ledger)
                self._served.clear()
                self.readings += 1
            self._served.add(name)
            if len(self._served) == len(INSTRUMENTS):  # the last one: nothing is kept in between
                reading, self._reading = self._reading, None
                return reading
            return self._reading

    def callback(self, row: Instrument) -> Callable[[CallbackOptions], Iterable[Observation]]:
        """What the SDK calls for one row of the table."""

        def observe_row(_options: CallbackOptions) -> Iterable[Observation]:
            for value, attributes in row.points(self.reading_for(row.name)):
                yield Observation(value, attributes)

        return observe_row


_observed: weakref.WeakKeyDictionary[MeterProvider, Collection] = weakref.WeakKeyDictionary()
_observing = threading.Lock()


def observe(provider: MeterProvider, ledger: Ledger = PROCESS_LEDGER) -> Collection:
    """Register every row of the table with a provider; twice is once.

    Args:
        provider: whose readers collect the figures.
        ledger: whose jobs.

    Returns:
        What stands behind the instruments.
    """
    with _observing:
        known = _observed.get(provider)
        if known is not None:
            return known
        collection = _observed[provider] = Collection(ledger)
    meter = provider.get_meter(METER)
    for row in INSTRUMENTS:
        create = (
            meter.create_observable_counter
            if row.kind == "counter"
            else meter.create_observable_gauge
        )
        create(row.name, [collection.callback(row)], row.unit, row.meaning)
    return collection
