"""Asks both: ``python -m tests.chaos.upstreams.foreign COMMAND [PAGE]``.

``COMMAND`` starts aimock's server for language models (``llmock`` of the npm package
``@copilotkit/aimock``). Writes the page if one is named. Exits with 1 if they differ in a place
that is not listed, or if a listed place does not differ any more.

A field that we have and they have not is not listed: the SDKs' own models or the API reference
know each of those, and a test of ours sees to it.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from chaos.http import Request, Response
from chaos.upstreams.anthropic import AnthropicUpstream
from chaos.upstreams.openai import OpenAIUpstream
from tests.chaos.upstreams.foreign.asked import ANSWERS, ASKED, FIXTURES, Asked
from tests.chaos.upstreams.foreign.listed import LISTED, Difference
from tests.chaos.upstreams.foreign.shapes import Shape, shape_of

_PATIENCE_S = 20.0

_PAGE = """\
# The stand-ins beside a server that we have not written

aimock (the npm package `@copilotkit/aimock`) is a mock server for language models whose authors
compare it with the real APIs every day. This page is what came of asking it and our stand-ins the
same {asked} things, and comparing what the answers consist of, field by field and event by event:

```text
$ nox -s foreign
```

{same} fields are the same. {more} are in our answers and not in theirs: it leaves out what few
clients look at. The SDKs' own models or the API reference know each of these, and a test sees to
it. **{other} are otherwise**, each settled by a page of the provider's:

| asked | where | ours | theirs | settled |
| --- | --- | --- | --- | --- |
{lines}
"""


def ours(asked: Asked) -> Shape:
    """What our answer consists of."""
    upstream = (AnthropicUpstream if asked.is_for_anthropic else OpenAIUpstream)(answers=ANSWERS)
    return shape_of(
        upstream.handle(
            Request(
                method=asked.method,
                url=f"https://sim.test{asked.path}",
                headers=asked.headers,
                body=b"" if asked.body is None else json.dumps(asked.body).encode(),
            )
        )
    )


def theirs(asked: Asked, port: int) -> Shape:
    """What their answer consists of."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}{asked.path}",
        data=None if asked.body is None else json.dumps(asked.body).encode(),
        headers=asked.headers,
        method=asked.method,
    )
    with urllib.request.urlopen(request, timeout=_PATIENCE_S) as answer:
        headers = tuple(answer.headers.items())
        return shape_of(Response(status=answer.status, headers=headers, body=answer.read()))


@contextmanager
def server(command: str) -> Iterator[int]:
    """Their server, on a port of its own."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        fixtures = Path(folder) / "fixtures.json"
        fixtures.write_text(FIXTURES)
        arguments = [command, "-p", str(port), "-f", str(fixtures)]
        process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL)
        try:
            _wait_for(port)
            yield port
        finally:
            process.terminate()
            process.wait()


def _wait_for(port: int) -> None:
    began_s = time.monotonic()
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if time.monotonic() - began_s > _PATIENCE_S:
                raise
            time.sleep(0.1)
        else:
            return


def main(command: str, page: str | None = None) -> int:
    """Ask, compare, tell, and write."""
    same = more = 0
    found: list[Difference] = []
    with server(command) as port:
        for name, asked in ASKED.items():
            one, other = ours(asked), theirs(asked, port)
            same += sum(other.get(place) == kind for place, kind in one.items())
            more += len(one.keys() - other.keys())
            found += [
                Difference(name, place, one.get(place), kind)
                for place, kind in other.items()
                if one.get(place) != kind
            ]
    places = {(each.asked, each.place) for each in found}
    for each in found:
        known = "" if (each.asked, each.place) in LISTED else "  NOT LISTED"
        _say(f"{each.asked}: {each.place}: {each.ours}, theirs {each.theirs}{known}")
    for outlived in LISTED.keys() - places:
        _say(f"{outlived} does not differ any more; take it off the list")
    _say(f"{len(ASKED)} asked: {same} fields the same, {more} only ours, {len(found)} otherwise")
    if page is not None:
        lines = "\n".join(_line(each) for each in found)
        text = _PAGE.format(asked=len(ASKED), same=same, more=more, other=len(found), lines=lines)
        Path(page).write_text(text)
    return 1 if places != LISTED.keys() else 0


def _line(found: Difference) -> str:
    settled = LISTED.get((found.asked, found.place))
    who = f"{settled.words} [Page]({settled.page})" if settled else "not yet"
    return f"| {found.asked} | `{found.place}` | {found.ours} | {found.theirs} | {who} |"


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
