"""Defects of reading OpenAI's failures: which can be tried again, and which are whose fault."""

from __future__ import annotations

from chaos.defects.defect import Defect
from chaos.defects.edits import Rewrite

_STATUS = "helpdesk.chat_errors"
_ERROR = "helpdesk.chat_errors:chat_error"

DEFECTS = (
    Defect(
        name="quota-as-rate-limit",
        hazard=6,
        doc="A spent quota is tried again and again, and told as 'try later'.",
        tags=("rate-limit",),
        edits=(
            Rewrite(
                "helpdesk.chat_errors",
                """
                = if status in _TRANSIENT_4XX:
                - if code in _QUOTA_CODES or _word(error.type) in _QUOTA_CODES:
                + if code in _QUOTA_CODES and status not in _TRANSIENT_4XX:
                """,
            ),
        ),
    ),
    Defect(
        name="client-errors-are-retried",
        hazard=7,
        doc="A bad request is sent three times, and blamed on the provider.",
        tags=("client-error",),
        edits=(
            Rewrite(
                _STATUS,
                """
                = return _transient(message, "server_error", status, asked_s)
                - return _final(message, "rejected", status, lasting=lasts)
                + return _transient(message, "server_error", status, asked_s)
                """,
            ),
        ),
    ),
    Defect(
        name="status-500-is-final",
        doc="Off by one: the most common failure of all is not tried again.",
        tags=("breaker", "retry"),
        edits=(
            Rewrite(
                _STATUS,
                """
                - if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                + if status > HTTPStatus.INTERNAL_SERVER_ERROR:
                """,
            ),
        ),
    ),
    Defect(
        name="rate-limit-is-final",
        hazard=7,
        doc="A crowded minute costs every asker the model's answer.",
        tags=("rate-limit",),
        edits=(
            Rewrite(
                _STATUS,
                """
                - if status in _TRANSIENT_4XX:
                + if status in _TRANSIENT_4XX and status != HTTPStatus.TOO_MANY_REQUESTS:
                """,
            ),
        ),
    ),
    Defect(
        name="request-timeout-is-final",
        hazard=9,
        doc="A 408 or 409 is taken for the caller's mistake.",
        tags=("retry", "status"),
        edits=(
            Rewrite(
                _STATUS,
                """
                - if status in _TRANSIENT_4XX:
                + if status == HTTPStatus.TOO_MANY_REQUESTS:
                """,
            ),
        ),
    ),
    Defect(
        name="redirects-are-final",
        hazard=10,
        doc="A proxy that redirects one call costs the answer.",
        tags=("retry", "status"),
        edits=(
            Rewrite(
                _STATUS,
                """
                - if status >= HTTPStatus.BAD_REQUEST:
                + if status >= HTTPStatus.MULTIPLE_CHOICES:
                """,
            ),
        ),
    ),
    Defect(
        name="bad-key-not-said",
        hazard=14,
        doc="A revoked key looks like a bad question; nobody renews it.",
        tags=("client-error",),
        edits=(
            Rewrite(
                _STATUS,
                """
                - return _final(wrong, "bad_api_key", status, lasting=True)
                + return _final(wrong, "rejected", status, lasting=True)
                """,
            ),
        ),
    ),
    Defect(
        name="timeouts-are-final",
        doc="One slow moment of the provider costs the answer.",
        tags=("timeout", "retry"),
        edits=(
            Rewrite(
                _ERROR,
                """
                = return _final("the question has characters that cannot be sent", "rejected")
                - return _transient("the language model did not answer in time", "timeout")
                + return _final("the language model did not answer in time", "timeout")
                """,
            ),
        ),
    ),
    Defect(
        name="lost-connections-are-final",
        hazard=28,
        doc="A connection that was closed while idle costs the answer, now and then.",
        tags=("connection", "retry"),
        edits=(
            Rewrite(
                _ERROR,
                """
                = return _final("the question has characters that cannot be sent", "rejected")
                - return _transient(f"no connection: {said}", "unreachable")
                + return _final(f"no connection: {said}", "unreachable")
                """,
            ),
        ),
    ),
    Defect(
        name="malformed-replies-are-final",
        hazard=11,
        doc="One web page in place of an answer, and the asker gets none.",
        tags=("malformed",),
        edits=(
            Rewrite(
                "helpdesk.chat_errors",
                """
                = return _final(wrong, "bad_api_key", status, lasting=True)
                - return _transient(message, "malformed_reply")
                + return _final(message, "malformed_reply")
                """,
            ),
        ),
    ),
    Defect(
        name="unreadable-replies-escape",
        hazard=9,
        doc="A cut body is a JSONDecodeError that nobody expected: no second attempt.",
        tags=("malformed",),
        edits=(
            Rewrite(
                "helpdesk.openai_chat:ChatClient",
                """
                - except (openai.OpenAIError, httpx2.HTTPError, ValueError) as error:
                + except (openai.OpenAIError, httpx2.HTTPError) as error:
                """,
            ),
        ),
    ),
)
