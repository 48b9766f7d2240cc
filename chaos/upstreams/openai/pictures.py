"""Where a picture may be: at an address, or in the request itself."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Annotated

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from chaos.upstreams.declared import INVALID_URL

UNSUPPORTED_IMAGE = "unsupported_image"
"""Our name in pydantic for a picture of a kind that no model reads."""

INVALID_BASE64 = "invalid_base64"
"""Our name in pydantic for a picture that is not packed as it says."""

_DATA = re.compile(r"data:image/(?P<kind>[a-z0-9.+-]+);base64,(?P<packed>.*)", re.DOTALL)
_KINDS = frozenset({"png", "jpeg", "jpg", "gif", "webp"})


def _require_picture(url: str) -> str:
    if url.startswith(("http://", "https://")):
        return url
    found = _DATA.fullmatch(url)
    if found is None:
        raise PydanticCustomError(INVALID_URL, "no URL")
    if found["kind"] not in _KINDS:
        raise PydanticCustomError(UNSUPPORTED_IMAGE, "no picture that is read")
    try:
        is_empty = not base64.b64decode(found["packed"], validate=True)
    except binascii.Error:
        is_empty = True
    if is_empty:
        raise PydanticCustomError(INVALID_BASE64, "not packed")
    return url


PictureUrl = Annotated[str, AfterValidator(_require_picture)]
"""An address, or a picture of a kind that models read; whether it is one, nobody looks."""
