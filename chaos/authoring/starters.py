"""The faults that `chaos new` offers, each with parameters that make it felt."""

from __future__ import annotations

from typing import Any

from chaos.scenario.faults import FAULTS, Fault

OF_STREAMS = frozenset({"cut_stream", "stream"})
"""Faults that only streamed answers feel."""

_FELT: dict[str, dict[str, object]] = {
    # Where the examples of the models are for large files, or where nothing required changes
    # anything by itself.
    "bandwidth": {"rate": "16B"},
    "completion": {"finish_reason": "length"},
    "overload": {"capacity": 0, "per_call": "2s", "memory": "1m"},
    "limit_data": {"bytes": "64B"},
    "slicer": {"size": "64B", "delay": "2s"},
}


def starter(kind: str, upstream: str, given: dict[str, Any]) -> dict[str, Any]:
    """A fault as a file would write it: what is ``given``, and an example of what it needs.

    Example:
        >>> starter("http_error", "openai", {})
        {'upstream': 'openai', 'fault': 'http_error', 'status': 503}
    """
    model = FAULTS[kind]
    needed = {
        field.alias or name: field.examples[0]
        for name, field in model.model_fields.items()
        if field.is_required() and name not in {"fault", "upstream"} and field.examples
    }
    return {"upstream": upstream, "fault": kind, **needed, **_FELT.get(kind, {}), **given}


def parsed(fault: dict[str, Any]) -> Fault:
    """A fault as a file would write it, as a model.

    Raises:
        ValidationError: A parameter is unknown, missing or wrong.
    """
    return FAULTS[fault["fault"]].model_validate(fault)
