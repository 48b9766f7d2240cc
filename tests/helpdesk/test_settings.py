"""Settings come from the environment, and a mistake is named so that it can be mended."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pydantic
import pytest

from helpdesk.durations import format_duration, parse_duration
from helpdesk.errors import SettingsError
from helpdesk.settings import Settings


def complaint(environ: dict[str, str]) -> str:
    """Return what is said about an environment that cannot be used."""
    with pytest.raises(SettingsError) as raised:
        Settings.load(environ)
    return str(raised.value)


def test_empty_environment_gives_the_defaults() -> None:
    """The defaults are those the project promises."""
    settings = Settings.load({})

    assert settings == Settings()
    openai = settings.openai
    assert (openai.model, openai.temperature, openai.max_tokens) == ("gpt-4o-mini", 0.6, 500)
    assert openai.timeout == timedelta(seconds=15)
    assert (openai.retry.attempts, openai.retry.max_backoff) == (3, timedelta(seconds=10))
    assert openai.breaker.failure_threshold == 5
    assert openai.breaker.recovery_timeout == timedelta(seconds=60)
    assert settings.answer_deadline == timedelta(seconds=30)
    assert settings.index.fresh_for == timedelta(hours=24)


def test_variables_reach_the_setting_of_their_name() -> None:
    """Two underscores go one level down; values are read by their type."""
    settings = Settings.load(
        {
            "HELPDESK_OPENAI__BREAKER__RECOVERY_TIMEOUT": "90s",
            "HELPDESK_OPENAI__STREAM": "true",
            "HELPDESK_OPENAI__BREAKER__COUNT": "attempts",
            "HELPDESK_INDEX__CACHE_DIR": "/somewhere",
            "HELPDESK_TOP_K": "5",
            "UNRELATED": "x",
        }
    )

    assert settings.openai.breaker.recovery_timeout == timedelta(seconds=90)
    assert settings.openai.stream is True
    assert settings.openai.breaker.count == "attempts"
    assert settings.index.cache_dir == Path("/somewhere")
    assert settings.top_k == 5


def test_one_variable_of_a_group_leaves_the_others_alone() -> None:
    """The waits of downloads stay shorter than those of the model when attempts are set."""
    retry = Settings.load({"HELPDESK_INDEX__RETRY__ATTEMPTS": "5"}).index.retry

    assert (retry.attempts, retry.first_backoff) == (5, timedelta(seconds=1))


def test_values_in_code_do_not_depend_on_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Only load() reads the environment, and without an argument that of the process."""
    monkeypatch.setenv("HELPDESK_TOP_K", "7")

    assert Settings().top_k == 3
    assert Settings.load().top_k == 7


@pytest.mark.parametrize(
    ("environ", "key"),
    [
        ({"OPENAI_API_KEY": "sk-a"}, "sk-a"),
        ({"OPENAI_API_KEY": "sk-a", "HELPDESK_OPENAI__API_KEY": "sk-b"}, "sk-b"),
        ({"OPENAI_API_KEY": "sk-a", "HELPDESK_OPENAI__API_KEY": ""}, "sk-a"),
        ({"OPENAI_API_KEY": ""}, None),
    ],
    ids=["the usual name", "our name wins", "empty counts as unset", "none"],
)
def test_key_is_found_under_either_name(environ: dict[str, str], key: str | None) -> None:
    """The key is read from OPENAI_API_KEY too."""
    found = Settings.load(environ).openai.api_key

    assert (found.get_secret_value() if found else None) == key


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("OPENAI__TIMEOUT", "900s", "a duration from 1s to 10m"),
        ("OPENAI__TIMEOUT", "15", "write a number with ms, s, m, h or d"),
        ("OPENAI__TEMPERATURE", "hot", "a number from 0 to 2"),
        ("OPENAI__MAX_TOKENS", "0", "a whole number from 1 to 16384"),
        ("OPENAI__BREAKER__COUNT", "asks", "one of: calls, attempts"),
        ("OPENAI__STREAM", "perhaps", "true or false"),
        ("OPENAI__BASE_URL", "localhost", "an address that starts with http:// or https://"),
        ("OPENAI__TIMEOUT", "999999999999999999999d", "a duration from 1s to 10m"),
        ("OPENAI__TIMEOUT", "\u0661\u0665s", "a duration from 1s to 10m"),
        ("OPENAI__BASE_URL", "http://llm.test/#v1", "without ? and #"),
        ("OPENAI__ORGANIZATION", '"org"', "an id in plain letters"),
        ("OPENAI__MODEL", "  ", "the name of a model, on one line"),
        ("CONTACT", "the\nIT", "text on one line"),
        ("WEB__HOSTS", "http://help.test", "names with commas between them"),
        ("WEB__HOSTS", ",", "names with commas between them"),
    ],
)
def test_bad_value_is_named_with_what_is_expected(name: str, value: str, expected: str) -> None:
    """The message has the variable, the value seen, and range and unit of a good one."""
    message = complaint({f"HELPDESK_{name}": value})

    assert message.startswith(f"HELPDESK_{name} is ")
    assert expected in message


@pytest.mark.parametrize("key", ["sk a", '"sk-a"', "'sk-a'", "sk-a\n", "\t", "   "])
def test_key_that_was_copied_badly_is_refused_at_the_start(key: str) -> None:
    """With quotes around it, or in two parts, no provider would take it."""
    assert "expected a key on one line" in complaint({"OPENAI_API_KEY": key})


def test_what_stands_around_a_value_is_taken_off() -> None:
    """Spaces around a header's value would fail each request; a tilde is the home folder."""
    given = {
        "OPENAI_API_KEY": " sk-a ",
        "OPENAI_ORG_ID": " org ",
        "HELPDESK_INDEX__CACHE_DIR": "~/a",
    }
    settings = Settings.load(given)

    assert settings.openai.api_key is not None
    assert settings.openai.api_key.get_secret_value() == "sk-a"
    assert settings.openai.organization == "org"
    assert settings.index.cache_dir == Path.home() / "a"


@pytest.mark.parametrize("name", ["Content-Length", "transfer-encoding", "Content-Type"])
def test_header_that_belongs_to_each_body_is_refused(name: str) -> None:
    """Set for all requests, it would break every one of them."""
    assert "expected lines such as" in complaint({"OPENAI_CUSTOM_HEADERS": f"{name}: 5"})


def test_long_value_is_cut_in_its_message() -> None:
    """Nobody reads five thousand digits."""
    assert len(complaint({"HELPDESK_TOP_K": "9" * 5000})) < 250


def test_key_in_the_query_of_an_address_is_not_shown() -> None:
    """An error goes to logs and terminals."""
    assert "secret" not in complaint({"OPENAI_BASE_URL": "http://llm.test/v1?key=secret"})


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("HELPDESK_OPENAI__TIMEOT", "did you mean HELPDESK_OPENAI__TIMEOUT?"),
        ("helpdesk_top_n", "did you mean HELPDESK_TOP_K?"),
        ("HELPDESK_ZZZZZ", "'helpdesk settings' lists them all"),
        ("HELPDESK_OPENAI__RETRY", "set one of: HELPDESK_OPENAI__RETRY__ATTEMPTS"),
    ],
)
def test_unknown_variable_is_a_mistake(name: str, hint: str) -> None:
    """A misspelt setting is not silently ignored; the nearest name is offered."""
    message = complaint({name: "1"})

    assert message.startswith(f"{name.upper()}: there is no such environment variable; ")
    assert hint in message


def test_all_mistakes_are_reported_at_once() -> None:
    """One line for each, so that one edit can mend them all."""
    message = complaint(
        {"HELPDESK_TOP_K": "x", "HELPDESK_TOPK": "3", "HELPDESK_OPENAI__MODEL": "gpt"}
        | {"HELPDESK_ANSWER_DEADLINE": "0s"}
    )

    assert len(message.splitlines()) == 3


def test_secret_is_in_no_message() -> None:
    """Neither representation nor error, nor what the error grew from, has the key."""
    environ = {"OPENAI_API_KEY": "sk-secret", "HELPDESK_TOP_K": "x"}

    with pytest.raises(SettingsError) as raised:
        Settings.load(environ)

    assert "sk-secret" not in str(raised.value)
    assert raised.value.__context__ is None
    with pytest.raises(
        SettingsError, match=r"^openai\.api_key is \(hidden\); expected a key on one line"
    ):
        Settings().replaced({"openai.api_key": 12345})
    del environ["HELPDESK_TOP_K"]
    assert "sk-secret" not in repr(Settings.load(environ))


def test_replaced_sets_dotted_names_and_nothing_else() -> None:
    """A copy with the named settings changed, the key included in what is kept."""
    settings = Settings.load({"OPENAI_API_KEY": "sk-a"})

    changed = settings.replaced(
        {"openai.breaker.recovery_timeout": timedelta(seconds=30), "index.bucket": "b"}
    )

    assert changed.openai.breaker.recovery_timeout == timedelta(seconds=30)
    assert changed.openai.api_key == settings.openai.api_key
    assert changed.replaced({"openai.breaker.recovery_timeout": "60s", "index.bucket": None}) == (
        settings
    )


def test_replaced_names_its_mistakes_by_dotted_name() -> None:
    """The same complaints, in the words of the caller."""
    with pytest.raises(SettingsError) as raised:
        Settings().replaced({"openai.breaker.recovery_timout": "30s", "top_k": 0})

    assert str(raised.value) == (
        "openai.breaker.recovery_timout: there is no such setting; "
        "did you mean openai.breaker.recovery_timeout?\n"
        "top_k is 0; expected a whole number from 1 to 20"
    )


def test_keys_describe_every_setting() -> None:
    """Each has a variable, a default as it would be written, and a description."""
    keys = Settings.keys()

    timeout = keys["openai.timeout"]
    assert (timeout.variable, timeout.default) == ("HELPDESK_OPENAI__TIMEOUT", "15s")
    assert all(key.description for key in keys.values())
    assert Settings().replaced({"top_k": keys["top_k"].default}) == Settings()


def test_settings_are_frozen() -> None:
    """A setting that could change under a running service would be a race."""
    with pytest.raises(pydantic.ValidationError, match="frozen"):
        Settings().top_k = 4  # type: ignore[misc]  # what mypy forbids is what is tested


@pytest.mark.parametrize("text", ["250ms", "15s", "90s", "2m", "36h", "7d", "0s"])
def test_duration_survives_writing_and_reading(text: str) -> None:
    """A duration is written in a form that reads back as itself."""
    value = parse_duration(text)
    assert isinstance(value, timedelta)

    assert parse_duration(format_duration(value)) == value
