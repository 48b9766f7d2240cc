"""Proxies and certificates that no client can use: told at the start, as a wrong setting is."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from helpdesk.bucket import IndexBucket
from helpdesk.cli import main
from helpdesk.environment import OPENAI_CERTIFICATES, PROXIES, STORAGE_CERTIFICATES
from helpdesk.errors import ChatError, SettingsError
from helpdesk.openai_chat import ChatClient
from helpdesk.settings import Settings

WITH_KEY = Settings().replaced({"openai.api_key": "sk-test"}).openai


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """No proxies and no certificates from whoever runs the tests."""
    others = ("NO_PROXY", "STORAGE_EMULATOR_HOST")
    for name in (*PROXIES, *OPENAI_CERTIFICATES, *STORAGE_CERTIFICATES, *others):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


def no_client(monkeypatch: pytest.MonkeyPatch, variable: str, value: str) -> str:
    """Return why no client for OpenAI can be made."""
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError) as raised:
        ChatClient(WITH_KEY)
    return str(raised.value)


def no_bucket(monkeypatch: pytest.MonkeyPatch, variable: str, value: str) -> str:
    """Return why no client for Cloud Storage can be made."""
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError) as raised:
        IndexBucket("bucket", timeout_s=5)
    return str(raised.value)


@pytest.mark.parametrize("command", ["ask printer", "status", "serve"])
def test_command_says_which_variable_is_wrong(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    """One message and exit code 2, whatever the command; a web server is not even started."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    monkeypatch.setenv("HTTPS_PROXY", "foo://bar")
    monkeypatch.setattr(sys, "argv", ["helpdesk", *command.split()])
    monkeypatch.setattr("helpdesk.cli.set_up_logging", lambda verbose: None)

    with pytest.raises(SystemExit) as ended:
        main()

    assert ended.value.code == 2
    assert capsys.readouterr().err == (
        "helpdesk: HTTPS_PROXY is no proxy through which OpenAI can be asked: its scheme 'foo' is "
        "unknown; expected a URL such as http://proxy.example.com:3128; correct the variable, or "
        "unset it\n"
    )


def test_proxy_that_needs_a_missing_library_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not as a traceback about a package that nobody asked for."""
    # Where the library is there, such a proxy is no mistake.
    monkeypatch.setitem(sys.modules, "socksio", None)

    told = no_client(monkeypatch, "all_proxy", "socks5://127.0.0.1:1")

    assert told.startswith("all_proxy is no proxy")
    assert "no library for 'socks5' is installed" in told


@pytest.mark.parametrize("url", ["foo://me:secret@bar", "foo://me:secret@bar:x"])
def test_password_of_a_proxy_is_never_told(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """Messages end up in logs and chats."""
    assert "secret" not in no_client(monkeypatch, "HTTPS_PROXY", url)
    assert "secret" not in no_bucket(monkeypatch, "HTTPS_PROXY", url)


def test_certificates_that_cannot_be_read_are_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A file that is not there, or has none in it, each under the name of its variable."""
    missing, empty = tmp_path / "missing.pem", tmp_path / "empty.pem"
    empty.write_text("nothing\n")

    for path in (str(missing), str(empty)):
        for told, variable in (
            (no_client(monkeypatch, "SSL_CERT_FILE", path), "SSL_CERT_FILE"),
            (no_bucket(monkeypatch, "REQUESTS_CA_BUNDLE", path), "REQUESTS_CA_BUNDLE"),
        ):
            assert told.startswith(f"{variable} is {path!r}, which cannot be read (")


@pytest.mark.parametrize(
    ("url", "wrong"),
    [("foo://bar", "its scheme 'foo' is unknown"), ("http://[bad", "it is no whole URL")],
)
def test_storage_is_told_of_its_proxy(
    monkeypatch: pytest.MonkeyPatch, url: str, wrong: str
) -> None:
    """Rather than taking it for an outage that passes."""
    told = no_bucket(monkeypatch, "HTTPS_PROXY", url)

    assert f"HTTPS_PROXY is no proxy through which Cloud Storage can be asked: {wrong}" in told


def test_environment_that_is_not_needed_is_not_judged(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Without a key nothing is sent to OpenAI; and storage need not go through the proxy."""
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "missing.pem"))
    monkeypatch.setenv("HTTPS_PROXY", "foo://bar")
    monkeypatch.setenv("NO_PROXY", "googleapis.com")

    assert not ChatClient(Settings().openai).key_configured
    assert IndexBucket("bucket", timeout_s=5).name == "bucket"


def test_certificates_and_proxies_that_work_are_taken(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A folder of certificates, or a proxy without a scheme, is nothing unusual."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path))
    monkeypatch.setenv("HTTPS_PROXY", "proxy.example.com:3128")

    assert ChatClient(WITH_KEY).key_configured
    assert IndexBucket("bucket", timeout_s=5).name == "bucket"


def test_header_that_cannot_be_sent_is_not_blamed_on_the_question(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The SDK takes headers from variables; only they can be outside of ASCII."""
    monkeypatch.setenv("OPENAI_ORG_ID", "Bärenbude")

    with pytest.raises(ChatError, match="check OPENAI_ORG_ID") as raised:
        ChatClient(WITH_KEY).complete([], deadline=time.monotonic() + 5)

    assert raised.value.reason == "rejected"
