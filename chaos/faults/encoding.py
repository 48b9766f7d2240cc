"""The fault by which a body is compressed, wrongly."""

from __future__ import annotations

import gzip
from dataclasses import replace

from chaos.faults.behaviour import AlteringFault
from chaos.http import Response
from chaos.scenario.faults import EncodingFault

_CHECKSUM_AT = -8
"""Where the checksum of a gzip file begins, counted from its end; its length follows."""

_UNKNOWN = "x-nobody-knows"


class Encoding(AlteringFault[EncodingFault]):
    """What the header ``Content-Encoding`` says and what the body holds do not agree.

    Hash headers stay those of the body before, as they do of a provider that compresses on the
    way.
    """

    model = EncodingFault

    def alter(self, response: Response) -> Response:
        """Compress a body; an empty one, or one that is encoded already, stays as it is."""
        if not response.body or response.header("content-encoding") is not None:
            return response
        # Without a time in its header, so that the same body gives the same bytes.
        packed = gzip.compress(response.body, mtime=0)
        body, encoding = packed, "gzip"
        match self.fault.as_:
            case "gzip":
                pass
            case "truncated_gzip":
                body = packed[: len(packed) // 2]
            case "not_gzip":
                body = response.body
            case "wrong_checksum":
                flipped = packed[_CHECKSUM_AT] ^ 0xFF
                body = packed[:_CHECKSUM_AT] + bytes([flipped]) + packed[_CHECKSUM_AT + 1 :]
            case "unknown":
                body, encoding = response.body, _UNKNOWN
        changed = replace(response, body=body)
        return changed.with_headers([("content-encoding", encoding)])
