"""Spans of OpenTelemetry: what the service did for one question, and how long each part took.

Only the interface is used here. Without an SDK that was set up, a span is nothing and costs
microseconds; who sets one up (see docs/operate.md) gets them all. No span has a question in it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from opentelemetry import trace

from helpdesk.errors import SettingsError

_tracer = trace.get_tracer("helpdesk")

_VARIABLES = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")

Value = str | bool | int | float | None


@contextmanager
def span(name: str, **attributes: Value) -> Iterator[Callable[..., None]]:
    """Record a span for as long as the context lasts; an exception that leaves it is noted.

    Yields:
        A function that adds attributes; those that are None are left out.

    Example:
        >>> with span("helpdesk.ask") as note:
        ...     note(mode="llm", reason=None)
    """
    with _tracer.start_as_current_span(name) as current:

        def note(**more: Value) -> None:
            for key, value in more.items():
                if value is not None:
                    current.set_attribute(f"helpdesk.{key}", value)

        note(**attributes)
        yield note


def set_up_tracing() -> None:
    """Send spans where the variables of OpenTelemetry say; without them, nothing is set up.

    Raises:
        SettingsError: They ask for it, and the SDK is not installed.
    """
    wanted = next((name for name in _VARIABLES if os.environ.get(name)), None)
    if wanted is None:
        return
    try:
        # Late: it is an extra, and few want it.
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415
            OTLPSpanExporter,
        )
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
    except ImportError as error:
        raise SettingsError(
            f"{wanted} is set, but the OpenTelemetry SDK is not installed; expected it; install "
            "helpdesk-service[otel], or unset the variable"
        ) from error
    name = os.environ.get("OTEL_SERVICE_NAME", "helpdesk")
    provider = TracerProvider(resource=Resource.create({"service.name": name}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
