from __future__ import annotations

import pytest

from routilux.secret_keys import is_secret_key


@pytest.mark.parametrize(
    "name",
    [
        "password",
        "PASSWORD",
        "db_password",
        "dbpassword",
        "userPassword",
        "passwd",
        "pwd",
        "DB_PASS",
        "passphrase",
        "secret",
        "client_secret",
        "secrets",
        "token",
        "tokens",
        "access_token",
        "accessToken",
        "refresh-token",
        "api_key",
        "apikey",
        "apiKey",
        "X-API-Key",
        "x_api_key_2",
        "Authorization",
        "Proxy-Authorization",
        "cookie",
        "Set-Cookie",
        "credentials",
        "aws_credential",
        "private_key",
        "privateKey",
        "SSH key",
        "session",
        "session_id",
        "sessionid",
        "auth",
        "jwt",
        "csrf",
        "x" * 10_000 + "_password",
        "(db, password)",
    ],
)
def test_names_of_secrets(name):
    assert is_secret_key(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "_",
        "name",
        "size",
        "tokens_count",
        "token_count",
        "max_tokens",
        "prompt_tokens",
        "token_type",
        "tokenizer",
        "tokenized",
        "secretary",
        "obsession",
        "session_count",
        "password_expires_at",
        "password_length",
        "has_password",
        "author",
        "authority",
        "key",
        "keys",
        "monkey",
        "compass",
        "passenger",
        "x" * 10_000,
    ],
)
def test_names_that_are_none(name):
    assert not is_secret_key(name)
