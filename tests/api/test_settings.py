"""Settings from the environment."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr

from routilux.api.keyring import KeyFileError
from routilux.api.settings import ApiSettings, SettingsError, read_settings, settings_help, variable

if TYPE_CHECKING:
    from pathlib import Path

KEY, OTHER = "planted-" + "k" * 20, "other-" + "k" * 20


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting but those of the test."""
    for name in [name for name in os.environ if name.upper().startswith("ROUTILUX_")]:
        monkeypatch.delenv(name)


def test_the_defaults_are_closed() -> None:
    settings = read_settings()
    assert (settings.host, settings.port, settings.has_keys) == ("127.0.0.1", 20555, False)
    assert (settings.allowed_hosts, settings.cors_origins) == ((), ())
    assert not settings.read_keys()
    assert settings.snapshot_folder is None


def test_every_setting_is_read_from_its_variable(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    values: dict[str, tuple[str, Any]] = {
        "host": ("::1", "::1"),
        "port": ("0", 0),
        "api_key": (KEY, SecretStr(KEY)),
        "read_only_api_key": (OTHER, SecretStr(OTHER)),
        "api_keys_file": (str(tmp_path / "keys"), tmp_path / "keys"),
        "allowed_hosts": ("Jobs.example, [fe80::1]", ("jobs.example", "fe80::1")),
        "cors_origins": ("https://A.example:8443", ("https://a.example:8443",)),
        "payloads": ("false", False),
        "jaeger_url": ("http://127.0.0.1:16686/", "http://127.0.0.1:16686"),
        "log_error_texts": ("true", True),
        "finished_jobs": ("7", 7),
        "finished_job_age": ("none", None),
        "snapshot_folder": (str(tmp_path), tmp_path),
        "stop_timeout": ("1.5", 1.5),
        "event_streams": ("2", 2),
        "breakpoints_per_job": ("3", 3),
        "batch_limit": ("4", 4),
        "body_limit": ("2048", 2048),
        "connections": ("9", 9),
        "head_timeout": ("0.5", 0.5),
        "body_timeout": ("0.6", 0.6),
        "write_timeout": ("0.7", 0.7),
        "keep_alive_timeout": ("2", 2),
    }  # fmt: skip
    assert set(values) == set(ApiSettings.model_fields)
    for name, (text, _) in values.items():
        monkeypatch.setenv(variable(name), text)
    settings = read_settings()
    assert {name: getattr(settings, name) for name in values} == {
        name: value for name, (_, value) in values.items()
    }


def test_what_is_given_goes_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROUTILUX_PORT", "1")
    assert read_settings(port=2).port == 2


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("PORT", "many", "valid integer"),
        ("PORT", "65536", "less than or equal to 65535"),
        ("API_KEY", "", "it is empty"),
        ("API_KEY", "too-short", "16 to 512 visible ASCII"),
        ("READ_ONLY_API_KEY", "with a blank in it", "16 to 512 visible ASCII"),
        ("SNAPSHOT_FOLDER", "", "it is empty"),
        ("HOST", "", "it is empty"),
        ("ALLOWED_HOSTS", "a.example,*", "names of machines"),
        ("ALLOWED_HOSTS", "a.example:80", "names of machines without port"),
        ("CORS_ORIGINS", "*", "a scheme and a host"),
        ("CORS_ORIGINS", "https://a.example/x", "a scheme and a host"),
        ("STOP_TIMEOUT", "-1", "greater than or equal to 0"),
        ("STOP_TIMEOUT", "nan", "finite number"),
        ("HEAD_TIMEOUT", "0", "greater than 0"),
        ("CONNECTIONS", "1", "greater than or equal to 8"),
    ],
)
def test_a_wrong_value_is_one_line_that_names_the_variable_and_hides_it(
    name: str, value: str, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"ROUTILUX_{name}", value)
    with pytest.raises(SettingsError) as raised:
        read_settings()
    told = str(raised.value)
    assert told.startswith(f"ROUTILUX_{name}: ")
    assert says in told
    assert "\n" not in told
    if "KEY" in name and value:
        assert value not in told
        assert raised.value.__cause__ is None


@pytest.mark.parametrize("name", ["ROUTILUX_API_KEYS", "ROUTILUX_APIKEY", "routilux_api_keyfile"])
def test_a_slip_of_the_pen_does_not_leave_the_door_open(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, KEY)
    with pytest.raises(SettingsError, match="is no setting: did you mean ROUTILUX_API_KEY") as told:
        read_settings()
    assert KEY not in str(told.value)


@pytest.mark.parametrize("name", ["ROUTILUX_URL", "ROUTILUX_KEY_FILE", "ROUTILUX_OTEL_HOST"])
def test_variables_of_other_parts_are_left_alone(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, "x")
    read_settings()


def test_keys_show_nowhere() -> None:
    settings = ApiSettings(api_key=SecretStr(KEY), read_only_api_key=SecretStr(OTHER))
    for told in (
        repr(settings),
        str(settings),
        settings.model_dump_json(),
        repr(settings.read_keys()),
    ):
        assert KEY not in told
        assert OTHER not in told


def test_keys_of_variables_and_of_a_file(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "keys"
    path.write_text(f"board read+payloads {'b' * 20}\n")
    path.chmod(0o644)
    settings = ApiSettings(
        api_key=SecretStr(KEY), read_only_api_key=SecretStr(OTHER), api_keys_file=path
    )
    with caplog.at_level(logging.WARNING, "routilux.api"):
        ring = settings.read_keys()
    assert [(key.name, key.scope.value) for key in ring.keys] == [
        ("api_key", "control"), ("read_only_api_key", "read"), ("board", "read+payloads")
    ]  # fmt: skip
    (record,) = caplog.records
    assert f"can read keys in {path}: run chmod 600 on it" in record.getMessage()
    with pytest.raises(KeyFileError, match="two keys are the same"):
        ApiSettings(api_key=SecretStr(KEY), read_only_api_key=SecretStr(KEY)).read_keys()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.7", "jobs.example"])
def test_an_address_that_others_reach_needs_a_key(host: str) -> None:
    with pytest.raises(ValueError, match=r"can steer the jobs.*`routilux key new`"):
        ApiSettings().check_address(host)
    ApiSettings(api_key=SecretStr(KEY)).check_address(host)
    ApiSettings().check_address("127.0.0.1")


def test_the_help_names_each_setting_with_its_default() -> None:
    told = dict(settings_help())
    assert list(told) == [variable(name) for name in ApiSettings.model_fields]
    for name, field in ApiSettings.model_fields.items():
        assert field.description
        assert told[variable(name)].startswith(field.description)
    assert told["ROUTILUX_PORT"].endswith("Default: 20555.")
    assert told["ROUTILUX_API_KEY"].endswith("Not set by default.")
