"""Service accounts, their keys, and the tokens they hold: what all of Google's stand-ins share."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from typing import Any

from chaos.http import Request
from chaos.processes import late

# Cryptography takes longer to import than all else here, and is needed by the first signature.
late.before_a_run("chaos.upstreams.google.keys")

DEFAULT_EMAIL = "sim@sim-project.iam.gserviceaccount.com"
_PROJECT = "sim-project"


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A token that was given out.

    Attributes:
        value: What requests carry.
        email: Whose it is.
        expires_s: Unix time from which it is good no more.
    """

    value: str
    email: str
    expires_s: float


class GoogleIdentity:
    """Knows service accounts, and which tokens are good.

    Give the same one to `TokenUpstream` or `MetadataUpstream`, which give tokens out, and to
    `chaos.upstreams.gcs.GcsUpstream`, which wants to see them.

    Args:
        lasts_s: How long a token is good, in seconds of the clock.
        email: The account of the metadata server.

    Example:
        >>> identity = GoogleIdentity(lasts_s=60.0)
        >>> token = identity.issue(DEFAULT_EMAIL)
        >>> identity.is_good(token.value), identity.is_good("made up")
        (True, False)
    """

    def __init__(self, *, lasts_s: float = 3599.0, email: str = DEFAULT_EMAIL) -> None:
        self.lasts_s = lasts_s
        self.email = email
        self._tokens: dict[str, Token] = {}

    def service_account_info(self, email: str = DEFAULT_EMAIL) -> dict[str, Any]:
        """What stands in a key file: for ``Credentials.from_service_account_info``.

        The key is made once for each process; it opens nothing but the stand-ins.
        """
        from chaos.upstreams.google import keys  # noqa: PLC0415 - late, see above

        return {
            "type": "service_account",
            "project_id": _PROJECT,
            "private_key_id": "sim",
            "private_key": keys.private_pem(),
            "client_email": email,
            "client_id": "1",
            "token_uri": "https://oauth2.googleapis.com/token",
        }

    def issue(self, email: str) -> Token:
        """Give out a new token."""
        number = len(self._tokens) + 1
        digest = hashlib.sha256(f"{number}/{email}".encode()).hexdigest()
        token = Token(value=f"ya29.{digest}", email=email, expires_s=time.time() + self.lasts_s)
        self._tokens[token.value] = token
        return token

    def revoke_all(self) -> None:
        """Make every token that was given out bad, before its time."""
        self._tokens = {
            value: Token(value=value, email=token.email, expires_s=0.0)
            for value, token in self._tokens.items()
        }

    def is_good(self, value: str) -> bool:
        """Whether a token was given out, and is not too old."""
        token = self._tokens.get(value)
        return token is not None and time.time() < token.expires_s

    def admits(self, request: Request) -> bool:
        """Whether a request brings a good token."""
        return self.is_good(request.headers.get("authorization", "").removeprefix("Bearer "))

    def verifies(self, email: str, message: bytes, signature: bytes) -> bool | None:
        """Whether a signature is one of the account's key; all accounts here have the same key."""
        del email
        from chaos.upstreams.google import keys  # noqa: PLC0415 - late, see above

        return keys.verifies(message, signature)
