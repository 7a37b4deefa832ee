"""``routilux key new``: a key for the HTTP face."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from routilux.api.keyring import append_key, key_line, new_key
from routilux.cli.errors import DONE, CommandError
from routilux.cli.output import print_document, print_lines

if TYPE_CHECKING:
    from routilux.api.keyring import Scope


def make_key(name: str, scope: Scope, file: str | None, *, as_json: bool) -> int:
    """Make a key, show it once, and put its line into a file if one is named.

    Returns the exit code.

    Raises:
        CommandError: the name is none or taken, or the file cannot be used.
    """
    key = new_key()
    try:
        line = key_line(name, scope, key)
        if file is not None:
            append_key(Path(file), line)
    except ValueError as error:
        raise CommandError(str(error)) from None
    except OSError as error:
        raise CommandError(f"{file}: it cannot be written, {error.strerror or error}") from None
    if as_json:
        facts = {"name": name, "scope": scope.value, "key": key, "line": line, "file": file}
        print_document(facts)
        return DONE
    where = "Its line for ROUTILUX_API_KEYS_FILE" if file is None else f"Its line, now in {file}"
    print_lines(
        [
            f"Key '{name}', scope {scope.value}. It is shown this once:",
            f"  {key}",
            f"{where}:",
            f"  {line}",
        ]
    )
    return DONE
