"""The ``helpdesk`` command, as a person types it."""

from __future__ import annotations

import builtins
import contextlib
import http.server
import io
import json
import logging
import re
import runpy
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from helpdesk import __version__
from helpdesk.answers import Answer
from helpdesk.cli import main
from helpdesk.desk import Helpdesk
from helpdesk.shared_breakers import forget_shared_breakers

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Run]:
    """Return a function that runs the command and returns exit code, output and errors."""
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.setenv("COLUMNS", "100")
    forget_shared_breakers()
    root = logging.getLogger()
    before = root.handlers[:], root.level

    def run(*args: str, **environ: str) -> tuple[int, str, str]:
        for name, value in environ.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "argv", ["helpdesk", *args])
        code: object = 0
        try:
            main()
        except SystemExit as end:
            code = end.code
        assert code is None or isinstance(code, int)
        return (code or 0, *capsys.readouterr())

    yield run
    root.handlers[:], root.level = before


@pytest.fixture
def answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every question have the same, stale and truncated, answer."""
    given = Answer(
        text="## Do this\n\n1. Restart **it**.",
        mode="fallback",
        reason="timeout",
        sources=("vpn", "wifi"),
        stale=True,
        truncated=True,
        index_state="stale",
    )
    monkeypatch.setattr(Helpdesk, "__init__", lambda self: None)
    monkeypatch.setattr(Helpdesk, "ask", lambda self, question: given)


def test_ask_works_without_key_and_bucket(run: Run, tmp_path: Path) -> None:
    """Right after installation it quotes the article that helps, and nothing is on stderr."""
    code, out, err = run(
        "ask", "How do I reset my password?", HELPDESK_INDEX__CACHE_DIR=str(tmp_path)
    )

    assert (code, err) == (0, "")
    assert "no language model is set up on this server" in out
    assert "password" in out.split("Articles:")[1]


@pytest.mark.usefixtures("answer")
def test_ask_prints_markdown_as_it_is_into_a_pipe(run: Run) -> None:
    """No colours, no boxes, no wrapped lines; the mode and its reasons at the end."""
    code, out, _ = run("ask", "Is the VPN down?")

    assert code == 0
    assert out == (
        "## Do this\n\n1. Restart **it**.\n\n"
        "Mode: fallback (timeout, stale articles, cut at the token limit)\n"
        "Articles: vpn, wifi\n"
    )


@pytest.mark.usefixtures("answer")
def test_ask_prints_json_for_programs(run: Run) -> None:
    """The same fields as over HTTP."""
    code, out, _ = run("ask", "Is the VPN down?", "--json")

    assert code == 0
    assert json.loads(out)["sources"] == ["vpn", "wifi"]


@pytest.mark.parametrize(
    ("args", "environ", "complaint"),
    [
        (["ask", " "], {}, "the question is empty; write what you need help with"),
        (
            ["ask", "Is the VPN down?"],
            {"HELPDESK_TOP_K": "99"},
            "HELPDESK_TOP_K is '99'; expected a whole number from 1 to 20",
        ),
        (
            ["status"],
            {"HELPDESK_TOP_N": "9"},
            "HELPDESK_TOP_N: there is no such environment variable; did you mean HELPDESK_TOP_K?",
        ),
    ],
)
def test_mistake_is_one_message_and_exit_code_2(
    run: Run, args: list[str], environ: dict[str, str], complaint: str
) -> None:
    """No traceback, nothing on standard output."""
    assert run(*args, **environ) == (2, "", f"helpdesk: {complaint}\n")


def test_status_reports_both_halves(run: Run, tmp_path: Path) -> None:
    """As a table for people, as JSON for programs."""
    environ = {"HELPDESK_INDEX__CACHE_DIR": str(tmp_path)}

    code, out, err = run("status", **environ)
    status = json.loads(run("status", "--json", **environ)[1])

    assert (code, err) == (0, "")
    assert re.search(r"^assistant\.circuit_breaker\.state +closed$", out, re.MULTILINE)
    assert status["assistant"]["circuit_breaker"]["state"] == "closed"
    assert status["assistant"]["mode"] == "fallback"
    assert "state" in status["index"]


def test_status_of_a_new_process_says_so(run: Run, tmp_path: Path) -> None:
    """It cannot know what a server beside it has met, and names the way to ask that."""
    environ = {"HELPDESK_INDEX__CACHE_DIR": str(tmp_path)}

    _, out, _ = run("status", **environ)

    assert out.startswith("This is what a server started now would begin with.")
    assert "helpdesk status --url http" in out
    assert json.loads(run("status", "--json", **environ)[1])["process"] == "new"


@contextlib.contextmanager
def serving(status: int, body: bytes) -> Iterator[str]:
    """A server that answers every request alike; yields its address."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/status" else 404)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("slash", ["", "/"])
def test_status_asks_a_running_server(run: Run, slash: str) -> None:
    """Its breaker is open, whatever this process would begin with."""
    of_server = {"assistant": {"circuit_breaker": {"state": "open"}}, "index": {"state": "stale"}}

    with serving(200, json.dumps(of_server).encode()) as url:
        code, out, err = run("status", "--url", url + slash)
        as_json = json.loads(run("status", "--json", "--url", url)[1])

    assert (code, err) == (0, "")
    assert re.search(r"^assistant\.circuit_breaker\.state +open$", out, re.MULTILINE)
    assert as_json == {"process": url, **of_server}


def test_status_that_never_ends_is_not_waited_for(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever sends it piece by piece is given up in the end."""
    monkeypatch.setattr("helpdesk.remote_status._IN_ALL_S", -1.0)
    with serving(200, b'{"assistant": {}, "index": {}}') as url:
        code, out, err = run("status", "--url", url)

    assert (code, out) == (2, "")
    assert "did not send its status within" in err


def test_status_does_not_speak_to_the_terminal(run: Run) -> None:
    """Neither in codes nor in markup."""
    said = {"assistant": {"[/nothing]": "\x1b[31m[red]no"}, "index": {}}
    with serving(200, json.dumps(said).encode()) as url:
        code, out, err = run("status", "--url", url)

    assert (code, err) == (0, "")
    assert re.search(r"^assistant\.\[/nothing\] +\\x1b\[31m\[red\]no$", out, re.MULTILINE)


@pytest.mark.parametrize(
    ("status", "body", "complaint"),
    [
        (404, b"", "answered 404 when asked for its status"),
        (200, b"<html>", "is not a help desk"),
        (200, b"[]", "is not a help desk"),
        (200, b"{}", "is not a help desk"),
        (200, b"[" * 99_999, "is not a help desk"),
        (200, b" " * 2_000_000 + b'{"assistant": {}, "index": {}}', "is not a help desk"),
    ],
)
def test_what_is_no_help_desk_is_told(run: Run, status: int, body: bytes, complaint: str) -> None:
    """Nothing on standard output that could be taken for a status."""
    with serving(status, body) as url:
        code, out, err = run("status", "--url", url)

    assert (code, out) == (2, "")
    assert err.startswith(f"helpdesk: {url} {complaint}")


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("http://127.0.0.1:1", "no help desk answers at http://127.0.0.1:1: "),
        ("127.0.0.1:8000", "'127.0.0.1:8000' is not an address: "),
        ("http://me:secret@127.0.0.1:x", "'http://127.0.0.1:x' is not an address: "),
        ("http://me:secret@127.0.0.1:1", "no help desk answers at http://127.0.0.1:1: "),
        ("http://127.0.0.1:99999", "'http://127.0.0.1:99999' is not an address: "),
    ],
)
def test_server_that_is_not_there_is_told(run: Run, url: str, complaint: str) -> None:
    """One message, without a password."""
    code, out, err = run("status", "--url", url, NO_PROXY="127.0.0.1")

    assert (code, out) == (2, "")
    assert err.startswith(f"helpdesk: {complaint}")
    assert "secret" not in err


def test_settings_shows_what_is_set_and_no_secret(run: Run) -> None:
    """Also what comes from the variables of the SDKs."""
    _, out, _ = run(
        "settings",
        OPENAI_API_KEY="sk-secret",
        OPENAI_BASE_URL="https://me:secret@gateway.example.com/v1",
        OPENAI_CUSTOM_HEADERS="X-Secret: secret",
        HELPDESK_OPENAI__TIMEOUT="5s",
    )

    assert "If it is unset, OPENAI_BASE_URL is read." in out
    assert "Set to: https://gateway.example.com/v1" in out
    assert "Set to: 5s" in out
    assert out.count("Set to: (hidden)") == 2
    assert "secret" not in out.replace("-secret", "").replace("a secret", "")


def test_settings_lists_every_variable(run: Run) -> None:
    """With what it does, what it may be, and its default."""
    code, out, _ = run("settings")

    assert code == 0
    assert "HELPDESK_OPENAI__BREAKER__RECOVERY_TIMEOUT\n  Time in open" in out
    assert "Default: 1m." in out
    assert "HTTPS_PROXY" in out.split("\n\n")[-1]


def test_help_has_examples(run: Run) -> None:
    """Each command shows how it is used."""
    assert "index" in run("--help")[1]
    for command, example in (
        ("ask", 'helpdesk ask "How do I reset my password?"'),
        ("status", "helpdesk status --url http://127.0.0.1:8000"),
        ("serve", "helpdesk serve --port 8080"),
    ):
        code, out, _ = run(command, "-h")
        assert code == 0
        assert example in out


def test_serve_starts_the_app_where_it_is_told(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Address and port reach the server, with the application."""
    served: dict[str, object] = {}
    monkeypatch.setattr("uvicorn.run", lambda app, **options: served.update(options, app=app))
    monkeypatch.setattr("helpdesk.web.server.make_app", lambda: print)
    monkeypatch.setattr("helpdesk.web.server._require_address", lambda *_: None)

    run("serve", "--port", "8080")

    assert (served["app"], served["host"], served["port"]) == (print, "127.0.0.1", 8080)
    assert (served["timeout_graceful_shutdown"], served["server_header"]) == (35, False)

    run("serve", "--workers", "3")

    # Each process makes its own.
    assert (served["app"], served["workers"]) == ("helpdesk.web.server:make_app", 3)
    assert served["factory"] is True


@pytest.mark.parametrize(
    ("host", "complaint"),
    [("127.0.0.1", "Address already in use"), ("no.such.host.invalid", "cannot listen on")],
    ids=["taken", "unknown"],
)
def test_serve_says_where_it_cannot_listen(run: Run, host: str, complaint: str) -> None:
    """One message, before anything is loaded."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        code, _, errors = run("serve", "--host", host, "--port", str(port))

    assert code == 2
    assert errors.startswith(f"helpdesk: cannot listen on '{host}', port {port}: ")
    assert complaint in errors


@pytest.mark.parametrize(
    ("piped", "code", "shown"),
    [
        (b"\xef\xbb\xbfHow do I print?\n", 0, "asked: How do I print?"),
        (b"", 2, "the question is empty"),
        (b"\xff", 2, "expected UTF-8"),
        (b"a" * 100_000, 2, "is longer than 2000 characters"),
    ],
    ids=["question", "nothing", "no text", "log"],
)
def test_question_may_be_piped_in(
    run: Run, monkeypatch: pytest.MonkeyPatch, piped: bytes, code: int, shown: str
) -> None:
    """A dash stands for stdin, as with other commands."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(piped)))
    monkeypatch.setattr(
        Helpdesk, "ask", lambda _, asked: Answer(text=f"asked: {asked}", mode="llm")
    )

    ended, out, errors = run("ask", "-")

    assert ended == code
    assert shown in out + errors


def test_module_runs_like_the_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """``python -m helpdesk`` is the same command."""
    monkeypatch.setattr(sys, "argv", ["helpdesk", "ask", "--help"])

    with pytest.raises(SystemExit):
        runpy.run_module("helpdesk", run_name="__main__")

    assert "What you need help with." in capsys.readouterr().out


def test_version_is_told(run: Run) -> None:
    """Bug reports begin with it."""
    code, out, _ = run("--version")

    assert (code, out) == (0, f"helpdesk {__version__}\n")


def test_ctrl_c_while_the_command_is_loaded_leaves_no_traceback(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its imports take a second or two, in which people change their minds."""
    command = runpy.run_module("helpdesk.__main__", run_name="entry")["main"]
    real = builtins.__import__

    def interrupted(name: str, *args: Any, **options: Any) -> Any:
        if name == "helpdesk.cli":
            raise KeyboardInterrupt
        return real(name, *args, **options)

    monkeypatch.setattr(builtins, "__import__", interrupted)

    with pytest.raises(SystemExit) as ended:
        command()

    assert ended.value.code == 130
    assert ended.value.__suppress_context__
