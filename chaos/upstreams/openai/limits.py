"""OpenAI's rate limits: the headers that count down, and the 429 when they are used up."""

from __future__ import annotations

import math
from collections.abc import Iterable

from chaos.http import Request, Response
from chaos.upstreams.bodies import parsed
from chaos.upstreams.openai.errors import error
from chaos.upstreams.rates import Excess, Meter, Standing

LIMITED = frozenset(
    {"chat.completions", "responses.create", "completions", "embeddings", "moderations"}
)
"""The operations that are counted: those that ask a model."""

_CHARACTERS_PER_TOKEN = 4
_LONG = {"requests": "requests per min (RPM)", "tokens": "tokens per min (TPM)"}


def headers_of(standings: Iterable[Standing]) -> list[tuple[str, str]]:
    """How the limits stand, as every answer of a model says it."""
    headers = []
    for standing in standings:
        for word, value in (
            ("limit", str(standing.limit)),
            ("remaining", str(standing.remaining)),
            ("reset", duration(standing.reset_s)),
        ):
            headers.append((f"x-ratelimit-{word}-{standing.kind}", value))
    return headers


def model_of(request: Request, usual: str | None = None) -> str | None:
    """The model that a request names; None if it names none, or cannot be read.

    Args:
        request: As it came.
        usual: The model where a request need not name one.

    Example:
        >>> model_of(Request(method="POST", url="", body=b'{"model": "gpt-4o"}'))
        'gpt-4o'
    """
    try:
        model = parsed(request.body).get("model") or usual
    except (ValueError, AttributeError):
        return None
    return model if isinstance(model, str) else None


def require_room(meter: Meter, request: Request, model: str) -> Response | None:
    """Count a request that can be read, for a model; the provider's 429 if it is too much.

    A request counts for what it may cost: the tokens it allows, or a token for each four
    characters, whichever is more.
    """
    body = parsed(request.body)
    allowed = [body.get(key) for key in _BUDGETS]
    written = math.ceil(len(request.body) / _CHARACTERS_PER_TOKEN)
    asked = max([written, *(each for each in allowed if isinstance(each, int))])
    excess = meter.draw(tokens=asked)
    return None if excess is None else _refusal(excess, model)


_BUDGETS = ("max_tokens", "max_completion_tokens", "max_output_tokens")


def _refusal(excess: Excess, model: str) -> Response:
    if excess.wait_s is None:
        message = (
            f"Request too large for {model} on {_LONG[excess.kind]}: Limit {excess.limit}, "
            f"Requested {excess.requested}. The input or output tokens must be reduced in order "
            "to run successfully."
        )
        return error(429, message, kind=excess.kind, code="rate_limit_exceeded")
    message = (
        f"Rate limit reached for {model} on {_LONG[excess.kind]}: Limit {excess.limit}, Used "
        f"{excess.used}, Requested {excess.requested}. Please try again in "
        f"{duration(excess.wait_s)}. Visit https://platform.openai.com/account/rate-limits to "
        "learn more."
    )
    response = error(429, message, kind=excess.kind, code="rate_limit_exceeded")
    wait_ms = math.ceil(excess.wait_s * 1000)
    return response.with_headers(
        [("retry-after-ms", str(wait_ms)), ("retry-after", str(math.ceil(excess.wait_s)))]
    )


def duration(seconds: float) -> str:
    """A time as OpenAI writes it in headers.

    Example:
        >>> [duration(each) for each in (0, 0.02, 1, 8.64, 360)]
        ['0s', '20ms', '1s', '8.64s', '6m0s']
    """
    if 0 < seconds < 1:
        return f"{math.ceil(seconds * 1000)}ms"
    minutes, rest = divmod(round(seconds, 3), 60)
    return f"{int(minutes)}m{rest:g}s" if minutes else f"{rest:g}s"
