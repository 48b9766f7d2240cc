"""Faults that contradict themselves, are healed in vain, or can never fire."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from chaos.scenario.draft import Draft, Site
from chaos.scenario.faults import (
    CompletionFault,
    ConnectingFault,
    CorruptFault,
    Fault,
    HttpErrorFault,
    LatencyFault,
    RefusalFault,
    ResetPeerFault,
    StreamFault,
    kind_of,
)
from chaos.scenario.model import (
    ActStep,
    AdvanceStep,
    AnyStep,
    AskStep,
    HealStep,
    InjectStep,
    LoadStep,
    RestartStep,
)
from chaos.scenario.problems import listed, quoted, suggest
from chaos.scenario.source import Findings, NodePath


def check(draft: Draft, findings: Findings) -> None:
    """Report faults that make no sense."""
    for path, step in draft.injections:
        _check_parameters(step.inject, (*path, "inject"), findings)
    injected = _check_ids(draft, findings)
    if draft.has_all_faults:
        _check_heals(draft.method, injected, findings)
    if draft.is_whole:
        # With a step missing, the question that a fault would touch may be in it.
        _check_firing(draft, findings)


def _check_stream(fault: StreamFault, path: NodePath, findings: Findings) -> None:
    """Report what belongs to another oddness than the one asked for."""
    in_one_place = {
        "empty_events",
        "without_data",
        "without_delta",
        "null_choices",
        "error_event",
    }
    uses = {"finish_reason": {"finish_reason"}, "after": in_one_place}
    for key in sorted(fault.model_fields_set & uses.keys()):
        if fault.as_ not in uses[key]:
            findings.add(
                (*path, key),
                f"{key!r} has no effect on a stream {fault.as_!r}",
                f"'as' to be one of: {', '.join(sorted(uses[key]))}",
                "remove it, or change 'as'",
                "no-effect",
                at_key=True,
            )


def _check_parameters(fault: Fault, path: NodePath, findings: Findings) -> None:
    given = fault.model_fields_set
    if isinstance(fault, CorruptFault) and {"flip", "at"} <= given:
        findings.add(
            (*path, "flip"),
            "'flip' and 'at' both say which bits are flipped",
            "one of them",
            "remove 'flip' to hit one byte, or 'at' to hit any",
            "contradiction",
            at_key=True,
        )
    if isinstance(fault, ConnectingFault) or fault.between_calls:
        _check_scope(fault, path, findings)
    if isinstance(fault, ResetPeerFault) and fault.after is not None and not fault.takes_effect:
        findings.add(
            (*path, "takes_effect"),
            "with 'after' the answer has begun, so the provider has accepted the request",
            "'takes_effect: true' with 'after'",
            "remove 'takes_effect', or 'after'",
            "contradiction",
            at_key=True,
        )
    if isinstance(fault, CompletionFault):
        _check_completion(fault, path, findings)
    if isinstance(fault, StreamFault):
        _check_stream(fault, path, findings)
    if isinstance(fault, LatencyFault) and fault.jitter > fault.latency:
        findings.add(
            (*path, "jitter"),
            "jitter is more than the latency itself, which cannot fall below zero",
            "at most the latency",
            "lower it, or raise 'latency'",
            "out-of-range",
        )
    if isinstance(fault, RefusalFault):
        _check_pause(fault, path, findings)


_REASONS = ("content_filter", "function_call", "length", "stop", "tool_calls")
"""Why models of OpenAI stop."""


def _check_completion(fault: CompletionFault, path: NodePath, findings: Findings) -> None:
    """Report one that changes nothing, and a reason that is a known one, written wrongly."""
    if not {"content", "finish_reason"} & fault.model_fields_set:
        findings.add(
            (*path, "fault"),
            "fault 'completion' has no effect",
            "finish_reason or content",
            "add for example 'finish_reason: length'",
            "no-effect",
        )
    said = fault.finish_reason
    if said not in _REASONS and (near := get_close_matches(said, _REASONS, n=1, cutoff=0.8)):
        findings.add(
            (*path, "finish_reason"),
            f"finish_reason {quoted(said)} is almost one that models send",
            f"{listed(_REASONS)}, or another word",
            f"did you mean {quoted(near[0])}?",
            "unknown-value",
        )


def _check_pause(fault: RefusalFault, path: NodePath, findings: Findings) -> None:
    """Report a pause that is said in no way, or in two."""
    given = fault.model_fields_set
    headers = (
        {name.lower() for name, _ in fault.headers} if isinstance(fault, HttpErrorFault) else set()
    )
    if fault.retry_after is not None and headers & {"retry-after", "retry-after-ms"}:
        findings.add(
            (*path, "retry_after"),
            "'retry_after' and the headers both say when to retry",
            "one of them",
            "remove 'retry_after' to send unusual ones, or the header",
            "contradiction",
            at_key=True,
        )
    if fault.retry_after is None and "retry_after_as" in given:
        findings.add(
            (*path, "retry_after_as"),
            "'retry_after_as' has nothing to send",
            "'retry_after' as well",
            "add for example 'retry_after: 20s'",
            "no-effect",
            at_key=True,
        )


def _check_scope(fault: Fault, path: NodePath, findings: Findings) -> None:
    """A connection has no operation yet; and one that nobody uses is no call either."""
    kind = kind_of(type(fault))
    scopes = {"operation": "operation", "object": "operation"}
    if not isinstance(fault, ConnectingFault):
        scopes |= {"calls": "call", "toxicity": "call"}
    for key, what in scopes.items():
        if key in fault.model_fields_set:
            findings.add(
                (*path, key),
                f"fault {quoted(kind)} acts on connections, which have no {what}",
                f"no {quoted(key)}",
                "remove it; for single requests use 'reset_peer' or 'timeout'",
                "no-effect",
                at_key=True,
            )


def _check_ids(draft: Draft, findings: Findings) -> dict[str, Site]:
    """The injections that can be healed, by id."""
    injected: dict[str, Site] = {}
    for path, step in draft.injections:
        if step.inject.id is None:
            continue
        first = injected.setdefault(step.inject.id, Site(path, step))
        if first.path != path:
            where = (*path, "inject", "id")
            wrong = f"fault id {quoted(step.inject.id)} is used twice"
            fix = "choose another; heal finds faults by their id"
            findings.add(where, wrong, "a different id", fix, "duplicate-id")
    return injected


def _check_heals(method: Sequence[Site], injected: dict[str, Site], findings: Findings) -> None:
    healed: set[str] = set()
    for path, step in method:
        if not isinstance(step, HealStep):
            continue
        where, id_ = (*path, "heal"), step.heal
        if id_ not in injected:
            _report_unknown_id(id_, where, method, injected, findings)
        elif id_ in healed:
            fix = "remove this one"
            wrong = f"fault {quoted(id_)} is healed twice"
            findings.add(where, wrong, "one heal per fault", fix, "heal-twice")
        elif _is_before(Site(path, step), injected[id_]):
            wrong = f"fault {quoted(id_)} is healed before it is injected"
            fix = "move the heal below the injection"
            findings.add(where, wrong, "the injection first", fix, "heal-too-early")
        elif _injection(injected[id_]).for_ is not None:
            wrong = f"fault {quoted(id_)} has 'for' and heals itself"
            fix = "remove the heal, or the 'for' of the fault"
            findings.add(where, wrong, "one end per fault", fix, "two-ends")
        healed.add(id_)


def _report_unknown_id(
    id_: str,
    where: NodePath,
    method: Sequence[Site],
    injected: dict[str, Site],
    findings: Findings,
) -> None:
    nameless = any(isinstance(step, InjectStep) and step.inject.id is None for _, step in method)
    otherwise = f"give the fault 'id: {id_}'" if nameless else "inject it, or remove the heal"
    findings.add(
        where,
        f"no fault has the id {quoted(id_)}",
        listed(injected) if injected else "the id of an injected fault",
        suggest(id_, injected, otherwise),
        "unknown-id",
    )


def _injection(site: Site) -> Fault:
    assert isinstance(site.step, InjectStep)
    return site.step.inject


def _is_before(heal: Site, injection: Site) -> bool:
    """Whether a heal surely comes first; beside the script, only two offsets can be compared."""
    if heal.step.at is None and injection.step.at is None:
        return heal.path < injection.path
    if heal.step.at is None or injection.step.at is None:
        return False
    return heal.step.at <= injection.step.at


def _check_firing(draft: Draft, findings: Findings) -> None:
    for index, (path, step) in enumerate(draft.method):
        if isinstance(step, InjectStep) and not _can_fire(draft, index, step):
            called = f"fault {quoted(step.inject.id or kind_of(type(step.inject)))}"
            findings.add(
                (*path, "inject"),
                f"{called} can never fire: nothing makes a request to {step.inject.upstream!r} "
                "while it lasts",
                "a step that asks after it",
                "add an ask before it is healed, or remove the fault",
                "never-fires",
            )


def _can_fire(draft: Draft, index: int, injection: InjectStep) -> bool:
    """Whether anything may call an upstream while the fault lasts; in doubt, yes."""
    method = [step for _, step in draft.method]
    before = [step for _, step in draft.steady] + method[:index]
    is_concurrent = any(isinstance(step, LoadStep) for step in before) or any(
        step.at is not None for step in method
    )
    if is_concurrent:
        return True
    for step in method[index + 1 :]:
        # While time passes, a worker may call: one begun with the service needs no question.
        if _may_call(step) or isinstance(step, AdvanceStep):
            return True
        if isinstance(step, HealStep) and step.heal == injection.inject.id:
            return False
    return False


def _may_call(step: AnyStep) -> bool:
    """Whether the service itself does something in it."""
    if isinstance(step, ActStep):
        return step.means.by_service
    return isinstance(step, (AskStep, LoadStep, RestartStep))
