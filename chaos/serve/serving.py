"""One run for a service outside: stand-ins that listen, steps in real time, and the verdict."""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Self

from chaos.checks.laws import judge_laws
from chaos.checks.record import RunRecord
from chaos.checks.registry import promised_laws
from chaos.choices import Seeded
from chaos.ports import StandIn, Target
from chaos.runner.felt import never_felt, never_judged
from chaos.runner.life import SIMULATION, unsteady
from chaos.runner.result import RunResult
from chaos.scenario.loader import LoadedScenario
from chaos.serve.control import Control
from chaos.serve.meaning import JUDGED_LAWS, NOT_SHOWN, check
from chaos.serve.signals import Signals
from chaos.serve.timeline import Script
from chaos.tiers.loopback import HOST
from chaos.tiers.served.world import ServedWorld
from chaos.verdict import Outcome, Verdict

TIER = "served"
"""What results and reports call it."""

SAME_MOMENT_S = 0.25
"""Two requests of a service outside that lie no further apart may have left together: on a busy
machine, a thread that was told to pause is no faster."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a stand-in listens.

    Attributes:
        name: Of the upstream.
        url: Its address; of a protocol other than HTTP, host and port.
        variables: What leads its usual clients there.
    """

    name: str
    url: str
    variables: dict[str, str]

    @classmethod
    def of(cls, upstream: StandIn, port: int) -> Self:
        """The address of a stand-in that listens at this port."""
        host = f"{HOST}:{port}"
        url = f"http://{host}"
        return cls(
            name=upstream.name,
            url=url,
            variables={
                name: value.format(url=url, host=host)
                for name, value in upstream.reached_by.items()
            },
        )


class ServedScenario:
    """A scenario that is being served; made by `serving`.

    Attributes:
        addresses: Where the stand-ins listen.
        control: Steers the run.
        signals: The same, for this process.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - what a run is made of
        self,
        loaded: LoadedScenario,
        target: type[Target],
        seed: int,
        world: ServedWorld,
        upstreams: tuple[StandIn, ...],
        control: Control,
        signals: Signals,
        tell: Callable[[str], None],
    ) -> None:
        self.addresses = [Address.of(each, world.ports[each.name]) for each in upstreams]
        self.control = control
        self.signals = signals
        self._loaded = loaded
        self._target = target
        self._seed = seed
        self._world = world
        self._tell = tell

    def play(self) -> RunResult:
        """Play all steps, serve until somebody ends the run, and judge it."""
        scenario = self._loaded.scenario
        words = self._target.vocabulary()
        script = Script(self._world, words, self.signals, self._at)
        verdicts: list[Verdict] = []

        def steps() -> None:
            script.play(scenario.steady_state, "steady_state")
            deviated = [v for v in script.verdicts if v.outcome is not Outcome.PASSED]
            if deviated:
                script.verdicts.clear()
                verdicts.extend(map(unsteady, deviated))
                self._at("steady state did not hold, so nothing is injected")
            else:
                script.play(scenario.method, "method")
            self.signals.through()
            if not self.signals.is_over:
                self._at("all steps are done; end the run when you have seen enough")

        thread = threading.Thread(target=steps, name="script", daemon=True)
        thread.start()
        # In short waits: a lock would keep Ctrl-C out on some systems.
        while not self.signals.over.wait(_LOOK_S):
            pass
        thread.join()
        if not script.not_begun:
            script.look(scenario.expect, "expect")
        return self._result(verdicts, script)

    @property
    def environment(self) -> dict[str, str]:
        """What a service, or whoever asks it, has to know, as environment variables."""
        variables = {"CHAOS_CONTROL_URL": self.control.url}
        for each in self.addresses:
            name = re.sub(r"\W", "_", each.name).upper()
            variables |= {f"CHAOS_{name}_URL": each.url, **each.variables}
        return variables

    def end(self) -> None:
        """End the run; `play` returns."""
        self.signals.end()

    def _at(self, what: str) -> None:
        with self._world.turn():
            self._tell(f"{self._world.clock.now_s:8.1f}s  {what}")

    def _result(self, verdicts: list[Verdict], script: Script) -> RunResult:
        world, scenario = self._world, self._loaded.scenario
        words = self._target.vocabulary()
        with world.turn():
            ended_s = round(world.clock.now_s, 6)
            violations = Counter(world.violations)
            trace = world.trace
            verdicts += script.verdicts
            verdicts += [
                Verdict(
                    check=f"step {path}",
                    outcome=Outcome.INCONCLUSIVE,
                    reason="the run ended before this step did",
                    expected="every step played to its end",
                    seen="the end of the run",
                )
                for path in script.not_begun
            ]
            verdicts += never_felt(world.injector)
            verdicts += never_judged(trace, script.last_look)
            if violations:
                verdicts = [
                    Verdict(check=SIMULATION, outcome=Outcome.INCONCLUSIVE, reason=reason)
                    for reason in violations
                ]
        if not verdicts:
            verdicts.append(
                Verdict(
                    check="expect",
                    outcome=Outcome.INCONCLUSIVE,
                    reason="the scenario expects nothing, so it shows nothing",
                    expected="at least one expectation of calls",
                    seen="none",
                )
            )
        record = RunRecord(
            scenario=scenario,
            trace=trace,
            promises=self._target.promises(words.typed(scenario.given.settings)),
            best_mode=words.best_mode,
            brings=words.brings,
            ended_s=ended_s,
            tick_s=SAME_MOMENT_S,
        )
        return RunResult.of(
            self._loaded,
            tier=TIER,
            seed=self._seed,
            trace=trace,
            verdicts=tuple(verdicts),
            laws=()
            if violations
            else tuple(map(_if_shown, judge_laws(record, waived=scenario.waive))),
            promised=promised_laws(record.promises, trace, words.brings),
            virtual_s=ended_s,
            real_s=ended_s,
            best_mode=words.best_mode,
        )


_LOOK_S = 0.1


@contextmanager
def serving(
    loaded: LoadedScenario,
    target: type[Target],
    *,
    port: int = 0,
    seed: int | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> Iterator[ServedScenario]:
    """Let the stand-ins of a scenario listen, ready to play it.

    Args:
        loaded: The scenario.
        target: Names the stand-ins and the promises; no object of it is made.
        port: Where the first stand-in listens; the others follow, and the control after them.
            With 0, each takes a port that is free.
        seed: Replaces the scenario's own.
        tell: Is told what happens, in words.

    Raises:
        ScenarioError: It cannot be meant for a service outside.
        ChaosError: A port is taken.
    """
    check(loaded)
    seed = loaded.scenario.seed_or_default if seed is None else seed
    upstreams = tuple(target.make_upstreams())
    world, signals = ServedWorld(upstreams, Seeded(seed), port=port), Signals()
    with world, Control(signals, world, port and port + len(upstreams)) as control:
        yield ServedScenario(loaded, target, seed, world, upstreams, control, signals, tell)


def _if_shown(law: Verdict) -> Verdict:
    """A law that requests alone do not put to the test is not exercised, whatever it says."""
    if law.check in JUDGED_LAWS:
        return law
    return Verdict(check=law.check, outcome=Outcome.INCONCLUSIVE, reason=NOT_SHOWN)
