"""What answers each operation of OpenAI's API."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from chaos.http import Request, Response
from chaos.upstreams.openai.asked import Asked
from chaos.upstreams.openai.batches import BatchesApi
from chaos.upstreams.openai.chat.api import ChatApi
from chaos.upstreams.openai.completions import CompletionsApi
from chaos.upstreams.openai.embeddings import EmbeddingsApi
from chaos.upstreams.openai.files import FilesApi
from chaos.upstreams.openai.models import Catalogue
from chaos.upstreams.openai.moderations import ModerationsApi
from chaos.upstreams.openai.responses.api import ResponsesApi
from chaos.upstreams.script import ReplyScript

Handler = Callable[[Asked], Response]


def handlers(
    models: Catalogue,
    script: ReplyScript,
    answer: Callable[[Request], Response],
    *,
    background_takes_s: float,
    batch_takes_s: float,
) -> Mapping[str, Handler]:
    """What answers each operation, apart from those that list models.

    Args:
        models: The models there are.
        script: What they say.
        answer: Answers a request of a batch.
        background_takes_s: How long a response in the background takes.
        batch_takes_s: How long a batch takes.
    """
    chat = ChatApi(models, script)
    responses = ResponsesApi(models, script, background_takes_s=background_takes_s)
    files = FilesApi()
    batches = BatchesApi(files, answer, takes_s=batch_takes_s)
    return {
        "chat.completions": chat.create,
        "chat.completions.list": chat.stored.list,
        "chat.completions.retrieve": chat.stored.retrieve,
        "chat.completions.update": chat.stored.update,
        "chat.completions.delete": chat.stored.delete,
        "chat.completions.messages": chat.stored.messages,
        "responses.create": responses.create,
        "responses.retrieve": responses.retrieve,
        "responses.delete": responses.delete,
        "responses.cancel": responses.cancel,
        "responses.input_items": responses.input_items,
        "embeddings": EmbeddingsApi(models).create,
        "moderations": ModerationsApi(models).create,
        "completions": CompletionsApi(models, script).create,
        "files.create": files.create,
        "files.list": files.list,
        "files.retrieve": files.retrieve,
        "files.delete": files.delete,
        "files.content": files.content,
        "batches.create": batches.create,
        "batches.list": batches.list,
        "batches.retrieve": batches.retrieve,
        "batches.cancel": batches.cancel,
    }
