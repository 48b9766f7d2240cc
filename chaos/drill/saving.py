"""What was done in a drill, as a scenario file that is played again in virtual time."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from chaos.errors import ChaosError
from chaos.explorer.yaml_text import scenario_text
from chaos.faults.injector import Injector
from chaos.ports import Vocabulary
from chaos.scenario.expectations import expecting
from chaos.scenario.model import (
    ActStep,
    AnyStep,
    Ask,
    AskStep,
    Given,
    HealStep,
    InjectStep,
    Scenario,
)
from chaos.trace.events import (
    ActionEvent,
    AnswerEvent,
    AskEvent,
    BreakerEvent,
    Event,
    FaultEvent,
)
from chaos.trace.trace import Trace

_PATIENCE_S = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """A file that was written.

    Attributes:
        path: Where it is.
        text: What is in it.
        outcome: What it came to when it was played in virtual time.
        problems: What kept it from passing there.
    """

    path: Path
    text: str
    outcome: str
    problems: tuple[str, ...]


def scenario_of(  # noqa: PLR0913 - what a drill knows
    trace: Trace,
    injector: Injector,
    words: Vocabulary,
    settings: Mapping[str, str],
    *,
    name: str,
    began_s: float,
) -> Scenario:
    """The scenario that does again what was done since ``began_s``, and expects what came of it.

    Raises:
        ChaosError: There is nothing to save, or a question has no answer yet.
    """
    answers = {event.ask: event.mode for event in trace.of(AnswerEvent)}
    asks = [event for event in trace.of(AskEvent) if event.at_s >= began_s]
    if not asks:
        raise ChaosError("nobody has asked anything yet; expected a question; ask one, then save")
    if any(event.ask not in answers for event in asks):
        raise ChaosError("a question has no answer yet; expected none under way; wait, then save")
    modes = Counter(answers[event.ask] for event in asks)
    transitions = [
        f"{event.old} -> {event.state}"
        for event in trace.of(BreakerEvent)
        if event.what == "transition" and event.at_s >= began_s
    ]
    faults = len({event.fault for event in trace.of(FaultEvent) if event.at_s >= began_s})
    return Scenario(
        version=1,
        name=name,
        hypothesis=f"What a drill showed happens again: {len(asks)} questions and {faults} "
        "faults, each at its time, come to the same answers and the same states of the breaker.",
        tags=("drill",),
        given=Given(settings=dict(settings)),
        method=tuple(_steps(trace, injector, words, answers, began_s)),
        expect=expecting(
            {"answers": dict(modes), "openai.breaker.transitions": transitions}, words
        ),
    )


def free_name(folder: Path) -> str:
    """A name that no file of the folder has."""
    number = 1
    while (folder / f"drill-{number}.yaml").exists():
        number += 1
    return f"drill-{number}"


def write_and_play(scenario: Scenario, folder: Path) -> Saved:
    """Write the file, and play it in virtual time, in a process of its own.

    Raises:
        ChaosError: It cannot be written.
    """
    path = folder / f"{scenario.name}.yaml"
    text = scenario_text(scenario)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ChaosError(
            f"'{path}' cannot be written: {error.strerror}; expected a folder to save in; name "
            "another with --folder"
        ) from error
    try:
        played = subprocess.run(  # noqa: S603 - this very program
            [sys.executable, "-m", "chaos", "run", str(path), "--json", "-"],
            capture_output=True,
            text=True,
            timeout=_PATIENCE_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        late = f"it was not through after {_PATIENCE_S:g} s; play it with: chaos run {path}"
        return Saved(path=path, text=text, outcome="not played", problems=(late,))
    try:
        (run,) = json.loads(played.stdout)["scenarios"]
    except (ValueError, KeyError):
        said = (played.stderr or played.stdout).strip()
        return Saved(path=path, text=text, outcome="not played", problems=(said,))
    bad = [each for each in run["verdicts"] if each["outcome"] != "passed"]
    bad += [each for each in run["laws"] if each["outcome"] == "failed"]
    problems = tuple(f"{each['check']}: {each['reason']}, seen {each['seen']}" for each in bad)
    return Saved(path=path, text=text, outcome=run["outcome"], problems=problems)


def _steps(
    trace: Trace,
    injector: Injector,
    words: Vocabulary,
    answers: Mapping[int | None, str],
    began_s: float,
) -> Iterator[AnyStep]:
    injected = iter(injector.injected)
    for event in trace:
        match event:
            case FaultEvent(what="injected", fault=id_):
                _, fault = next(injected)
                if event.at_s >= began_s:
                    named = fault.model_copy(update={"id": id_})
                    yield InjectStep(inject=named, at=_offset(event, began_s))
            case _ if event.at_s < began_s:
                continue
            case FaultEvent(what="healed", fault=id_, by=by) if not by.startswith("for "):
                yield HealStep(heal=id_, at=_offset(event, began_s))
            case AskEvent(question=question, ask=number):
                yield AskStep(
                    ask=Ask(question=question),
                    at=_offset(event, began_s),
                    expect=expecting({"answer.mode": answers[number]}, words),
                )
            case ActionEvent(action=act) if act in words.own_actions:
                yield ActStep(act=act, means=words.own_actions[act], at=_offset(event, began_s))
            case _:
                pass


def _offset(event: Event, began_s: float) -> timedelta:
    return timedelta(milliseconds=round((event.at_s - began_s) * 1000))
