"""Each fault, with the real SDKs, in both tiers: what a service sees of it is the same."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage
from pydantic import TypeAdapter

from chaos.choices import Seeded
from chaos.compare.tiers.differences import compare
from chaos.compare.tiers.side_by_side import in_columns, sides_of
from chaos.faults.injector import Injector
from chaos.scenario.faults import FAULTS, AnyFault, Fault
from chaos.simulation.run import SimulatedRun
from chaos.simulation.world import Simulation
from chaos.tiers.simulated.world import SimulatedTier
from chaos.tiers.wire.locate import LocatedToxiproxy
from chaos.tiers.wire.toxiproxy import Toxiproxy
from chaos.tiers.wire.world import WireTier
from chaos.trace.trace import Trace
from chaos.upstreams.gcs import GcsUpstream
from chaos.upstreams.openai import OpenAIUpstream
from tests.chaos.simulation.toys import client

pytestmark = pytest.mark.wire

OBJECT = bytes(range(256)) * 1000
CHAT = "https://api.openai.com/v1/chat/completions"
QUESTION = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "How?"}]}
KEY = {"authorization": "Bearer sk-test"}
SHARED = httpx2.Client()
FAULT: TypeAdapter[Fault] = TypeAdapter(AnyFault)


def chat() -> str:
    """Ask for a completion."""
    completion = client().chat.completions.create(
        model="gpt-4o-mini", messages=[{"role": "user", "content": "How?"}]
    )
    # What arrived, whatever it is: a web page comes as a str.
    return completion.to_json() if hasattr(completion, "to_json") else str(completion)


def streamed_chat() -> str:
    """Ask for a completion in events, and read it to its end."""
    stream = client().chat.completions.create(
        model="gpt-4o-mini", messages=[{"role": "user", "content": "How?"}], stream=True
    )
    return "|".join(chunk.to_json() for chunk in stream)


def download() -> str:
    """Fetch an object, without retries."""
    content = blob("index/i.faiss").download_as_bytes(timeout=15.0, retry=None)
    return hashlib.sha256(content).hexdigest()


def resumed_download() -> str:
    """Fetch an object, with the SDK's own retries, which resume a body that broke off."""
    content = blob("index/i.faiss").download_as_bytes(timeout=15.0)
    return hashlib.sha256(content).hexdigest()


def upload() -> str:
    """Store an object, without retries."""
    stored = blob("new.txt")
    stored.upload_from_string(OBJECT, timeout=15.0, retry=None)
    return f"generation {stored.generation}"


def twice() -> str:
    """Ask, wait a little, and ask again, over one connection."""
    with httpx2.Client() as http:
        first = http.post(CHAT, json=QUESTION, headers=KEY)
        time.sleep(2.0)
        return first.text + http.post(CHAT, json=QUESTION, headers=KEY).text


def after_another() -> str:
    """Ask over the connection that `before` has left."""
    return SHARED.post(CHAT, json=QUESTION, headers=KEY).text


def blob(name: str) -> storage.Blob:
    """An object of a bucket, for anybody."""
    nobody = AnonymousCredentials()  # type: ignore[no-untyped-call]  # google.auth has no types here
    return storage.Client(project="toy", credentials=nobody).bucket("kb").blob(name)


Ask = Callable[[], str]

CASES: Mapping[str, tuple[Mapping[str, Any], tuple[Ask, ...]]] = {
    "rate limit in seconds": (
        {"fault": "rate_limit", "retry_after": "7s"},
        (chat, streamed_chat, download),
    ),
    "rate limit until a date": (
        {"fault": "rate_limit", "retry_after": "7s", "retry_after_as": "date"},
        (chat, download),
    ),
    "rate limit in milliseconds": ({"fault": "rate_limit", "retry_after": "1500ms"}, (chat,)),
    "quota": ({"fault": "rate_limit", "code": "insufficient_quota"}, (chat,)),
    "503": ({"fault": "http_error", "status": 503}, (chat, streamed_chat, download, upload)),
    "529 without a reason phrase": ({"fault": "http_error", "status": 529}, (chat, download)),
    "304 without a body": ({"fault": "http_error", "status": 304}, (chat, download)),
    "502 with a page": (
        {"fault": "http_error", "status": 502, "body": "<html>no</html>"},
        (chat, download),
    ),
    "503 that asks for patience, twice": (
        {"fault": "http_error", "status": 503, "headers": {"Retry-After": ("7", "-1")}},
        (chat, download),
    ),
    "200 with an error": (
        {"fault": "http_error", "status": 200, "body": '{"error": {"message": "no"}}'},
        (chat, streamed_chat),
    ),
    "200 without a body": ({"fault": "http_error", "status": 200, "body": ""}, (chat, download)),
    "redirect to nowhere": (
        {"fault": "http_error", "status": 302, "headers": {"Location": "/v1/models/nothing"}},
        (chat,),
    ),
    "spent window": ({"fault": "quota", "requests": 1, "per": "60s"}, (twice,)),
    "overload": (
        {"fault": "overload", "capacity": 0, "per_call": "2s", "memory": "60s"},
        (chat, twice),
    ),
    "gzip": ({"fault": "encoding", "as": "gzip"}, (chat, streamed_chat)),
    "half of a gzip": ({"fault": "encoding", "as": "truncated_gzip"}, (chat, download)),
    "no gzip": ({"fault": "encoding", "as": "not_gzip"}, (chat, download)),
    "gzip with a wrong checksum": ({"fault": "encoding", "as": "wrong_checksum"}, (chat,)),
    "unknown encoding": ({"fault": "encoding", "as": "unknown"}, (chat,)),
    "comments": ({"fault": "stream", "as": "comments"}, (streamed_chat,)),
    "empty event": ({"fault": "stream", "as": "empty_events"}, (streamed_chat,)),
    "event without data": ({"fault": "stream", "as": "without_data"}, (streamed_chat,)),
    "error within a stream": ({"fault": "stream", "as": "error_event"}, (streamed_chat,)),
    "no end marker": ({"fault": "stream", "as": "without_done"}, (streamed_chat,)),
    "unusual reason": (
        {"fault": "stream", "as": "finish_reason", "finish_reason": "eos"},
        (streamed_chat,),
    ),
    "bearable latency": (
        {"fault": "latency", "latency": "14900ms"},
        (chat, streamed_chat, download, upload),
    ),
    "unbearable latency": (
        {"fault": "latency", "latency": "15001ms"},
        (chat, streamed_chat, download, upload),
    ),
    "latency with jitter": (
        {"fault": "latency", "latency": "15s", "jitter": "10s"},
        (chat, download),
    ),
    "silence": ({"fault": "timeout"}, (chat, streamed_chat, download, upload)),
    "request lost in silence": ({"fault": "timeout", "takes_effect": False}, (chat, upload)),
    "no name": ({"fault": "dns_failure"}, (chat, download)),
    "no such name": ({"fault": "dns_failure", "temporary": False}, (chat, download)),
    "no answer to a connect": ({"fault": "connect_timeout"}, (chat, download)),
    "expired certificate": ({"fault": "tls_failure"}, (chat, download)),
    "certificate of another": ({"fault": "tls_failure", "reason": "wrong_host"}, (chat, download)),
    "reset before the request": (
        {"fault": "reset_peer", "takes_effect": False},
        (chat, streamed_chat, download, upload),
    ),
    "idle connections closed": ({"fault": "idle_close", "after": "1s"}, (twice,)),
    "idle connections closed too late": (
        {"fault": "idle_close", "after": "1s", "race": True},
        (twice,),
    ),
    "all connections dropped": ({"fault": "drop_connections"}, (after_another,)),
    "all connections reset": ({"fault": "drop_connections", "how": "reset"}, (after_another,)),
    "all connections lost": ({"fault": "drop_connections", "how": "race"}, (after_another,)),
    "refusal": ({"fault": "connection_refused"}, (chat, streamed_chat, download, upload)),
    "reset at once": ({"fault": "reset_peer"}, (chat, streamed_chat, download, upload)),
    "reset in the body": (
        {"fault": "reset_peer", "after": "100B"},
        (chat, streamed_chat, download, resumed_download),
    ),
    "reset late in a long body": ({"fault": "reset_peer", "after": "250KB"}, (download,)),
    "short body": ({"fault": "limit_data", "bytes": "100B"}, (chat, streamed_chat, download)),
    "no body at all": ({"fault": "limit_data", "bytes": 0}, (chat, download)),
    "short body, resumed": (
        {"fault": "limit_data", "bytes": "200KB", "calls": 1},
        (resumed_download,),
    ),
    "bandwidth": ({"fault": "bandwidth", "rate": "10KB"}, (chat, streamed_chat, download)),
    "very small bandwidth": ({"fault": "bandwidth", "rate": "7B"}, (chat, streamed_chat)),
    "slices": (
        {"fault": "slicer", "size": "100B", "delay": "1s"},
        (chat, streamed_chat, download),
    ),
    "slices too far apart": (
        {"fault": "slicer", "size": "100B", "delay": "16s"},
        (chat, streamed_chat, download),
    ),
    "flipped bits": ({"fault": "corrupt", "flip": 3}, (chat, download, resumed_download)),
    "flipped first byte": ({"fault": "corrupt", "at": 0}, (chat, download)),
    "truncated JSON": ({"fault": "malformed", "as": "truncated_json"}, (chat, streamed_chat)),
    "web page": ({"fault": "malformed", "as": "html"}, (chat, streamed_chat, download)),
    "empty object": ({"fault": "malformed", "as": "empty_object"}, (chat, streamed_chat)),
    "no choices": ({"fault": "malformed", "as": "empty_choices"}, (chat, streamed_chat)),
    "broken text": ({"fault": "malformed", "as": "invalid_utf8"}, (chat, streamed_chat)),
    "refused content": (
        {"fault": "completion", "finish_reason": "content_filter"},
        (chat, streamed_chat),
    ),
    "half an answer": ({"fault": "completion", "finish_reason": "length"}, (chat, streamed_chat)),
    "stream closed": ({"fault": "cut_stream", "after": 2, "how": "fin"}, (streamed_chat,)),
    "stream closed at once": ({"fault": "cut_stream", "after": 0, "how": "fin"}, (streamed_chat,)),
    "stream aborted": ({"fault": "cut_stream", "after": 2, "how": "abort"}, (streamed_chat,)),
    "stream reset": ({"fault": "cut_stream", "after": 2, "how": "reset"}, (streamed_chat,)),
    "stream stalled": ({"fault": "cut_stream", "after": 2, "how": "stall"}, (streamed_chat,)),
}


@dataclass(frozen=True)
class Seen:
    """What became of a case in one tier."""

    outcome: str
    trace: Trace
    touched: bool
    violations: tuple[str, ...]


def cases() -> list[tuple[str, Ask]]:
    """Each fault with each thing that can be asked of its upstream."""
    return [(name, ask) for name, (_, asks) in CASES.items() for ask in asks]


def play(simulation: Simulation, name: str, ask: Ask) -> Seen:
    """Ask once, while the fault of that name is in force."""
    choices = Seeded(7)
    injector = Injector(choices)
    storage_stand_in = GcsUpstream()
    storage_stand_in.put("kb", "index/i.faiss", OBJECT)
    upstream = "gcs" if ask in {download, resumed_download, upload} else "openai"

    def arm(run: SimulatedRun) -> Injector:
        injector.recorder = run.recorder
        return injector

    run = simulation.start_run(
        upstreams={"openai": OpenAIUpstream(), "gcs": storage_stand_in},
        injector=arm,
        choices=choices,
        seed=7,
    )
    fault = FAULT.validate_python({**CASES[name][0], "upstream": upstream})
    if ask is after_another:
        run.scheduler.spawn("user-0", ask)
        run.scheduler.run_users()
    fault_id = injector.inject(fault, now_s=0.0)
    task = run.scheduler.spawn("user-1", ask)
    run.scheduler.run()
    run.close()
    outcome = type(task.error).__name__ if task.error else f"returned {task.result}"
    return Seen(
        outcome=outcome,
        trace=run.trace,
        touched=fault_id not in injector.untouched(),
        violations=tuple(run.violations),
    )


@pytest.fixture(scope="module")
def both(location: LocatedToxiproxy) -> Mapping[tuple[str, Ask], tuple[Seen, Seen]]:
    """Every case, first in the simulated tier, then on the wire."""
    with SimulatedTier() as simulation:
        simulated = [play(simulation, *case) for case in cases()]
    with WireTier(Toxiproxy(location)) as simulation:
        wire = [play(simulation, *case) for case in cases()]
    return dict(zip(cases(), zip(simulated, wire, strict=True), strict=True))


@pytest.mark.parametrize(
    ("name", "ask"),
    [pytest.param(name, ask, id=f"{name}, {ask.__name__}") for name, ask in cases()],
)
def test_fault_looks_the_same_in_both_tiers(
    both: Mapping[tuple[str, Ask], tuple[Seen, Seen]], name: str, ask: Ask
) -> None:
    """The same exception or the same value, at the same times, by the same steps."""
    simulated, wire = both[name, ask]

    differences = compare(simulated.trace, wire.trace)

    assert not wire.violations
    assert wire.outcome == simulated.outcome
    assert not differences, "\n\n".join(in_columns(sides_of(each)) for each in differences)
    assert simulated.touched
    assert wire.touched


def test_every_kind_of_fault_is_in_the_table() -> None:
    """A new fault has to be shown over sockets, too."""
    assert {fault["fault"] for fault, _ in CASES.values()} == set(FAULTS)
