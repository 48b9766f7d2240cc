"""A file descriptor for a virtual socket, for whoever insists on one."""

from __future__ import annotations

import os

# Kept by name: in a run, those of the module go to virtual sockets.
_read, _write = os.read, os.write


class Descriptor:
    """A real descriptor whose readability can be set.

    Pollers of this process ask the virtual socket itself. The kernel is asked by C code alone, and
    gets the answer that was right when the descriptor was last asked for.

    Attributes:
        number: Of the file descriptor.
    """

    __slots__ = ("_is_raised", "_writing_end", "number")

    def __init__(self) -> None:
        if hasattr(os, "eventfd"):
            self.number = self._writing_end = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        else:
            self.number, self._writing_end = os.pipe()
            os.set_blocking(self.number, False)
        self._is_raised = False

    def show(self, *, is_readable: bool) -> None:
        """Make the descriptor readable, or not."""
        if is_readable and not self._is_raised:
            _write(self._writing_end, (1).to_bytes(8, "little"))
        elif self._is_raised and not is_readable:
            _read(self.number, 8)
        self._is_raised = is_readable

    def close(self) -> None:
        """Give it back to the system."""
        os.close(self.number)
        if self._writing_end != self.number:
            os.close(self._writing_end)
