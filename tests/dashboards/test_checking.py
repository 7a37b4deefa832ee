"""The checker of queries finds what is wrong with a query."""

from __future__ import annotations

import pytest

from tests.dashboards.checking import WrongQuery, labels_of, names_in

SIZE = "routilux_slot_queue_size"
OFFERED = "routilux_slot_items_offered_total"
BUCKETS = "routilux_activation_duration_seconds_bucket"


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        (f"sum by (job) ({SIZE}", "unclosed"),
        (f"rate({SIZE})", "expected type matrix"),
        ("routilux_slot_queue_fullness", "nobody emits"),
        ("routilux_slot_items_offered", "nobody emits"),  # a counter ends with _total
        ('{__name__=~"routilux_nothing_.+"}', "nobody emits"),
        (f'{SIZE}{{flow="a"}}', "no such label"),
        (f"sum by (error_type) ({SIZE})", "no such label"),
        (f"sum by (routilux_slot_name) (sum by (routilux_flow_id) ({SIZE}))", "no such label"),
        (f"sum without (job) ({SIZE})", "without"),
        (f"histogram_quantile(0.5, sum by (job) (rate({BUCKETS}[5m])))", "no such label"),
        (f"{SIZE} / on (error_type) {SIZE}", "no such label"),
        (f"{SIZE} / sum by (job) ({SIZE})", "never match"),
        (f'label_replace({SIZE}, "a", "$1", "b", "(.+)")', "no such label"),
    ],
)
def test_what_is_wrong_is_told(expression: str, words: str) -> None:
    with pytest.raises(WrongQuery, match=words):
        labels_of(expression)


@pytest.mark.parametrize(
    ("expression", "labels"),
    [
        ("vector(0)", set()),
        (f"sum({SIZE})", set()),
        (f"sum by (job) (rate({OFFERED}[5m]))", {"job"}),
        (f"topk(3, max by (job) ({SIZE}))", {"job"}),
        (f"histogram_quantile(0.5, sum by (le, job) (rate({BUCKETS}[5m])))", {"job"}),
        (f'label_replace(sum({SIZE}), "a", "b", "", "")', {"a"}),
        (f'sum({SIZE}) or on() label_replace(vector(0), "a", "b", "", "")', {"a"}),
        (f"sum by (job) ({SIZE}) and on() sum({SIZE})", {"job"}),
    ],
)
def test_what_a_query_gives(expression: str, labels: set[str]) -> None:
    assert labels_of(expression) == labels


def test_the_names_in_a_query_are_found() -> None:
    assert names_in(f"sum({SIZE}) / sum(rate({OFFERED}[5m]))") == {SIZE, OFFERED}
