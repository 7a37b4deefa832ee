"""The instruments of `routilux.monitoring.instruments` as observables of a meter provider.

The SDK asks each instrument by itself. So that all points of a collection come from one reading,
a reading is kept until an instrument asks for the second time: then the next collection has begun.
"""

from __future__ import annotations

import threading
import weakref
from typing import TYPE_CHECKING

from opentelemetry.metrics import CallbackOptions, MeterProvider, Observation, get_meter_provider
from opentelemetry.sdk.metrics import MeterProvider as SdkMeterProvider

from routilux.engine.ledger import PROCESS_LEDGER, Ledger
from routilux.monitoring.instruments import INSTRUMENTS, Instrument
from routilux.monitoring.reading import Reading, read
from routilux_otel import registry as names
from routilux_otel.histograms import MetricsHook
from routilux_otel.losses import CALLBACK, PROCESS_LOSSES, Losses
from routilux_otel.quiet import complain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

METER = "routilux"


class Collection:
    """One reading for all instruments of a collection.

    Args:
        ledger: whose jobs.
        losses: what telemetry has lost.

    Attributes:
        readings: how many readings were taken.
        active: False: nothing is observed; a provider cannot let go of its instruments.
    """

    def __init__(self, ledger: Ledger = PROCESS_LEDGER, losses: Losses = PROCESS_LOSSES) -> None:
        self.readings = 0
        self.active = True
        self._ledger = ledger
        self._losses = losses
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

        def observe_row() -> list[Observation]:
            points = row.points(self.reading_for(row.name))
            return [Observation(value, attributes) for value, attributes in points]

        return self._guarded(observe_row)

    def observe_losses(self) -> Callable[[CallbackOptions], Iterable[Observation]]:
        """What the SDK calls for the counter of losses."""

        def observe() -> list[Observation]:
            return [
                Observation(count, {names.SIGNAL: signal, names.LOSS_REASON: reason})
                for (signal, reason), count in self._losses.read().items()
            ]

        return self._guarded(observe)

    def _guarded(
        self, points: Callable[[], list[Observation]]
    ) -> Callable[[CallbackOptions], Iterable[Observation]]:
        """A callback that never raises: what it could not read is counted as lost."""

        def call(_options: CallbackOptions) -> Iterator[Observation]:
            if not self.active:
                return
            try:
                found = points()
            except Exception as error:  # noqa: BLE001 - a figure less must not cost the others
                self._losses.add("metrics", CALLBACK)
                complain(error)
                return
            yield from found

        return call


class Observed:
    """What stands behind the instruments of a provider.

    Attributes:
        collection: answers the observables.
        hook: records the histograms; it has to be told by the engine.
    """

    def __init__(self, provider: MeterProvider, ledger: Ledger, losses: Losses) -> None:
        meter = provider.get_meter(METER)
        self.collection = collection = Collection(ledger, losses)
        for row in INSTRUMENTS:
            create = (
                meter.create_observable_counter
                if row.kind == "counter"
                else meter.create_observable_gauge
            )
            create(row.name, [collection.callback(row)], row.unit, row.meaning)
        meter.create_observable_counter(
            names.DROPPED, [collection.observe_losses()], names.DROPPED_UNIT, names.DROPPED_MEANING
        )
        self.hook = MetricsHook(meter)


_observed: weakref.WeakKeyDictionary[MeterProvider, Observed] = weakref.WeakKeyDictionary()
_observing = threading.Lock()


def observe(
    provider: MeterProvider, ledger: Ledger = PROCESS_LEDGER, losses: Losses = PROCESS_LOSSES
) -> Observed:
    """Register every instrument with a provider; twice is once.

    Those of the API's stand-in become the instruments of the global provider once there is one, and
    are not made again: the SDK would keep the first and never ask the second.

    Args:
        provider: whose readers collect the figures.
        ledger: whose jobs.
        losses: what telemetry has lost.

    Returns:
        What stands behind the instruments.
    """
    with _observing:
        known = _observed.get(provider) or _made_before(provider)
        if known is None:
            known = Observed(provider, ledger, losses)
        _observed[provider] = known
        known.collection.active = True
        return known


def _made_before(provider: MeterProvider) -> Observed | None:
    """What was registered with the stand-in of a provider that has become the global one since."""
    if provider is not get_meter_provider():
        return None
    early = (each for known, each in _observed.items() if not isinstance(known, SdkMeterProvider))
    return next(early, None)
