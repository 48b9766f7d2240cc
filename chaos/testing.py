"""The virtual world for tests written in Python: stand-ins, faults, users and a clock."""

from __future__ import annotations

import queue
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from types import TracebackType
from typing import Any, ClassVar, Self, TypeVar

from chaos.checks.laws.law import Law
from chaos.checks.laws.mishaps import LoopIsNeverBlocked, NoErrorIsLost
from chaos.checks.measure import Window, measure
from chaos.checks.record import RunRecord
from chaos.choices import Seeded
from chaos.errors import ChaosError, SimulationError
from chaos.faults.injector import Injector
from chaos.ports import Promises, StandIn, stand_in
from chaos.scenario.faults import FAULTS, Fault
from chaos.scenario.model import AdvanceStep, Scenario
from chaos.scenario.problems import ScenarioError, listed, suggest
from chaos.scenario.source import Findings
from chaos.scenario.wording import validate
from chaos.simulation.rest import come_to_rest
from chaos.simulation.run import SimulatedRun
from chaos.simulation.tasks.behalf import acting_for
from chaos.tiers.simulated.world import SimulatedTier
from chaos.trace.trace import Trace
from chaos.units import parse_duration
from chaos.verdict import Outcome, Verdict

T = TypeVar("T")

_JUDGED: tuple[type[Law], ...] = (NoErrorIsLost, LoopIsNeverBlocked)
"""Laws that need neither promises nor answers; what else is right, the test says itself."""

_TEST = Scenario(
    version=1,
    name="test-in-python",
    hypothesis="The test says.",
    method=(AdvanceStep(advance=timedelta(seconds=1)),),
)

_START_FIRST = "serve() must come first; name the stand-ins before anything else"


class LawBrokenError(AssertionError):
    """The service broke a law; the message is the one that a scenario would end with.

    Attributes:
        verdicts: Of each law that was broken, in the order of the laws.
    """

    def __init__(self, verdicts: tuple[Verdict, ...]) -> None:
        self.verdicts = verdicts
        super().__init__(
            "\n".join(
                f"{each.check}: {each.reason}; expected {each.expected}; seen {each.seen}"
                for each in verdicts
            )
        )


_WAITED_IN_VAIN = (TimeoutError, queue.Empty, RuntimeError, SimulationError)
"""What somebody meets who waits for a thread that is not there."""


class _Gone:
    """Threads of services that ended with the worlds in which they were started, by name."""

    threads: ClassVar[dict[str, None]] = {}


def _note_gone(error: BaseException) -> None:
    """Say beside an error of a later test that what it has met may be that nobody is there."""
    if _Gone.threads and isinstance(error, _WAITED_IN_VAIN):
        names = ", ".join(sorted(_Gone.threads))
        error.add_note(
            f"threads that earlier tests have left behind ended with them: {names}; if the "
            "service keeps one in its modules, build it anew in each test"
        )


class SimulatedWorld:
    """A world to test a service of your own in: requests meet stand-ins, time is virtual.

    Build the service inside, after `serve`; then ask it, from the test itself or as users. When
    the test ends, the service is waited for, as after a scenario: what it does behind the answers
    belongs to the test. A request that had nowhere to go and a fault that never touched a call are
    errors then: neither has proved anything. An error that was lost in a thread, a task or a
    future, and a loop that was held up, break a law and fail the test.

    Args:
        seed: Source of all chance: jitter, the share of calls a fault touches, who goes first.

    Example:
        >>> import time
        >>> from chaos.upstreams.simple import JsonUpstream
        >>> class Weather(JsonUpstream):
        ...     name, hosts = "weather", ("weather.test",)
        ...     routes = {"today": ("GET", "/today", {"text": "sunny"})}
        >>> import httpx
        >>> def ask():
        ...     while (answer := client.get("https://weather.test/today")).is_error:
        ...         time.sleep(60)
        ...     return answer.json()["text"]
        >>> with SimulatedWorld() as world:
        ...     weather = world.serve(Weather())
        ...     client = httpx.Client()
        ...     outage = world.inject(upstream="weather", fault="http_error", status=503, calls=1)
        ...     world.users(2, ask), world.now_s, world.seen("calls.weather")
        (['sunny', 'sunny'], 60.0, 3)
    """

    def __init__(self, *, seed: int = 0) -> None:
        self._seed = seed
        self._simulation = SimulatedTier()
        self._choices = Seeded(seed)
        self._injector = Injector(self._choices)
        self._run: SimulatedRun | None = None
        self._upstreams: Mapping[str, StandIn] = {}

    def __enter__(self) -> Self:
        """Take over time, threads and HTTP.

        Raises:
            SimulationError: Time is frozen already.
        """
        self._simulation.__enter__()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            if self._run is not None and exc_type is None:
                self.rest()
                self._run.note_unread()
                self._run.finish()
                self._check_faults()
                self._check_laws(self._run)
        except BaseException as error:
            _note_gone(error)
            raise
        finally:
            if exc is not None:
                _note_gone(exc)
            self._simulation.__exit__(exc_type, exc, traceback)
            if self._run is not None:
                _Gone.threads.update(dict.fromkeys(self._run.scheduler.thrown_out))

    def serve(self, *upstreams: StandIn | str) -> None:
        """Begin, with these stand-ins and no others; a name is for one as `stand_in` finds it.

        Raises:
            ChaosError: Something has happened already, or there is no such stand-in.
        """
        if self._run is not None:
            raise ChaosError(f"the world has begun; expected it to be idle; {_START_FIRST}")
        served = [stand_in(each)() if isinstance(each, str) else each for each in upstreams]
        self._start({upstream.name: upstream for upstream in served})

    @property
    def now_s(self) -> float:
        """Virtual seconds since the beginning."""
        return self._running.clock.now_s

    @property
    def trace(self) -> Trace:
        """Everything that has happened: requests, responses, waits, faults."""
        return self._running.trace

    def advance(self, duration: str | float | timedelta) -> None:
        """Let time pass: ``"60s"``, seconds, or a timedelta."""
        if isinstance(duration, str):
            duration = parse_duration(duration)
        if isinstance(duration, timedelta):
            duration = duration.total_seconds()
        self._running.let_pass(duration)

    def rest(self) -> None:
        """Let time pass until the service has ended what it does behind the answers.

        Work without end is cut off after ten minutes. The end of a test does the same; before it,
        the test can still look at what came of that work.

        Raises:
            SimulationError: That work waits for something that is not simulated, or for itself.
        """
        come_to_rest(self._running)

    def inject(self, *, fault: str, **parameters: Any) -> str:  # noqa: ANN401 - each kind's own
        """Begin a fault, in the words of a scenario; ``as`` and ``for`` need a ``_`` behind.

        Returns:
            Its id, for `heal`.

        Raises:
            ChaosError: There is no such fault, or a parameter does not fit; the message is the
                one that a file would get.
        """
        parsed = _parsed({"fault": fault, **parameters})
        if parsed.for_ is not None:
            raise ChaosError(
                "'for' is only for files; expected a fault that lasts; end it with heal()"
            )
        now_s = self.now_s
        if parsed.upstream not in self._upstreams:
            fix = suggest(parsed.upstream, self._upstreams, _START_FIRST)
            raise ChaosError(
                f"unknown upstream {parsed.upstream!r}; expected {listed(self._upstreams)}; {fix}"
            )
        return self._injector.inject(parsed, now_s=now_s)

    def heal(self, fault: str) -> None:
        """End a fault by its id.

        Raises:
            ChaosError: There never was such a fault.
        """
        self._injector.heal(fault, by="the test")

    def users(self, count: int, act: Callable[[], T]) -> list[T]:
        """Let ``count`` users act at the same instant, until the last one is done.

        Threads of the service that still run then go on whenever time passes.

        Returns:
            What each got, in order of their names: ``user-1``, ``user-2``, …

        Raises:
            Exception: Whatever the first user, in that order, met.
            SimulationError: They wait for each other, or for something that is not simulated.
        """
        return self.together(*[act] * count)

    def together(self, *acts: Callable[[], T]) -> list[T]:
        """As `users`, each with an act of its own."""
        scheduler = self._running.scheduler
        got: dict[int, T] = {}

        def user(number: int) -> None:
            behalf = scheduler.behalf()
            assert behalf is not None, "users are part of the run"
            # In the context, so that event loops in other threads know it, too.
            with acting_for(behalf):
                got[number] = acts[number]()

        tasks = [
            scheduler.spawn(f"user-{number + 1}", partial(user, number))
            for number in range(len(acts))
        ]
        scheduler.run_users()
        for task in tasks:
            if task.error is not None:
                raise task.error
        return [got[number] for number in range(len(acts))]

    def seen(self, key: str) -> object:
        """What has been seen so far, under a key of scenarios: ``calls.openai``, ``waits.gcs``.

        Raises:
            ChaosError: There was nothing to see.
        """
        measured = measure(key, Window(trace=self.trace))
        if measured.missing is not None:
            raise ChaosError(f"nothing was observed for {key!r}: {measured.missing}")
        return measured.values[0]

    @property
    def _running(self) -> SimulatedRun:
        return self._run or self._start({})

    def _start(self, upstreams: Mapping[str, StandIn]) -> SimulatedRun:
        self._upstreams = upstreams
        self._run = self._simulation.start_run(
            upstreams=upstreams, injector=self._arm, choices=self._choices, seed=self._seed
        )
        return self._run

    def _arm(self, run: SimulatedRun) -> Injector:
        self._injector.recorder = run.recorder
        return self._injector

    def _check_faults(self) -> None:
        if untouched := self._injector.untouched():
            names = ", ".join(map(repr, untouched))
            raise SimulationError(
                f"armed but never touched a call: {names}; expected every fault to touch a call; "
                "remove it, or ask while it lasts"
            )

    def _check_laws(self, run: SimulatedRun) -> None:
        record = RunRecord(
            scenario=_TEST,
            trace=run.trace,
            promises=Promises(),
            best_mode="",
            ended_s=run.clock.now_s,
            has_loops=run.has_loops,
        )
        verdicts = [law().judge(record) for law in _JUDGED]
        if broken := tuple(each for each in verdicts if each.outcome is Outcome.FAILED):
            raise LawBrokenError(broken)


def _parsed(fault: dict[str, Any]) -> Fault:
    kind = fault["fault"]
    model = FAULTS.get(kind)
    if model is None:
        fix = suggest(kind, FAULTS, "see `chaos list --faults`")
        raise ChaosError(f"unknown fault {kind!r}; expected {listed(FAULTS)}; {fix}")
    written = {key.removesuffix("_"): value for key, value in fault.items()}
    findings = Findings()
    parsed = validate(model, written, (), findings, f"fault {kind!r}")
    if parsed is None or findings.problems:
        raise ScenarioError(findings.problems)
    return parsed
