"""The real helpdesk, broken and healed over real sockets; what was done, in virtual time."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from chaos import cli
from chaos.drill.drill import Drill
from chaos.drill.library import TOUR, Library
from chaos.drill.server import DrillServer
from chaos.errors import ChaosError
from chaos.trace.events import AnswerEvent, BreakerEvent, RequestEvent

pytestmark = pytest.mark.slow

SOON_S = 120.0
"""Real seconds that a test waits at most for something that has to come."""
PAGE = {"Content-Type": "application/json", "X-Chaos-Drill": "1"}


@pytest.fixture(scope="module")
def drill(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Drill]:
    """A drill, after its tour."""
    with Drill(tmp_path_factory.mktemp("drills") / "saved") as running:
        running.play(Library([]).find(TOUR.stem))
        until(lambda: not running.state(0)["playing"]["on"])
        yield running


@pytest.fixture(scope="module")
def server(drill: Drill) -> Iterator[DrillServer]:
    """Its page."""
    with DrillServer(drill, Library([]), port=0) as serving:
        yield serving


def until(holds: Callable[[], bool]) -> None:
    """Wait until something holds."""
    ends_s = time.monotonic() + SOON_S
    while not holds():
        assert time.monotonic() < ends_s, "it never came"
        time.sleep(0.05)


def sent(
    server: DrillServer, path: str, body: object = None, **headers: str
) -> tuple[int, dict[str, Any]]:
    """A request to the page's server: status and content."""
    connection = HTTPConnection(urlsplit(server.url).netloc, timeout=SOON_S)
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    method = "GET" if body is None else "POST"
    connection.request(method, path, None if body is None else json.dumps(body), given)
    answer = connection.getresponse()
    told = json.loads(answer.read())
    connection.close()
    return answer.status, told


def test_breaker_opens_answers_fall_back_and_all_is_well_again(drill: Drill) -> None:
    """What a visitor is promised, with the real service over real sockets."""
    trace = drill.world.trace

    changes = [
        (event.old, event.state) for event in trace.of(BreakerEvent) if event.what == "transition"
    ]
    modes = [event.mode for event in trace.of(AnswerEvent)]
    assert changes == [("closed", "open"), ("open", "half_open"), ("half_open", "closed")]
    assert modes[0] == modes[-1] == "llm"
    assert modes.count("fallback") >= 4
    assert drill.world.violations == []


def test_every_request_is_known_by_its_question(drill: Drill) -> None:
    """Laws and the picture rest on it."""
    requests = [each for each in drill.world.trace.of(RequestEvent) if each.upstream == "openai"]

    assert requests
    assert all(each.ask is not None for each in requests)


def test_what_was_done_comes_to_the_same_in_virtual_time(drill: Drill) -> None:
    """The file passes with `chaos run`, and expects every answer that there was."""
    saved = drill.save()

    assert (saved["live"], saved["outcome"]) == ("passed", "passed"), saved
    assert Path(saved["path"]).read_text() == saved["text"]
    asks = len(drill.world.trace.of(AnswerEvent))
    assert saved["text"].count("answer.mode:") == asks
    assert "closed -> open, open -> half_open, half_open -> closed" in saved["text"]


def test_saved_file_fails_where_something_else_comes_of_it(drill: Drill, tmp_path: Path) -> None:
    """A replay that could not fail would show nothing."""
    text = drill.save()["text"].replace("name: drill-2", "name: other")
    path = tmp_path / "other.yaml"
    path.write_text(
        text.replace("  - inject:", "  - heal: none-of-these\n    at: 1h\n  - inject:")
    )
    path.write_text(text.replace("answer.mode: fallback", "answer.mode: llm", 1))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["chaos", "run", str(path)])
        with pytest.raises(SystemExit) as left:
            cli.main()

    assert left.value.code == 1


def test_page_shows_what_moves(drill: Drill, server: DrillServer) -> None:
    """The picture is the report's, and comes only where there is something new."""
    status, first = sent(server, "/state?since=0")
    _, again = sent(server, f"/state?since={first['events']}")

    assert status == 200
    assert {"faults", "users", "calls", "breaker", "index"} <= {
        lane["group"] for lane in first["picture"]["lanes"]
    }
    assert again["picture"] is None
    assert first["counts"]["under_way"] == 0
    assert first["status"]["breaker"] == "closed"
    assert first["events"] == len(drill.world.trace)


def test_fault_of_a_form_is_injected_and_healed(server: DrillServer) -> None:
    """It is in force until it is healed."""
    fault = {"fault": "latency", "upstream": "gcs", "latency": "1s", "id": "slow", "for": ""}

    status, told = sent(server, "/inject", fault, **PAGE)
    _, broken = sent(server, "/state?since=0")
    sent(server, "/heal", {"id": "slow"}, **PAGE)
    _, healed = sent(server, "/state?since=0")

    assert (status, told) == (200, {"id": "slow"})
    assert [each["id"] for each in broken["faults"]] == ["slow"]
    assert healed["faults"] == []


@pytest.mark.parametrize(
    ("path", "body", "said"),
    [
        ("/inject", {"fault": "latency", "upstream": "openai", "latency": "1"}, "has no unit"),
        ("/inject", {}, "expected"),
        ("/heal", {"id": "nothing"}, "no fault 'nothing' was injected"),
        ("/ask", {"question": " ", "users": "1"}, "the question is empty"),
        ("/ask", {"question": "Hello?", "users": "many"}, "'many' users"),
        ("/ask", {"question": "Hello?", "users": "51"}, "51 users; expected from 1 to 50"),
        ("/play", {"name": "nothing"}, "no scenario 'nothing' can be played here"),
    ],
)
def test_what_cannot_be_done_is_said(
    server: DrillServer, path: str, body: dict[str, str], said: str
) -> None:
    """One message, for the page to show."""
    status, told = sent(server, path, body, **PAGE)

    assert status == 400
    assert said in told["error"]


@pytest.mark.parametrize(
    ("path", "body", "headers"),
    [
        ("/state", None, {"Host": "evil.example:80"}),
        ("/state", None, {"Origin": "http://evil.example"}),
        ("/heal", {"id": "x"}, {"Content-Type": "text/plain"}),
        ("/heal", {"id": "x"}, {**PAGE, "Host": "evil.example"}),
    ],
    ids=["other name", "other origin", "a form elsewhere", "other name, as our page"],
)
def test_no_other_page_may_ask(
    server: DrillServer, path: str, body: object, headers: dict[str, str]
) -> None:
    """Whoever makes a browser send requests here, cannot read or do anything."""
    status, _ = sent(server, path, body, **headers)

    assert status == 403


def test_library_has_what_can_be_played(server: DrillServer) -> None:
    """With its length; what needs another world is not among it."""
    pieces = Library([Path(__file__).parents[3] / "scenarios"]).pieces()

    assert pieces["tour"].lasts == "9s"
    assert "opens-after-exactly-five" in pieces
    assert "openai-2023-11-08" in pieces
    assert "wall-clock-does-not-move-the-breaker" not in pieces
    assert sent(server, "/library")[1][0]["name"] == "tour"  # type: ignore[index]


def test_nothing_to_save_is_said(tmp_path: Path) -> None:
    """Before anybody has asked."""
    with Drill(tmp_path) as fresh, pytest.raises(ChaosError, match="nobody has asked anything"):
        fresh.save()


def test_without_the_helpdesk_there_is_a_hint(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The harness is installed alone in many places; a drill says what it lacks."""
    monkeypatch.setitem(sys.modules, "chaos.drill.drill", None)
    monkeypatch.setattr(sys, "argv", ["chaos", "drill", "--port", "0"])

    with pytest.raises(SystemExit) as left:
        cli.main()

    assert left.value.code == 4
    assert "a drill needs the helpdesk" in capsys.readouterr().err


def test_a_drill_begins_anew_where_it_was(tmp_path: Path) -> None:
    """No fault, no event and no memory is left of the one before; its address is the same."""
    with Drill(tmp_path) as drill, DrillServer(drill, Library([]), port=0) as server:
        before, where = drill.helpdesk, drill.helpdesk.url
        sent(server, "/inject", {"fault": "timeout", "upstream": "openai"}, **PAGE)
        drill.ask("How do I reset my password?", users=3)
        until(lambda: bool(drill.world.trace.of(RequestEvent)))

        status, _ = sent(server, "/anew", {}, **PAGE)

        _, state = sent(server, "/state?since=0")
        assert status == 200
        assert drill.helpdesk is not before
        assert drill.helpdesk.url == where
        assert (state["faults"], state["answers"], state["picture"]) == ([], [], None)
        # It has fetched its index, as at any start, and asked nobody else.
        assert {each.upstream for each in drill.world.trace.of(RequestEvent)} == {"gcs"}
        assert state["status"]["breaker"] == "closed"

        drill.ask("How do I reset my password?")
        until(lambda: bool(drill.state(0)["answers"]))
        assert drill.state(0)["answers"][0]["mode"] == "llm"
