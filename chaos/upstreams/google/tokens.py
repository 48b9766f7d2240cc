"""The token endpoint: signed assertions in, tokens out."""

from __future__ import annotations

import base64
import time
from typing import ClassVar
from urllib.parse import parse_qsl

from pydantic import BaseModel, ConfigDict

from chaos.http import Request, Response, json_response
from chaos.ports import Operation, Upstream
from chaos.upstreams.bodies import parsed
from chaos.upstreams.google.identity import GoogleIdentity
from chaos.upstreams.refusal import RefusalError
from chaos.upstreams.unmodelled import UnmodelledError

_BY_ASSERTION = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_LONGEST_S = 3600
_SKEW_S = 300
"""How far the clock of a client may be off."""


class TokenClaims(BaseModel):
    """What an assertion claims; whatever else is in it means nothing here.

    Attributes:
        iss: The account.
        aud: Whom it is for.
        iat: Unix time from which it is good.
        exp: Unix time until which it is.
        scope: What the token is to be good for, words with spaces between them.
        sub: On whose behalf; None for the account itself.
        target_audience: Who is to be told whose token it is; None for a token of access.
    """

    model_config = ConfigDict(strict=True, frozen=True)

    iss: str
    aud: str
    iat: float
    exp: float
    scope: str | None = None
    sub: str | None = None
    target_audience: str | None = None

    @property
    def is_short_lived(self) -> bool:
        """Whether it is good now, and for an hour at most; clocks may be off a little."""
        now_s = time.time()
        is_good = self.iat - _SKEW_S <= now_s < self.exp + _SKEW_S
        return is_good and 0 < self.exp - self.iat <= _LONGEST_S


class TokenUpstream(Upstream):
    """Stands in for ``oauth2.googleapis.com``, as service accounts use it.

    Args:
        identity: Knows accounts and tokens; share it with the stand-in for Cloud Storage.

    Example:
        >>> request = Request(method="POST", url="https://oauth2.googleapis.com/token")
        >>> TokenUpstream(GoogleIdentity()).handle(request).json()["error"]
        'invalid_request'
    """

    name: ClassVar[str] = "google-tokens"
    hosts: ClassVar[tuple[str, ...]] = ("oauth2.googleapis.com",)
    operations: ClassVar[tuple[str, ...]] = ("token.create",)

    def __init__(self, identity: GoogleIdentity) -> None:
        self._identity = identity

    def classify(self, request: Request) -> Operation | None:
        """The one operation there is."""
        if (request.method, request.path) == ("POST", "/token"):
            return Operation("token.create")
        return None

    def handle(self, request: Request) -> Response:
        """Give out a token for an assertion.

        Raises:
            UnmodelledError: A token is wanted in another way.
        """
        if self.classify(request) is None:
            return self.failed(404)
        try:
            token = self._identity.issue(self._account(request))
        except RefusalError as refusal:
            return refusal.response
        return json_response(
            200,
            {
                "access_token": token.value,
                "expires_in": int(self._identity.lasts_s),
                "token_type": "Bearer",
            },
        )

    def rate_limited(self, code: str) -> Response:
        """The endpoint's 429."""
        return _error(429, "rate_limit_exceeded" if code == "rate_limit_exceeded" else code, code)

    def failed(self, status: int) -> Response:
        """The endpoint's usual error."""
        kind = "internal_failure" if status >= 500 else "invalid_request"  # noqa: PLR2004 - server's
        return _error(status, kind, f"HTTP {int(status)}")

    def _account(self, request: Request) -> str:
        """The account that an assertion is of."""
        form = dict(parse_qsl(request.body.decode("latin-1")))
        grant = form.get("grant_type")
        if grant is None:
            raise RefusalError(_error(400, "invalid_request", "Missing grant_type"))
        if grant != _BY_ASSERTION:
            raise UnmodelledError(
                self.name, "token.create", [f'grant_type="{grant}"'], taught_in=__name__
            )
        head, _, signature = form.get("assertion", "").rpartition(".")
        try:
            claims = TokenClaims(**parsed(_unpadded(head.partition(".")[2])))
            signed = self._identity.verifies(claims.iss, head.encode(), _unpadded(signature))
        except (ValueError, TypeError):
            raise RefusalError(_error(400, "invalid_grant", "Bad JWT")) from None
        if not signed:
            raise RefusalError(_error(400, "invalid_grant", "Invalid JWT Signature."))
        if claims.aud != request.url.partition("?")[0]:
            raise RefusalError(_error(400, "invalid_grant", "Invalid JWT: Failed audience check."))
        self._require_modelled(claims)
        if not claims.is_short_lived:
            message = (
                "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable "
                "timeframe. Check your iat and exp values in the JWT claim."
            )
            raise RefusalError(_error(400, "invalid_grant", message))
        if not (claims.scope or "").strip():
            message = "Invalid OAuth scope or ID token audience provided."
            raise RefusalError(_error(400, "invalid_scope", message))
        return claims.iss

    def _require_modelled(self, claims: TokenClaims) -> None:
        """Tokens for somebody else, and those that say who one is, are not given out here."""
        asked = (
            ("sub", claims.sub not in (None, claims.iss)),
            ("target_audience", claims.target_audience is not None),
        )
        unknown = [f"assertion.{name}" for name, is_wanted in asked if is_wanted]
        if unknown:
            raise UnmodelledError(self.name, "token.create", unknown, taught_in=__name__)


def _unpadded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _error(status: int, kind: str, description: str) -> Response:
    return json_response(status, {"error": kind, "error_description": description})
