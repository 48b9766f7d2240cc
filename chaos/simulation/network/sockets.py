"""TCP sockets without a kernel behind them.

A virtual socket is a socket to every library: its class derives from `socket.socket`, and what it
does, it does in the words and with the errors of the real one. It has no file descriptor until
somebody asks for one.
"""

from __future__ import annotations

import _socket
import errno
import socket
import struct
from collections import deque
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, NoReturn
from weakref import ref

from chaos.simulation.network.arguments import (
    as_bytes,
    bad_descriptor,
    check_address,
    os_error,
    room_in,
    size_to_read,
)
from chaos.simulation.network.buffers import Buffers
from chaos.simulation.network.descriptor import Descriptor
from chaos.simulation.network.far_end import (
    Admission,
    Admitted,
    FarEnd,
    OtherSocket,
    Rejected,
    Unanswered,
)
from chaos.simulation.network.inbox import Inbox
from chaos.simulation.tasks.behalf import take_over
from chaos.simulation.timing.clock import to_ticks
from chaos.simulation.timing.functions import as_seconds

if TYPE_CHECKING:
    from chaos.errors import SimulationError
    from chaos.simulation.network.network import VirtualNetwork
    from chaos.simulation.tasks.task import Task

_LONGEST_TIMEOUT_S = 9_000_000_000.0
_WAIT_FOR_ALL = getattr(socket, "MSG_WAITALL", 0)
_DO_NOT_WAIT = getattr(socket, "MSG_DONTWAIT", 0)
_RECEIVE_TIMEOUT = getattr(socket, "SO_RCVTIMEO", -1)

Address = Any
"""Host and port, and two numbers more for IPv6."""


class VirtualSocket(socket.socket):
    """A TCP socket of one run."""

    _net: VirtualNetwork
    _timed_out_text = _write_timed_out_text = "timed out"

    @classmethod
    def of(cls, net: VirtualNetwork, family: int = socket.AF_INET) -> VirtualSocket:
        """A new socket in a network."""
        # Without its __init__, which would ask the kernel for a socket.
        made = _socket.socket.__new__(cls)
        made._begin(net, family)  # noqa: SLF001 - its own
        return made

    def _begin(self, net: VirtualNetwork, family: int) -> None:
        self.buffers = Buffers()
        self._io_refs, self._closed = 0, False
        self._net, self._family = net, family
        self._timeout: float | None = socket.getdefaulttimeout()
        self._outcome: Admission | None = None
        self._inbox: Inbox | None = None
        self._far: FarEnd | None = None
        self._peer: Address = None
        self._local: Address = None
        self._options: dict[tuple[int, int], Any] = {}
        self._descriptor: Descriptor | None = None
        self._backlog: deque[VirtualSocket] | None = None
        self._client: OtherSocket | None = None
        self._reads_no_more = self._writes_no_more = False
        # Not `_closed`: files made of a socket keep it open for as long as they are.
        self._is_gone = False
        net.keep(self)

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - as the real one's
        """Nothing: see `of`."""

    def __repr__(self) -> str:
        return f"<virtual socket to {self._peer}>"

    def __del__(self) -> None:
        # As a real one, it closes when nobody has it any more.
        self._closed = True
        if not self._is_gone:
            self._real_close()

    # -- what it is

    @property
    def family(self) -> int:  # type: ignore[override]  # an attribute there
        """The address family."""
        return socket.AddressFamily(self._family)

    @property
    def type(self) -> socket.SocketKind:
        """Always a stream."""
        return socket.SOCK_STREAM

    @property
    def proto(self) -> int:
        """Always TCP."""
        return socket.IPPROTO_TCP

    @property
    def timeout(self) -> float | None:
        """Seconds; None for blocking."""
        return self._timeout

    def gettimeout(self) -> float | None:
        """Seconds; None for blocking."""
        return self._timeout

    def settimeout(self, value: float | None, /) -> None:
        """Set the timeout; what the real one refuses is refused."""
        self._check_open()
        self._timeout = (
            None if value is None else as_seconds(value, _refuse_timeout, _LONGEST_TIMEOUT_S)
        )

    def setblocking(self, flag: bool, /) -> None:  # noqa: FBT001 - the real signature
        """Wait for ever, or not at all."""
        self._timeout = None if flag else 0.0

    def getblocking(self) -> bool:
        """Whether it waits at all."""
        return self._timeout != 0.0

    def setsockopt(self, level: int, option: int, *value: Any) -> None:  # noqa: ANN401 - overloads there
        """Remember it; of most options, nothing here depends."""
        given = value[0] if value else None
        if level == socket.SOL_SOCKET and isinstance(given, int):
            self.buffers.set(option, given)
        self._options[level, option] = given

    def getsockopt(self, level: int, option: int, buffer_size: int = 0, /) -> Any:  # noqa: ANN401 - overloads there
        """What was set; the outcome of connecting; or nothing."""
        value: Any = self._options.get((level, option), 0)
        if level == socket.SOL_SOCKET:
            if option == socket.SO_ERROR:
                value = self._pending_error()
            elif option == socket.SO_TYPE:
                value = int(socket.SOCK_STREAM)
            elif option == getattr(socket, "SO_ACCEPTCONN", None):
                value = int(self._backlog is not None)
            elif (shown := self.buffers.shown(option)) is not None:
                value = shown
        if buffer_size:
            return value if isinstance(value, bytes) else int(value).to_bytes(4, "little")
        return value

    def getsockname(self) -> Address:
        """Where it is."""
        self._check_open()
        is_v6 = self._family == socket.AF_INET6
        return self._local or (("::", 0, 0, 0) if is_v6 else ("0.0.0.0", 0))  # noqa: S104 - what an unbound socket says

    def getpeername(self) -> Address:
        """Where the far end is."""
        self._check_open()
        self._connected_far()
        return self._peer

    def fileno(self) -> int:
        """A descriptor of its own, made at the first call."""
        if self._is_gone:
            return -1
        if self._descriptor is None:
            self._descriptor = Descriptor()
            self._net.by_descriptor[self._descriptor.number] = ref(self)
        self._descriptor.show(is_readable=self.is_readable)
        return self._descriptor.number

    # -- readiness, for pollers

    @property
    def is_readable(self) -> bool:
        """Whether a read, or an accept, would not wait."""
        if self._reads_no_more or self._net.is_over:
            return True
        if self._inbox is not None and self._inbox.is_ready:
            return True
        return isinstance(self._outcome, Rejected) and self.is_answered

    @property
    def is_answered(self) -> bool:
        """Whether the attempt to connect, if there was one, has come to something."""
        match self._outcome:
            case Admitted(due=due) | Rejected(due=due):
                return due <= self._net.clock.ticks
            case Unanswered():
                return False
        return self._backlog is None

    @property
    def is_writable(self) -> bool:
        """Whether a write would not wait; a connection that failed is writable, too."""
        if isinstance(self._outcome, Admitted) and not self._outcome.far_end.has_room():
            return False
        return self.is_answered

    @property
    def next_change(self) -> int | None:
        """Ticks at which it becomes readable or writable by itself; None if nothing is coming."""
        due = None if self._inbox is None else self._inbox.next_due
        match self._outcome:
            case Admitted(due=done) | Rejected(due=done) if done > self._net.clock.ticks:
                return done if due is None else min(due, done)
        return due

    @property
    def is_listening(self) -> bool:
        """Whether others can connect to it."""
        return self._backlog is not None

    @property
    def has_failed(self) -> bool:
        """Whether an error waits to be told."""
        was_reset = self._inbox is not None and self._inbox.has_been_reset
        return was_reset or (isinstance(self._outcome, Rejected) and self.is_answered)

    @property
    def far_end_has_finished(self) -> bool:
        """Whether the far end has said that nothing more comes."""
        return self._inbox is not None and self._inbox.has_ended

    @property
    def is_hung_up(self) -> bool:
        """Whether nothing goes either way any more."""
        return self.has_failed or (self._writes_no_more and self.far_end_has_finished)

    @property
    def is_connected(self) -> bool:
        """Whether it has a far end."""
        return self._far is not None or (isinstance(self._outcome, Admitted) and self.is_answered)

    @property
    def far_end(self) -> FarEnd | None:
        """Who is at the other end; None before it is connected."""
        return self._far

    @property
    def inbox(self) -> Inbox:
        """What is under way to it."""
        if self._inbox is None:
            self._inbox = self._net.inbox()
        return self._inbox

    def why(self, task: Task) -> str:
        """What whoever reads from it waits for."""
        del task
        if self._backlog is not None:
            return f"a connection to {_shown(self._local)}"
        if self._outcome is not None and not self.is_answered:
            return f"a connection to {self._net.shown(self._peer)}"
        limit = ", without a timeout" if self._timeout is None else ""
        return f"bytes from {self._net.shown(self._peer)}{limit}"

    # -- connecting

    def connect(self, address: Address, /) -> None:
        """Connect, in virtual time."""
        error = self._connect(address)
        if error is not None:
            try:
                raise error
            finally:
                # It holds this frame; holding it here, too, would be a circle.
                del error

    def connect_ex(self, address: Address, /) -> int:
        """Connect; returns an error number, or 0."""
        error = self._connect(address)
        if isinstance(error, TimeoutError):
            return errno.EAGAIN
        return 0 if error is None else error.errno or errno.EIO

    def _connect(self, address: Address) -> OSError | None:
        self._check_open()
        check_address(address, "connect", socket.AddressFamily(self._family).name)
        if self._outcome is not None and (self.is_answered or self._timeout == 0):
            return self._connected_already(self._outcome)
        self._peer = self._net.resolved(address, family=self._family)
        self._local = self._net.places.outgoing(self._peer[0], self._local)
        self._outcome = outcome = self._net.connect(self, self._peer)
        if self._timeout == 0:
            # Also where the answer is there at once: nobody waits for it here.
            return os_error(errno.EINPROGRESS)
        due = None if isinstance(outcome, Unanswered) else outcome.due
        clock = self._net.clock
        limit = None if self._timeout is None else clock.ticks + to_ticks(self._timeout)
        while due is None or clock.ticks < due:
            if limit is not None and clock.ticks >= limit:
                self._give_up()
                return TimeoutError("timed out")
            self._net.park(self, self.inbox, _sooner(due, limit))
        if isinstance(outcome, Admitted):
            self._far = outcome.far_end
            return None
        assert isinstance(outcome, Rejected), "who is not answered waits, or gives up"
        # The error will hold frames, and those this socket.
        self._outcome = None
        return outcome.error

    def _connected_already(self, outcome: Admission) -> OSError | None:
        """What comes of another attempt on a socket that has made one."""
        if not self.is_answered:
            return os_error(errno.EALREADY)
        if isinstance(outcome, Rejected):
            self._outcome = None
            return outcome.error
        assert isinstance(outcome, Admitted), "an answer has come"
        is_news, self._far = self._far is None, outcome.far_end
        return None if is_news else os_error(errno.EISCONN)

    def _give_up(self) -> None:
        """Stop waiting for a connection."""
        outcome, self._outcome = self._outcome, None
        if isinstance(outcome, Unanswered):
            outcome.given_up()

    def _pending_error(self) -> int:
        match self._outcome:
            case Rejected(error=error) if self.is_answered:
                # Told once, as the kernel does.
                self._outcome = None
                return error.errno or errno.EIO
            case Admitted(far_end=far_end) if self.is_answered:
                self._far = far_end
        return 0

    def _connected_far(self) -> FarEnd:
        if self._far is None and isinstance(self._outcome, Admitted) and self.is_answered:
            self._far = self._outcome.far_end
        if self._far is None:
            raise os_error(errno.ENOTCONN)
        return self._far

    # -- reading

    def recv(self, size: int, flags: int = 0, /) -> bytes:
        """Read what has come, or wait for it."""
        size = size_to_read(size, "recv")
        self._check_open()
        if not size:
            return b""
        if self._timeout is None and flags & (_WAIT_FOR_ALL | _DO_NOT_WAIT):
            return self._recv_otherwise(size, flags)
        if self._far is not None and self._timeout != 0:
            # Also where nothing has to be waited for: next time it may be different.
            self._far.waits(self._timeout)
        inbox = self._inbox
        if inbox is None or not inbox.is_ready:
            self._wait_for_bytes()
            inbox = self.inbox
        if self._reads_no_more:
            return b""
        if flags & socket.MSG_PEEK:
            return inbox.peek(size)
        data = inbox.take(size)
        if self._client is not None and self._client.behalf is not None:
            # A server works for the one whose request it reads.
            take_over(self._client.behalf)
        return data

    def _recv_otherwise(self, size: int, flags: int) -> bytes:
        """Read all, or only what is there; of a socket with a timeout, Python asks for neither."""
        rest = flags & ~(_WAIT_FOR_ALL | _DO_NOT_WAIT)
        if flags & _DO_NOT_WAIT and not self.is_readable:
            raise self._would_block()
        data = VirtualSocket.recv(self, size, rest)
        while flags & _WAIT_FOR_ALL and data and len(data) < size and not rest:
            more = VirtualSocket.recv(self, size - len(data))
            if not more:
                break
            data += more
        return data

    def recv_into(self, buffer: Any, size: int = 0, flags: int = 0) -> int:  # noqa: ANN401 - any buffer
        """Read into ``buffer``; returns how much."""
        view, size = room_in(buffer, size, "recv_into")
        data = self.recv(size, flags)
        view[: len(data)] = data
        return len(data)

    def recvfrom(self, size: int, flags: int = 0, /) -> tuple[bytes, Address]:
        """Read, and say from where; for a stream that is not said."""
        return self.recv(size_to_read(size, "recvfrom"), flags), None

    def recvfrom_into(self, buffer: Any, size: int = 0, flags: int = 0) -> tuple[int, Address]:  # noqa: ANN401 - any buffer
        """The same, into ``buffer``."""
        return self.recv_into(buffer, size, flags), None

    def recvmsg(
        self, size: int, ancillary: int = 0, flags: int = 0, /
    ) -> tuple[bytes, list[Any], int, Address]:
        """Read; nothing ancillary ever comes."""
        del ancillary
        return self.recv(size, flags), [], 0, None

    def recvmsg_into(
        self, buffers: Iterable[Any], ancillary: int = 0, flags: int = 0, /
    ) -> tuple[int, list[Any], int, Address]:
        """The same, into several buffers."""
        del ancillary
        views = [memoryview(each).cast("B") for each in buffers]
        data = memoryview(self.recv(sum(map(len, views)), flags))
        size = len(data)
        for view in views:
            part, data = data[: len(view)], data[len(view) :]
            view[: len(part)] = part
        return size, [], 0, None

    def _wait_for_bytes(self) -> None:
        if self._reads_no_more or self._net.is_over:
            self._reads_no_more = True
            return
        far = self._connected_far() if self._backlog is None else None
        inbox, clock = self.inbox, self._net.clock
        if inbox.is_ready:
            return
        if self._timeout == 0:
            raise self._would_block()
        timeout = self._patience_s()
        limit = None if timeout is None else clock.ticks + to_ticks(timeout)
        listens = self.is_listening
        while not (inbox.is_ready or self._reads_no_more) and listens == self.is_listening:
            if limit is not None and clock.ticks >= limit:
                if far is not None:
                    far.timed_out()
                raise self._would_block() if self._timeout is None else self._timed_out()
            self._net.park(self, inbox, _sooner(inbox.next_due, limit))

    def _patience_s(self) -> float | None:
        """How long a read waits: the timeout of Python, or the one of the system."""
        given = self._options.get((socket.SOL_SOCKET, _RECEIVE_TIMEOUT))
        if self._timeout is not None or not isinstance(given, bytes):
            return self._timeout
        seconds, microseconds = struct.unpack("ll", given)
        return (seconds + microseconds / 1_000_000) or None

    def _would_block(self) -> OSError:
        return os_error(errno.EAGAIN)

    def _timed_out(self) -> OSError:
        return TimeoutError(self._timed_out_text)

    # -- writing

    def send(self, data: Any, flags: int = 0, /) -> int:  # noqa: ANN401 - any buffer
        """Let the far end have what there is room for; waits for that as the real one does."""
        return self._send(as_bytes(data), flags, self._deadline())

    def _send(self, data: bytes, flags: int, until: int | None) -> int:
        far = self._far_to_write_to()
        room = far.room
        if room is None or len(data) <= room:
            if data:
                far.feed(data)
            return len(data)
        return self._send_in_parts(far, data, until, waits=not flags & _DO_NOT_WAIT)

    def _far_to_write_to(self) -> FarEnd:
        self._check_open()
        if self._net.is_over or self._writes_no_more:
            raise os_error(errno.EPIPE)
        if self._far is None:
            if self._outcome is None:
                raise os_error(errno.EPIPE)
            if isinstance(self._outcome, Admitted | Unanswered) and not self.is_answered:
                raise os_error(errno.EAGAIN)
            self._connected_far()
        assert self._far is not None, "a socket that is connected has a far end"
        return self._far

    def _deadline(self) -> int | None:
        """Ticks at which whoever begins to wait now gives up; None for never."""
        return self._net.clock.ticks + to_ticks(self._timeout) if self._timeout else None

    def _send_in_parts(self, far: FarEnd, data: bytes, until: int | None, *, waits: bool) -> int:
        """Send what there is no room for at once; returns how much was sent.

        The system, which knows no timeout, comes back when all has been sent. Python, which does,
        sends once when there is room, and what there is room for.
        """
        sent = 0
        while sent < len(data):
            if far.room == 0 or self._timeout:
                if self._timeout == 0 or not waits:
                    raise self._would_block_writing()
                try:
                    self._wait_for_room(far, until)
                except OSError:
                    if not sent:
                        raise
                    break
            room = far.room
            part = data[sent:] if room is None else data[sent : sent + room]
            far.feed(part)
            sent += len(part)
            if self._timeout is not None or not waits:
                break
        return sent

    def _wait_for_room(self, far: FarEnd, until: int | None) -> None:
        while not far.has_room():
            if until is not None and self._net.clock.ticks >= until:
                raise TimeoutError(self._write_timed_out_text)
            self._net.park(_Writing(self._net.shown(self._peer), until), self.inbox, until)
            self._far_to_write_to()

    def _would_block_writing(self) -> OSError:
        return os_error(errno.EAGAIN)

    def sendall(self, data: Any, flags: int = 0, /) -> None:  # noqa: ANN401 - any buffer
        """Let the far end have all of it; the timeout is for the whole."""
        left, until = as_bytes(data), self._deadline()
        while True:
            sent = self._send(left, flags, until)
            if sent == len(left):
                return
            left = left[sent:]

    def sendmsg(self, buffers: Iterable[Any], *args: Any) -> int:  # noqa: ANN401 - any buffers
        """As `send`, from several buffers."""
        return self.send(b"".join(map(as_bytes, buffers)), *args[1:2])

    def sendto(self, data: Any, *args: Any) -> int:  # noqa: ANN401 - any buffer
        """The same; a stream has one address only."""
        return self.send(data, *args[:-1])

    def sendfile(self, file: Any, offset: int = 0, count: int | None = None) -> int:  # noqa: ANN401 - any file
        """As `sendall`, from a file; returns how much that was."""
        if self._timeout == 0:
            raise ValueError("non-blocking sockets are not supported")
        if offset:
            file.seek(offset)
        data = file.read() if count is None else file.read(count)
        self.sendall(data)
        return len(data)

    def shutdown(self, how: int, /) -> None:
        """End one direction, or both; of a socket that listens, it ends that."""
        self._check_open()
        if self._backlog is not None and how != socket.SHUT_WR:
            self._reset_pending()
            self.inbox.tell(self._net.clock.ticks)
            return
        far = self._connected_far()
        if how != socket.SHUT_RD:
            self._writes_no_more = True
            far.finish()
        if how != socket.SHUT_WR:
            self._reads_no_more = True
            # Whoever reads in another thread meets the end at once.
            self.inbox.tell(self._net.clock.ticks)

    # -- serving

    def bind(self, address: Address, /) -> None:
        """Take an address; port 0 is for any."""
        self._check_open()
        check_address(address, "bind", socket.AddressFamily(self._family).name)
        if self._local is not None:
            raise os_error(errno.EINVAL)
        host, port, *_ = self._net.resolved(address, family=self._family)
        self._local = self._net.places.bind(self, host, port)

    def listen(self, backlog: int = 128, /) -> None:
        """Let others connect."""
        del backlog
        self._check_open()
        if self._local is None:
            self.bind(("", 0))
        if self._backlog is None:
            self._net.places.check_listen(self)
            self._backlog = deque()

    def accept(self) -> tuple[socket.socket, Address]:
        """The next connection."""
        self._check_open()
        if self._backlog is None:
            raise os_error(errno.EINVAL)
        if not self.inbox.is_ready:
            self._wait_for_bytes()
        if self._backlog is None:
            # It was shut down by another thread; or closed, and then the kernel says so, too.
            raise os_error(errno.EBADF if self._is_gone else errno.EINVAL)
        self.inbox.take(1)
        accepted = self._backlog.popleft()
        if socket.getdefaulttimeout() is None and self.gettimeout():
            accepted.setblocking(True)  # noqa: FBT003 - a built-in takes no keywords
        return accepted, accepted.getpeername()

    def meet(self, client: VirtualSocket, host: str) -> FarEnd:
        """A client connects to this listening socket; returns what it is connected to.

        Args:
            client: Who connects.
            host: The address of this host at which it does.
        """
        assert self._backlog is not None, "only who listens is met"
        accepted = VirtualSocket.of(self._net, self._family)
        accepted.buffers.like(self.buffers)
        far_end = OtherSocket(
            client.inbox, accepted.inbox, buffers=(accepted.buffers, client.buffers)
        )
        accepted.join(far_end, peer=client.getsockname(), local=(host, *self._local[1:]))
        accepted._client = OtherSocket(  # noqa: SLF001 - its own kind
            accepted.inbox,
            client.inbox,
            buffers=(client.buffers, accepted.buffers),
            carries_behalf=True,
        )
        self._backlog.append(accepted)
        self.inbox.push(b".")
        return accepted._client  # noqa: SLF001 - the same

    def join(self, far_end: FarEnd, *, peer: Address, local: Address) -> None:
        """Be connected, without having asked."""
        self._far, self._peer, self._local = far_end, peer, local
        self._outcome = Admitted(far_end=far_end, due=self._net.clock.ticks)

    # -- the end

    def _check_open(self) -> None:
        if self._is_gone:
            raise bad_descriptor()

    def _real_close(self, _ss: Any = None) -> None:  # noqa: ANN401 - the real signature
        if self._is_gone:
            return
        if isinstance(self._outcome, Unanswered):
            self._give_up()
        far, self._far = self._far, None
        if far is None and isinstance(self._outcome, Admitted):
            far = self._outcome.far_end
        self._outcome = None
        if self._local is not None:
            self._net.places.release(self)
        self._is_gone = True
        if self._descriptor is not None:
            self._net.by_descriptor.pop(self._descriptor.number, None)
            self._descriptor.close()
            self._descriptor = None
        self._net.forget(self)
        if self._net.is_over:
            return
        self._reset_pending()
        if far is not None:
            if self._inbox is not None and self._inbox.closed is None:
                self._inbox.close(resets=self._resets_when_closed())
            far.gone()

    def _reset_pending(self) -> None:
        """Listen no more; whoever has connected, and was not accepted, meets a reset."""
        pending, self._backlog = self._backlog or (), None
        for each in pending:
            each.inbox.close(resets=True)
            each.close()

    def _resets_when_closed(self) -> bool:
        """Whether it lingers for no time, so that its end is a reset."""
        given = self._options.get((socket.SOL_SOCKET, socket.SO_LINGER))
        return isinstance(given, bytes) and struct.unpack("ii", given) == (1, 0)

    def detach(self) -> NoReturn:
        """Refused: there is no descriptor to give away."""
        self._refuse("detach")

    def dup(self) -> NoReturn:
        """Refused: a virtual socket has one owner."""
        self._refuse("dup")

    def _refuse(self, what: str) -> NoReturn:
        raise self.violation(
            f"socket.{what}() is not simulated; expected calls that TCP clients and servers make; "
            "please report what needs it"
        )

    def violation(self, message: str) -> SimulationError:
        """Keep that something was wanted of it that is not simulated; returns what to raise."""
        return self._net.violation(message)


class _Writing:
    """What whoever writes waits for."""

    def __init__(self, peer: str, until: int | None) -> None:
        self._peer = peer
        self._is_limited = until is not None

    def why(self, task: Task) -> str:
        del task
        limit = "" if self._is_limited else ", without a timeout"
        return f"{self._peer} to read what was sent{limit}"


def _refusing(name: str) -> Callable[..., Any]:
    def refuse(self: VirtualSocket, *args: object, **kwargs: object) -> NoReturn:
        del args, kwargs
        self._refuse(name)

    return refuse


for _name in {name for name, value in vars(_socket.socket).items() if callable(value)}:
    # Whatever else a real socket can do would find no socket behind this one, and look like a
    # network that fails.
    if not _name.startswith("_") and _name != "close" and _name not in vars(VirtualSocket):
        setattr(VirtualSocket, _name, _refusing(_name))


def virtual_class(kind: type[socket.socket]) -> type[VirtualSocket]:
    """The class for a socket of a class that somebody has derived from `socket.socket`."""
    if kind is socket.socket:
        return VirtualSocket
    if kind not in _derived:
        _derived[kind] = type(kind.__name__, (kind, VirtualSocket), {})
    return _derived[kind]


_derived: dict[type[socket.socket], type[VirtualSocket]] = {}


def _sooner(one: int | None, other: int | None) -> int | None:
    return min((each for each in (one, other) if each is not None), default=None)


def _shown(address: Address) -> str:
    return ":".join(map(str, address[:2])) if isinstance(address, tuple) else str(address)


def _refuse_timeout(value: Any) -> None:  # noqa: ANN401 - anything that is no timeout
    """Let the real thing say what is wrong with a timeout."""
    before = socket.getdefaulttimeout()
    try:
        socket.setdefaulttimeout(value)
    finally:
        socket.setdefaulttimeout(before)
