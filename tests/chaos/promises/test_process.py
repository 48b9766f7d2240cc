"""Signals, exits, files and the rest of what a process has: right, or found."""

# ruff: noqa: DTZ002, DTZ005, DTZ006, DTZ011, PTH116, PTH204 - what services do is tried here

from __future__ import annotations

import atexit
import datetime as dt
import email.utils
import logging
import logging.handlers
import multiprocessing
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import zoneinfo
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.chaos.promises.town import Opens, inconclusive, lived

PROCESSES: dict[str, Callable[[], object]] = {
    "run": lambda: subprocess.run(["true"], check=False),
    "shell": lambda: os.system("true"),
    "popen": lambda: os.popen("true"),
    "spawn": lambda: os.spawnv(os.P_WAIT, "/bin/true", ["true"]),
    "exec": lambda: os.execv("/bin/true", ["true"]),
}


@pytest.mark.parametrize("start", PROCESSES.values(), ids=PROCESSES)
def test_another_program_is_found(town: Opens, start: Callable[[], object]) -> None:
    """Though the error is swallowed."""

    def service() -> None:
        with suppress(Exception):
            start()

    with inconclusive("tried to start another process"), town() as world:
        lived(world, service)


def _process(method: str) -> Any:
    context: Any = multiprocessing.get_context(method)
    return context.Process(target=int)


def test_multiprocessing_is_found(town: Opens) -> None:
    """Whatever the way in which it would start."""

    def service() -> None:
        for method in multiprocessing.get_all_start_methods():
            with suppress(Exception):
                _process(method).start()

    with inconclusive("tried to start another process"), town() as world:
        lived(world, service)


ALARMS: dict[str, Callable[[], object]] = {
    "alarm": lambda: signal.alarm(5),
    "itimer": lambda: signal.setitimer(signal.ITIMER_REAL, 5),
}


@pytest.mark.parametrize("set_", ALARMS.values(), ids=ALARMS)
def test_an_alarm_of_the_system_is_found(town: Opens, set_: Callable[[], object]) -> None:
    """It would ring in real time: never within a run that is over in a millisecond."""

    def service() -> None:
        try:
            with suppress(Exception):
                set_()
        finally:
            time.sleep(60)

    try:
        with inconclusive("real time"), town() as world:
            lived(world, service)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def test_handlers_of_signals_are_for_the_main_thread(town: Opens) -> None:
    """A user's thread is none, here as in a server of threads."""

    def service() -> str:
        try:
            signal.signal(signal.SIGUSR1, lambda *_: None)
        except ValueError as error:
            return str(error)
        return "set"

    with town() as world:
        assert "main thread" in lived(world, service)[0]


def test_a_signal_with_a_handler_is_handled(town: Opens) -> None:
    """A service may send itself one."""
    heard: list[int] = []
    before = signal.signal(signal.SIGUSR1, lambda number, _: heard.append(number))
    try:
        with town() as world:
            lived(world, lambda: os.kill(os.getpid(), signal.SIGUSR1))
            world.advance("1s")
    finally:
        signal.signal(signal.SIGUSR1, before)

    assert heard == [signal.SIGUSR1]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_an_exit_of_a_worker_is_found(town: Opens) -> None:
    """`os._exit` in a thread would end everything."""

    def service() -> None:
        thread = threading.Thread(target=lambda: os._exit(3))
        thread.start()
        thread.join()

    with inconclusive("tried to end the process"), town() as world:
        lived(world, service)


def test_what_is_registered_for_the_end_waits_for_it(town: Opens) -> None:
    """`atexit` is not called in a run, and does not stay behind."""
    called: list[str] = []

    with town() as world:
        lived(world, lambda: atexit.register(called.append, "end"))
    atexit.unregister(called.append)

    assert called == []


def test_times_of_the_logs_are_virtual(town: Opens, tmp_path: Path) -> None:
    """In records, and in the words that a formatter makes of them."""
    file = tmp_path / "log"

    def service() -> str:
        handler = logging.FileHandler(file)
        handler.setFormatter(logging.Formatter("%(asctime)s %(relativeCreated)d"))
        record = logging.LogRecord("it", logging.INFO, "it.py", 1, "hello", (), None)
        handler.emit(record)
        handler.close()
        return file.read_text()

    with town() as world:
        assert lived(world, service)[0].startswith("2026-01-01 ")


def test_a_log_that_is_rotated_by_its_age_is_found(town: Opens, tmp_path: Path) -> None:
    """The handler asks when its file was written, and reckons from there."""

    def service() -> None:
        handler = logging.handlers.TimedRotatingFileHandler(
            tmp_path / "log", when="S", interval=60
        )
        record = logging.LogRecord("it", logging.INFO, "it.py", 1, "hello", (), None)
        try:
            handler.shouldRollover(record)
        finally:
            handler.close()

    with inconclusive("compared with the clock of the run"), town() as world:
        lived(world, service)


def _entries(folder: Path) -> Iterator[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        yield from list(entries)


def _stat_of_open(file: Path) -> os.stat_result:
    with file.open() as opened:
        return os.fstat(opened.fileno())


AGES: dict[str, Callable[[Path], object]] = {
    "stat": lambda file: time.time() - file.stat().st_mtime,
    "os.stat": lambda file: os.stat(file).st_mtime < time.time() - 60,
    "in nanoseconds": lambda file: time.time_ns() - file.stat().st_mtime_ns,
    "by number": lambda file: time.time() - file.stat()[8],
    "created": lambda file: time.time() > file.stat().st_ctime,
    "scandir": lambda file: time.time() - next(_entries(file.parent)).stat().st_mtime,
    "lstat": lambda file: time.time() - file.lstat().st_mtime,
    "open file": lambda file: time.time() - _stat_of_open(file).st_mtime,
    "later than": lambda file: file.stat().st_mtime + 60 < time.time(),
    "whole seconds": lambda file: int(time.time()) - int(os.path.getmtime(file)),
    "whole seconds of nanoseconds": lambda file: time.time() - file.stat().st_mtime_ns // 10**9,
    "rounded": lambda file: round(time.time()) - round(os.path.getmtime(file)),
    "from nanoseconds": lambda file: time.time() - file.stat().st_mtime_ns / 1e9,
    "as a date": lambda file: dt.datetime.now() - dt.datetime.fromtimestamp(file.stat().st_mtime),
    "as a date in UTC": lambda file: (
        dt.datetime.now(dt.UTC) - dt.datetime.fromtimestamp(file.stat().st_mtime, dt.UTC)
    ),
    "getmtime": lambda file: time.time() - os.path.getmtime(file),
}


@pytest.mark.parametrize("age", AGES.values(), ids=AGES)
def test_the_age_of_a_file_of_the_run_is_found(
    town: Opens, tmp_path: Path, age: Callable[[Path], object]
) -> None:
    """Its time is real, and the clock is not."""
    file = tmp_path / "cache"

    def service() -> None:
        file.write_text("kept")
        time.sleep(90)
        with suppress(Exception):
            age(file)

    with inconclusive("compared with the clock of the run"), town() as world:
        lived(world, service)


@pytest.mark.parametrize("way", [each for each in AGES if each != "whole seconds"])
def test_the_age_of_a_file_that_is_younger_than_the_clock_is_found(town: Opens, way: str) -> None:
    """It was written before the run, at a time which the clock of the run has not reached yet."""

    def service() -> None:
        with suppress(Exception):
            AGES[way](Path(__file__))

    with inconclusive("compared with the clock of the run"), town() as world:
        lived(world, service)


def test_the_time_of_an_older_file_is_a_number_like_any_other(town: Opens) -> None:
    """Servers of files put it into headers and tags."""

    def service() -> tuple[str, str]:
        seen = Path(__file__).stat()
        return f"{int(seen.st_mtime)}-{seen.st_size}", email.utils.formatdate(seen.st_mtime)

    expected = service()
    with town() as world:
        assert lived(world, service)[0] == expected


HARMLESS: dict[str, Callable[[Path, Path], object]] = {
    "size": lambda one, _: one.stat().st_size,
    "which is newer": lambda one, other: max(one, other, key=lambda each: each.stat().st_mtime),
    "is it as it was": lambda one, _: one.stat().st_mtime == one.stat().st_mtime,
    "copied with its time": shutil.copy2,
    "exists": lambda one, _: one.exists() and one.is_file(),
    "touched": lambda one, _: os.utime(one, (time.time(), time.time())),
    "in an archive": lambda one, other: shutil.make_archive(
        str(other.parent / "archive"), "tar", one.parent, one.name
    ),
    "in a header": lambda one, _: email.utils.formatdate(one.stat().st_mtime, usegmt=True),
}


@pytest.mark.parametrize("ask", HARMLESS.values(), ids=HARMLESS)
def test_what_is_not_compared_with_the_clock_is_nobodys_business(
    town: Opens, tmp_path: Path, ask: Callable[[Path, Path], object]
) -> None:
    """Sizes, orders and copies of files are right."""
    one, other = tmp_path / "one", tmp_path / "other"

    def service() -> None:
        one.write_text("kept")
        other.write_text("kept as well")
        ask(one, other)

    with town() as world:
        lived(world, service)


def test_a_file_with_a_time_that_the_service_has_set_has_that_time(
    town: Opens, tmp_path: Path
) -> None:
    """`os.utime` by the virtual clock: its age is right."""
    file = tmp_path / "cache"

    def service() -> float:
        file.write_text("kept")
        os.utime(file, (time.time(), time.time()))
        time.sleep(90)
        return time.time() - file.stat().st_mtime

    with town() as world:
        assert lived(world, service)[0] == 90.0


def test_the_age_of_a_file_that_is_older_than_the_run_is_its_age(
    town: Opens, tmp_path: Path
) -> None:
    """Its time is what it is."""
    file = tmp_path / "old"
    file.write_text("kept")
    os.utime(file, (10, 10))

    with town() as world:
        assert lived(world, lambda: time.time() - os.path.getmtime(file))[0] == time.time() - 10


def test_outside_of_a_run_times_of_files_are_plain(town: Opens, tmp_path: Path) -> None:
    """Also those of a file that was written a moment ago."""
    file = tmp_path / "new"
    file.write_text("kept")
    with town():
        pass

    assert type(file.stat().st_mtime) is float


CONNECTS: dict[str, Callable[[], sqlite3.Connection]] = {
    "connect": lambda: sqlite3.connect(":memory:"),
    "dbapi2": lambda: sqlite3.dbapi2.connect(":memory:"),
    "class": lambda: sqlite3.Connection(":memory:"),
    "subclass": lambda: type("Mine", (sqlite3.Connection,), {})(":memory:"),
    "factory": lambda: sqlite3.connect(
        ":memory:", factory=type("Mine", (sqlite3.Connection,), {})
    ),
}


@pytest.mark.parametrize("connect", CONNECTS.values(), ids=CONNECTS)
def test_now_of_sqlite_is_virtual(town: Opens, connect: Callable[[], sqlite3.Connection]) -> None:
    """However the connection was made."""

    def service() -> str:
        ((now,),) = connect().execute("SELECT datetime('now')").fetchall()
        return str(now)

    with town() as world:
        assert lived(world, service)[0] == "2026-01-01 00:00:00"


def test_an_older_connection_in_the_middle_of_a_statement_is_found(town: Opens) -> None:
    """It cannot be given other functions."""
    old = sqlite3.connect(":memory:", check_same_thread=False)
    rows = old.execute("VALUES (1), (2), (3)")
    next(rows)

    with inconclusive("SQLite connection from before the run"), town() as world:
        lived(world, lambda: old.execute("SELECT datetime('now')"))
    old.close()


OLD = sqlite3.connect(":memory:", check_same_thread=False)


def test_now_of_an_older_connection_is_right_or_found(town: Opens) -> None:
    """One that the service's module has made when it was imported."""

    def service() -> str:
        ((now,),) = OLD.execute("SELECT datetime('now')").fetchall()
        return str(now)

    with town() as world:
        assert lived(world, service)[0] == "2026-01-01 00:00:00"


NOWS: dict[str, Callable[[], object]] = {
    "naive": lambda: dt.datetime.now().timestamp() == time.time(),
    "UTC": lambda: dt.datetime.now(dt.UTC).timestamp() == time.time(),
    "zone": lambda: dt.datetime.now(zoneinfo.ZoneInfo("Asia/Tokyo")).hour == 9,
    "today": lambda: dt.datetime.today().date() == dt.date.today(),
    "astimezone": lambda: dt.datetime.now().astimezone().timestamp() == time.time(),
    "localtime of email": lambda: email.utils.localtime().timestamp() == time.time(),
    "fromtimestamp": lambda: dt.datetime.fromtimestamp(time.time()) == dt.datetime.now(),
    "ctime": lambda: time.ctime() == time.asctime() == dt.datetime.now().ctime(),
    "gmtime": lambda: time.gmtime()[:3] == (2026, 1, 1),
    "mktime": lambda: time.mktime(time.localtime()) == time.time(),
    "formatdate": lambda: email.utils.formatdate(usegmt=True) == "Thu, 01 Jan 2026 00:00:00 GMT",
}


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Asia/Kolkata"])
@pytest.mark.parametrize("now", NOWS.values(), ids=NOWS)
def test_all_clocks_say_the_same(
    town: Opens, now: Callable[[], object], zone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever they are called, and wherever it is."""
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        with town() as world:
            assert lived(world, now)[0]
    finally:
        monkeypatch.undo()
        time.tzset()


def test_a_library_that_is_imported_late_works(
    town: Opens, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its models, its clocks and its locks are those of the run."""
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "lazy_town.py").write_text(
        "import datetime, threading, time\nfrom time import monotonic, sleep as nap\n"
        "import pydantic\nLOCK = threading.Lock()\n"
        "class Note(pydantic.BaseModel):\n"
        "    at: datetime.datetime = pydantic.Field(default_factory=datetime.datetime.now)\n"
        "def wait():\n"
        "    began = monotonic()\n    with LOCK:\n        nap(3)\n"
        "    return monotonic() - began, Note().at.year\n"
    )

    def service() -> object:
        import lazy_town  # type: ignore[import-not-found]  # noqa: PLC0415 - late is the point

        return lazy_town.wait()

    with town() as world:
        assert lived(world, service) == ((3.0, 2026), 3.0)
    sys.modules.pop("lazy_town")
