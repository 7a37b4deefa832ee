"""Words of Python in a CEL text: `and` is `&&` there."""

from __future__ import annotations

import re

from routilux.conditions.errors import ConditionError

SPELLINGS = {
    "and": "&&",
    "or": "||",
    "not": "!",
    "True": "true",
    "False": "false",
    "None": "null",
}

# Texts first: what is in quotes is no word. In a raw text a backslash is a backslash.
TOKEN = re.compile(
    r"""
      (?P<raw> [bB]?[rR][bB]? (?: \"{3}.*?\"{3} | '{3}.*?'{3} | "[^"\n]*" | '[^'\n]*' ) )
    | (?P<text> [bB]? (?: \"{3}(?:\\.|[^\\])*?\"{3} | '{3}(?:\\.|[^\\])*?'{3}
                        | "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*' ) )
    | (?P<comment> //[^\n]* )
    | (?P<quoted> `[^`]*` )
    | (?P<word> [A-Za-z_][A-Za-z0-9_]* )
    | (?P<space> \s+ )
    | (?P<other> . )
    """,
    re.VERBOSE | re.DOTALL,
)


def refuse_python_words(text: str) -> None:
    """Refuse what Python spells differently from CEL.

    Raises:
        ConditionError: with the column of the word, and how CEL spells it.
    """
    before = ""
    for token in TOKEN.finditer(text):
        if token["space"] is not None:
            continue
        word = token["word"]
        if word in SPELLINGS and before != ".":  # `data.not` is a key
            raise ConditionError(
                f"'{word}' is spelled {SPELLINGS[word]} in CEL", column=token.start() + 1
            )
        before = token[0]
