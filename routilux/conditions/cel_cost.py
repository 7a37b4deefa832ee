"""How long a CEL expression takes at most, told before it is evaluated.

The library stops an expression after 10,000 iterations, but one iteration may take milliseconds:
compare the whole item with itself, copy a list. It holds the interpreter's lock meanwhile, and
cannot be interrupted. So the cost is told from the syntax tree, as a polynomial in the size of
what the expression looks at, and an item that is too large for an expression is not given to it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from routilux.conditions.cel_functions import (
    ENTRY_BUILT,
    ENTRY_COPIED,
    FUNCTIONS,
    ITEM,
    NODE,
    SMALL,
    Refused,
    Size,
    part_of,
)
from routilux.conditions.cel_tree import (
    Call,
    Elements,
    Literal,
    Loop,
    Message,
    Name,
    Node,
    Select,
)
from routilux.conditions.polynomial import (
    Polynomial,
    constant,
    product,
    scaled,
    total,
    variable,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

# An evaluation must end within 100 ms, on machines slower than this one was measured on, too.
BUDGET_NS = 25e6
MAX_ITERATIONS = 10_000  # the library's, over all loops of an evaluation
MAX_NODES = 2_000  # a text of 1 KiB has a few hundred

_BYTE_GIVEN = 0.2  # handing a byte of the item over to the library
_ENTRY_GIVEN = 250.0
_START = 3_000.0  # an evaluation of nothing
_ITERATION = 200.0
_SHORTEST_ENTRY = 3  # bytes of an entry in an item's view

# The variables are a letter and a number: 0 is the item, each loop's entry has one of its own.
# b: bytes of texts; n: entries in all; c: entries of the longest list or map itself. i and w are
# n and c where a loop goes over them: that often, and the library's limit is their bound.
_AS_ITERATIONS = {"n": "i", "c": "w"}


class _Term(NamedTuple):
    times: float
    of_bytes: int
    of_entries: int
    of_longest: int
    of_iterations: int
    of_longest_iterations: int


class CostError(Exception):
    """An expression may not be used. The text says why; `number` is the node."""

    def __init__(self, message: str, number: int) -> None:
        super().__init__(message)
        self.number = number


class Cost:
    """What an expression costs, for items of any size."""

    def __init__(self, polynomial: Polynomial) -> None:
        self._terms = [
            _Term(times, *(term.count(name) for name in ("b0", "n0", "c0", "i0", "w0")))
            for term, times in polynomial.items()
        ]

    def nanoseconds(self, size_bytes: int, entries: int, longest: int) -> float:
        """The estimate, from above, for an item of this size."""
        size, count, most = float(size_bytes), float(entries), float(longest)
        return sum(
            term.times
            * size**term.of_bytes
            * count**term.of_entries
            * most**term.of_longest
            * min(count**term.of_iterations * most**term.of_longest_iterations, MAX_ITERATIONS)
            for term in self._terms
        )

    def fits(self, size_bytes: int, entries: int, longest: int) -> bool:
        """Whether it is within the budget."""
        return self.nanoseconds(size_bytes, entries, longest) <= BUDGET_NS

    def affordable_bytes(self, limit: int) -> int:
        """Up to which size, at most `limit`, each item is within the budget."""
        low, high = 0, limit
        while low < high:
            middle = (low + high + 1) // 2
            most = middle // _SHORTEST_ENTRY
            if self.fits(middle, most, most):
                low = middle
            else:
                high = middle - 1
        return low


def find_cost(root: Node) -> Cost:
    """The cost of an expression.

    Raises:
        CostError: it uses what conditions may not use.
    """
    meter = _Meter()
    cost, _ = meter.measure(root)
    if not Cost(cost).fits(0, 0, 0):
        raise CostError("it could take more than 100 ms whatever the item is", root.number)
    given = total(scaled(ITEM.bytes, _BYTE_GIVEN), scaled(ITEM.entries, _ENTRY_GIVEN))
    return Cost(total(constant(_START), cost, scaled(given, len(meter.free))))


class _Meter:
    """One walk over a tree, with the sizes of the names that are bound at each place."""

    def __init__(self) -> None:
        self.free: set[str] = set()  # names of the item
        self._bound: dict[str, Size] = {}
        self._lists: set[str] = set()  # accumulators that a loop appends to
        self._loops = 0
        self._nodes = 0

    def measure(self, node: Node) -> tuple[Polynomial, Size]:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise CostError("it is too long", node.number)
        if isinstance(node, Literal):
            return constant(NODE), _literal_size(node)
        if isinstance(node, Name):
            return self._name(node)
        if isinstance(node, Select):
            cost, size = self.measure(node.operand)
            return total(cost, constant(NODE)), part_of(size)
        if isinstance(node, Call):
            return self._call(node)
        if isinstance(node, Elements):
            return self._elements(node)
        if isinstance(node, Loop):
            return self._loop(node)
        if isinstance(node, Message):
            raise CostError("values of message types cannot be made here", node.number)
        raise CostError("it is of a kind that conditions do not know", node.number)

    def _name(self, node: Name) -> tuple[Polynomial, Size]:
        if node.name in self._bound:
            return constant(NODE), self._bound[node.name]
        self.free.add(node.name)
        return constant(NODE), ITEM

    def _elements(self, node: Elements) -> tuple[Polynomial, Size]:
        costs, sizes = self._all(node.elements)
        count = constant(len(node.elements))
        size = Size(
            total(*(size.bytes for size in sizes)),
            total(count, *(size.entries for size in sizes)),
            count,
        )
        return total(constant(NODE), costs, scaled(count, ENTRY_BUILT)), size

    def _call(self, node: Call) -> tuple[Polynomial, Size]:
        find = FUNCTIONS.get(node.function)
        if find is None:
            raise CostError(f"there is no function '{node.function}' of this form", node.number)
        if not node.arguments:
            raise CostError(f"'{node.function}' needs a value", node.number)
        costs, sizes = self._all(node.arguments)
        if self._appends(node):
            return costs, sizes[1]
        try:
            own, size = find(node, sizes)
        except Refused as error:
            raise CostError(str(error), node.number) from None
        return total(constant(NODE), costs, own), size

    def _all(self, nodes: Sequence[Node]) -> tuple[Polynomial, list[Size]]:
        measured = [self.measure(node) for node in nodes]
        return total(*(cost for cost, _ in measured)), [size for _, size in measured]

    def _appends(self, node: Call) -> bool:
        first = node.arguments[0]
        return node.function == "_+_" and isinstance(first, Name) and first.name in self._lists

    def _loop(self, node: Loop) -> tuple[Polynomial, Size]:
        over_cost, over = self.measure(node.over)
        start_cost, _ = self.measure(node.start)
        self._loops += 1
        number = self._loops
        entry = Size(*(variable(f"{letter}{number}") for letter in "bnc"))
        makes_list = isinstance(node.start, Elements)
        bound, self._bound = (
            self._bound,
            {
                **self._bound,
                node.accumulator: SMALL,
                node.variable: entry,
            },
        )
        if makes_list:
            self._lists.add(node.accumulator)
        costs, sizes = self._all((node.condition, node.step))
        result_cost, _ = self.measure(node.result)
        self._bound = bound
        once = total(constant(_ITERATION), costs)
        grown = SMALL
        if makes_list:
            step = sizes[1]
            grown = Size(
                _summed(step.bytes, number, over),
                _summed(step.entries, number, over),
                _summed(step.own, number, over),
            )
            # The library copies the list that it makes at each entry.
            once = total(once, scaled(grown.own, ENTRY_COPIED))
        repeated = _summed(once, number, over, iterations=True)
        return total(over_cost, start_cost, repeated, result_cost), grown


def _literal_size(node: Literal) -> Size:
    if isinstance(node.value, str):
        return Size(constant(len(node.value.encode())), {}, {})
    return Size(constant(len(node.value)), {}, {}) if isinstance(node.value, bytes) else SMALL


def _summed(each: Polynomial, number: int, over: Size, *, iterations: bool = False) -> Polynomial:
    """The sum over all entries of `over` of what depends on the size of each.

    What does not depend on the entry counts once for each. What does is no more than what one
    entry would give that is as large as all of them: costs grow at least as the sizes do.
    """
    all_iterations = _as_iterations(over.entries)
    entry = {
        f"b{number}": over.bytes,
        f"n{number}": over.entries,
        f"c{number}": over.entries,
        f"i{number}": all_iterations,
        f"w{number}": all_iterations,
    }
    count = _as_iterations(over.own) if iterations else over.own
    result: Polynomial = {}
    for term, times in each.items():
        rest = tuple(name for name in term if name not in entry)
        whole: Polynomial = {rest: times}
        for name in term:
            if name in entry:
                whole = product(whole, entry[name])
        result = total(result, whole if len(rest) < len(term) else product(whole, count))
    return result


def _as_iterations(count: Polynomial) -> Polynomial:
    return {
        tuple(_AS_ITERATIONS.get(name[0], name[0]) + name[1:] for name in term): times
        for term, times in count.items()
    }
