"""`chaos serve` as a user meets it: another process, clients of other languages, exit codes."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.chaos.serve.playing import HEAD

ROOT = Path(__file__).parents[3]
SCENARIO = """\
method:
  - ask: Is all well?
    expect: {calls.openai: 1, answer.mode: llm}
  - inject: {id: outage, upstream: openai, fault: http_error, status: 503}
  - ask: And now?
    expect: {calls.openai: 1, answer.mode: error}
"""
NODE = """\
const url = process.env.OPENAI_BASE_URL + "/chat/completions";
const headers = {"content-type": "application/json", "authorization": "Bearer sk-x"};
const body = JSON.stringify({
  model: "gpt-4o-mini", messages: [{role: "user", content: "Is the VPN down?"}],
});
for (const expected of [200, 503]) {
  const response = await fetch(url, {method: "POST", headers, body});
  await response.text();
  if (response.status !== expected) throw new Error(`status ${response.status}`);
  const mode = response.ok ? "llm" : "error";
  const next = process.env.CHAOS_CONTROL_URL + "/next";
  const told = JSON.stringify({answers: [{mode}]});
  const answer = await fetch(next, {method: "POST", body: told});
  if (!answer.ok) throw new Error(await answer.text());
}
"""
CURL = """\
ask() {
  curl -s -o /dev/null -w '%{http_code}' "$OPENAI_BASE_URL/models" -H 'Authorization: Bearer x'
}
test "$(ask)" = 200 || exit 7
curl -s -X POST "$CHAOS_CONTROL_URL/next" -o /dev/null
test "$(ask)" = 503 || exit 8
curl -s -X POST "$CHAOS_CONTROL_URL/next" -o /dev/null
"""


@pytest.fixture
def scenario(tmp_path: Path) -> Path:
    """A scenario file."""
    path = tmp_path / "served.yaml"
    path.write_text(HEAD + SCENARIO)
    return path


def serve(*arguments: str | Path) -> subprocess.Popen[str]:
    """The command, in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "chaos", "serve", *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "100"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
    )


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Exit code and output."""
    output, _ = process.communicate(timeout=120)
    return process.returncode, output


def needed(program: str) -> str:
    """Where a client is; CI must have it, a person may not."""
    found = shutil.which(program)
    if found is not None:
        return found
    hint = f"this test needs {program}, as a client in another language"
    if os.environ.get("CI") == "true":
        pytest.fail(hint)
    pytest.skip(hint)


def test_client_of_another_language_is_judged(scenario: Path, tmp_path: Path) -> None:
    """Node asks, tells its answers, and the run passes; a report is written as for any run."""
    script = tmp_path / "drive.mjs"
    script.write_text(NODE)
    report = tmp_path / "report.json"

    code, output = ended(
        serve(scenario, "--port", "0", "--json", report, "--", needed("node"), script)
    )

    assert code == 0, output
    assert "1 passed; served for" in output
    (run,) = json.loads(report.read_text())["scenarios"]
    assert (run["name"], run["outcome"], run["tier"]) == ("served", "passed", "served")


def test_answers_that_nobody_tells_leave_the_run_inconclusive(scenario: Path) -> None:
    """Curl sees the fault begin at its place; without answers, the run proves nothing."""
    needed("curl")

    code, output = ended(serve(scenario, "--port", "0", "--", "sh", "-c", CURL))

    assert code == 3, output
    assert "judged only if POST /next sends the answers: answer.mode" in output
    assert "answer.mode was not judged" in output


def test_command_that_fails_fails_the_run(tmp_path: Path) -> None:
    """A driver that found something wrong must not be passed over."""
    needed("curl")
    path = tmp_path / "served.yaml"
    path.write_text(HEAD + "method:\n  - ask: Hello?\n    expect: {calls.openai: 0}\n")
    words = 'curl -s -o /dev/null -X POST "$CHAOS_CONTROL_URL/next"; exit 5'

    code, output = ended(serve(path, "--port", "0", "--", "sh", "-c", words))

    assert code == 1, output
    assert "1 passed" in output
    assert "exited with 5" in output


def test_interrupted_run_is_judged(scenario: Path) -> None:
    """Ctrl-C is the usual end, and not an error; what was not played proves nothing."""
    process = serve(scenario, "--port", "0")
    assert process.stdout is not None
    lines = iter(process.stdout.readline, "")
    assert any("ask your service, then signal" in line for line in lines)

    process.send_signal(signal.SIGINT)
    code, output = ended(process)

    assert code == 3, output
    assert "step method[0]: the run ended before this step did" in output


def test_run_ends_after_its_time(scenario: Path) -> None:
    """`--for` ends it, in a pipe and without a terminal."""
    code, output = ended(serve(scenario, "--port", "0", "--for", "50ms"))

    assert code == 3, output


def test_taken_port_is_one_message(scenario: Path) -> None:
    """What is wrong, and what to do."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, output = ended(serve(scenario, "--port", str(port)))

    assert code == 2
    assert output.strip() == (
        f"chaos: cannot listen at port {port} of 127.0.0.1: Address already in use; expected a "
        "free port; name another one"
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--for", "3"], "duration 3 has no unit"),
        (["--", "no-such-command"], "'no-such-command' cannot be started"),
        (["--port", "-1"], r"Invalid value for '--port': .*\b(equal to 0\b|range 0<=)"),
    ],
    ids=["no unit", "no command", "no port"],
)
def test_bad_argument_is_one_message(scenario: Path, arguments: list[str], said: str) -> None:
    """Never a stack trace."""
    ports = [] if "--port" in arguments else ["--port", "0"]
    code, output = ended(serve(scenario, *ports, *arguments))

    assert code == 2, output
    assert re.search(said, " ".join(output.split()))
    assert "Traceback" not in output
