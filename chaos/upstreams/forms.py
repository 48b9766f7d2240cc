"""Forms with files in them, as browsers and SDKs upload them: ``multipart/form-data``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import Message

from chaos.http import Request

_NAME = re.compile(rb'(?i)content-disposition:[^\r\n]*?;\s*name="([^"]*)"')
_FILENAME = re.compile(rb'(?i)content-disposition:[^\r\n]*?;\s*filename="([^"]*)"')


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A form that was sent.

    Attributes:
        fields: Values by name; of a name that comes twice, the last.
        files: Name and content of the files, by the name of their field.
    """

    fields: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, tuple[str, bytes]] = field(default_factory=dict)


def read_form(request: Request) -> Form:
    r"""The form in the body of a request; empty if there is none.

    Example:
        >>> head = b'\r\nContent-Disposition: form-data; name='
        >>> body = b'--x' + head + b'"purpose"\r\n\r\nbatch\r\n'
        >>> body += b'--x' + head + b'"file"; filename="a"\r\n\r\n{}\r\n--x--'
        >>> headers = {"content-type": "multipart/form-data; boundary=x"}
        >>> form = read_form(Request(method="POST", url="", headers=headers, body=body))
        >>> form.fields, form.files
        ({'purpose': 'batch'}, {'file': ('a', b'{}')})
    """
    header = Message()
    header["content-type"] = request.headers.get("content-type", "")
    boundary = header.get_param("boundary")
    if header.get_content_type() != "multipart/form-data" or not boundary:
        return Form()
    fields: dict[str, str] = {}
    files: dict[str, tuple[str, bytes]] = {}
    # What comes before the first boundary and after the last one is no part.
    for part in request.body.split(f"--{boundary}".encode())[1:-1]:
        head, _, content = part.partition(b"\r\n\r\n")
        named = _NAME.search(head)
        if named is None:
            continue
        name, data = named[1].decode(), content.removesuffix(b"\r\n")
        filename = _FILENAME.search(head)
        if filename is None:
            fields[name] = data.decode()
        else:
            files[name] = (filename[1].decode(), data)
    return Form(fields=fields, files=files)
