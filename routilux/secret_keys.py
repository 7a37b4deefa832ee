"""Which names look like those of secrets: their values are shown to nobody.

A name is judged by its words: `db_password`, `X-API-Key` and `accessToken` are secrets, while
`max_tokens` and `token_type` only speak of them. In doubt a name is one.
"""

from __future__ import annotations

import re
from functools import lru_cache

REDACTED = "[redacted]"  # stands where the value of a secret would

# Longer than any name that people give; longer ones are judged, too, but not remembered.
_LONGEST_REMEMBERED = 128


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_BETWEEN_WORDS = re.compile(r"[\W_]+")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")

# Found anywhere in a name whose separators were taken out: `dbpassword`, `api-key`.
_STEMS = re.compile(
    r"passw(?:or)?d|passphrase|passcode|secret(?!ar)|token(?!i[sz])|apikey|authorization|cookie"
    r"|credential|(?:private|access|signing|encryption|master|account|ssh|hmac)key|sessionid"
)
# These are secrets only as words of their own: parts of other words are not (`obsession`).
_WORDS = _words("pwd pass auth bearer jwt otp session sessions csrf xsrf creds")

# A name that begins or ends with one of these tells about a secret: how many, how old, which kind.
_ABOUT_FIRST = _words(
    "max min total num n prompt completion input output used remaining is has needs use"
)
_ABOUT_LAST = _words(
    "count counts length len size limit limits max min usage used ttl age at type kind policy "
    "enabled required expires expiry expiration total"
)


def is_secret_key(name: str) -> bool:
    """Whether `name` looks like that of a secret: a key, a field, a header."""
    if len(name) > _LONGEST_REMEMBERED:
        return _judge(name)
    return _remembered(name)


def _judge(name: str) -> bool:
    words = [word for word in _BETWEEN_WORDS.split(_CAMEL.sub(" ", name).casefold()) if word]
    if not words:
        return False
    if not _WORDS.intersection(words) and not _STEMS.search("".join(words)):
        return False
    return len(words) == 1 or not (words[0] in _ABOUT_FIRST or words[-1] in _ABOUT_LAST)


# Names repeat from item to item, and the look-up is on the way of each item.
_remembered = lru_cache(maxsize=4096)(_judge)
