"""The reference pages, written from the models, with examples that are played for their output.

``python -m chaos.reference.pages docs/reference`` writes them. A test fails when a page is
not what would be written.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from chaos.authoring import word_tables
from chaos.authoring.word_tables import Parameter, Word
from chaos.checks.registry import LAWS
from chaos.errors import ChaosError, MissingComponentError, OwnDefectError
from chaos.faults.effects import effect_in_words
from chaos.interactive.interruption import RunInterruptedError
from chaos.reference import examples
from chaos.reference.fragments import play_fragment, whole
from chaos.reference.wire import wire_page
from chaos.reports.failure_text import failure_text
from chaos.runner.result import RunResult
from chaos.scenario.faults import FAULTS
from chaos.scenario.kinds import Kind
from chaos.scenario.problems import ScenarioError, render
from chaos.scenario.tolerance_parser import FORMS
from chaos.simulation.world import Simulation
from chaos.targets.here import find_here
from chaos.tiers.simulated.world import SimulatedTier
from chaos.trace.events import (
    AnswerEvent,
    AskEvent,
    BreakerEvent,
    ClockEvent,
    Event,
    FaultEvent,
    GivenUpEvent,
    IndexEvent,
    ObservationEvent,
    RequestEvent,
    ResponseEvent,
    WaitEvent,
)
from chaos.trace.text import describe
from chaos.verdict import Outcome

_NOTE = "<!-- Written by `nox -s reference` from the models: change those, not this page. -->"
_MOST_LINES = 16
_TELLING = (
    AnswerEvent,
    AskEvent,
    ClockEvent,
    GivenUpEvent,
    ObservationEvent,
    RequestEvent,
    ResponseEvent,
    WaitEvent,
)

_FORMS = {
    "at_least": "The value or more.",
    "at_most": "The value or less.",
    "between": "From the first to the second, both included.",
    "one_of": "Any of these.",
    "contains": "A part of the text, or an item of the list.",
    "matches": "A regular expression found in the text.",
    "not": "Anything but this; a value or a form.",
}


def pages() -> dict[str, str]:
    """Every page by the name of its file."""
    with SimulatedTier() as simulation:
        return {
            "scenarios.md": _page(_scenarios(simulation)),
            "faults.md": _page(_faults(simulation)),
            "steps.md": _page(_steps(simulation)),
            "expectations.md": _page(_expectations(simulation)),
            "laws.md": _page(_laws(simulation)),
            "wire.md": _page(wire_page().splitlines()),
            "exit-codes.md": _page(_exit_codes(simulation)),
        }


def _page(lines: Iterable[str]) -> str:
    title, *rest = lines
    text = "\n".join((title, "", _NOTE, *rest)).rstrip() + "\n"
    return re.sub(r"\n{3,}", "\n\n", text)


def _scenarios(simulation: Simulation) -> Iterator[str]:
    yield "# Scenario files"
    yield from ("", "A file is one scenario: a claim, the world before it, a timeline. This one")
    yield "says almost everything that a file can say:"
    yield from ("", *_fenced("yaml", examples.FILE.rstrip()))
    assert play_fragment(examples.FILE, simulation).outcome is Outcome.PASSED
    yield from ("## Keys", "", *_table(word_tables.file_parameters()))
    for key, table in word_tables.file_sections():
        yield from ("", f"## {key}", "", *_table(table))
    yield from ("", "## Settings of the helpdesk", "")
    yield "Their defaults are those of its specification; `helpdesk settings` lists its own."
    yield from ("", "| key | values | default |", "| --- | --- | --- |")
    for key, values, default in word_tables.setting_rows(find_here("helpdesk").vocabulary()):
        yield f"| `{key}` | {values} | `{default}` |"


def _faults(simulation: Simulation) -> Iterator[str]:
    yield "# Faults"
    yield from ("", "A fault begins with `inject` and ends with `heal`, or by itself. Below each")
    yield "example is what it looks like from the service, in virtual time."
    yield from ("", "## Every fault", "", *_table(word_tables.shared_fault_parameters()))
    for entry in word_tables.fault_entries():
        yield from _entry(entry)
        yield from (effect_in_words(FAULTS[entry.name]), "")
        example = examples.fault_example(entry.name)
        yield from _played(example, play_fragment(example, simulation))


def _steps(simulation: Simulation) -> Iterator[str]:
    yield "# Steps"
    yield from ("", "The method is a list of steps, played one after the other. `steady_state` is")
    yield "one too."
    yield from ("", "## Every step", "", *_table(word_tables.shared_step_parameters()))
    for entry in word_tables.step_entries(find_here("helpdesk").vocabulary()):
        yield from _entry(entry)
        example = examples.STEPS[entry.name]
        yield from _played(example, play_fragment(example, simulation))


def _expectations(simulation: Simulation) -> Iterator[str]:
    yield "# Expectations"
    yield ""
    yield "`expect` is a mapping of observables to values. In a step that asks, `answer.*` must"
    yield "hold for each of its answers, and `calls.*` and `waits.*` count what was done for them."
    yield "In a bare `expect` step, and in the closing one, everything counts from the start."
    yield from ("", "## Values", "", "A value must be equal, or be written in one of these forms.")
    yield from ("", "| form | meaning | for |", "| --- | --- | --- |")
    for form, meaning in _FORMS.items():
        kinds = [_short(kind) for kind in Kind if form in FORMS.get(kind, ())]
        yield f"| `{form}` | {meaning} | {', '.join(kinds)} |"
    yield from ("", "A list is written item by item; each item may be in one of these forms, too:")
    yield from ("", *_fenced("yaml", examples.LIST))
    assert play_fragment(examples.LIST, simulation).outcome is Outcome.PASSED
    yield from ("", "## What has to happen at last", "")
    yield "`eventually` wants something to happen within a time that runs from the last heal, or"
    yield "from the beginning if nothing was healed. `leads_to` wants it within a time after each"
    yield "moment of another sort. A moment is one answer (`answer.*`), one change of a breaker"
    yield "(`*.breaker.state`), one search (`index.state`), or what becomes of a fault (`fault:"
    yield "injected`, `touched` or `healed`). A run that ends before the time is up, and in which"
    yield "nothing has happened so far, is inconclusive: let more time pass."
    yield from ("", *_fenced("yaml", examples.LIVENESS.rstrip()))
    assert play_fragment(examples.LIVENESS, simulation).outcome is Outcome.PASSED
    yield from ("", "## Observables of the helpdesk", "", "| key | what it is | values |")
    yield "| --- | --- | --- |"
    for key, doc, values in word_tables.observable_rows(find_here("helpdesk").vocabulary()):
        yield f"| `{key}` | {doc} | {values} |"
    yield from ("", "## An expectation that fails", "")
    yield from _shown(examples.WRONG_CLAIM, simulation)


def _laws(simulation: Simulation) -> Iterator[str]:
    yield "# Laws"
    yield ""
    yield "Laws judge every run, whatever its scenario expects. A run that never put a law to the"
    yield "test says so, and is none the worse for it. `waive: [recovers]` with a `because:` sets"
    yield "one aside."
    yield ""
    yield "Laws know no provider and no target. What a provider said, whether it said it whole,"
    yield "whether another try can help, and whether something was done, they take from what its"
    yield "stand-in says in words of no provider (`Upstream.said`); what is best, from the first"
    yield "of the target's own modes. What a target reports of itself is compared with what the"
    yield "trace knows: the age of a copy with the time of its download, the outcome of a call"
    yield "with the status that came."
    yield ""
    yield "Each law rests on something that the target has promised: a field of `Promises`. Over a"
    yield "whole suite, `chaos gate` requires that some scenario exercises every law that is"
    yield "promised. A law that no target gives cause for is left out."
    yield ""
    yield "These are their verdicts on one scenario; where it did not exercise a law, the law says"
    yield "why:"
    yield ""
    yield from _fenced("yaml", examples.LAWS.rstrip())
    verdicts = play_fragment(examples.LAWS, simulation).laws
    for law, verdict in zip(LAWS, verdicts, strict=True):
        yield from (f"## {law.name}", "", law.doc, "", f"Rests on {law.rests_on.words}.", "")
        state = "not exercised" if verdict.outcome is Outcome.INCONCLUSIVE else "passed"
        assert verdict.outcome is not Outcome.FAILED, verdict
        yield from _fenced("text", f"{state}: {verdict.reason}")


def _exit_codes(simulation: Simulation) -> Iterator[str]:
    yield "# Exit codes"
    codes = {
        Outcome.PASSED.exit_code: "Everything passed.",
        Outcome.FAILED.exit_code: "At least one scenario failed.",
        ChaosError.exit_code: "A scenario or an argument is wrong; nothing was played.",
        Outcome.INCONCLUSIVE.exit_code: "None failed, but at least one proved nothing.",
        MissingComponentError.exit_code: "Something the run needs is not on this machine.",
        OwnDefectError.exit_code: "Chaos has a defect; it prints a line to report.",
        RunInterruptedError.exit_code: "Ctrl-C; how far it came is printed, and the command that "
        "goes on from there, or begins again where a part says nothing.",
    }
    yield from ("", "| code | meaning |", "| --- | --- |")
    yield from (f"| {code} | {meaning} |" for code, meaning in codes.items())
    yield from ("", f"## {Outcome.FAILED.exit_code}", "")
    yield from _shown(examples.WRONG_CLAIM, simulation)
    yield from (f"## {ChaosError.exit_code}", "")
    yield from _fenced("yaml", examples.WRONG_FILE)
    yield from _fenced("text", _mistakes(examples.WRONG_FILE, simulation))
    yield from (f"## {Outcome.INCONCLUSIVE.exit_code}", "")
    yield from _shown(examples.NEVER_FELT, simulation)


def _shown(example: str, simulation: Simulation) -> Iterator[str]:
    """An example that does not pass, and what `chaos run` says of it."""
    yield from _fenced("yaml", example)
    yield from _fenced("text", failure_text(play_fragment(example, simulation)))


def _entry(entry: Word) -> Iterator[str]:
    yield from ("", f"## {entry.name}", "", entry.doc, "")
    if entry.parameters:
        yield from (*_table(entry.parameters), "")


def _table(parameters: Sequence[Parameter]) -> Iterator[str]:
    yield from ("| key | values | default | meaning |", "| --- | --- | --- | --- |")
    for each in parameters:
        values = f"`{each.values}`" if each.values else ""
        default = each.default if each.default in {"", "required"} else f"`{each.default}`"
        yield f"| `{each.name}` | {values} | {default} | {each.doc} |"


def _played(example: str, result: RunResult) -> Iterator[str]:
    yield from _fenced("yaml", example)
    lines = [describe(event).rstrip() for event in result.trace if _is_telling(event)]
    if len(lines) > _MOST_LINES:
        lines = [*lines[: _MOST_LINES - 1], f"{'':>11}  … {len(lines) - _MOST_LINES + 1} more"]
    yield from _fenced("text", "\n".join(lines))


def _is_telling(event: Event) -> bool:
    """Whether an event is worth a line: what users and providers did, and what came of it."""
    match event:
        case BreakerEvent():
            return event.what in {"transition", "refused"}
        case IndexEvent():
            return event.what != "served"
        case FaultEvent():
            # At a call, the response says it.
            return event.what == "touched" and event.call is None
        case _:
            return isinstance(event, _TELLING)


def _mistakes(text: str, simulation: Simulation) -> str:
    try:
        play_fragment(text, simulation)
    except ScenarioError as error:
        lines = whole(text).splitlines()
        return "\n\n".join(render(problem, lines) for problem in error.problems)
    raise AssertionError("the example of a wrong file is right")


def _fenced(language: str, text: str) -> tuple[str, ...]:
    return (f"```{language}", *text.splitlines(), "```", "")


def _short(kind: Kind) -> str:
    return kind.value.split(",")[0].removeprefix("a ").replace(" from 0", "")


def main(folder: Path) -> None:
    """Write every page into ``folder``."""
    logging.getLogger().addHandler(logging.NullHandler())
    find_here("helpdesk")  # Before time is frozen: importing takes its time from the clock.
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
