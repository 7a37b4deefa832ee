from __future__ import annotations

import json
from typing import TYPE_CHECKING

import jsonschema
import pytest

from routilux import flowfile
from routilux.errors import FlowFileError
from tests.definitions.samples import HERE

if TYPE_CHECKING:
    from pathlib import Path

ALLOW = [f"{HERE}.*"]

CENSUS = f"""\
# A census.
defaults: {{max_queue_length: 20, overflow: block}}
routines:
  reader:
    class: "{HERE}:Reader"
    config: {{root: /data}}
  counter:
    class: {HERE}.Counter
    slots:
      files: {{max_queue_length: 5}}
    policy: {{type: batch_size, size: 5}}
connections:
  - from: reader.file
    to: counter.files
    map: {{path: name}}
"""


@pytest.fixture
def census(tmp_path: Path) -> Path:
    path = tmp_path / "census.yaml"
    path.write_text(CENSUS)
    return path


def wrong(text: str, **arguments) -> list[str]:
    errors = flowfile.check(text, allow=ALLOW, name="f.yaml", **arguments)
    with pytest.raises(FlowFileError) as caught:
        flowfile.load(text, allow=ALLOW, name="f.yaml", **arguments)
    assert str(caught.value) == str(errors[0])
    return [str(error) for error in errors]


def test_a_file_becomes_a_flow(census):
    for source in (census, str(census)):
        flow = flowfile.load(source, allow=ALLOW)
        assert flow.flow_id == "census"
        assert list(flow.routines) == ["reader", "counter"]
        assert flow.routines["counter"].slots["files"].max_queue_length == 5
        assert flow.connections[0].param_mapping == {"path": "name"}
        assert flowfile.check(source, allow=ALLOW) == []


def test_a_text_becomes_a_flow():
    assert len(flowfile.load(CENSUS, allow=ALLOW).flow_id) == 36
    assert flowfile.load('{"flow_id": "x", "routines": {}}').flow_id == "x"


def test_json_is_read_too(census):
    document = flowfile.load(census, allow=ALLOW).to_dict()
    path = census.with_suffix(".json")
    path.write_text(json.dumps(document), encoding="utf-8-sig")
    assert flowfile.load(path, allow=ALLOW).to_dict() == document


def test_the_schema_is_at_hand_and_accepts_it(census):
    document = flowfile.load(census, allow=ALLOW).to_dict()
    jsonschema.validate(document, flowfile.schema())
    flowfile.schema()["required"].append("x")
    assert flowfile.schema()["required"] == ["routines"]


def test_a_file_that_cannot_be_read_is_told(tmp_path):
    with pytest.raises(
        FlowFileError, match=r"none.yaml: cannot be read: No such file or directory"
    ):
        flowfile.load(tmp_path / "none.yaml")
    with pytest.raises(FlowFileError, match=r"cannot be read: Is a directory"):
        flowfile.load(tmp_path)
    path = tmp_path / "latin.yaml"
    path.write_bytes(b"routines:\n  caf\xe9: {}\n")
    with pytest.raises(FlowFileError, match=r"latin.yaml:2:1: is not UTF-8 text"):
        flowfile.load(path)


def test_a_file_that_is_too_long_is_not_read_whole(tmp_path):
    path = tmp_path / "long.yaml"
    path.write_bytes(b"#" * 3_000_000)
    with pytest.raises(FlowFileError, match="longer than 500,000 characters"):
        flowfile.load(path)


def test_every_error_has_its_place_in_order_of_lines():
    text = (
        "conections: []\n"
        "routines:\n"
        "  a:\n"
        "    clas: m:A\n"
        "  b: {class: 'm:B', concurrency: two}\n"
        "on_stall: never\n"
    )
    assert wrong(text) == [
        "f.yaml:1:1: conections: unknown key 'conections'. Did you mean 'connections'?",
        "f.yaml:4:5: routines.a.clas: unknown key 'clas'. Did you mean 'class'?",
        "f.yaml:4:5: routines.a: 'class' is missing",
        "f.yaml:5:34: routines.b.concurrency: must be a whole number, 1 or more, not 'two'",
        "f.yaml:6:11: on_stall: must be one of fail, wait, not 'never'",
    ]


def test_what_is_no_yaml_is_told():
    assert wrong("routines: [\n") == [
        "f.yaml:2:1: while parsing a flow node, expected the node content, but found '<stream end>'"
    ]
    assert wrong("# nothing\n") == ["f.yaml:1:1: the flow: must be a mapping, not nothing"]
    assert wrong("routines: {}\nroutines: {}\n") == [
        "f.yaml:2:1: the key 'routines' is there already, in line 1"
    ]


def test_what_is_wrong_beyond_the_shape_has_its_place_too():
    text = CENSUS.replace("reader.file", "reder.file").replace("files: {m", "file: {m")
    assert wrong(text + "  - {from: counter.x, to: counter.files}\n") == [
        "f.yaml:10:13: routines.counter.slots.file: the class has no slot 'file'. Did you mean "
        "'files'?",
        "f.yaml:13:11: connections[0].from: no routine 'reder'. Did you mean 'reader'?",
        "f.yaml:16:12: connections[1].from: Event 'x' not found in routine 'counter', which has "
        "counted, skipped",
    ]


def test_only_allowed_paths_are_imported():
    assert wrong("routines:\n  a:\n    class: os:system\n") == [
        "f.yaml:3:12: routines.a.class: 'os:system' is not allowed: whoever loads the flow must "
        "list it, as 'os:system' or 'os.*'"
    ]
    with pytest.raises(ValueError, match="allow has 'os'"):
        flowfile.load(CENSUS, allow=["os"])


def test_overrides_go_before_the_file():
    flow = flowfile.load(
        CENSUS,
        allow=ALLOW,
        overrides=[
            "flow_id=other",
            "defaults.overflow=reject",
            "routines.counter.policy.size=2",
            "routines.counter.concurrency=4",
            "routines.reader.config.deep.er={a: [1, x]}",
            "routines.reader.config.equals=a=b",
            "connections.0.copy=true",
            "error_handler.strategy=skip",
        ],
    )
    assert flow.flow_id == "other"
    assert flow.default_slot_overflow == "reject"
    assert flow.routines["counter"].get_activation_policy_info()["config"] == {"size": 2}
    assert flow.routines["counter"].concurrency == 4
    assert flow.routines["reader"].config() == {
        "root": "/data",
        "deep": {"er": {"a": [1, "x"]}},
        "equals": "a=b",
    }
    assert flow.connections[0].copy is True
    assert flow.error_handler is not None
    assert flow.error_handler.strategy == "skip"


@pytest.mark.parametrize(("text", "value"), [("", ""), (" ", " "), ("null", None), ("''", "")])
def test_an_override_without_a_value_is_an_empty_text(text, value):
    flow = flowfile.load(CENSUS, allow=ALLOW, overrides=[f"routines.reader.config.root={text}"])
    assert flow.routines["reader"].config()["root"] == value


def test_an_override_that_is_no_yaml_says_what_to_do():
    (text,) = wrong(CENSUS, overrides=["flow_id={"])
    assert text.startswith("--set 'flow_id={': the value cannot be read as YAML at character 2, ")
    assert text.endswith(": put quotes around a text that is meant as it stands")


def test_overrides_may_be_a_mapping_or_one_text():
    given = {"defaults.overflow": "reject", "routines.reader.config.equals": "a=b"}
    flow = flowfile.load(CENSUS, allow=ALLOW, overrides=given)
    assert flow.default_slot_overflow == "reject"
    assert flow.routines["reader"].config()["equals"] == "a=b"
    flow = flowfile.load(CENSUS, allow=ALLOW, overrides="flow_id=other")
    assert flow.flow_id == "other"


def test_an_override_finds_ids_with_dots():
    text = f"routines:\n  a: {{class: '{HERE}:Reader'}}\n  a.b: {{class: '{HERE}:Reader'}}\n"
    flow = flowfile.load(text, allow=ALLOW, overrides=["routines.a.b.concurrency=3"])
    assert flow.routines["a.b"].concurrency == 3
    assert flow.routines["a"].concurrency == 1


def test_the_flow_id_of_an_override_goes_before_the_files_name(census):
    assert flowfile.load(census, allow=ALLOW, overrides=["flow_id=x"]).flow_id == "x"


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("concurrency", "--set 'concurrency': must be key=value"),
        ("=3", "--set '=3': must be key=value"),
        (
            "connections.1.copy=true",
            "--set 'connections.1.copy=true': connections is a list of 1: '1' is none of its "
            "numbers, which begin at 0",
        ),
        (
            "connections.x=1",
            "--set 'connections.x=1': connections is a list of 1: 'x' is none of its numbers, "
            "which begin at 0",
        ),
        (
            "routines.reader.class.x=1",
            "--set 'routines.reader.class.x=1': routines.reader.class has nothing inside to set",
        ),
        (
            "flow_id=[1",
            "--set 'flow_id=[1': the value cannot be read as YAML at character 3, while parsing a "
            "flow sequence, expected ',' or",
        ),
        (
            "defaults.overflow=spill",
            "--set 'defaults.overflow=spill': defaults.overflow: must be one of retry, block,",
        ),
        (
            "routines.counter.slots.fils.watermark=1",
            "--set 'routines.counter.slots.fils.watermark=1': routines.counter.slots.fils: the",
        ),
    ],
)
def test_a_bad_override_is_told(override, message):
    (text,) = wrong(CENSUS, overrides=[override])
    assert text.startswith(message)


def test_an_override_needs_a_mapping():
    assert wrong("- 1\n", overrides=["a=1"]) == [
        "--set 'a=1': the flow is a list of 1: 'a' is none of its numbers, which begin at 0"
    ]
