"""The client of Cloud Storage as production builds it: with an account, or on a Google machine."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import google.auth
import google.auth.compute_engine
import google.auth.credentials
import google.auth.transport.requests
import pytest
import requests
from google.auth.exceptions import RefreshError
from google.cloud import storage
from google.oauth2 import service_account

from chaos.http import Request, Response
from chaos.ports import Upstream
from chaos.upstreams.gcs import GcsUpstream
from chaos.upstreams.google import GoogleIdentity, MetadataUpstream, TokenUpstream
from chaos.upstreams.unmodelled import UnmodelledError
from tests.chaos.upstreams.openai.asking import Clock
from tests.chaos.upstreams.sdk import HandlerAdapter

MIB = 1024 * 1024
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
SCOPES = ["https://www.googleapis.com/auth/devstorage.full_control"]

# google.auth has no types for these.
ACCOUNTS: Any = service_account.Credentials
ENGINE: Any = google.auth.compute_engine
CREDENTIALS: Any = google.auth.credentials
HTTP: Any = google.auth.transport.requests


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The time of day, to turn."""
    monkeypatch.setenv("DISABLE_GCS_PYTHON_CLIENT_OTEL_BUCKET_METADATA", "true")
    clock = Clock(monkeypatch)

    def utcnow() -> datetime:
        return datetime.fromtimestamp(clock.now_s, UTC).replace(tzinfo=None)

    # The client dates its assertions, and its tokens, by a clock of its own.
    monkeypatch.setattr("google.auth._helpers.utcnow", utcnow)
    return clock


class Cloud:
    """Cloud Storage that wants tokens, and both places that give them out."""

    def __init__(self, **options: Any) -> None:
        self.identity = GoogleIdentity(**options)
        self.storage = GcsUpstream(identity=self.identity)
        self.storage.put("kb", "a", b"x" * MIB)
        self.upstreams: list[Upstream] = [
            self.storage,
            TokenUpstream(self.identity),
            MetadataUpstream(self.identity),
        ]
        self.seen: list[str] = []

    def __call__(self, request: Request) -> Response:
        """Answer from whichever stand-in has the host."""
        host = urlsplit(request.url).hostname
        (upstream,) = (each for each in self.upstreams if host in each.hosts)
        operation = upstream.classify(request)
        assert operation is not None, request.url
        self.seen.append(operation.name)
        return upstream.handle(request)

    def session(self) -> requests.Session:
        """A session that ends here, for refreshing credentials."""
        session = requests.Session()
        for scheme in ("https://", "http://"):
            session.mount(scheme, HandlerAdapter(self))
        return session

    def client(self, credentials: Any) -> storage.Client:
        """A client whose calls, and whose refreshes, all end here."""
        scoped = CREDENTIALS.with_scopes_if_required(
            credentials, ["https://www.googleapis.com/auth/devstorage.full_control"]
        )
        refreshing = HTTP.Request(self.session())
        http = HTTP.AuthorizedSession(scoped, auth_request=refreshing)
        for scheme in ("https://", "http://"):
            http.mount(scheme, HandlerAdapter(self))
        return storage.Client(project="sim", credentials=scoped, _http=http)

    def account(self, **options: Any) -> Any:
        """Credentials from the key file of an account."""
        info = self.identity.service_account_info()
        return ACCOUNTS.from_service_account_info(info, **options)

    def ask(self, credentials: Any, grant: str = GRANT, **claims: Any) -> requests.Response:
        """A token for what the account claims."""
        assertion = credentials.with_claims(claims)._make_authorization_grant_assertion()
        form = {"grant_type": grant, "assertion": assertion.decode()}
        return self.session().post("https://oauth2.googleapis.com/token", data=form)


def test_service_account_gets_a_token_and_uses_it(clock: Clock) -> None:
    """One token is asked for, and does for all calls while it is good."""
    cloud = Cloud()
    bucket = cloud.client(cloud.account()).bucket("kb")

    assert bucket.blob("a").download_as_bytes() == b"x" * MIB
    bucket.blob("a").reload()

    assert cloud.seen == ["token.create", "objects.media", "objects.get"]
    assert clock.now_s


def test_token_is_refreshed_when_it_grows_old(clock: Clock) -> None:
    """Before a token is too old the client gets another one."""
    cloud = Cloud(lasts_s=3599.0)
    bucket = cloud.client(cloud.account()).bucket("kb")
    bucket.blob("a").reload()

    clock.advance(3599.0)
    bucket.blob("a").reload()

    assert cloud.seen.count("token.create") == 2


def test_token_that_goes_bad_in_a_download_is_replaced(clock: Clock) -> None:
    """Between two chunks of a download a token is revoked: a 401, a refresh, and the rest."""
    cloud = Cloud()
    blob = cloud.client(cloud.account()).bucket("kb").blob("a", chunk_size=256 * 1024)

    class Sink(bytearray):
        """Revokes all tokens after the first chunk."""

        def write(self, data: bytes) -> int:
            if not self:
                cloud.identity.revoke_all()
            self.extend(data)
            return len(data)

    sink = Sink()
    blob.download_to_file(sink)

    assert bytes(sink) == b"x" * MIB
    assert cloud.seen.count("token.create") == 2
    assert clock.now_s


def test_machine_on_googles_cloud_asks_its_metadata_server(clock: Clock) -> None:
    """Credentials of the machine come from the metadata server, and are refreshed there."""
    cloud = Cloud(lasts_s=600.0)
    # The library would ask for the universe by a session of its own.
    credentials = ENGINE.Credentials(universe_domain="googleapis.com")
    bucket = cloud.client(credentials).bucket("kb")

    bucket.blob("a").reload()
    clock.advance(600.0)
    bucket.blob("a").reload()

    assert cloud.seen.count("token.get") == 2
    assert "account.get" in cloud.seen


def test_key_of_somebody_else_is_refused(clock: Clock) -> None:
    """An assertion that was signed with another key gets no token."""
    cloud = Cloud()
    url = "https://oauth2.googleapis.com/token"
    credentials = cloud.account(scopes=SCOPES)
    assertion = credentials._make_authorization_grant_assertion().decode()

    def ask(assertion: str, **more: str) -> requests.Response:
        form = {"grant_type": GRANT, "assertion": assertion, **more}
        return cloud.session().post(url, data=form)

    head, _, signature = assertion.rpartition(".")
    changed = ("B" if signature[0] == "A" else "A") + signature[1:]
    assert ask(assertion).status_code == 200
    assert ask(f"{head}.{changed}").json()["error_description"] == "Invalid JWT Signature."
    assert ask("nonsense").json()["error"] == "invalid_grant"
    clock.advance(2 * 3600)
    assert "short-lived" in ask(assertion).json()["error_description"]
    with pytest.raises(UnmodelledError, match="refresh_token"):
        cloud(Request(method="POST", url=url, body=b"grant_type=refresh_token&refresh_token=x"))


@pytest.mark.parametrize(
    ("claims", "error"),
    [
        ({}, None),
        ({"scope": ""}, "invalid_scope"),
        ({"exp": 1_767_225_600 + 86_400}, "invalid_grant"),
        ({"iat": 1_767_225_600 + 3_000, "exp": 1_767_225_600 + 6_000}, "invalid_grant"),
        ({"exp": "soon"}, "invalid_grant"),
        ({"iss": None}, "invalid_grant"),
        ({"iat": None}, "invalid_grant"),
    ],
    ids=str,
)
def test_assertion_is_for_something_and_for_an_hour(
    clock: Clock, claims: dict[str, Any], error: str | None
) -> None:
    """Anything else gets no token, and says why."""
    del clock
    cloud = Cloud()
    answer = cloud.ask(cloud.account(scopes=SCOPES), **claims)
    assert answer.json().get("error") == error


def test_token_for_somebody_else_is_not_given_out(clock: Clock) -> None:
    """Nor one that says who one is: what the provider does then, the stand-in does not know."""
    del clock
    cloud = Cloud()
    scoped = cloud.account(scopes=SCOPES)
    for claims in ({"sub": "boss@corp.test"}, {"target_audience": "https://a.test"}):
        with pytest.raises(UnmodelledError, match=next(iter(claims))):
            cloud.ask(scoped, **claims)


def test_body_that_is_no_form_is_refused(clock: Clock) -> None:
    """Whatever its bytes are."""
    del clock
    url = "https://oauth2.googleapis.com/token"
    for body in (b"\xff\xfe", b"grant_type=" + GRANT.encode() + b"&assertion=a.W10.b"):
        asked = Request(method="POST", url=url, body=body)
        assert TokenUpstream(GoogleIdentity()).handle(asked).status == 400


def test_metadata_is_for_the_machine_itself() -> None:
    """A request that somebody passes on gets nothing."""
    url = "http://metadata.google.internal/computeMetadata/v1/project/project-id"
    headers = {"metadata-flavor": "Google", "x-forwarded-for": "192.0.2.1"}
    asked = Request(method="GET", url=url, headers=headers)
    assert MetadataUpstream(GoogleIdentity()).handle(asked).status == 403


def test_endpoint_that_fails_is_a_refresh_error(clock: Clock) -> None:
    """What the endpoint's errors come to in the client."""
    cloud = Cloud()

    class OutOfOrder(TokenUpstream):
        """An endpoint that refuses everything."""

        def handle(self, request: Request) -> Response:
            return self.failed(400)

    cloud.upstreams[1] = OutOfOrder(cloud.identity)

    with pytest.raises(RefreshError, match="invalid_request"):
        cloud.client(cloud.account()).bucket("kb").blob("a").reload(retry=None)
    assert clock.now_s


def test_storage_without_a_token_is_401(clock: Clock) -> None:
    """Where tokens are wanted, whoever has none is turned away, for media as for metadata."""
    cloud = Cloud()

    for query in ("", "?alt=media"):
        url = f"https://storage.googleapis.com/storage/v1/b/kb/o/a{query}"
        answer = cloud.storage.handle(Request(method="GET", url=url))
        assert answer.status == 401
        assert answer.header("www-authenticate")
    assert clock.now_s


def test_metadata_server_wants_to_be_known() -> None:
    """A request without its header, for another account or for nothing is refused."""
    metadata = MetadataUpstream(GoogleIdentity())
    base = "http://metadata.google.internal/computeMetadata/v1/instance/service-accounts"
    flavor = {"metadata-flavor": "Google"}

    def ask(path: str, headers: dict[str, str]) -> int:
        return metadata.handle(Request(method="GET", url=base + path, headers=headers)).status

    assert ask("/default/email", flavor) == 200
    assert ask("/default/email", {}) == 403
    assert ask("/other@example.com/email", flavor) == 404
    assert ask("/default/keys", flavor) == 404
    with pytest.raises(UnmodelledError, match=r"\?audience"):
        ask("/default/token?audience=x", flavor)


def test_library_finds_out_that_it_is_on_googles_cloud(clock: Clock) -> None:
    """The probe by which the auth library looks for the server is answered."""
    cloud = Cloud()
    request = HTTP.Request(cloud.session())

    assert ENGINE._metadata.ping(request, retry_count=1)
    assert ENGINE._metadata.get_project_id(request) == "sim-project"
    assert clock.now_s
