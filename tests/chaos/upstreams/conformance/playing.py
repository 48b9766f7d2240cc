"""One pair of the table, played in a world of its own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from google.auth.credentials import AnonymousCredentials
from google.cloud import storage

from chaos.errors import SimulationError
from chaos.testing import SimulatedWorld
from chaos.upstreams.gcs import GcsUpstream
from tests.chaos.upstreams.conformance.calls import CALLS, EMAIL, ENTITY, LARGE, Call, Scene
from tests.chaos.upstreams.conformance.table import Pair

KIB = 1024
_FIRST_BYTES = 4 * KIB
"""After how many bytes a stream breaks if the table says no more than that it does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What came of a pair.

    Attributes:
        pair: The pair.
        seen: What each of its calls came to: ``succeeds``, or the name of the exception, with what
            was left of the instructions.
        virtual_s: How long that took, in virtual seconds.
    """

    pair: Pair
    seen: tuple[str, ...]
    virtual_s: float = field(compare=False)

    @property
    def is_right(self) -> bool:
        """Whether every call did what the table says."""
        if self.pair.succeeds:
            return all(each == "succeeds" for each in self.seen)
        return all(not each.startswith(("succeeds", "unused")) for each in self.seen)


def play(pair: Pair, *, lost_answers: bool = False) -> Played:
    """Play a pair: each of its calls in a new world.

    Args:
        pair: What to play.
        lost_answers: Whether a connection that is reset is reset after the request was carried
            out. The table means that it was not.
    """
    # Otherwise the client asks for the bucket in a thread of its own.
    os.environ["DISABLE_GCS_PYTHON_CLIENT_OTEL_BUCKET_METADATA"] = "true"
    seen, virtual_s = [], 0.0
    for call in CALLS[pair.group or pair.method]:
        end, took_s = _play(pair, call, lost_answers=lost_answers)
        seen.append(end)
        virtual_s += took_s
    return Played(pair=pair, seen=tuple(seen), virtual_s=virtual_s)


def _play(pair: Pair, call: Call, *, lost_answers: bool) -> tuple[str, float]:
    end, took_s = "succeeds", 0.0
    try:
        with SimulatedWorld() as world:
            upstream = GcsUpstream()
            world.serve(upstream)
            scene = _scene(pair)
            for operation, number, fault in _faults(pair, upstream):
                effect = {"takes_effect": True} if lost_answers and "takes_effect" in fault else {}
                told = {**fault, **effect}
                world.inject(upstream="gcs", operation=operation, calls=number, **told)
            try:
                call(scene)
            except SimulationError:
                raise
            except Exception as error:  # noqa: BLE001 - whatever it is, it is the end of the call
                end = type(error).__name__
            took_s = world.now_s
    except SimulationError as error:
        # A fault that nobody met: the client came to its end before.
        if "never touched" not in str(error):
            raise
        end = f"unused instructions, {end}"
    return end, took_s


def _scene(pair: Pair) -> Scene:
    """What the table wants to be there, made by the client itself."""
    nobody = AnonymousCredentials()  # type: ignore[no-untyped-call]  # google.auth has no types here
    client = storage.Client(project="sim-project", credentials=nobody)
    scene = Scene(client=client, preconditions=pair.preconditions)
    if "BUCKET" in pair.resources:
        scene.bucket = client.create_bucket("kb")
        if pair.method.endswith("lockRetentionPolicy"):
            scene.bucket.retention_period = 60
            scene.bucket.patch()
        for entries in (scene.bucket.acl, scene.bucket.default_object_acl):
            entries.reload()
            entries.entity_from_dict({"entity": ENTITY, "role": "READER"})
            entries.save()
        scene.bucket.reload()
    if "OBJECT" in pair.resources:
        scene.blob = scene.bucket.blob("a")
        scene.blob.upload_from_string(LARGE if pair.group else b"data")
        scene.blob.reload()
    if "NOTIFICATION" in pair.resources:
        scene.notification = scene.bucket.notification("news", topic_project="sim-project")
        scene.notification.create()
    if "HMAC_KEY" in pair.resources:
        scene.key, _ = client.create_hmac_key(EMAIL)
        if pair.method.endswith("delete"):
            scene.key.state = "INACTIVE"
            scene.key.update()
    return scene


Fault = dict[str, Any]


def _faults(pair: Pair, upstream: GcsUpstream) -> Iterator[tuple[str, int, Fault]]:
    """The instructions of a pair as faults: operation, which of its calls, and what befalls it."""
    operation = _OPERATIONS.get(pair.group or "", pair.method.removeprefix("storage."))
    for number, instruction in enumerate(pair.instructions, start=1):
        if pair.group == _UPLOAD and "-after-" in instruction:
            upstream.interrupt_upload(after=_size(instruction), status=_status(instruction))
            # What comes after that befalls the question how far the upload has come.
            operation = "uploads.resumable.put"
        else:
            yield operation, number, _fault(instruction)


_UPLOAD = "storage.resumable.upload"
_OPERATIONS = {_UPLOAD: "uploads.resumable.start", "storage.objects.download": "objects.media"}


def _fault(instruction: str) -> Fault:
    match instruction.removeprefix("return-").split("-"):
        case ["reset", "connection"]:
            return {"fault": "reset_peer", "takes_effect": False}
        case ["broken", "stream"]:
            return {"fault": "reset_peer", "after": f"{_FIRST_BYTES}B"}
        case ["broken", "stream", "after", _]:
            return {"fault": "reset_peer", "after": f"{_size(instruction)}B"}
        case [status]:
            return {"fault": "http_error", "status": int(status)}
        case _:
            raise ValueError(f"an instruction that nobody knows: {instruction}")


def _size(instruction: str) -> int:
    return int(instruction.rpartition("-")[2].removesuffix("K")) * KIB


def _status(instruction: str) -> int:
    return int(instruction.split("-")[1])
