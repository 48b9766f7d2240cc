"""The laws that every run must obey: the one list of them, in the order in which they are told.

What a law says and how it judges is one class in `chaos.checks.laws`, found by the name here.
Others may add laws; see `chaos.extensions`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticKnownError, core_schema

from chaos.extensions import ExtensionKind, Listed, Registry, are_unread

_Shipped = Literal[
    "every-ask-is-answered",
    "no-endless-wait",
    "bounded-attempts",
    "bounded-amplification",
    "retry-budget-kept",
    "backoff-honoured",
    "pauses-kept",
    "no-doomed-retry",
    "at-most-once",
    "no-call-while-open",
    "breaker-follows-the-model",
    "breaker-counts-what-happened",
    "permits-are-settled",
    "one-trial",
    "recovers",
    "cache-is-never-lost",
    "no-torn-index",
    "stale-is-said",
    "no-fabricated-success",
    "no-error-is-lost",
    "loop-is-never-blocked",
]

SHIPPED: tuple[str, ...] = get_args(_Shipped)
"""The names of those that come with the harness, in order."""

LAWS = Listed(
    Registry(ExtensionKind.LAW, {name: name for name in SHIPPED}, lambda law: str(law.name))
)
"""Every name, in order: those, and then the names of what others add."""


class _AnyLaw:
    """Lets a value be the name of any law."""

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: object, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(cls._read)

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {"enum": list(LAWS), "type": "string"}

    @staticmethod
    def _read(value: Any) -> str:  # noqa: ANN401 - a file may say anything
        if value in LAWS or (isinstance(value, str) and are_unread(ExtensionKind.LAW)):
            return str(value)
        raise PydanticKnownError("literal_error", {"expected": ", ".join(map(repr, LAWS))})


Law = Annotated[str, _AnyLaw]
"""What ``waive:`` may name."""
