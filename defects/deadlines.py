"""Defects of keeping time: deadlines that are forgotten, mistaken, or good for one part only."""

from __future__ import annotations

from chaos.defects.defect import Defect
from chaos.defects.edits import Rewrite
from defects.wrong_default import WrongDefault

_CHAT = "helpdesk.openai_chat:ChatClient"
_BODY = "helpdesk.bounded_http"

DEFECTS = (
    Defect(
        name="timeout-of-each-read",
        hazard=2,
        doc="An answer that trickles keeps the asker waiting for as long as it likes.",
        tags=("trickle", "openai"),
        edits=(
            Rewrite(
                _CHAT,
                """
                - bounded = httpx2.Client(transport=transport, trust_env=False)
                + bounded = http
                """,
            ),
        ),
    ),
    Defect(
        name="body-not-bounded",
        hazard=2,
        doc="Once headers have come, nobody looks at the clock.",
        tags=("trickle", "openai"),
        edits=(
            Rewrite(
                "helpdesk.bounded_http",
                """
                - if self._missing != 0 and time.monotonic() > self._last_read_s:
                + if self._last_read_s < 0:
                """,
            ),
        ),
    ),
    Defect(
        name="late-headers-buy-time",
        hazard=2,
        doc="A reply that stalls after late headers takes twice its timeout.",
        tags=("stream", "latency", "timeout"),
        edits=(
            Rewrite(
                "helpdesk.bounded_http:BoundedTransport.handle_request",
                """
                - timeouts["read"] = pause_s
                + timeouts["read"] = bound_s
                """,
            ),
        ),
    ),
    Defect(
        name="last-read-outlasts-the-deadline",
        hazard=2,
        doc="A read of the body may begin just before the deadline, and then takes its time.",
        tags=("trickle", "openai"),
        edits=(
            Rewrite(
                "helpdesk.bounded_http",
                """
                - return pause_s, min(ends_at_s, deadline_s - pause_s)
                + return pause_s, ends_at_s
                """,
            ),
        ),
    ),
    Defect(
        name="timeout-not-clamped",
        hazard=3,
        doc="The last attempt may take its full timeout, deadline or not.",
        tags=("timeout", "openai"),
        edits=(
            Rewrite(
                _CHAT,
                """
                - timeout_s = min(self.options.timeout.total_seconds(), left_s)
                + timeout_s = self.options.timeout.total_seconds()
                """,
            ),
        ),
    ),
    Defect(
        name="timeout-of-ten-seconds",
        doc="A provider that takes twelve seconds is given up, again and again.",
        tags=("latency",),
        edits=(WrongDefault("openai.timeout", "10s"),),
    ),
    Defect(
        name="timeout-in-milliseconds",
        doc="A mistaken unit: an attempt lasts as long as the deadline lets it.",
        tags=("timeout", "openai"),
        edits=(
            Rewrite(
                _CHAT,
                """
                - timeout_s = min(self.options.timeout.total_seconds(), left_s)
                + timeout_s = min(1000 * self.options.timeout.total_seconds(), left_s)
                """,
            ),
        ),
    ),
    Defect(
        name="no-reserve",
        hazard=3,
        doc="The model may use up all the time, and none is left to put the answer together.",
        tags=("trickle", "timeout"),
        edits=(
            Rewrite(
                "helpdesk.desk",
                """
    - ticket.arrived_s + self.settings.answer_deadline.total_seconds() - _RESERVE_S
    + ticket.arrived_s + self.settings.answer_deadline.total_seconds()
    - deadline = asked_s + self.settings.answer_deadline.total_seconds() - _RESERVE_S
    + deadline = asked_s + self.settings.answer_deadline.total_seconds()
                """,
            ),
        ),
    ),
    Defect(
        name="deadline-of-each-attempt",
        hazard=3,
        doc="The deadline starts anew with the call, whatever the search has used up.",
        tags=("timeout", "combined"),
        edits=(
            Rewrite(
                "helpdesk.desk:Helpdesk.answer",
                """
                - listener = {} if on_text is None else {"on_text": on_text}
                + listener = {} if on_text is None else {"on_text": on_text}
                + deadline += time.monotonic() - ticket.arrived_s
                """,
            ),
        ),
    ),
    Defect(
        name="deadline-of-a-minute",
        doc="The default is not the one that was promised.",
        tags=("timeout", "openai"),
        edits=(WrongDefault("answer_deadline", "1m"),),
    ),
)
