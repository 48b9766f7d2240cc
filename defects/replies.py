"""Defects of reading OpenAI's replies: what is taken for an answer, and what is made of it."""

from __future__ import annotations

from chaos.defects.defect import Defect
from chaos.defects.edits import Rewrite

_DRAFT = "helpdesk.chat_replies"
_JUDGED = "helpdesk.chat_replies:judged"
_RAG = "helpdesk.rag_response_service:RAGResponseService"

DEFECTS = (
    Defect(
        name="cut-stream-is-whole",
        hazard=22,
        doc="A stream that breaks off is shown as the whole answer.",
        tags=("stream",),
        edits=(
            Rewrite(
                _JUDGED,
                """
                - if finish_reason is None:
                -     raise malformed("the reply breaks off: it has no finish_reason")
                + finish_reason = finish_reason or "stop"
                """,
            ),
        ),
    ),
    Defect(
        name="no-events-is-silence",
        hazard=23,
        doc="A web page in place of a stream is told as an answer that the model declined.",
        tags=("stream", "malformed"),
        edits=(
            Rewrite(
                _JUDGED,
                """
                - if finish_reason is None:
                + if finish_reason is None and text:
                """,
            ),
        ),
    ),
    Defect(
        name="broken-stream-is-continued",
        hazard=21,
        doc="The second attempt goes on behind the words of the first, and the asker reads both.",
        tags=("stream",),
        edits=(
            Rewrite(
                "helpdesk.chat_replies",
                """
                - words = choice.delta or (choice.message if not self._text else None)
                + words = choice.delta or (choice.message if not self._text else None)
                + begun = globals().setdefault("begun", [""])
                + self._text = self._text or begun[0]
                - self._on_text(words.content)
                + begun[0] = self._text
                - self._ends.append(choice.finish_reason)
                + self._ends.append(choice.finish_reason)
                + begun[0] = ""
                """,
            ),
        ),
    ),
    Defect(
        name="last-words-only",
        doc="Of a streamed answer only the last event is shown.",
        tags=("stream",),
        edits=(
            Rewrite(
                "helpdesk.chat_replies",
                """
                - self._text += words.content
                + self._text = words.content
                """,
            ),
        ),
    ),
    Defect(
        name="first-words-only",
        doc="Reading of a stream stops at the first event that has any text.",
        tags=("stream",),
        edits=(
            Rewrite(
                "helpdesk.chat_replies",
                """
                - words = choice.delta or (choice.message if not self._text else None)
                + words = choice.delta or choice.message if not self._text.strip() else None
                """,
            ),
        ),
    ),
    Defect(
        name="filtered-text-is-an-answer",
        hazard=12,
        doc="What was written before the content filter stepped in is shown as the answer.",
        tags=("completion",),
        edits=(
            Rewrite(
                _JUDGED,
                """
                - if finish_reason == "content_filter" or refusal:
                + if finish_reason == "content_filter":
                +     finish_reason = "stop"
                + if refusal:
                """,
            ),
        ),
    ),
    Defect(
        name="no-content-is-an-answer",
        hazard=12,
        doc="The asker reads an empty answer.",
        tags=("completion",),
        edits=(
            Rewrite(
                _JUDGED,
                """
                - if not any(letter.isalnum() for letter in text):
                + if text is None:
                """,
            ),
        ),
    ),
    Defect(
        name="no-content-is-none",
        hazard=12,
        doc="The asker reads 'None'.",
        tags=("completion",),
        edits=(
            Rewrite(
                _JUDGED,
                """
                - if not any(letter.isalnum() for letter in text):
                + text = text or "None"
                + if not any(letter.isalnum() for letter in text):
                """,
            ),
        ),
    ),
    Defect(
        name="token-limit-not-noticed",
        hazard=13,
        doc="Half an answer is shown as a whole one.",
        tags=("completion", "length"),
        edits=(
            Rewrite(
                "helpdesk.chat_replies:Reply.truncated",
                """
                - return self.finish_reason == "length"
                + return self.finish_reason == "max_tokens"
                """,
            ),
        ),
    ),
    Defect(
        name="token-limit-not-passed-on",
        hazard=13,
        doc="The flag is lost on its way: half an answer looks whole.",
        tags=("completion", "length"),
        edits=(
            Rewrite(
                f"{_RAG}.respond",
                """
                - truncated=reply.truncated,
                + truncated=False,
                """,
            ),
        ),
    ),
    Defect(
        name="declined-is-malformed",
        hazard=12,
        doc="The model is asked three times for what it will not say.",
        tags=("completion",),
        edits=(
            Rewrite(
                "helpdesk.chat_errors:declined",
                """
    - return _final(f"the model declined to answer (finish_reason {finish_reason})", "declined")
    + return malformed(f"no answer (finish_reason {finish_reason})")
                """,
            ),
        ),
    ),
    Defect(
        name="choices-not-checked",
        hazard=11,
        doc="A reply without choices is an AttributeError of ours.",
        tags=("malformed",),
        edits=(
            Rewrite(
                "helpdesk.chat_replies",
                """
                - for choice in chunk.choices or ():
                + assert chunk.choices
                + for choice in chunk.choices:
                """,
            ),
        ),
    ),
    Defect(
        name="byte-order-mark-spoils-the-answer",
        doc="A gateway that begins its answers with a byte order mark is never understood.",
        tags=("gateway",),
        edits=(
            Rewrite(
                "helpdesk.chat_replies:read_reply",
                """
                - draft.add(_Chunk.model_validate_json(response.read().removeprefix(_BOM)))
                + draft.add(_Chunk.model_validate_json(response.read()))
                """,
            ),
        ),
    ),
    Defect(
        name="every-chunk-must-speak",
        doc="An annotation of a content filter, which says nothing, costs the answer.",
        tags=("gateway",),
        edits=(
            Rewrite(
                "helpdesk.chat_replies",
                """
                - words = choice.delta or (choice.message if not self._text else None)
                - if words is not None:
                + words = choice.delta or choice.message
                + if words is None:
                +     raise malformed("a chunk says nothing")
                + else:
                """,
            ),
        ),
    ),
    Defect(
        name="null-choices-are-a-crash",
        doc="A chunk that carries the bill and no choices ends the answer.",
        tags=("gateway",),
        edits=(
            Rewrite(
                "helpdesk.chat_replies",
                """
                - for choice in chunk.choices or ():
                + if chunk.choices is None:
                +     raise malformed("a chunk without choices")
                + for choice in chunk.choices:
                """,
            ),
        ),
    ),
    Defect(
        name="content-in-parts-is-silence",
        doc="Content that a gateway gives as a list of parts is told as an answer declined.",
        tags=("gateway",),
        edits=(
            Rewrite(
                "helpdesk.chat_replies",
                """
                - return "".join(part for part in parts if part)
                + return ""
                """,
            ),
        ),
    ),
    Defect(
        name="empty-events-are-parsed",
        doc="An event that carries nothing is read as JSON, and the answer is lost.",
        tags=("gateway",),
        edits=(
            Rewrite(
                "helpdesk.chat_replies",
                """
                - if event.data.strip():
                -     yield event
                + yield event
                """,
            ),
        ),
    ),
    Defect(
        name="errors-in-a-stream-are-skipped",
        doc="An error in the middle of a 200 is passed over; what came before it is shown.",
        tags=("gateway", "stream"),
        edits=(
            Rewrite(
                "helpdesk.chat_replies",
                """
                - raise error_in_reply(chunk.error)
                + self._ends.append("stop")
                = self._ends: list[str] = []
                """,
            ),
        ),
    ),
)
