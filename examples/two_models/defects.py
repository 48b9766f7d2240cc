"""Mistakes that are easily made where one model stands in for another."""

from __future__ import annotations

from chaos.defects.defect import Defect
from chaos.defects.edits import Rewrite

_WRITE = "examples.two_models.service:Writer.write"

DEFECTS = (
    Defect(
        name="second-model-goes-on",
        doc="After some words of the first model, the reader gets the answer of the second.",
        edits=(
            Rewrite(
                _WRITE,
                """
                - if shown:
                -     return Written("cut", str(error))
                - continue
                + continue
                """,
            ),
        ),
    ),
    Defect(
        name="half-is-whole",
        doc="A stream that was closed in the middle of an answer is a whole answer.",
        edits=(
            Rewrite(
                "examples.two_models.service:OpenAIModel.words",
                """
                - if end != "stop" or not said:
                + if not said:
                """,
            ),
        ),
    ),
    Defect(
        name="second-half-is-whole",
        doc="The same of the second model, which is asked seldom enough for nobody to notice.",
        edits=(
            Rewrite(
                "examples.two_models.service:AnthropicModel.words",
                """
                - if end != "end_turn" or not said:
                + if not said:
                """,
            ),
        ),
    ),
    Defect(
        name="both-are-always-asked",
        doc="The second model writes, too, where the first has written an answer.",
        edits=(
            Rewrite(
                _WRITE,
                """
                - return Written("whole")
                + reasons.append("")
                """,
            ),
        ),
    ),
    Defect(
        name="only-statuses-are-failures",
        doc="A first model that falls silent or cannot be reached ends the question in an error.",
        edits=(
            Rewrite(
                "examples.two_models.service:OpenAIModel.words",
                """
                - except (openai.OpenAIError, httpx2.HTTPError, ValueError) as error:
                + except openai.APIStatusError as error:
                """,
            ),
        ),
    ),
    Defect(
        name="sdk-retries-the-first",
        doc="The SDK asks the first model three times before the second has its turn.",
        edits=(
            Rewrite(
                "examples.two_models.service:OpenAIModel",
                """
                - self._client = client.with_options(max_retries=0, timeout=TIMEOUT_S)
                + self._client = client.with_options(max_retries=2, timeout=TIMEOUT_S)
                """,
            ),
        ),
    ),
    Defect(
        name="no-words-are-an-answer",
        doc="A model that says nothing and stops leaves the reader with an empty page.",
        edits=(
            Rewrite(
                "examples.two_models.service:OpenAIModel.words",
                """
                - if end != "stop" or not said:
                + if end != "stop":
                """,
            ),
        ),
    ),
)
