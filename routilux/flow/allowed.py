"""Which classes a flow's document may name, and their import.

The list comes from whoever loads the document, never from the document. Nothing is imported before
its path was found in the list.
"""

from __future__ import annotations

import importlib
import inspect
import re
from typing import TYPE_CHECKING, Any

from routilux.flow.shape import suggest
from routilux.routine import Routine

if TYPE_CHECKING:
    from collections.abc import Iterable

_NAME = r"(?!__)[A-Za-z_]\w*"
_PATH = re.compile(rf"{_NAME}(?:\.{_NAME})*[.:]{_NAME}", re.ASCII)
_PATTERN = re.compile(rf"{_NAME}(?:\.{_NAME})*[.:]\*", re.ASCII)


class AllowList:
    """Import paths that may be used.

    Args:
        entries: ``"pkg.module:Class"`` (or ``"pkg.module.Class"``) allows that one name, which may
            also be a function without arguments that makes a routine. ``"pkg.module:*"`` allows all
            `Routine` classes that are defined in that module, ``"pkg.*"`` those in ``pkg`` and
            below.

    Raises:
        ValueError: an entry is neither.
        TypeError: `entries` is one string.
    """

    def __init__(self, entries: Iterable[str]) -> None:
        if isinstance(entries, str):
            raise TypeError(f"allow must be a list of import paths, not the string {entries!r}")
        self._names: set[str] = set()
        self._modules: set[str] = set()
        self._prefixes: list[str] = []
        for entry in entries:
            if _PATTERN.fullmatch(entry) and ":" in entry:
                self._modules.add(entry.removesuffix(":*"))
            elif _PATTERN.fullmatch(entry):
                self._prefixes.append(entry.removesuffix("*"))
            elif _PATH.fullmatch(entry):
                self._names.add(entry.replace(":", "."))
            else:
                raise ValueError(
                    f"allow has {entry!r}: it must be 'package.module:Class', "
                    "'package.module:*' or 'package.*'"
                )

    def make(self, path: str) -> Routine:
        """Import `path` and make a routine of it.

        Raises:
            ValueError: it is not allowed, cannot be imported, or makes no routine.
        """
        if not _PATH.fullmatch(path):
            raise ValueError(f"'{path}' is no import path: write 'package.module:Class'")
        name = path.replace(":", ".")
        exact = name in self._names
        module_name = name.rpartition(".")[0]
        if not exact and not self._covers(module_name):
            raise ValueError(
                f"'{path}' is not allowed: whoever loads the flow must list it, as '{path}' or "
                f"'{module_name}.*'"
            )
        return _made(path, self._find(path, name, exact=exact))

    def _find(self, path: str, name: str, *, exact: bool) -> Any:
        """The class or factory, checked against the list."""
        module_name, _, attribute = name.rpartition(".")
        module = _import(path, module_name)
        try:
            found = getattr(module, attribute)
        except AttributeError:
            hint = suggest(attribute, _routine_classes(module))
            raise ValueError(f"module '{module_name}' has no '{attribute}'.{hint}") from None
        is_class = inspect.isclass(found) and issubclass(found, Routine)
        if exact and (is_class or inspect.isroutine(found)):
            return found
        if not is_class:
            raise ValueError(
                f"'{path}' is no Routine class"
                + ("" if exact else "; a function that makes one must be allowed by its full name")
            )
        if not self._covers(found.__module__):
            raise ValueError(
                f"'{path}' comes from '{found.__module__}', which is not allowed: whoever loads "
                f"the flow must list '{path}' by its full name"
            )
        return found

    def _covers(self, module: str) -> bool:
        below = f"{module}."
        return module in self._modules or any(below.startswith(each) for each in self._prefixes)


def _import(path: str, module_name: str) -> Any:
    try:
        return importlib.import_module(module_name)
    except (Exception, SystemExit) as error:  # a module runs its author's code when imported
        raise ValueError(f"'{path}' cannot be imported: {_told(error)}") from error


def _made(path: str, factory: Any) -> Routine:
    try:
        made = factory()
    except (Exception, SystemExit) as error:  # a constructor is its author's code
        raise ValueError(f"{path}() failed: {_told(error)}") from error
    if not isinstance(made, Routine):
        raise ValueError(f"{path}() made {made!r}, which is no Routine")
    return made


def _routine_classes(module: Any) -> list[str]:
    return [
        name
        for name, value in vars(module).items()
        if inspect.isclass(value) and issubclass(value, Routine) and value is not Routine
    ]


def _told(error: BaseException) -> str:
    if isinstance(error, SystemExit):
        return (
            f"its code ends the program, sys.exit({'' if error.code is None else repr(error.code)})"
        )
    return f"{type(error).__name__}: {error}"
