"""One request to OpenAI, with what every part of the stand-in wants to know about it."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from chaos.http import Request
from chaos.upstreams.declared import Declared, DeclaredQuery, MistakenError, read
from chaos.upstreams.openai.words import read_body, response_to
from chaos.upstreams.refusal import RefusalError

D = TypeVar("D", bound=Declared)
Q = TypeVar("Q", bound=DeclaredQuery)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request that has found its operation.

    Attributes:
        request: As it came.
        upstream: Name of the stand-in.
        operation: What is asked for.
        ids: The parts of the path: ``id``, ``model``, ``deployment``.
        number: Which request of the run it is, from 1.
    """

    request: Request
    upstream: str
    operation: str
    ids: Mapping[str, str] = field(default_factory=dict)
    number: int = 1

    @property
    def now_s(self) -> int:
        """The time, in whole seconds since 1970, as OpenAI dates things."""
        return int(time.time())

    def body(self, kind: type[D]) -> D:
        """The JSON body as ``kind`` declares it.

        Raises:
            RefusalError: It is not like that: the provider's 400.
            UnmodelledError: Something in it is not modelled.
        """
        return read_body(kind, self.request.body, upstream=self.upstream, operation=self.operation)

    def query(self, kind: type[Q]) -> Q:
        """The query as ``kind`` declares it.

        Raises:
            RefusalError: It is not like that: the provider's 400.
            UnmodelledError: Something in it is not modelled.
        """
        # Azure names the version of its API in every query; it decides nothing here.
        sent = {name: value for name, value in self.request.query.items() if name != "api-version"}
        try:
            return read(kind, sent, upstream=self.upstream, operation=self.operation)
        except MistakenError as error:
            raise RefusalError(response_to(error.mistake)) from None

    def new_id(self, prefix: str, length: int = 48) -> str:
        """An id that no other request of the run gets."""
        return f"{prefix}{hashlib.sha256(f'{prefix}{self.number}'.encode()).hexdigest()[:length]}"
