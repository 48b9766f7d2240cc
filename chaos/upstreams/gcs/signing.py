"""Signed URLs: whether one is good, and until when."""

from __future__ import annotations

import base64
import binascii
import hashlib
import time
from datetime import UTC, datetime
from typing import Protocol
from urllib.parse import parse_qsl, quote, urlsplit

from chaos.http import Request
from chaos.upstreams.gcs.errors import xml_error
from chaos.upstreams.refusal import RefusalError

LONGEST_S = 7 * 24 * 60 * 60
"""A signed URL is good for so long at most."""


class Verifier(Protocol):
    """Knows the keys of those who sign."""

    def verifies(self, email: str, message: bytes, signature: bytes) -> bool | None:
        """Whether the signature is that of ``email``; None if nothing is known of its key."""


def is_signed(request: Request) -> bool:
    """Whether a request comes by a signed URL."""
    return bool({"X-Goog-Signature", "Signature"} & request.query.keys())


def require_good_signature(request: Request, verifier: Verifier | None) -> None:
    """Hold a signed URL to its time, its headers and its signature.

    A signature by somebody whose key nobody has told is taken for good; times and headers are
    checked all the same.

    Raises:
        RefusalError: It is not good (any more).
    """
    if "X-Goog-Signature" in request.query:
        _require_v4(request, verifier)
    else:
        _require_v2(request, verifier)


def _require_v4(request: Request, verifier: Verifier | None) -> None:
    query = request.query
    try:
        signed_at = datetime.strptime(query["X-Goog-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        lasts_s = int(query["X-Goog-Expires"])
        email, _, scope = query["X-Goog-Credential"].partition("/")
        names = query["X-Goog-SignedHeaders"].split(";")
        signature = bytes.fromhex(query["X-Goog-Signature"])
    except (KeyError, ValueError):
        raise RefusalError(xml_error(400, "InvalidArgument", "Invalid argument.")) from None
    if lasts_s > LONGEST_S:
        message = f"X-Goog-Expires must be no longer than {LONGEST_S} seconds."
        raise RefusalError(xml_error(400, "InvalidArgument", message))
    _require_in_time(signed_at.timestamp() + lasts_s)
    sent = {**request.headers, "host": request.host}
    if any(name not in sent for name in names):
        raise _mismatch()
    unsigned = [name for name in sent if name.startswith("x-goog-") and name not in names]
    if unsigned or "host" not in names:
        message = "Your request has a malformed header. "
        message += f"Header was included in the request, but not in signedheaders: {unsigned[:1]}"
        raise RefusalError(xml_error(400, "MalformedSecurityHeader", message))
    split = urlsplit(request.url)
    pairs = parse_qsl(split.query, keep_blank_values=True)
    signed = sorted(
        (_quoted(key), _quoted(value)) for key, value in pairs if "Signature" not in key
    )
    canonical = "\n".join(
        (
            request.method,
            split.path,
            "&".join(f"{key}={value}" for key, value in signed),
            "".join(f"{name}:{' '.join(sent[name].split())}\n" for name in names),
            ";".join(names),
            sent.get("x-goog-content-sha256", "UNSIGNED-PAYLOAD"),
        )
    )
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    message = "\n".join((query["X-Goog-Algorithm"], query["X-Goog-Date"], scope, digest))
    if verifier is not None and verifier.verifies(email, message.encode(), signature) is False:
        raise _mismatch()


def _require_v2(request: Request, verifier: Verifier | None) -> None:
    query = request.query
    try:
        expires_s = int(query["Expires"])
    except (KeyError, ValueError):
        raise RefusalError(xml_error(400, "InvalidArgument", "Invalid argument.")) from None
    _require_in_time(expires_s)
    sent = request.headers
    extra = sorted(name for name in sent if name.startswith("x-goog-"))
    message = "\n".join(
        (
            request.method,
            sent.get("content-md5", ""),
            sent.get("content-type", ""),
            query["Expires"],
            *(f"{name}:{' '.join(sent[name].split())}" for name in extra),
            # Wishes for headers of the answer are beside the signature.
            urlsplit(request.url).path,
        )
    )
    _require_verified(verifier, query.get("GoogleAccessId", ""), message, query["Signature"])


def _require_verified(verifier: Verifier | None, email: str, message: str, signature: str) -> None:
    try:
        raw = base64.b64decode(signature, validate=True)
    except binascii.Error:
        raise _mismatch() from None
    if verifier is not None and verifier.verifies(email, message.encode(), raw) is False:
        raise _mismatch()


def _require_in_time(expires_s: float) -> None:
    if time.time() > expires_s:
        at = datetime.fromtimestamp(expires_s, UTC).isoformat()
        message = f"The provided token has expired. Request signature expired at: {at}"
        raise RefusalError(xml_error(400, "ExpiredToken", message))


def _mismatch() -> RefusalError:
    message = (
        "Access denied. The request signature we calculated does not match the signature you "
        "provided. Check your Google secret key and signing method."
    )
    return RefusalError(xml_error(403, "SignatureDoesNotMatch", message))


def _quoted(text: str) -> str:
    return quote(text, safe="~")
