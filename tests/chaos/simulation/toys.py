"""Small stand-ins, and a world in which the real SDKs talk to them."""

from __future__ import annotations

import functools
import json
import time
from collections.abc import Callable, Mapping
from threading import Lock as CapturedLock
from time import sleep as captured_sleep
from typing import Any

import openai
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage

from chaos.choices import Choices, Seeded
from chaos.faults.behaviour import Stage
from chaos.faults.connecting import CONNECTED, Connecting, ConnectionRefusal
from chaos.faults.decision import Decision
from chaos.faults.delivery import PERFECT, Answered, Delivery, How, Lost
from chaos.faults.injector import Injector
from chaos.http import Request, Response, json_response
from chaos.ports import Operation, StandIn, Upstream
from chaos.simulation.run import SimulatedRun
from chaos.simulation.tasks.limits import DEFAULT_LIMITS, Limits
from chaos.simulation.tasks.task import Task
from chaos.simulation.world import Simulation
from chaos.trace.events import Event, ResponseEvent, Scalar, WaitEvent

__all__ = ["CapturedLock", "captured_sleep"]

WORDS = ("Press ", "the ", "button.")
ANSWER = "".join(WORDS)
OBJECT = bytes(range(256)) * 400
TOY = "toy"
"""The fault that all deliveries here come from."""


class ToyOpenAI(Upstream):
    """Completes every chat with the same sentence, whole or in three events."""

    name = "openai"
    hosts = ("api.openai.com",)
    operations = ("chat",)

    def classify(self, request: Request) -> Operation | None:
        """Only chats."""
        return Operation("chat") if request.path == "/v1/chat/completions" else None

    def handle(self, request: Request) -> Response:
        """The sentence."""
        if not request.json().get("stream"):
            return json_response(200, _completion("message", ANSWER, "stop"))
        chunks = [_completion("delta", word, None) for word in WORDS]
        events = [*map(json.dumps, chunks), "[DONE]"]
        return Response(
            status=200,
            headers=(("content-type", "text/event-stream"),),
            body="".join(f"data: {event}\n\n" for event in events).encode(),
        )

    def describe(self, operation: Operation, response: Response) -> Mapping[str, Scalar]:
        """Two facts, in an order that is not the sorted one."""
        return {"operation": operation.name, "bytes": len(response.body)}


class ToyStorage(Upstream):
    """A bucket in which every object has the same bytes."""

    name = "gcs"
    hosts = ("storage.googleapis.com",)
    operations = ("objects.media",)

    def classify(self, request: Request) -> Operation | None:
        """Only downloads."""
        if request.query.get("alt") != "media":
            return None
        return Operation("objects.media", request.path.rpartition("/")[2])

    def handle(self, request: Request) -> Response:
        """The bytes."""
        del request
        return Response(
            status=200, headers=(("content-type", "application/octet-stream"),), body=OBJECT
        )


def travels(  # noqa: PLR0913 - one for each part
    *,
    latency_s: float = 0.0,
    rate: float | None = None,
    slice_bytes: int | None = None,
    slice_delay_s: float = 0.0,
    end: How | None = None,
    cut_after: int | None = None,
) -> Delivery:
    """An answer that travels like this, by the fault "toy"."""
    answered = PERFECT
    if latency_s:
        answered = answered.delayed(latency_s, by=TOY)
    if rate is not None:
        answered = answered.slowed(rate, by=TOY)
    if slice_bytes is not None:
        answered = answered.sliced(slice_bytes, slice_delay_s, by=TOY)
    if end == "reset" and cut_after is None:
        return answered.lost("reset", by=TOY)
    if end is not None:
        answered = answered.cut_off(end, cut_after or 0, by=TOY)
    return answered


SILENT = Lost(how="silence", taken=False, by="toy")
"""The request is taken by nobody, and nobody answers."""

RESET = Lost(how="reset", taken=False, by="toy")
"""The request is taken by nobody, and the connection is reset."""

REFUSED = ConnectionRefusal(by="toy")
"""Nobody listens."""


class ToyDecision(Decision):
    """Travels as the injector says; ``answer`` takes the provider's place."""

    def __init__(self, upstream: StandIn, travels: Delivery, answer: Response | None) -> None:
        super().__init__(upstream, (), lambda _: None)
        self._travels = travels
        self._answer = answer
        self._acted: list[str] = []

    @property
    def lost(self) -> Lost | None:
        """Known at once, if the provider never sees the request."""
        return self._travels if isinstance(self._travels, Lost) else None

    @property
    def touched(self) -> tuple[str, ...]:
        """What the carrier says that it has acted on."""
        return tuple(dict.fromkeys(self._acted))

    def respond(self, request: Request) -> Response:
        """Ask the provider, unless a fault answers in its place."""
        assert isinstance(self._upstream, Upstream)
        return self._answer or self._upstream.handle(request)

    def delivery(self, response: Response) -> Delivery:
        """The same for every response."""
        del response
        return self._travels

    def acted(self, by: str) -> None:
        """Keep it."""
        self._acted.append(by)


class ToyInjector(Injector):
    """Treats every call alike, unless it has a script."""

    def __init__(self) -> None:
        super().__init__(Seeded(0))
        self.travels: Delivery = PERFECT
        self.meets: Connecting = CONNECTED
        self.meets_name: Connecting = CONNECTED
        self.answer: Response | None = None
        self.script: list[Delivery | Response | ConnectionRefusal] = []

    def travel(self, delivery: Delivery | ConnectionRefusal) -> None:
        """Let all calls end like this."""
        if isinstance(delivery, ConnectionRefusal):
            self.meets = delivery
        else:
            self.travels = delivery

    def connect(self, upstream: str, stage: Stage) -> Connecting:
        """As told; a refusal may be next in the script."""
        del upstream
        if stage == "connect" and self.script and isinstance(self.script[0], ConnectionRefusal):
            return self.script.pop(0)  # type: ignore[return-value]  # it is one
        return self.meets if stage == "connect" else self.meets_name

    def decide(self, upstream: StandIn, operation: Operation, call: int) -> Decision:
        """Take the next step of the script, if there is one."""
        del operation, call
        step = self.script.pop(0) if self.script else None
        travels = step if isinstance(step, Answered | Lost) else self.travels
        answer = step if isinstance(step, Response) else self.answer
        return ToyDecision(upstream, travels, answer)

    def decided(self, upstream: StandIn, by: str, call: int) -> Decision:
        """An attempt to connect has come to nothing."""
        del call
        decision = ToyDecision(upstream, PERFECT, None)
        decision.acted(by)
        return decision


class World:
    """A run with toys in it."""

    def __init__(
        self,
        simulation: Simulation,
        *,
        upstreams: Mapping[str, StandIn] | None = None,
        seed: int = 7,
        choices: Choices | None = None,
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        self.injector = ToyInjector()
        self.run: SimulatedRun = simulation.start_run(
            upstreams=upstreams or {"openai": ToyOpenAI(), "gcs": ToyStorage()},
            injector=lambda _: self.injector,
            choices=choices or Seeded(seed),
            seed=seed,
            limits=limits,
        )

    def play(self, *bodies: Callable[[], object]) -> list[Task]:
        """Let each body be a user: ``user-1``, ``user-2`` and so on; run until all have ended."""
        tasks = [
            self.run.scheduler.spawn(f"user-{number}", body)
            for number, body in enumerate(bodies, start=1)
        ]
        self.run.scheduler.run()
        return tasks

    def result(self, body: Callable[[], object]) -> Any:
        """What a single user's body returns; its exception is raised."""
        (task,) = self.play(body)
        if task.error is not None:
            raise task.error
        return task.result

    def error(self, body: Callable[[], object]) -> BaseException:
        """What a single user's body raises."""
        (task,) = self.play(body)
        assert task.error is not None, f"it returned {task.result!r}"
        return task.error

    @property
    def now_s(self) -> float:
        """Virtual seconds since the beginning."""
        return self.run.clock.now_s

    @property
    def response(self) -> ResponseEvent:
        """The only response of the run."""
        (event,) = self.run.trace.of(ResponseEvent)
        return event

    @property
    def waits(self) -> list[float]:
        """How long the service slept, each time."""
        return [event.seconds for event in self.run.trace.of(WaitEvent)]

    @property
    def events(self) -> list[Event]:
        """Everything."""
        return list(self.run.trace)


@functools.cache
def client(*, timeout_s: float | None = 15.0, retries: int = 0) -> openai.OpenAI:
    """A real client; making one takes longer than most tests."""
    return openai.OpenAI(api_key="sk-test", timeout=timeout_s, max_retries=retries)


def nap(seconds: float) -> None:
    """Sleep as services do: by attribute, at call time."""
    time.sleep(seconds)


def chat(timeout_s: float | None = 15.0, retries: int = 0) -> str | None:
    """Ask the real SDK a question."""
    completion = client(timeout_s=timeout_s, retries=retries).chat.completions.create(
        model="gpt-4o-mini", messages=[{"role": "user", "content": "How?"}]
    )
    return completion.choices[0].message.content


def streamed_chat(words: list[str], timeout_s: float = 15.0) -> None:
    """Ask, and add each word of the answer to ``words`` when it comes."""
    chunks = client(timeout_s=timeout_s).chat.completions.create(
        model="gpt-4o-mini", messages=[{"role": "user", "content": "How?"}], stream=True
    )
    words.extend(chunk.choices[0].delta.content or "" for chunk in chunks)


def download(timeout_s: float | tuple[float, float] | None = 15.0, **options: Any) -> bytes:
    """Fetch an object with the real SDK; it does not retry."""
    nobody = AnonymousCredentials()  # type: ignore[no-untyped-call]  # google.auth has no types here
    blob = storage.Client(project="toy", credentials=nobody).bucket("b").blob("index/i.faiss")
    content: bytes = blob.download_as_bytes(timeout=timeout_s, **{"retry": None, **options})
    return content


def _completion(part: str, content: str, finish_reason: str | None) -> dict[str, Any]:
    kind = "chat.completion" if part == "message" else "chat.completion.chunk"
    choice: dict[str, Any] = {"index": 0, "finish_reason": finish_reason}
    choice[part] = {"role": "assistant", "content": content}
    return {
        "id": "chatcmpl-1",
        "object": kind,
        "created": 1,
        "model": "gpt-4o-mini",
        "choices": [choice],
    }
