"""What the service keeps of its promises under load: `python -m benchmarks.load`.

A real `helpdesk serve` in a process of its own, on loopback, in front of a provider that is slow,
silent or down. Questions, health checks and the provider are in processes of their own, too, so
that nobody measures himself. It ends by itself, after about two minutes, with exit code 1 if a
bound was broken.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import multiprocessing
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.serving import (
    DEADLINE_S,
    OK,
    START_S,
    TOO_MANY,
    Reply,
    command,
    emulator,
    exchange,
    provider,
    quantile,
    questions,
    served,
    status_of,
)

QUESTIONS = 160

HEALTH_P99_S = 0.1
QUICK_P99_S = 0.5
BATCH = 40


@dataclass(frozen=True)
class Measured:
    """What came of one part of the test.

    Attributes:
        what: The part.
        numbers: By name, as they are printed.
        broken: Each bound that was not kept, in words.
    """

    what: str
    numbers: dict[str, str]
    broken: tuple[str, ...]


def main() -> None:
    """Run all parts, or those that are named."""
    parts: dict[str, Callable[[], Measured]] = {
        "slow": slow_model,
        "hung": hung_model,
        "open": open_breaker,
        "refresh": refresh_under_load,
    }
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(parts))
    chosen = parser.parse_args().parts or list(parts)
    if unknown := set(chosen) - set(parts):
        parser.error(f"no such part: {', '.join(sorted(unknown))}; choose from {', '.join(parts)}")
    broken: list[str] = []
    for name in chosen:
        measured = parts[name]()
        lines = [measured.what]
        lines += [f"  {key:28} {value}" for key, value in measured.numbers.items()]
        lines += [f"  BROKEN: {bound}" for bound in measured.broken]
        sys.stdout.write("\n".join(lines) + "\n")
        broken += measured.broken
    kept = "all bounds kept" if not broken else f"{len(broken)} bounds broken"
    sys.stdout.write(f"{kept}\n")
    sys.exit(1 if broken else 0)


def slow_model() -> Measured:
    """A crowd at once, and a model that takes ten seconds."""
    with provider("slow") as url, served(OPENAI_BASE_URL=url) as port:
        return _crowd(f"{QUESTIONS} at once, the model takes 10 s", port)


def hung_model() -> Measured:
    """A crowd at once, and a model that says nothing."""
    with provider("hung") as url, served(OPENAI_BASE_URL=url) as port:
        return _crowd(f"{QUESTIONS} at once, the model says nothing", port)


def open_breaker() -> Measured:
    """Many questions, eight at a time, while the breaker is open."""
    quick = {"HELPDESK_OPENAI__RETRY__ATTEMPTS": "1"}
    with provider("down") as url, served(OPENAI_BASE_URL=url, **quick) as port:
        asyncio.run(questions(port, 8, at_once=1))
        state = status_of(port)["assistant"]["circuit_breaker"]["state"]
        replies = asyncio.run(questions(port, 400, at_once=8))
    reasons = {json.loads(reply.body).get("reason") for reply in replies if reply.body}
    p99_s = quantile([reply.took_s for reply in replies], 0.99)
    broken = [
        *([f"the breaker is {state}"] if state != "open" else []),
        *([f"reasons are {reasons}"] if reasons != {"breaker_open"} else []),
        *([f"p99 is over {QUICK_P99_S} s"] if p99_s > QUICK_P99_S else []),
        *_unanswered(replies),
    ]
    numbers = _times(replies)
    return Measured("breaker open, 8 at a time", numbers, tuple(broken))


def refresh_under_load() -> Measured:
    """A copy that expires, a newer index in the bucket, and questions until it is there."""
    with (
        provider("quick") as url,
        emulator() as storage,
        tempfile.TemporaryDirectory() as cache,
    ):
        more = {
            "OPENAI_BASE_URL": url,
            "STORAGE_EMULATOR_HOST": storage,
            "HELPDESK_INDEX__BUCKET": "kb",
            "HELPDESK_INDEX__CACHE_DIR": cache,
            "HELPDESK_INDEX__FRESH_FOR": "60s",
        }
        command("index", "publish", "kb", **more)
        command("ask", "printer", **more)
        command("index", "publish", "kb", **more)
        _expire(Path(cache), in_s=START_S / 3)
        with served(**more) as port:
            before = after = status_of(port)["index"]
            replies: list[Reply] = []
            until_s = time.monotonic() + START_S
            while after["generation"] == before["generation"] and time.monotonic() < until_s:
                replies += asyncio.run(questions(port, BATCH, at_once=BATCH))
                after = status_of(port)["index"]
    broken = [
        *([] if after["state"] == "fresh" else [f"the index is {after['state']} at the end"]),
        *(["no newer index"] if after["generation"] == before["generation"] else []),
        *_unanswered(replies),
    ]
    stale = sum(bool(json.loads(reply.body).get("stale")) for reply in replies if reply.body)
    numbers = {**_times(replies), "answered from the old one": str(stale)}
    return Measured(f"index refreshed under load, {BATCH} at a time", numbers, tuple(broken))


def _crowd(what: str, port: int) -> Measured:
    with health(port) as checks:
        replies = asyncio.run(questions(port, QUESTIONS, at_once=QUESTIONS))
        seen = checks()
    late = [reply for reply in replies if reply.took_s > DEADLINE_S]
    p99_s = quantile([check.took_s for check in seen], 0.99)
    broken = [
        *([f"{len(late)} answers past the deadline"] if late else []),
        *([f"p99 of /healthz is over {HEALTH_P99_S} s"] if p99_s > HEALTH_P99_S else []),
        *([f"{len(seen)} health checks are too few"] if len(seen) < QUESTIONS else []),
        *_unanswered(replies),
        *(["/healthz failed"] if any(check.status != OK for check in seen) else []),
    ]
    modes = [json.loads(reply.body).get("mode") for reply in replies if reply.status == OK]
    numbers = {
        **_times(replies),
        "by the model": str(modes.count("llm")),
        "by the articles": str(modes.count("fallback")),
        "refused (429)": str(sum(reply.status == TOO_MANY for reply in replies)),
        "past the deadline": str(len(late)),
        "/healthz p50, p99, max": ", ".join(
            f"{quantile([check.took_s for check in seen], q) * 1000:.0f} ms"
            for q in (0.5, 0.99, 1)
        ),
    }
    return Measured(what, numbers, tuple(broken))


def _times(replies: Sequence[Reply]) -> dict[str, str]:
    took = [reply.took_s for reply in replies]
    return {
        "questions": str(len(replies)),
        "answers p50, p99, max": ", ".join(f"{quantile(took, q):.3f} s" for q in (0.5, 0.99, 1)),
    }


def _unanswered(replies: Sequence[Reply]) -> list[str]:
    lost = [reply for reply in replies if reply.status not in {OK, TOO_MANY}]
    return [f"{len(lost)} questions were not answered"] if lost else []


@contextlib.contextmanager
def health(port: int) -> Iterator[Callable[[], list[Reply]]]:
    """Ask for the health every 50 ms; yields a function that ends it and returns what was seen."""
    here, there = multiprocessing.Pipe()
    process = multiprocessing.Process(target=_look, args=(port, there), daemon=True)
    process.start()

    def end() -> list[Reply]:
        here.send(None)
        seen: list[Reply] = here.recv()
        return seen

    try:
        yield end
    finally:
        process.terminate()
        process.join()


def _look(port: int, asked: Any) -> None:  # noqa: ANN401 - a connection of multiprocessing
    seen = []
    while not asked.poll(0.05):
        seen.append(asyncio.run(exchange(port, "GET", "/healthz")))
    asked.send(seen)


def _expire(cache: Path, *, in_s: float) -> None:
    """Have a copy that is good for a minute expire in so many seconds."""
    (pointer,) = cache.rglob("current.json")
    facts = json.loads(pointer.read_text())
    pointer.write_text(json.dumps({**facts, "fetched_at": time.time() - 60 + in_s}))


if __name__ == "__main__":
    main()
