"""Faults of a provider that refuses: with an error, instead of doing what was asked."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from chaos.scenario.faults.fault import Fault
from chaos.scenario.fields import Headers, UnsignedDuration
from chaos.units import format_duration

_SENT_AS = {
    "seconds": "",
    "date": ", sent as a date",
    "milliseconds": ", sent in milliseconds",
}


class RefusalFault(Fault):
    """What all refusals share: they may say when to come back."""

    needs_http = True

    retry_after: UnsignedDuration | None = Field(
        default=None,
        description="How long callers are asked to wait; if unset, no time is sent.",
        examples=["20s"],
    )
    retry_after_as: Literal["seconds", "date", "milliseconds"] = Field(
        default="seconds",
        description=(
            "How the time is sent: the Retry-After header in seconds or as a date, or "
            "retry-after-ms. Fractions of a second are sent in milliseconds."
        ),
        examples=["date"],
    )


class RateLimitFault(RefusalFault):
    """The provider answers 429 with its own body.

    Example:
        ``{upstream: openai, fault: rate_limit, retry_after: 7s}``
    """

    fault: Literal["rate_limit"]
    code: Literal["rate_limit_exceeded", "insufficient_quota"] = Field(
        default="rate_limit_exceeded",
        description="Error code in the body; an exhausted quota cannot be retried.",
        examples=["insufficient_quota"],
    )

    def in_words(self) -> str:
        says = (
            ("that the quota is exhausted")
            if self.code == "insufficient_quota"
            else "to slow down"
        )
        if self.retry_after is None:
            return f"answers HTTP 429 and tells callers {says}"
        wait = f"{format_duration(self.retry_after)}{_SENT_AS[self.retry_after_as]}"
        return f"answers HTTP 429 and tells callers {says} and to wait {wait}"


class HttpErrorFault(RefusalFault):
    """The provider answers with another status than it should, and any headers and body.

    What an error says with its headers counts: a 503 may ask for patience, a redirect names a
    place. A 200 with the body of an error is one that nobody announces.

    Example:
        ``{upstream: openai, fault: http_error, status: 503, retry_after: 20s}``
    """

    fault: Literal["http_error"]
    status: int = Field(ge=200, le=599, description="HTTP status.", examples=[503])
    body: str | None = Field(
        default=None,
        description="Body in place of the provider's usual error; an empty text for none.",
        examples=["<html>Bad gateway</html>"],
    )
    headers: Headers = Field(
        default=(),
        description=(
            "Headers besides those of the body, each a text; a list sends the header more than "
            "once, in this order."
        ),
        examples=[{"Retry-After": "-5"}, {"Retry-After": ["1", "60"]}],
    )

    def in_words(self) -> str:
        own = ["a body"] if self.body is not None else []
        own += dict.fromkeys(name for name, _ in self.headers)
        what = f" with {' and '.join(own)} of its own" if own else ""
        return f"answers HTTP {self.status}{what}"
