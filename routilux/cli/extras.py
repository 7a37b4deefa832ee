"""Parts that are extras of their own: loaded only by the commands that use them."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from routilux.cli.errors import CommandError

if TYPE_CHECKING:
    from types import ModuleType


def load(module: str, extra: str, purpose: str) -> ModuleType:
    """Import a module that an extra brings to life.

    Args:
        module: its name.
        extra: the extra.
        purpose: what asks for it, for the message.

    Raises:
        CommandError: the extra is not installed.
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or error.name == module:
            raise
        raise CommandError(
            f"{purpose} needs the package '{error.name}': run pip install 'routilux[{extra}]'"
        ) from None
