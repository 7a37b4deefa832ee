"""How often readers are served: often for a few, and seldom enough that many do no harm.

Each write to a socket gives the interpreter up, and takes it away from a worker again. So what
counts is how many writes there are in a second, whoever gets them.
"""

EVENT_WRITES_PER_S = 500  # to all readers together
LEVEL_WRITES_PER_S = 200  # levels come all the time, so they cost all the time
LEVEL_SLOTS_PER_S = 20_000  # are read
EVENTS_S = 0.02  # between events at the least: what comes closer together is one write
LEVELS_S = 0.1  # between levels at the least: ten a second are as many as an eye can follow


def event_spacing_s(readers: int) -> float:
    """Seconds from one round of events to the next."""
    return max(EVENTS_S, readers / EVENT_WRITES_PER_S)


def level_spacing_s(readers: int, slots: int) -> float:
    """Seconds from one round of levels to the next.

    Args:
        readers: how many get them.
        slots: how many were read for the last one.
    """
    return max(LEVELS_S, readers / LEVEL_WRITES_PER_S, slots / LEVEL_SLOTS_PER_S)
