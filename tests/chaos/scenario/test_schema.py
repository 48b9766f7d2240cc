"""The JSON Schema for editors.

After a change of the models, write the file anew with::

    CHAOS_UPDATE=1 pytest tests/chaos/scenario/test_schema.py
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from chaos.ports import Vocabulary
from chaos.scenario.reader import UNUSABLE, read_file, read_text
from chaos.scenario.schema import SCHEMA_FILE, json_schema, schema_text
from chaos.scenario.suite import find
from chaos.targets import vocabulary_of
from tests.chaos.scenario.test_lint import SOUND
from tests.chaos.scenario.test_loader import LIFECYCLE

ROOT = Path(__file__).parents[3]
ERRORS = Path(__file__).parents[2] / "data" / "scenario_errors"
HEAD = "version: 1\nname: case\nhypothesis: It holds.\nmethod:\n"


@pytest.fixture(scope="module")
def validator() -> Draft202012Validator:
    """Judges by the schema as it is derived now."""
    return Draft202012Validator(json_schema())


def as_json(text: str) -> Any:
    """The data of a YAML text, with the lists that the validator knows."""
    return json.loads(json.dumps(read_text(text, "case.yaml").data))


def test_schema_file_is_up_to_date() -> None:
    """What editors read is what the models say."""
    if os.environ.get("CHAOS_UPDATE"):
        SCHEMA_FILE.write_text(schema_text(), encoding="utf-8")

    assert SCHEMA_FILE.read_text(encoding="utf-8") == schema_text()


def test_schema_is_a_schema() -> None:
    """By the meta-schema of its version."""
    Draft202012Validator.check_schema(json_schema())


@pytest.mark.parametrize("steps", SOUND.values(), ids=SOUND)
def test_sound_steps_fit(steps: str, validator: Draft202012Validator) -> None:
    """An editor underlines nothing in what the loader takes."""
    assert [e.message for e in validator.iter_errors(as_json(HEAD + steps))] == []


def test_whole_scenario_fits(validator: Draft202012Validator, toy: Vocabulary) -> None:
    """Also by the schema that knows the words of the target."""
    assert validator.is_valid(as_json(LIFECYCLE))
    assert Draft202012Validator(json_schema(toy)).is_valid(as_json(LIFECYCLE))


FORM = (
    "ask-parameters", "bad-name", "call-windows", "clock-step", "duration-units",
    "expectation-types", "expect-is-no-mapping", "fault-parameters", "key-without-value",
    "list-expected", "load-parameters", "missing-keys", "no-steps", "number-as-text",
    "retry-window", "schedules", "seed-out-of-range", "share-in-percent", "step-does-nothing",
    "step-words", "text-as-number", "tolerance-keys", "tolerance-values", "two-actions",
    "unknown-fault",
    "unknown-law", "unknown-step", "unknown-top-key", "version-two", "waive-without-because",
)  # fmt: skip


@pytest.mark.parametrize("case", FORM)
def test_mistake_of_form_is_underlined(case: str, validator: Draft202012Validator) -> None:
    """While typing, before anything is run."""
    data = read_file(ERRORS / f"{case}.yaml", case).data
    assert data is not UNUSABLE

    assert not validator.is_valid(json.loads(json.dumps(data)))


def test_known_target_makes_observables_strict(toy: Vocabulary) -> None:
    """A key that the target does not have is underlined, and its own are completed."""
    strict = Draft202012Validator(json_schema(toy))
    ask = HEAD + "  - ask: Hm?\n    expect: {%s: 1}\n"

    assert strict.is_valid(as_json(ask % "queue.length"))
    assert not strict.is_valid(as_json(ask % "queue.lenght"))
    assert "queue.length" in json_schema(toy)["$defs"]["Expect"]["properties"]


HELPDESK = find([ROOT / "scenarios"])


def test_target_makes_what_is_given_strict() -> None:
    """Its keys and settings are completed with their types and defaults; others are underlined."""
    schema = json_schema(vocabulary_of("helpdesk"))
    strict = Draft202012Validator(schema)
    ask = HEAD + "  - ask: Hm?\ngiven: {%s}\n"

    assert strict.is_valid(as_json(ask % "index_cache: absent"))
    assert strict.is_valid(as_json(ask % "index_cache: {age: 2h}, settings: {openai.timeout: 3s}"))
    for wrong in (
        "index_cahce: absent",
        "index_cache: gone",
        "index_cache: {aeg: 2h}",
        "settings: {openai.timeuot: 3s}",
        "settings: {openai.timeout: 3}",
    ):
        assert not strict.is_valid(as_json(ask % wrong)), wrong
    settings = schema["$defs"]["Given"]["properties"]["settings"]["properties"]
    assert settings["openai.breaker.failure_threshold"]["default"] == 5


def test_target_makes_upstreams_of_faults_strict() -> None:
    """A provider that it does not have is underlined."""
    strict = Draft202012Validator(json_schema(vocabulary_of("helpdesk")))
    inject = HEAD + "  - inject: {upstream: %s, fault: timeout}\n  - ask: Hm?\n"

    assert strict.is_valid(as_json(inject % "openai"))
    assert not strict.is_valid(as_json(inject % "opanai"))


def test_scenarios_of_the_helpdesk_fit_its_schema() -> None:
    """An editor that knows the target underlines nothing in a file that is played."""
    strict = Draft202012Validator(json_schema(vocabulary_of("helpdesk")))

    wrong = {
        path.name: [error.message[:200] for error in strict.iter_errors(as_json(text))]
        for path in HELPDESK
        if "target:" not in (text := path.read_text(encoding="utf-8"))
        or "target: helpdesk\n" in text
    }
    assert {name: said for name, said in wrong.items() if said} == {}
    assert len(wrong) > 100


def test_every_key_is_described() -> None:
    """Hovering over any key of a file says what it means."""
    silent = [where for where, key in _keys(json_schema(), "") if not key.get("description")]

    assert silent == []


def test_keys_that_need_one_have_an_example() -> None:
    """All keys of the models, but for those whose value is itself a node of the language."""
    nodes = {
        "load",
        "inject",
        "clock",
        "given",
        "expect",
        "steady_state",
        "refresh_index",
        "restart",
    }

    bare = {
        where
        for where, key in _keys(json_schema(), "")
        if "examples" not in key and where.rpartition("/")[2] not in nodes
    }

    # Tolerances stand in the examples of what may be expected.
    assert {where for where in bare if not where.startswith(tuple(TOLERANCES))} == set()


TOLERANCES = ("/Expect/", "/DURATION", "/COUNT", "/NUMBER", "/SHARE", "/TEXT", "/FLAG", "/MODES")


def _keys(node: Any, where: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every property in a schema, with the path to it."""
    if isinstance(node, dict):
        for name, key in node.get("properties", {}).items():
            yield f"{where}/{name}", key
        for name, each in node.items():
            yield from _keys(each, where if name in {"properties", "$defs"} else f"{where}/{name}")
    elif isinstance(node, list):
        for each in node:
            yield from _keys(each, where)
