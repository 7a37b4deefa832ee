"""The commands and their options, and what becomes of their errors."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer
from typer.core import TyperCommand
from typer.exceptions import TyperException

from routilux.api.keyring import Scope
from routilux.cli import (
    check_command,
    demo_command,
    key_command,
    run_command,
    serve_command,
    version_command,
)
from routilux.cli.breakpoint_commands import breakpoints
from routilux.cli.errors import (
    DONE,
    EXIT_CODES,
    FAILED,
    INTERRUPTED,
    USAGE,
    CommandError,
)
from routilux.cli.face import PORT
from routilux.cli.job_commands import PANEL, jobs
from routilux.cli.letter_commands import dead_letters
from routilux.cli.options import Json  # noqa: TC001 - typer reads it
from routilux.cli.output import TRACEBACK, prepare_streams, print_error, wants_tracebacks
from routilux.cli.telemetry import HELP as TELEMETRY

if TYPE_CHECKING:
    from collections.abc import Sequence

app = typer.Typer(
    name="routilux",
    help="Run flows of routines, look at them, and see the engine at work.",
    epilog=EXIT_CODES,
    pretty_exceptions_enable=False,
)
keys = typer.Typer(help="Keys for the HTTP face.")
app.add_typer(keys, name="key")
app.add_typer(jobs)
app.add_typer(breakpoints, name="break", rich_help_panel=PANEL)
app.add_typer(dead_letters, name="dead-letters", rich_help_panel=PANEL)

FlowFile = Annotated[str, typer.Argument(metavar="FLOW.yaml", help="A flow file, YAML or JSON.")]
Port = Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free port.")]
Settings = Annotated[
    Optional[list[str]],  # noqa: UP045 - typer reads it
    typer.Option("--set", metavar="KEY=VALUE", help="Change a value of the file, by dotted key."),
]
Allowed = Annotated[
    Optional[list[str]],  # noqa: UP045 - typer reads it
    typer.Option(
        "--allow",
        metavar="PATTERN",
        help="An import path the file may name: pkg.module:Class, pkg.module:* or pkg.*",
    ),
]


@app.command(epilog=f"{EXIT_CODES}\n\n{TELEMETRY}")
def run(
    flow: FlowFile, settings: Settings = None, allow: Allowed = None, as_json: Json = False
) -> int:
    """Run a flow file as one job, until it ends or Ctrl-C."""
    return run_command.run_flow(flow, settings or (), allow or (), as_json=as_json)


@app.command(epilog=EXIT_CODES)
def check(
    flow: FlowFile, settings: Settings = None, allow: Allowed = None, as_json: Json = False
) -> int:
    """Say what is wrong with a flow file, with line and column."""
    return check_command.check_flow(flow, settings or (), allow or (), as_json=as_json)


@app.command(epilog=f"{EXIT_CODES}\n\n{TELEMETRY}")
def demo(
    path: Annotated[
        Optional[str],  # noqa: UP045 - typer reads it
        typer.Argument(help="A folder. Without it: Python's own standard library."),
    ] = None,
    as_json: Json = False,
    serve: Annotated[bool, typer.Option("--serve", help="Keep the HTTP face up.")] = False,
    port: Port = PORT,
    start_paused: Annotated[
        bool, typer.Option("--start-paused", help="Wait for a resume over HTTP; needs --serve.")
    ] = False,
) -> int:
    """Take a census of the Python files below a folder: the engine at work."""
    return demo_command.take_census(
        path, as_json=as_json, serve=serve, port=port, start_paused=start_paused
    )


class _WithSettings(TyperCommand):
    """A command whose help has the settings of the HTTP face, which only then is loaded."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help."""
        self.epilog = serve_command.settings_text()
        super().format_help(ctx, formatter)


@app.command(cls=_WithSettings)
def serve(
    flows: Annotated[
        Optional[str],  # noqa: UP045 - typer reads it
        typer.Option(metavar="DIR", help="A folder of flow files to register."),
    ] = None,
    allow: Allowed = None,
    host: Annotated[
        Optional[str],  # noqa: UP045 - typer reads it
        typer.Option(help="Loopback, or with a key any address. Else ROUTILUX_HOST."),
    ] = None,
    port: Annotated[
        Optional[int],  # noqa: UP045 - typer reads it
        typer.Option(min=0, max=65535, help="0 takes a free port. Else ROUTILUX_PORT."),
    ] = None,
    as_json: Json = False,
) -> int:
    """Serve the HTTP face until Ctrl-C or SIGTERM."""
    return serve_command.serve(flows, allow or (), host=host, port=port, as_json=as_json)


@keys.command("new", epilog=EXIT_CODES)
def new_key(
    name: Annotated[str, typer.Option(help="Whose key it is; audit lines tell it.")] = "key",
    scope: Annotated[Scope, typer.Option(help="What it is good for.")] = Scope.CONTROL,
    file: Annotated[
        Optional[str],  # noqa: UP045 - typer reads it
        typer.Option(metavar="FILE", help="Add its line to this file; it is made if needed."),
    ] = None,
    as_json: Json = False,
) -> int:
    """Make a key, and show it once."""
    return key_command.make_key(name, scope, file, as_json=as_json)


@app.command(epilog=EXIT_CODES)
def version(as_json: Json = False) -> int:
    """Print the version."""
    return version_command.show_version(as_json=as_json)


def run_app(arguments: Sequence[str] | None = None) -> int:
    """Run a command; every error becomes one line and an exit code.

    Args:
        arguments: the words after ``routilux``; None means those of this process.

    Returns:
        The exit code.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    prepare_streams()
    try:
        return _call(words or ["--help"])
    except CommandError as error:
        return _say(words, str(error), error.exit_code)
    except TyperException as error:
        return _say(words, f"{error.format_message()} {_advice(error)}", USAGE)
    except (KeyboardInterrupt, typer.Abort):
        return _say(words, "interrupted", INTERRUPTED)
    except Exception as error:  # a mistake of ours is one line, too
        if wants_tracebacks():
            raise
        name = type(error).__name__
        advice = f"set {TRACEBACK}=1 to see where, and report it"
        return _say(words, f"unexpected {name}: {error}: {advice}", FAILED)


def _call(words: list[str]) -> int:
    command = typer.main.get_command(app)
    code = command.main(words, prog_name="routilux", standalone_mode=False)
    return code if isinstance(code, int) else DONE


def _say(words: Sequence[str], message: str, exit_code: int) -> int:
    print_error(message, exit_code, as_json="--json" in words)
    return exit_code


def _advice(error: TyperException) -> str:
    context = getattr(error, "ctx", None)
    path = getattr(context, "command_path", "routilux")
    return f"(see {path} --help)"
