"""A few pairs as the table has them, written out here: the whole table is not ours to keep."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.chaos.upstreams.conformance.__main__ import main
from tests.chaos.upstreams.conformance.calls import CALLS
from tests.chaos.upstreams.conformance.explained import EXPLAINED
from tests.chaos.upstreams.conformance.playing import play
from tests.chaos.upstreams.conformance.table import Pair, read

pytestmark = pytest.mark.slow


def pair(method: str, *instructions: str, **change: Any) -> Pair:
    """A pair with a bucket and an object that is to succeed."""
    fields: dict[str, Any] = {
        "scenario": 1,
        "method": method,
        "resources": ("BUCKET", "OBJECT"),
        "group": None,
        "instructions": instructions,
        "preconditions": False,
        "succeeds": True,
    }
    return Pair(**(fields | change))


UPLOAD = "storage.resumable.upload"
DOWNLOAD = "storage.objects.download"


@pytest.mark.parametrize(
    ("asked", "right"),
    [
        pytest.param(
            pair("storage.objects.get", "return-503", "return-503"), True, id="503 twice"
        ),
        pytest.param(
            pair("storage.buckets.insert", "return-reset-connection", resources=()),
            True,
            id="reset before it is made",
        ),
        pytest.param(
            pair("storage.objects.get", "return-400", succeeds=False), True, id="not worth a try"
        ),
        pytest.param(
            pair("storage.objects.list", "return-503", "return-401", succeeds=False),
            True,
            id="one worth a try and one not",
        ),
        pytest.param(
            pair("storage.objects.copy", "return-503", succeeds=False), True, id="not repeatable"
        ),
        pytest.param(
            pair("storage.objects.copy", "return-503", preconditions=True),
            True,
            id="repeatable under a condition",
        ),
        pytest.param(
            pair("storage.objects.insert", "return-503", succeeds=False),
            False,
            id="client differs",
        ),
        pytest.param(
            pair("storage.objects.get", "return-400"), False, id="success that cannot be"
        ),
        pytest.param(
            pair(
                "storage.objects.insert",
                "return-503-after-8192K",
                "return-408",
                group=UPLOAD,
                preconditions=True,
            ),
            True,
            id="upload broken in the middle",
        ),
        pytest.param(
            pair("storage.objects.get", "return-broken-stream-after-256K", group=DOWNLOAD),
            True,
            id="download broken in the middle",
        ),
    ],
)
def test_pair_comes_out_as_the_client_does_it(asked: Pair, *, right: bool) -> None:
    """What the client does with each kind of instruction, and whether that is what is wanted."""
    assert play(asked).is_right is right


def test_lost_answer_is_another_thing_than_a_lost_request() -> None:
    """Whoever creates a bucket again after a lost answer is told that it is there."""
    asked = pair("storage.buckets.insert", "return-reset-connection", resources=())

    assert play(asked).seen == ("succeeds",)
    assert play(asked, lost_answers=True).seen == ("Conflict",)


def test_instruction_that_nobody_meets_is_no_success() -> None:
    """A call that ends before its instructions are used has not been tried as the table wants."""
    asked = pair("storage.objects.get", "return-400", "return-400", succeeds=False)

    assert play(asked).seen[0].startswith("unused instructions")
    assert not play(asked).is_right


def test_every_method_has_a_call() -> None:
    """What is explained can be asked; no entry is about a method that is not there."""
    assert {method for _, method in EXPLAINED} <= CALLS.keys()


def test_command_plays_a_table_and_writes_the_page(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Pairs are counted; a wrong one has to be explained, and an explanation to be needed."""
    method = {"name": "storage.objects.get", "resources": ["BUCKET", "OBJECT"]}
    scenario = {
        "id": 1,
        "cases": [{"instructions": ["return-503"]}, {"instructions": ["return-400"]}],
        "methods": [method],
        "preconditionProvided": False,
        "expectSuccess": True,
    }
    table = tmp_path / "table.json"
    table.write_text(json.dumps({"retryTests": [scenario]}))

    code = main(str(table), str(tmp_path / "page.md"))

    said = capsys.readouterr().out
    assert code == 1
    assert len(list(read(table))) == 2
    assert "2 pairs asked, 1 right, 1 wrong" in said
    assert "UNEXPLAINED" in said
    assert "comes out right now" in said
    assert "nobody knows yet" in (tmp_path / "page.md").read_text()
