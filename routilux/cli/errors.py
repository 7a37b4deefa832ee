"""Exit codes, and the error that ends a command with one of them."""

from __future__ import annotations

DONE = 0
FAILED = 1  # the work was begun, and something about it is not right
USAGE = 2  # the work cannot begin: the command line or what it names is wrong
UNREACHABLE = 3  # there is no server, it is silent or about to stop, or it is none of ours
KEY_REFUSED = 4  # the server asks for a key, or this one may not do it
NOT_FOUND = 5  # it has no such job, slot, breakpoint, ...; or it has it no more
STATE = 6  # it is there, and its state forbids what is asked
SIGNAL = 128  # and the signal's number: 130 is Ctrl-C
INTERRUPTED = SIGNAL + 2

EXIT_CODES = (
    "Exit codes: 0 done; 1 the work failed (a job failed, a flow file is wrong, a file is not "
    "accounted for); 2 the command cannot begin (wrong option or path, port taken, extra missing); "
    "3 no server is reached; 4 a key is missing or refused; 5 the server has no such job, slot or "
    "breakpoint; 6 the state of the job forbids it; "
    "130 Ctrl-C, 143 SIGTERM, after a clean stop (for serve that is 0, and 1 if a job could not be "
    "saved; 130 and 143 are a second signal, which does not wait)."
)


class CommandError(Exception):
    """Ends a command with one line on the error stream. Attribute: exit_code."""

    def __init__(self, message: str, exit_code: int = USAGE) -> None:
        super().__init__(message)
        self.exit_code = exit_code


def one_line(text: str) -> str:
    """`text` on one line."""
    return " ".join(text.split())
