"""Settings of the HTTP face, from the environment: ``ROUTILUX_`` and the name."""

import difflib
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from routilux.api.hosts import host_of, is_loopback
from routilux.api.keyring import KeyFileError, Keyring, Scope, make_key, read_key_file

PREFIX = "ROUTILUX_"
NONE = "none"  # the value of a variable that means: no limit, no folder
# Variables of other parts: they are no slips of the pen.
ELSEWHERE = (
    "ROUTILUX_KEY_FILE",
    "ROUTILUX_PLAIN_HTTP",
    "ROUTILUX_TRACEBACK",
    "ROUTILUX_URL",
)
ELSEWHERE_PREFIXES = ("ROUTILUX_OTEL_",)
SLIP = 0.85  # as alike as a name with a letter too many, or an S forgotten

logger = logging.getLogger("routilux.api")


class SettingsError(ValueError):
    """A setting is wrong; names its variable, and never its value."""


def _words(value: object) -> object:
    """A text with commas as a list."""
    if not isinstance(value, str):
        return value
    return tuple(word.strip().lower() for word in value.split(",") if word.strip())


Words = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_words)]
Seconds = Annotated[float, Field(gt=0, le=86_400, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1)]


class ApiSettings(BaseSettings):
    """Settings of the HTTP face. Arguments go before the environment.

    Raises:
        ValidationError: a value is wrong; `read_settings` tells it in one line.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_parse_none_str=NONE, frozen=True, hide_input_in_errors=True
    )

    host: str = Field(
        default="127.0.0.1", description="Where to serve; any but loopback needs a key."
    )
    port: int = Field(default=20555, ge=0, le=65535, description="0 takes a free port.")
    api_key: SecretStr | None = Field(default=None, description="A key that may do everything.")
    read_only_api_key: SecretStr | None = Field(
        default=None, description="A key that may look, and sees no payloads."
    )
    api_keys_file: Path | None = Field(
        default=None, description="A file of keys, a line each: NAME SCOPE KEY."
    )
    allowed_hosts: Words = Field(
        default=(), description="Further names of this server in Host headers, with commas."
    )
    cors_origins: Words = Field(
        default=(), description="Origins whose pages may use the API, with commas."
    )
    payloads: bool = Field(default=True, description="Whether items and states are ever shown.")
    finished_jobs: int = Field(default=100, ge=0, description="Finished jobs that are kept.")
    finished_job_age: Seconds | None = Field(
        default=86_400.0, description="Seconds for which they are kept; none: no limit."
    )
    snapshot_folder: Path | None = Field(
        default=None, description="Where jobs are saved that are not done at the end."
    )
    stop_timeout: float = Field(
        default=5.0,
        ge=0,
        le=3_600,
        allow_inf_nan=False,
        description="Seconds that running work gets at the end.",
    )
    event_streams: Count = Field(default=256, description="Event streams at a time.")
    jaeger_url: str | None = Field(
        default=None, description="Address of Jaeger; answers then link to the trace of a job."
    )
    log_error_texts: bool = Field(
        default=False,
        description="Whether the server's log has the texts of errors that logic raised.",
    )
    breakpoints_per_job: Annotated[int, Field(ge=1, le=1_000)] = Field(
        default=1_000, description="Breakpoints of a job."
    )
    batch_limit: Count = Field(default=100, description="Breakpoints in a batch.")
    body_limit: Annotated[int, Field(ge=1_024)] = Field(
        default=1 << 20, description="Bytes of a body."
    )
    connections: Annotated[int, Field(ge=8)] = Field(
        default=512, description="Connections at a time."
    )
    head_timeout: Seconds = Field(default=10.0, description="Seconds for a request's headers.")
    body_timeout: Seconds = Field(default=30.0, description="Seconds for a request's body.")
    write_timeout: Seconds = Field(
        default=60.0, description="Seconds after which a reader that stands still is let go."
    )
    keep_alive_timeout: Annotated[int, Field(ge=1, le=3_600)] = Field(
        default=5, description="Seconds that an idle connection is kept."
    )

    def trace_url(self, trace_id: str) -> str | None:
        """The page of a trace; None: nobody has said where Jaeger is."""
        return None if self.jaeger_url is None else f"{self.jaeger_url}/trace/{trace_id}"

    @field_validator("*", mode="before")
    @classmethod
    def _not_empty(cls, value: object) -> object:
        """An empty variable is most likely a file that was not found: it must not mean "open"."""
        if value == "":
            raise ValueError("it is empty: give it a value, or unset it")
        return value

    @field_validator("api_key", "read_only_api_key", mode="after")
    @classmethod
    def _is_key(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            make_key("", Scope.READ, value.get_secret_value())
        return value

    @field_validator("allowed_hosts", mode="after")
    @classmethod
    def _are_names(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if any(host_of(name) != name.strip("[]") for name in value):
            raise ValueError("write names of machines without port, such as jobs.example.org")
        return tuple(name.strip("[]") for name in value)

    @field_validator("jaeger_url", mode="after")
    @classmethod
    def _is_address(cls, value: str | None) -> str | None:
        if value is None:
            return None
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query:
            raise ValueError("write the address of its page, such as http://127.0.0.1:16686")
        return value.rstrip("/")

    @field_validator("cors_origins", mode="after")
    @classmethod
    def _are_origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for origin in value:
            parts = urlsplit(origin)
            if (
                parts.scheme not in ("http", "https")
                or origin != f"{parts.scheme}://{parts.netloc}"
            ):
                raise ValueError("write each as a scheme and a host, such as https://example.org")
        return value

    @property
    def has_keys(self) -> bool:
        """Whether a key is asked for."""
        return any((self.api_key, self.read_only_api_key, self.api_keys_file))

    def check_address(self, host: str) -> None:
        """Check that it is safe to serve there.

        Raises:
            ValueError: others can reach the address, and no key is set.
        """
        if not self.has_keys and not is_loopback(host):
            raise ValueError(
                f"no key is set, and who reaches host '{host}' can steer the jobs: serve on "
                "127.0.0.1, or run `routilux key new` and set ROUTILUX_API_KEY or "
                "ROUTILUX_API_KEYS_FILE"
            )

    def read_keys(self) -> Keyring:
        """The keys that are accepted. Warns when others can read a key in the file.

        Raises:
            KeyFileError: the file of keys is wrong.
        """
        keys = [
            make_key(name, scope, secret.get_secret_value())
            for name, scope, secret in (
                ("api_key", Scope.CONTROL, self.api_key),
                ("read_only_api_key", Scope.READ, self.read_only_api_key),
            )
            if secret is not None
        ]
        if self.api_keys_file is not None:
            found, is_open = read_key_file(self.api_keys_file)
            if is_open:
                logger.warning(
                    "Others on this machine can read keys in %s: run chmod 600 on it, or write "
                    "the keys as sha256",
                    self.api_keys_file,
                )
            keys += found
        if len({key.digest for key in keys}) < len(keys):
            raise KeyFileError("two keys are the same: give each its own value")
        return Keyring(keys)


def read_settings(**given: Any) -> ApiSettings:
    """The settings of the environment; what is `given` goes first.

    Raises:
        SettingsError: a value is wrong, or a variable has almost the name of a setting.
    """
    _check_names()
    try:
        return ApiSettings(**given)
    except ValidationError as error:
        told = error.errors(include_input=False, include_context=False, include_url=False)
        raise SettingsError("; ".join(_told(each["loc"], each["msg"]) for each in told)) from None


def settings_help() -> Iterator[tuple[str, str]]:
    """Each setting: its variable, and what it means with its default."""
    for name, field in ApiSettings.model_fields.items():
        yield variable(name), f"{field.description} {_default(field.default)}"


def variable(name: str) -> str:
    """The environment variable of a setting."""
    return PREFIX + name.upper()


def _default(value: object) -> str:
    if value is None or value == ():
        return "Not set by default."
    if isinstance(value, bool):
        return f"Default: {str(value).lower()}."
    return f"Default: {value:g}." if isinstance(value, float) else f"Default: {value}."


def _told(place: tuple[int | str, ...], message: str) -> str:
    where = variable(str(place[0])) if place else "settings"
    return f"{where}: {message.removeprefix('Value error, ')}"


def _check_names() -> None:
    """A key that is set under a wrong name would leave the door open, without a word."""
    known = [variable(name) for name in ApiSettings.model_fields]
    for name in os.environ:
        asked = name.upper()
        if not asked.startswith(PREFIX) or asked in known or asked in ELSEWHERE:
            continue
        if asked.startswith(ELSEWHERE_PREFIXES):
            continue
        near = difflib.get_close_matches(asked, known, 1, SLIP)
        if near:
            raise SettingsError(f"{asked} is no setting: did you mean {near[0]}?")
