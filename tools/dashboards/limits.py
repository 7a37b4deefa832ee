"""From where on something is wrong. Panels and alerts share these, so that red means an alert."""

from __future__ import annotations

# Above the watermark that a slot has by default (0.8): where back-pressure is meant to begin.
NEARLY_FULL = 0.9
# A person who waits for a result has given up by then.
TOO_OLD_SECONDS = 300
# A producer that waits for room for a tenth of the time is held up, not unlucky.
HELD_UP_SHARE = 0.1
