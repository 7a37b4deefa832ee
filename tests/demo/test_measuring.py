from __future__ import annotations

import ast
import inspect

import pytest

from routilux import demo
from routilux.demo import measuring, pipeline, text
from routilux.demo.measuring import measure_tree
from tests.demo.folders import GOOD


def measure(source: str):
    return measure_tree("f.py", ast.parse(source), source.count("\n"))


def complexity(body: str) -> int:
    (function,) = measure(f"def f(a, b, c):\n    {body}\n").functions
    return function.complexity


@pytest.mark.parametrize(
    ("body", "ways"),
    [
        ("pass", 1),
        ("return a if b else c", 2),
        ("return a and b and c or a", 4),
        ("return [x for x in a if x if b]", 4),
        ("return lambda: 1 if a else 2", 2),
        ("if a:\n        pass\n    elif b:\n        pass\n    else:\n        pass", 3),
        ("for x in a:\n        while b:\n            pass", 3),
        ("try:\n        pass\n    except ValueError:\n        pass\n    finally:\n        pass", 2),
        ("match a:\n        case 1:\n            pass\n        case _:\n            pass", 3),
        ("with a:\n        assert b", 1),
        ("x = {1: [a if b else c], **{2: a or b}}", 3),
        ("call(a, key=b or c)", 2),
    ],
)
def test_complexity_is_one_and_the_ways_to_branch(body, ways):
    assert complexity(body) == ways


def test_inner_functions_and_classes_count_for_themselves():
    facts = measure(
        "def outer(a):\n"
        "    class Inner:\n"
        "        flag = 1 if a else 2\n"
        "        def method(self):\n"
        "            return a and self\n"
        "    def helper():\n"
        "        if a: pass\n"
        "    return a or helper\n"
    )
    found = {one.name: one.complexity for one in facts.functions}
    assert found == {"outer": 2, "outer.Inner.method": 2, "outer.helper": 2}
    assert facts.classes == 1


def test_names_lines_and_places():
    facts = measure(GOOD)
    found = {one.name: (one.line, one.lines, one.complexity, one.path) for one in facts.functions}
    assert found == {
        "Reader.next": (9, 5, 7, "f.py"),
        "Reader.wait": (15, 4, 1, "f.py"),
        "Reader.wait.inner": (16, 2, 2, "f.py"),
        "short": (21, 1, 1, "f.py"),
    }
    assert (facts.lines, facts.classes, facts.path) == (21, 1, "f.py")


def test_decorators_and_defaults_belong_to_the_function():
    (function,) = measure("@mark(1 or 2)\ndef f(a=1 if x else 2): pass\n").functions
    assert (function.line, function.lines, function.complexity) == (2, 1, 3)


@pytest.mark.parametrize("module", [demo.census, measuring, pipeline, text])
def test_as_many_as_a_plain_walk_of_the_tree_finds(module):
    source = inspect.getsource(module)
    nodes = list(ast.walk(ast.parse(source)))
    facts = measure(source)
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    assert len(facts.functions) == sum(isinstance(node, kinds) for node in nodes) > 0
    assert facts.classes == sum(isinstance(node, ast.ClassDef) for node in nodes)


def test_a_tree_deeper_than_the_stack_is_measured():
    tree: ast.expr = ast.Constant(1)
    for _ in range(20_000):
        tree = ast.IfExp(ast.Constant(1), ast.Constant(2), tree)
    function = ast.parse("def f(): pass").body[0]
    assert isinstance(function, ast.FunctionDef)
    function.body = [ast.Expr(tree)]
    (facts,) = measure_tree("f.py", ast.Module([function], []), 1).functions
    assert facts.complexity == 20_001
