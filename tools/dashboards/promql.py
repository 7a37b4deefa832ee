"""Small parts of PromQL, put together as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tools.dashboards.registry import FOREIGN, METRICS, OURS, OVERFLOW, label_name, series_names

if TYPE_CHECKING:
    from collections.abc import Sequence

WINDOW = "$__rate_interval"  # at least four points, whatever the zoom; Grafana works it out


def select(name: str, *matchers: str, part: str = "", window: str = "") -> str:
    """A selector.

    Args:
        name: the name in the table of instruments, or the collector's.
        matchers: such as ``le="1"``.
        part: bucket, sum or count, of a histogram.
        window: how far back, such as ``5m``; none: the values of the moment.

    Raises:
        KeyError: nobody emits it, or it has no such part.
    """
    braces = f"{{{', '.join(matchers)}}}" if matchers else ""
    return f"{_series(name, part)}{braces}{f'[{window}]' if window else ''}"


def _series(name: str, part: str) -> str:
    if name in FOREIGN:
        return name
    names = series_names(METRICS[name])
    if not part and len(names) == 1:
        return names[0]
    return {each.rpartition("_")[2]: each for each in names}[part]


def equal(attribute: str, value: str) -> str:
    """A matcher: the attribute has this value."""
    return f'{label_name(attribute)}="{value}"'


def like(attribute: str, pattern: str) -> str:
    """A matcher: all of the attribute's value matches."""
    return f'{label_name(attribute)}=~"{pattern}"'


def unlike(attribute: str, pattern: str) -> str:
    """A matcher: the attribute's value does not match."""
    return f'{label_name(attribute)}!~"{pattern}"'


def labels(attributes: Sequence[str]) -> str:
    """Attributes in brackets, as ``by`` and ``on`` want them."""
    return f"({', '.join(label_name(each) for each in attributes)})"


def total(expression: str, *attributes: str) -> str:
    """The sum, by attributes."""
    return _folded("sum", expression, attributes)


def worst(expression: str, *attributes: str) -> str:
    """The greatest, by attributes."""
    return _folded("max", expression, attributes)


def _folded(how: str, expression: str, attributes: Sequence[str]) -> str:
    return f"{how} by {labels(attributes)} ({expression})" if attributes else f"{how}({expression})"


def rate(name: str, *matchers: str, part: str = "", window: str = WINDOW) -> str:
    """By how much a counter grows in a second."""
    return f"rate({select(name, *matchers, part=part, window=window)})"


def level(name: str, *matchers: str) -> str:
    """The last values of a gauge, of series that still get some.

    Over OTLP nobody says that a series is over: Prometheus would show the queues of a job that has
    ended for five minutes more.
    """
    return f"last_over_time({select(name, *matchers, window=WINDOW)})"


def growth(name: str, *matchers: str, window: str) -> str:
    """By how much a counter grew in a window, its first value included.

    A series that begins with its first event (a refusal, a loss) begins with 1, not with 0;
    `increase` sees no step there. What had no series before the window has grown by all of it. To
    have had none means in a whole hour: a gap of some minutes would make old counts new again.
    """
    before = f"last_over_time({select(name, *matchers, window='1h')} offset {window})"
    new = f"{select(name, *matchers)} unless {before}"
    increase = f"increase({select(name, *matchers, window=window)})"
    return f"({new}) or {increase}"


def quantile(share: float, name: str, *matchers: str, by: Sequence[str] = ()) -> str:
    """A quantile of a histogram over the window, by attributes."""
    buckets = total(rate(name, *matchers, part="bucket"), "le", *by)
    return f"histogram_quantile({share}, {buckets})"


def marked(expression: str, label: str, value: str) -> str:
    """Values with one more label."""
    return f'label_replace({expression}, "{label_name(label)}", "{value}", "", "")'


def folded() -> str:
    """A selector for the series of our metrics that stand for all beyond an SDK's limit."""
    return f'{{__name__=~"{OURS}", {equal(OVERFLOW, "true")}}}'


def or_zero(expression: str) -> str:
    """The value, or 0 while nothing is counted: what never happened has no series."""
    return f"({expression}) or on() vector(0)"


def or_nothing(expression: str, attribute: str, text: str = "none") -> str:
    """Values by an attribute, or one 0 that says so while there is none."""
    return f"({expression}) or on() {marked('vector(0)', attribute, text)}"


def legend(*attributes: str, around: str = "{}") -> str:
    """The name of a line: its attributes' values."""
    shown = " / ".join(f"{{{{{label_name(each)}}}}}" for each in attributes)
    return around.format(shown)
