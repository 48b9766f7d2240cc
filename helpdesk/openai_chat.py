"""One attempt at an answer from the language model; whatever goes wrong is a ``ChatError``.

The only module that knows the openai SDK. The SDK lets several kinds of failure through as
other exceptions, or as no exception at all: a truncated body is a ``JSONDecodeError``, an HTML
page a ``str``, a stream that breaks off simply ends. Here each has a reason, and says whether
another attempt can help and whether it tells something about the provider's health.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, cast

import httpx2
import openai

from helpdesk import bounded_http
from helpdesk.chat_errors import chat_error
from helpdesk.chat_replies import OnText, Reply, read_reply
from helpdesk.environment import OPENAI_CERTIFICATES, client_error
from helpdesk.errors import ChatError
from helpdesk.prompts import Message
from helpdesk.setting_types import is_sendable, parse_headers
from helpdesk.settings import OpenAISettings

if TYPE_CHECKING:
    from openai.types.chat import ChatCompletionMessageParam

logger = logging.getLogger(__name__)

DEFAULT_BASE_URL = "https://api.openai.com/v1"

LEAST_USEFUL_S = 0.5
"""With less time than this no attempt is made: its timeout would blame the provider."""


class ChatClient:
    """Asks the language model, once, in a bounded time.

    Safe to share between threads.

    Args:
        options: Key, model and timeout.
        client: An SDK client to use instead of making one; it brings its own key.

    Raises:
        SettingsError: There is a key, and an environment in which no client can be made.
    """

    def __init__(self, options: OpenAISettings, client: openai.OpenAI | None = None) -> None:
        self.options = options
        # None until the provider has said something about the key.
        self.key_valid: bool | None = None
        key = options.api_key.get_secret_value().strip() if options.api_key else ""
        key = client.api_key if client is not None else key
        self.key_configured = bool(key)
        # The settings take no other key, but a client that was handed in may have one. The SDK
        # would fail with a UnicodeEncodeError, or the connection with what looks like an outage.
        self._key_is_sendable = is_sendable(key)
        self._client: openai.OpenAI | None = None
        if self._is_usable:
            self._client = self._bounded(client) if client is not None else self._made(key)

    @property
    def _is_usable(self) -> bool:
        return self.key_configured and self._key_is_sendable

    def complete(
        self, messages: Iterable[Message], *, deadline: float, on_text: OnText | None = None
    ) -> Reply:
        """Return the model's reply to ``messages``.

        The attempt ends after ``options.timeout``, or with the read that was under way then, and
        in any case by ``deadline``.

        Args:
            messages: The conversation.
            deadline: A ``time.monotonic()`` value.
            on_text: Is handed each piece of the reply as it arrives, for whoever shows it
                meanwhile; the reply is then read as a stream. A piece is no answer: the attempt
                may still fail.

        Raises:
            ChatError: There is no reply, or none that can be used; whatever the cause.
        """
        client = self._usable_client()
        try:
            reply = self._attempted(client, messages, deadline, on_text)
        except ChatError as error:
            if error.reason == "bad_api_key":
                self.key_valid = False
            raise
        self.key_valid = True
        return reply

    def _attempted(
        self,
        client: openai.OpenAI,
        messages: Iterable[Message],
        deadline: float,
        on_text: OnText | None,
    ) -> Reply:
        left_s = deadline - time.monotonic()
        if left_s < LEAST_USEFUL_S:
            raise ChatError(
                "no time is left to ask the language model",
                reason="deadline",
                retryable=False,
                counts=False,
            )
        timeout_s = min(self.options.timeout.total_seconds(), left_s)
        started_s = time.monotonic()
        try:
            with bounded_http.deadline(deadline):
                reply = self._asked(client, messages, timeout_s, on_text)
        # ValueError: a body that is not JSON, not UTF-8, or not a reply.
        except (openai.OpenAIError, httpx2.HTTPError, ValueError) as error:
            raise chat_error(error) from error
        logger.debug("%s answered in %.3f s", reply.model, time.monotonic() - started_s)
        return reply

    def _usable_client(self) -> openai.OpenAI:
        if self._client is not None:
            return self._client
        if self.key_configured:
            self.key_valid = False
            raise ChatError(
                "the API key has characters that no key has; check how it was copied",
                reason="bad_api_key",
                retryable=False,
                counts=False,
                lasting=True,
            )
        raise ChatError(
            "no API key is set; set OPENAI_API_KEY",
            reason="no_api_key",
            retryable=False,
            counts=False,
        )

    def _made(self, key: str) -> openai.OpenAI:
        headers = self.options.custom_headers
        try:
            client = openai.OpenAI(
                api_key=key,
                base_url=self.options.base_url or DEFAULT_BASE_URL,
                default_headers=parse_headers(headers.get_secret_value()) if headers else None,
            )
            client = self._bounded(client)
        except (ImportError, OSError, ValueError, httpx2.InvalidURL) as error:
            raise client_error("OpenAI", error, OPENAI_CERTIFICATES) from error
        # Where it is given none, the SDK takes what its variables say, empty or not.
        client.organization = self.options.organization
        client.project = self.options.project
        return client

    @staticmethod
    def _bounded(client: openai.OpenAI) -> openai.OpenAI:
        """Return ``client`` without the retries of the SDK, each exchange bounded as a whole.

        Its retries would multiply with ours (nine calls for three) and know no deadline.
        """
        http = client._client  # noqa: SLF001 - the SDK has no public way to it
        if not isinstance(http, httpx2.Client):
            # Some other client that the SDK accepts: bounded per read only, deadline or not.
            return client.with_options(max_retries=0)
        # Without trust_env=False a proxy in the environment would go round the transport; the
        # inner client has read the environment already.
        transport = bounded_http.BoundedTransport(http)
        bounded = httpx2.Client(transport=transport, trust_env=False)
        return client.with_options(max_retries=0, http_client=bounded)

    def _asked(
        self,
        client: openai.OpenAI,
        messages: Iterable[Message],
        timeout_s: float,
        on_text: OnText | None,
    ) -> Reply:
        # The SDK's own reading of a reply is left out: it takes a stream that breaks off for one
        # that has ended, and gives up on one with an event that it does not expect.
        with client.chat.completions.with_streaming_response.create(
            model=self.options.model,
            messages=_as_params(messages),
            temperature=self.options.temperature,
            max_tokens=self.options.max_tokens,
            timeout=timeout_s,
            stream=True if self.options.stream or on_text is not None else openai.omit,
        ) as response:
            return read_reply(response.http_response, on_text)


def _as_params(messages: Iterable[Message]) -> list[ChatCompletionMessageParam]:
    # Message has the fields of two members of this union; a type checker asks for one of them.
    return cast("list[ChatCompletionMessageParam]", list(messages))
