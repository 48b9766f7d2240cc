"""All settings of the service, from the environment; frozen once read.

Every variable starts with ``HELPDESK_`` and nests with two underscores, for example
``HELPDESK_OPENAI__BREAKER__RECOVERY_TIMEOUT=60s``. Variables that the SDKs would read behind our
back, such as ``OPENAI_BASE_URL``, are settings as well: read here, checked here, and handed on.
An empty variable counts as unset; an unknown one is an error, because a misspelt setting that is
silently ignored is found out during the next outage. So is a proxy or a file of certificates that
no client can use: :mod:`helpdesk.environment`.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import platformdirs
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from helpdesk.durations import Duration
from helpdesk.errors import SettingsError
from helpdesk.redaction import redacted
from helpdesk.setting_keys import (
    PREFIX,
    SettingKey,
    describe,
    mistakes_in,
    unknown_names,
    written,
)
from helpdesk.setting_types import (
    Folder,
    Headers,
    HeaderText,
    Hosts,
    Key,
    Line,
    Prefix,
    Url,
)

_ADDRESS = "an address that starts with http:// or https://, without ? and #"


def _between(low_s: float, high_s: float) -> Any:  # noqa: ANN401 - pydantic's Field() is Any
    return Field(ge=timedelta(seconds=low_s), le=timedelta(seconds=high_s))


def _of(expected: str, also: str | None = None) -> Any:  # noqa: ANN401 - as above
    """Say what a value must be, where its type does not, and which other variable has it."""
    return Field(default=None, json_schema_extra={"expected": expected, "also": also})


class _Options(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class BreakerSettings(_Options):
    """When the breaker opens, and how it closes again."""

    failure_threshold: int = Field(default=5, ge=1, le=1000)
    """Consecutive failures that open it."""

    recovery_timeout: Annotated[Duration, _between(1, 86400)] = timedelta(seconds=60)
    """Time in open before trials are let through."""

    half_open_max_calls: int = Field(default=1, ge=1, le=100)
    """Trials let through at once in half-open."""

    trial_lease: Annotated[Duration, _between(1, 86400)] = timedelta(seconds=60)
    """A trial whose outcome has not arrived after this long is given up and its permit
    returned, so that a lost call cannot keep the breaker half-open for ever."""

    count: Literal["calls", "attempts"] = "calls"
    """What one failure is: a call that failed after its retries, or a single attempt."""


class RetrySettings(_Options):
    """How often a call is attempted, and the waits between the attempts."""

    attempts: int = Field(default=3, ge=1, le=10)
    """Attempts in all, the first included."""

    first_backoff: Annotated[Duration, _between(0, 3600)] = timedelta(seconds=2)
    """Wait after the first failed attempt; it doubles with each further one."""

    max_backoff: Annotated[Duration, _between(0, 3600)] = timedelta(seconds=10)
    """The doubling stops here."""

    jitter: Annotated[Duration, _between(0, 60)] = timedelta(seconds=1)
    """Upper bound of the random part added to each wait."""


class OpenAISettings(_Options):
    """The language model and the policies around it."""

    api_key: Key | None = _of(
        "a key on one line, without spaces, quotes or newlines", "OPENAI_API_KEY"
    )
    """Without one the service answers from the knowledge base only."""

    base_url: Url | None = _of(_ADDRESS, "OPENAI_BASE_URL")
    """Another endpoint that speaks the same API; without one it is OpenAI itself."""

    organization: HeaderText | None = _of("an id in plain letters", "OPENAI_ORG_ID")
    """Organization that is billed, for a key that belongs to several."""

    project: HeaderText | None = _of("an id in plain letters", "OPENAI_PROJECT_ID")
    """Project that is billed, for a key that belongs to several."""

    custom_headers: Headers | None = _of(
        "lines such as 'X-Team: it', in plain letters", "OPENAI_CUSTOM_HEADERS"
    )
    """Headers added to each request, for a gateway that asks for them."""

    model: Line = Field(
        default="gpt-4o-mini", json_schema_extra={"expected": "the name of a model, on one line"}
    )
    """Name of the language model."""

    temperature: float = Field(default=0.6, ge=0, le=2)
    """How freely the model words its answers; 0 is the most predictable."""

    max_tokens: int = Field(default=500, ge=1, le=16384)
    """Tokens of the longest answer; a longer one is cut there, and marked."""

    timeout: Annotated[Duration, _between(1, 600)] = timedelta(seconds=15)
    """Bound of one attempt: connect, each read, and the attempt as a whole."""

    stream: bool = False
    """Read the answer as a stream of events instead of one body."""

    retry: RetrySettings = RetrySettings()
    breaker: BreakerSettings = BreakerSettings()


class DownloadRetrySettings(RetrySettings):
    """The same policy with shorter waits: an asker is waiting for the download as well."""

    first_backoff: Annotated[Duration, _between(0, 3600)] = timedelta(seconds=1)
    """Wait after the first failed attempt; it doubles with each further one."""

    max_backoff: Annotated[Duration, _between(0, 3600)] = timedelta(seconds=4)
    """The doubling stops here."""


class IndexSettings(_Options):
    """Where the index comes from, and how long a copy is good."""

    bucket: str | None = Field(
        default=None,
        pattern=r"^[a-z0-9]([a-z0-9._-]*[a-z0-9])?$",
        json_schema_extra={"expected": "the name of a bucket, without gs:// and slashes"},
    )
    """Cloud Storage bucket; without one the packaged articles are served."""

    prefix: Prefix = Field(
        default="helpdesk-index/",
        json_schema_extra={"expected": "the start of an object's name, without a leading slash"},
    )
    """Objects of the index start with this, and nothing else is ever read."""

    emulator: Url | None = _of(_ADDRESS, "STORAGE_EMULATOR_HOST")
    """Storage emulator that is asked in place of Cloud Storage, without credentials."""

    credentials: Folder | None = _of(
        "the path of a JSON file with Google credentials", "GOOGLE_APPLICATION_CREDENTIALS"
    )
    """File with Google credentials; without one they are looked for where Google's tools do."""

    cache_dir: Folder = Field(
        default_factory=lambda: Path(platformdirs.user_cache_dir("helpdesk"))
    )
    """Folder of the local copy."""

    fresh_for: Annotated[Duration, _between(60, 86400 * 365)] = timedelta(hours=24)
    """A copy younger than this is served without asking storage."""

    refresh_budget: Annotated[Duration, _between(1, 3600)] = timedelta(seconds=10)
    """Total time an asker waits for a refresh: all downloads, retries and waits together."""

    timeout: Annotated[Duration, _between(1, 600)] = timedelta(seconds=5)
    """Bound of one request: connect and each read."""

    retry: DownloadRetrySettings = DownloadRetrySettings()

    retry_failed_after: Annotated[Duration, _between(1, 86400)] = timedelta(seconds=60)
    """After a failed refresh, the next one starts no sooner; it doubles with each failure."""

    retry_failed_after_max: Annotated[Duration, _between(1, 86400)] = timedelta(minutes=15)
    """The doubling stops here."""


class LimitSettings(_Options):
    """How much the service takes on at once."""

    max_questions: int = Field(default=200, ge=1, le=10000)
    """Questions under way at once; more are refused with a time to come back."""

    max_calls: int = Field(default=100, ge=1, le=10000)
    """Questions that are with the language model at once; the others wait for their turn."""

    max_wait: Annotated[Duration, _between(0, 600)] = timedelta(seconds=12)
    """Who has waited for a turn this long gets the articles instead. With one attempt at the
    model after it, it should fit into the answer_deadline."""


class WebSettings(_Options):
    """How the service is reached over HTTP."""

    hosts: Hosts = Field(
        default="localhost",
        json_schema_extra={"expected": "names with commas between them, or * for any"},
    )
    """Names under which browsers reach this server, such as help.example.com. Requests for other
    names are refused; those for an address or a name without a dot, as probes and neighbours send
    them, never are."""


class Settings(BaseSettings):
    """Everything the service can be told.

    ``Settings()`` is the defaults, whatever the environment says; ``Settings.load()`` reads it.

    Example:
        >>> Settings.load({"HELPDESK_OPENAI__TIMEOUT": "5s"}).openai.timeout.total_seconds()
        5.0
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        frozen=True,
        extra="forbid",
        use_attribute_docstrings=True,
    )

    openai: OpenAISettings = OpenAISettings()
    index: IndexSettings = IndexSettings()
    limits: LimitSettings = LimitSettings()
    web: WebSettings = WebSettings()

    answer_deadline: Annotated[Duration, _between(5, 3600)] = timedelta(seconds=30)
    """Every question is answered within this time, one way or another."""

    top_k: int = Field(default=3, ge=1, le=20)
    """Articles put before the model, and quoted in a fallback answer."""

    log_format: Literal["text", "json"] = "text"
    """How the log of `helpdesk serve` is written: lines for people, or JSON for machines."""

    contact: Line = Field(
        default="your IT help desk", json_schema_extra={"expected": "text on one line"}
    )
    """How to reach a person, as it completes the sentence "Please contact …"."""

    @classmethod
    def load(cls, environ: Mapping[str, str] | None = None) -> Self:
        """Read the settings from ``environ``; None is the environment of this process.

        Raises:
            SettingsError: A variable has a value out of its range, or no setting has its name.
                The message has one line for each such variable.
        """
        given = {
            name.upper(): value
            for name, value in (os.environ if environ is None else environ).items()
            if value
        }
        ours = {name: value for name, value in given.items() if name.startswith(PREFIX)}
        keys = cls.keys()
        names = {name: key.variable for name, key in keys.items()}
        for name, key in keys.items():
            if key.also in given and key.variable not in ours:
                ours[key.variable] = given[key.also]
                # A mistake is told of the variable that has it.
                names[name] = key.also
        known = [key.variable for key in keys.values()]
        problems = unknown_names("environment variable", ours, known)
        source = EnvSettingsSource(cls)
        source.env_vars = {name.lower(): ours[name] for name in ours if name in known}
        return cls._validated(source(), names, problems)

    @classmethod
    def keys(cls) -> Mapping[str, SettingKey]:
        """Every setting by its dotted name, in the order of this module.

        Example:
            >>> Settings.keys()["openai.breaker.failure_threshold"].default
            '5'
        """
        return describe(cls)

    def shown(self, name: str) -> str:
        """Return the value of a setting as it may be shown: no key, and no password.

        Args:
            name: Dotted, as in ``keys``.

        Example:
            >>> Settings.load({"OPENAI_API_KEY": "sk-a"}).shown("openai.api_key")
            '(hidden)'
        """
        value, default = (
            functools.reduce(getattr, name.split("."), each) for each in (self, type(self)())
        )
        key = self.keys()[name]
        if value == default:
            return key.default
        return "(hidden)" if key.is_secret else redacted(written(value))

    def replaced(self, changes: Mapping[str, object]) -> Self:
        """Return a copy with the settings in ``changes``, by dotted name, set anew.

        Raises:
            SettingsError: A value is out of its range, or no setting has its name.

        Example:
            >>> changed = Settings().replaced({"openai.breaker.recovery_timeout": "30s"})
            >>> changed.openai.breaker.recovery_timeout.total_seconds()
            30.0
        """
        names = {name: name for name in self.keys()}
        problems = unknown_names("setting", changes, names)
        data = self.model_dump()
        for name in changes.keys() & names.keys():
            *groups, last = name.split(".")
            target = data
            for group in groups:
                target = target[group]
            target[last] = changes[name]
        return self._validated(data, names, problems)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - pydantic-settings names them
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - as above
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - as above
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - as above
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Leave reading the environment to ``load``, so that a value built in code is itself."""
        return (init_settings,)

    @classmethod
    def _validated(
        cls, data: Mapping[str, Any], names: Mapping[str, str], problems: list[str]
    ) -> Self:
        settings = None
        try:
            settings = cls.model_validate(data)
        except ValidationError as error:
            problems = [*problems, *mistakes_in(error, cls.keys(), names)]
        if settings is None or problems:
            # Raised outside the handler: pydantic's own error would repeat the values, and
            # with them a secret, in every traceback.
            raise SettingsError("\n".join(problems))
        return settings
