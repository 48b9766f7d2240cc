"""One run, from the building of the service to its verdicts."""

from __future__ import annotations

import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from chaos.checks.laws import judge_laws
from chaos.checks.measure import Window
from chaos.checks.record import RunRecord
from chaos.checks.registry import promised_laws
from chaos.choices import Choices, Seeded
from chaos.errors import DeadlockError, LivelockError, SimulationError
from chaos.extensions import ExtensionError
from chaos.faults.injector import Injector
from chaos.folders import fresh_folder
from chaos.ports import Promises, StandIn, Target, World, speaking_of
from chaos.runner.again import ask_again
from chaos.runner.felt import never_felt, never_judged
from chaos.runner.own_events import OwnEvents
from chaos.runner.player import SCRIPT, TARGET, Player
from chaos.runner.result import RunResult
from chaos.runner.service import Service
from chaos.scenario.loader import LoadedScenario
from chaos.simulation.conflicts.footprints import Footprints
from chaos.simulation.rest import come_to_rest
from chaos.simulation.run import SimulatedRun
from chaos.simulation.tasks.interleave import Interleaving
from chaos.simulation.tasks.task import in_words
from chaos.simulation.timing import real
from chaos.simulation.timing.zones import local_time_of
from chaos.simulation.world import Simulation
from chaos.targets.sayings import check_promises
from chaos.trace.trace import Trace
from chaos.verdict import Outcome, Verdict


def play(  # noqa: PLR0913 - what a run is made of
    loaded: LoadedScenario,
    target_class: type[Target],
    simulation: Simulation,
    *,
    seed: int | None = None,
    choices: Choices | None = None,
    injector: Callable[[Choices], Injector] = Injector,
    interleaved: Sequence[str] = (),
    footprints: Footprints | None = None,
) -> RunResult:
    """Play one scenario and judge it.

    Args:
        loaded: The scenario and its source.
        target_class: The service under test; a new object is made for this run.
        simulation: The world to run in; entered, and idle.
        seed: Replaces the scenario's own.
        choices: Decides what is undecided; by default drawn from the seed.
        injector: Makes what holds the faults of the run.
        interleaved: Modules whose every line is a switch point; see `Interleaving`.
        footprints: Told what is touched between two switch points.

    Returns:
        The finished run. Nothing that the service or the scenario does makes this raise.
    """
    scenario = loaded.scenario
    seed = scenario.seed_or_default if seed is None else seed
    began = real.monotonic()
    choices = choices or Seeded(seed)
    life = _Life(loaded, target_class, choices, injector(choices), interleaved, footprints)
    with fresh_folder("run", _scratch()) as folder:
        life.live(simulation, seed, folder)
    promises = Promises()
    with _stopping(life.verdicts, target_class):
        promises = life.promises()
    return RunResult.of(
        loaded,
        tier=simulation.name,
        seed=seed,
        trace=life.trace,
        verdicts=tuple(life.verdicts),
        # Of a run that left the simulation, or never had a service, no law can say anything.
        laws=() if life.broke_down else judge_laws(life.record(promises), waived=scenario.waive),
        promised=promised_laws(promises, life.trace, target_class.vocabulary().brings),
        virtual_s=life.ended_s,
        real_s=real.monotonic() - began,
        outside_s=life.outside_s,
        best_mode=target_class.vocabulary().best_mode,
    )


SIMULATION = "simulation"
"""The check that a run stayed inside the simulated world."""

AUDIT = "audit"
"""The check that what the service tells of itself is so."""

SERVICE = "service"
"""The check that the service started, and could be looked at, in the world that was described."""


class _Life:
    """What one run has come to so far."""

    def __init__(  # noqa: PLR0913, PLR0917 - what a run is made of
        self,
        loaded: LoadedScenario,
        target_class: type[Target],
        choices: Choices,
        injector: Injector,
        interleaved: Sequence[str],
        footprints: Footprints | None,
    ) -> None:
        self._scenario = loaded.scenario
        self._target_class = target_class
        self._choices = choices
        self._injector = injector
        self._interleaved = interleaved
        self._footprints = footprints
        self.trace = Trace()
        self.verdicts: list[Verdict] = []
        self.ended_s = 0.0
        self.has_loops = False
        self._last_look = 0
        self._speaking: frozenset[tuple[str, str]] = frozenset()
        self.outside_s = 0.0

    @property
    def broke_down(self) -> bool:
        """Whether the run ended before there was anything that a law could judge."""
        return any(verdict.check in {SIMULATION, TARGET, SERVICE} for verdict in self.verdicts)

    def promises(self) -> Promises:
        """What the target promises with the settings of the scenario.

        Raises:
            TargetError: A law could not hold it to that.
        """
        words, target = self._target_class.vocabulary(), self._target_class
        promises = target.promises(words.typed(self._scenario.given.settings))
        check_promises(f"target {target.name!r}", promises, words.upstreams)
        return promises

    def record(self, promises: Promises) -> RunRecord:
        """What a law is given of the run, as far as it has come."""
        return RunRecord(
            scenario=self._scenario,
            trace=self.trace,
            promises=promises,
            best_mode=self._target_class.vocabulary().best_mode,
            brings=self._target_class.vocabulary().brings,
            ended_s=self.ended_s,
            has_loops=self.has_loops,
            speaking=self._speaking,
        )

    def live(self, simulation: Simulation, seed: int, folder: Path) -> None:
        """Play everything and collect the verdicts that are not laws."""
        stopped: list[Verdict] = []
        zone = local_time_of(self._scenario.given.timezone)
        with _stopping(stopped, self._target_class), zone:
            upstreams = {each.name: each for each in self._target_class.make_upstreams()}
            self._speaking = speaking_of(upstreams.values())
            self._arrange(upstreams)
            run = simulation.start_run(
                upstreams=upstreams, injector=self._arm, choices=self._choices, seed=seed
            )
            self.trace = run.trace
            world = World(
                upstreams=upstreams,
                folder=folder,
                given=self._scenario.given.world(),
                settings=self._target_class.vocabulary().typed(self._scenario.given.settings),
                recorder=OwnEvents(run.recorder, upstreams, run.violations.append),
                choices=self._choices,
            )
            try:
                with _stopping(stopped, self._target_class):
                    self._play(run, world, stopped)
            finally:
                self.ended_s = run.clock.now_s
                self.has_loops = run.has_loops
                self.outside_s = run.scheduler.outside_s
                run.close()
            failure = run.scheduler.failure
            if failure is not None and not run.scheduler.failure_is_told:
                with _stopping(stopped, self._target_class):
                    raise failure
            # A service may swallow the error that a violation raises; the violation itself stays.
            stopped += [_escape(*counted) for counted in Counter(run.violations).items()]
        if any(verdict.check == SIMULATION for verdict in stopped):
            # Whatever was seen outside the simulation, it was not the service that was tested.
            self.verdicts.clear()
            stopped = [verdict for verdict in stopped if verdict.check == SIMULATION]
        self.verdicts += stopped or never_felt(self._injector)
        if self.verdicts and not stopped:
            self.verdicts += never_judged(self.trace, self._last_look)
        # A steady state that does not hold is no failure, so that holding it shows nothing.
        if all(_is_of_the_steady_state(verdict) for verdict in self.verdicts):
            beside = " beside its steady state" if self.verdicts else ""
            self.verdicts.append(
                Verdict(
                    check="expect",
                    outcome=Outcome.INCONCLUSIVE,
                    reason=f"the scenario expects nothing{beside}, so it shows nothing",
                    expected="at least one expectation",
                    seen="none",
                )
            )

    def _arrange(self, upstreams: Mapping[str, StandIn]) -> None:
        """Let each stand-in be as the scenario has it."""
        for name, value in self._scenario.given.world().items():
            upstream = upstreams.get(name)
            if upstream is not None and upstream.given is not None:
                upstream.arrange(upstream.given.read(name, value))

    def _arm(self, run: SimulatedRun) -> Injector:
        self._injector.recorder = run.recorder
        return self._injector

    def _play(self, run: SimulatedRun, world: World, stopped: list[Verdict]) -> None:
        service = Service(self._target_class(), self._begin_again)
        player = Player(run, service, self._target_class.vocabulary(), self._injector)
        if self._interleaved:
            Interleaving(run.scheduler, self._interleaved, self._footprints)

        def script() -> None:
            service.build(world)
            player.play(self._scenario.steady_state, "steady_state")
            deviated = [v for v in player.verdicts if v.outcome is not Outcome.PASSED]
            if deviated:
                player.verdicts.clear()
                stopped.extend(map(unsteady, deviated))
            else:
                player.play(self._scenario.method, "method")

        try:
            task = run.scheduler.spawn(SCRIPT, script)
            run.scheduler.run_users()
            task.raise_error()
            player.check_tasks()
            if not stopped:
                # What is looked at is how things are when the last step has ended; what is
                # counted is all that the service has done.
                player.observe(self._scenario.expect)
                come_to_rest(run)
                player.judge(self._scenario.expect, Window(trace=run.trace), "expect")
                ask_again(run, player, self.record(self.promises()))
                run.note_unread()
                player.verdicts += map(_untrue, service.audit())
        finally:
            self.verdicts += player.verdicts
            self._last_look = player.last_look
            service.close()

    def _begin_again(self) -> None:
        """Of a process that is over, no connection is left."""
        connections = self._injector.connections
        assert connections is not None, "there is a run"
        for upstream in self._target_class.vocabulary().upstreams:
            connections.end_idle(upstream, "fin")


@contextmanager
def _stopping(stopped: list[Verdict], target: type[Target]) -> Iterator[None]:
    """Turn what ends a run early into a verdict on it."""
    try:
        yield
    except (DeadlockError, LivelockError) as error:
        check = "no-deadlock" if isinstance(error, DeadlockError) else "no-livelock"
        stopped.append(Verdict(check=check, outcome=Outcome.FAILED, reason=str(error)))
    except (SimulationError, ExtensionError) as error:
        # What others add to the harness is no more the service's than the harness is.
        stopped.append(Verdict(check=SIMULATION, outcome=Outcome.INCONCLUSIVE, reason=str(error)))
    except Exception as error:  # noqa: BLE001 - whatever it is, it is told
        stopped.append(_breakdown(error, target))


def _is_of_the_steady_state(verdict: Verdict) -> bool:
    return verdict.outcome is Outcome.PASSED and verdict.check.startswith("steady_state[")


def _breakdown(error: Exception, target: type[Target]) -> Verdict:
    """A service that does not start fails; a target that cannot be built proves nothing."""
    if _comes_out_of(error, target.service):
        reason = f"the service raised an error: {in_words(error)}"
        return Verdict(check=SERVICE, outcome=Outcome.FAILED, reason=reason)
    reason = f"the target raised an error: {in_words(error)}"
    return Verdict(check=TARGET, outcome=Outcome.INCONCLUSIVE, reason=reason)


def _comes_out_of(error: Exception, service: Sequence[str]) -> bool:
    """Whether the error was raised, or let through, by code of the service."""
    modules = (
        str(frame.f_globals.get("__name__", ""))
        for frame, _ in traceback.walk_tb(error.__traceback__)
    )
    return any(
        module == each or module.startswith(f"{each}.") for module in modules for each in service
    )


def _escape(violation: str, times: int) -> Verdict:
    reason = violation if times == 1 else f"{violation} ({times} times)"
    return Verdict(check=SIMULATION, outcome=Outcome.INCONCLUSIVE, reason=reason)


def _untrue(said: str) -> Verdict:
    return Verdict(check=AUDIT, outcome=Outcome.FAILED, reason=said)


def unsteady(verdict: Verdict) -> Verdict:
    """A deviation before any fault proves nothing about the faults."""
    return Verdict(
        check=verdict.check,
        outcome=Outcome.INCONCLUSIVE,
        reason=f"steady state did not hold, so nothing was injected: {verdict.reason}",
        expected=verdict.expected,
        seen=verdict.seen,
        line=verdict.line,
        evidence=verdict.evidence,
    )


def _scratch() -> Path | None:
    """Where a run's folder lies: in memory where there is such a place, since services fsync."""
    memory = Path("/dev/shm")  # noqa: S108 - a fresh folder with a random name is made in it
    return memory if memory.is_dir() else None
