"""README.md says only what is so: its code runs as printed, its commands exist."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tools.readme import Block, commands, expected_output, read_blocks

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = read_blocks(README)
RUNNABLE = [block for block in BLOCKS if block.runs]
PYTHON = [block for block in BLOCKS if block.language == "python"]
COMMANDS = commands(BLOCKS)

PAGE = """\
Text.

<!-- file: flow.yaml -->
```yaml
a: 1
```

```python
print("one")
```

<!-- prints -->
```text
one
```

<!-- fragment -->
```python
flow.step(...)
```

```console
$ make demo  # the census
files: 3
$ routilux version
```

```bash
# first
make test
```
"""


def run(text: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run `text` as a script in a process of its own, in `folder`, with warnings as errors."""
    script = folder / "snippet.py"
    script.write_text(text, encoding="utf-8")
    return subprocess.run(
        [sys.executable, "-W", "error", script.name],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )


def write_files(folder: Path) -> None:
    """Write the files that README shows, so that its code finds them."""
    for block in BLOCKS:
        if block.file_name:
            (folder / block.file_name).write_text(block.text, encoding="utf-8")


@pytest.mark.parametrize("block", RUNNABLE, ids=lambda block: f"line {block.line}")
def test_code_runs_as_printed(block: Block, tmp_path: Path):
    write_files(tmp_path)
    done = run(block.text, tmp_path)
    assert done.returncode == 0, done.stderr
    expected = expected_output(BLOCKS, block)
    if expected is not None:
        assert done.stdout == expected


@pytest.mark.parametrize("block", PYTHON, ids=lambda block: f"line {block.line}")
def test_code_parses(block: Block):
    assert ast.parse(block.text).body


def test_the_first_flow_has_at_most_25_lines():
    assert len(RUNNABLE[0].text.splitlines()) <= 25


def test_every_make_target_exists():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    named = {line.split()[-1] for line in COMMANDS if line.startswith("make ")}
    assert {"demo", "test"} <= named <= targets


def test_every_command_of_the_program_exists():
    named = {tuple(line.split()[1:2]) for line in COMMANDS if line.startswith("routilux")}
    program = Path(sys.executable).with_name("routilux")
    answers = {
        words: subprocess.run(
            [program, *words, "--help"],
            capture_output=True,
            env={**os.environ, "NO_COLOR": "1"},
            timeout=30,
            check=False,
        ).returncode
        for words in named
    }
    assert answers == dict.fromkeys(named, 0)


def test_notes_and_languages_are_read():
    blocks = read_blocks(PAGE)
    assert [(block.language, block.note, block.line) for block in blocks] == [
        ("yaml", "file: flow.yaml", 5),
        ("python", "", 9),
        ("text", "prints", 14),
        ("python", "fragment", 19),
        ("console", "", 23),
        ("bash", "", 29),
    ]
    assert [block.line for block in blocks if block.runs] == [9]
    assert [block.file_name for block in blocks] == ["flow.yaml", *[None] * 5]


def test_what_a_block_prints_is_found_beside_it():
    blocks = read_blocks(PAGE)
    assert expected_output(blocks, blocks[1]) == "one\n"
    assert expected_output(blocks, blocks[0]) is None
    assert expected_output(blocks, blocks[-1]) is None


def test_commands_lose_prompt_output_and_comment():
    assert commands(read_blocks(PAGE)) == ["make demo", "routilux version", "make test"]
