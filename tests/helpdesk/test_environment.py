"""Proxies and certificates that no client can use: told at the start, as a wrong setting is."""

from __future__ import annotations

import sys
from pathlib import Path

import httpx2
import pytest

from helpdesk.bucket import IndexBucket
from helpdesk.chat_errors import chat_error
from helpdesk.cli import main
from helpdesk.environment import OPENAI_CERTIFICATES, PROXIES, STORAGE_CERTIFICATES
from helpdesk.errors import SettingsError
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
        "helpdesk: HTTPS_PROXY is not a proxy that the client for OpenAI can use: its scheme "
        "'foo' is unknown; expected a URL such as http://proxy.example.com:3128; correct the "
        "variable, or unset it\n"
    )


def test_proxy_that_needs_a_missing_library_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not as a traceback about a package that nobody asked for."""
    # Where the library is there, such a proxy is no mistake.
    monkeypatch.setitem(sys.modules, "socksio", None)

    told = no_client(monkeypatch, "all_proxy", "socks5://127.0.0.1:1")

    assert told.startswith("all_proxy is not a proxy")
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
    [("foo://bar", "its scheme 'foo' is unknown"), ("http://[bad", "it is not a whole URL")],
)
def test_storage_is_told_of_its_proxy(
    monkeypatch: pytest.MonkeyPatch, url: str, wrong: str
) -> None:
    """Rather than taking it for an outage that passes."""
    told = no_bucket(monkeypatch, "HTTPS_PROXY", url)

    assert f"HTTPS_PROXY is not a proxy that the client for Cloud Storage can use: {wrong}" in told


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


def test_client_is_made_from_the_settings_and_not_behind_their_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The SDK reads its variables where it is given nothing, also those that are empty."""
    for name in ("OPENAI_BASE_URL", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "OPENAI_CUSTOM_HEADERS"):
        monkeypatch.setenv(name, "")

    client = ChatClient(Settings.load({"OPENAI_API_KEY": "sk-test"}).openai)._client

    assert client is not None
    assert str(client.base_url) == "https://api.openai.com/v1/"
    assert (client.organization, client.project) == (None, None)


def test_what_is_set_reaches_the_provider(monkeypatch: pytest.MonkeyPatch) -> None:
    """Address, organization, project and headers, under the SDK's own names for them."""
    for name, value in OF_THE_SDK.items():
        monkeypatch.setenv(name, value)

    client = ChatClient(Settings.load().openai)._client

    assert client is not None
    assert str(client.base_url) == "https://gateway.example.com/v1/"
    headers = client.default_headers
    assert (headers["OpenAI-Organization"], headers["OpenAI-Project"]) == ("org-1", "proj-1")
    assert (headers["X-Team"], headers["X-Floor"]) == ("it", "2")


OF_THE_SDK = {
    "OPENAI_API_KEY": "sk-test",
    "OPENAI_BASE_URL": "https://gateway.example.com/v1",
    "OPENAI_ORG_ID": "org-1",
    "OPENAI_PROJECT_ID": "proj-1",
    "OPENAI_CUSTOM_HEADERS": "X-Team: it\nX-Floor: 2",
}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OPENAI_API_KEY", "sk-a\n"),
        ("OPENAI_API_KEY", "sk-a\nsk-b"),
        ("OPENAI_API_KEY", "sk-a\r"),
        ("OPENAI_API_KEY", "sk-a\tb"),
        ("OPENAI_API_KEY", "sk-clé"),
        ("OPENAI_API_KEY", "sk-\u200bx"),
        ("OPENAI_BASE_URL", "api.example.com/v1"),
        ("OPENAI_BASE_URL", "http://"),
        ("OPENAI_BASE_URL", "https://:443/v1"),
        ("OPENAI_BASE_URL", "https://host:port/v1"),
        ("OPENAI_BASE_URL", "https://host:99999/v1"),
        ("OPENAI_BASE_URL", "https://[::1/v1"),
        ("OPENAI_BASE_URL", "https://host /v1"),
        ("OPENAI_BASE_URL", "https://host/v1\nx"),
        ("OPENAI_BASE_URL", "file:///etc/passwd"),
        ("OPENAI_ORG_ID", "Bärenbude"),
        ("OPENAI_PROJECT_ID", "a\nb"),
        ("OPENAI_CUSTOM_HEADERS", "no colon"),
        ("OPENAI_CUSTOM_HEADERS", "Bad name: x"),
        ("OPENAI_CUSTOM_HEADERS", "X-Team: Bären"),
        ("STORAGE_EMULATOR_HOST", "localhost:9000"),
        ("HELPDESK_INDEX__BUCKET", "gs://bucket"),
        ("HELPDESK_INDEX__BUCKET", "bucket/folder"),
        ("HELPDESK_INDEX__PREFIX", "/index/"),
        ("HELPDESK_INDEX__PREFIX", "../index/"),
    ],
)
def test_what_no_client_can_use_is_refused_at_the_start(name: str, value: str) -> None:
    """Under the name of the variable that has it; a secret is not repeated."""
    with pytest.raises(SettingsError) as raised:
        Settings.load({name: value})

    assert str(raised.value).startswith(f"{name} is ")
    assert "; expected " in str(raised.value)
    is_secret = name in {"OPENAI_API_KEY", "OPENAI_CUSTOM_HEADERS"}
    assert ("(hidden)" in str(raised.value)) is is_secret


@pytest.mark.parametrize(
    "url",
    [
        "ftp://user:secret-word@host/",
        "ftp://secret-word@host/",
        "ftp://user:a/secret-word@host/",
        "ftp://user:a@secret-word@host/",
        "https://user:secret-word@host:port/v1",
        "https://user:secret-word@/v1",
    ],
)
@pytest.mark.parametrize("name", ["HELPDESK_OPENAI__BASE_URL", "STORAGE_EMULATOR_HOST"])
def test_password_in_a_refused_address_is_not_told(name: str, url: str) -> None:
    """What is wrong can be said without it."""
    with pytest.raises(SettingsError) as raised:
        Settings.load({name: url})

    assert "secret-word" not in str(raised.value)
    assert name in str(raised.value)


def test_password_in_an_address_is_not_told_when_the_connection_fails() -> None:
    """Errors of HTTP libraries quote the address."""
    error = httpx2.ConnectError("cannot reach https://user:secret-word@host/v1")

    assert "secret-word" not in str(chat_error(error))


def test_file_of_credentials_is_looked_at_when_there_is_a_bucket(tmp_path: Path) -> None:
    """A path that leads nowhere is not an outage of storage."""
    broken = tmp_path / "broken.json"
    broken.write_text("{")

    for path, why in ((tmp_path / "missing.json", "No such file"), (broken, "not JSON")):
        with pytest.raises(SettingsError, match=why) as raised:
            IndexBucket("bucket", timeout_s=5, credentials=path)
        assert str(raised.value).startswith("GOOGLE_APPLICATION_CREDENTIALS is ")
