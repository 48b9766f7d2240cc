"""The exception by which a stand-in gives up on a request, with what it answers instead."""

from __future__ import annotations

from chaos.http import Response


class RefusalError(Exception):
    """A request ends here, with this response.

    Example:
        >>> RefusalError(Response(status=404)).response.status
        404
    """

    def __init__(self, response: Response) -> None:
        self.response = response
        super().__init__(response.status)
