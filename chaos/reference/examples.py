"""The examples of the reference pages: steps that are played when the pages are written."""

from __future__ import annotations

from chaos.authoring.starters import OF_STREAMS, starter
from chaos.scenario.scalars import write

_ASK = "- ask: How do I reset my password?"
_REFRESH = "- publish_index: {}\n- refresh_index"
_OF_STORAGE = frozenset({"bandwidth", "corrupt", "limit_data"})
"""Faults that are about large bodies, and best seen on a download."""

_OF_OPEN_CONNECTIONS = frozenset({"drop_connections", "idle_close"})
"""Faults that are felt between two questions."""

_SAID: dict[str, dict[str, object]] = {
    "bandwidth": {"operation": "objects.media", "rate": "1KB"},
    "corrupt": {"object": "*.faiss", "flip": 3, "calls": 1},
    "cut_stream": {},
    "limit_data": {"object": "*.faiss", "bytes": "4KB", "calls": 1},
    "latency": {"latency": "2s", "jitter": "500ms"},
    "rate_limit": {"retry_after": "7s", "calls": 1},
}

STEPS: dict[str, str] = {
    "ask": "- ask: {question: Is the VPN down?, users: 2}\n  expect: {answers: {llm: 2}}",
    "load": (
        "- load: {ask: Is the VPN down?, every: 30s, for: 2m}\n"
        "- expect: {openai.breaker.state: closed}"
    ),
    "advance": f"{_ASK}\n- advance: 2h\n- expect: {{index.age: 2h}}",
    "inject": f"- inject: {{upstream: openai, fault: http_error, status: 503, calls: 1}}\n{_ASK}",
    "heal": (
        "- inject: {id: outage, upstream: openai, fault: connection_refused}\n"
        f"{_ASK}\n- heal: outage\n{_ASK}\n  expect: {{answer.mode: llm}}"
    ),
    "publish_index": f"{_ASK}\n{_REFRESH}\n- expect: {{index.generation: '2'}}",
    "refresh_index": "- refresh_index\n- expect: {index.state: fresh, index.generation: '1'}",
    "restart": f"{_ASK}\n- restart\n{_ASK}\n  expect: {{calls.gcs: 0}}",
    "clock": f"{_ASK}\n- clock: {{step: 30m}}\n{_ASK}",
    "expect": f"{_ASK}\n- expect: {{openai.breaker.state: closed, calls.openai: 1}}",
}
"""An example of every step; a test fails if one is missing."""

FILE = """\
version: 1
name: example
hypothesis: >-
  While the model fails, the helpdesk answers from its knowledge base. It is patient: the breaker
  stays closed.
target: helpdesk
tags: [openai]
seed: 7
given:
  index_cache: {age: 2h}
  settings: {openai.breaker.failure_threshold: 10}
steady_state:
  - ask: How do I reset my password?
    expect: {answer.mode: llm}
method:
  - inject: {id: outage, upstream: openai, fault: http_error, status: 503}
  - ask: {question: How do I reset my password?, times: 6}
    expect: {answers: {fallback: 6}}
  - heal: outage
  - ask: How do I reset my password?
    expect: {answer.mode: llm}
expect:
  openai.breaker.transitions: []
  answers.error: 0
"""
"""Says almost everything that a file can say."""

LIST = (
    "- inject: {upstream: openai, fault: http_error, status: 503}\n"
    f"{_ASK}\n  expect: {{waits.openai: [{{between: [2s, 3s]}}, {{at_least: 4s}}]}}"
)
"""An expectation of a list, with a form for each item."""

WRONG_CLAIM = (
    "- inject: {upstream: openai, fault: http_error, status: 503}\n"
    f"{_ASK}\n  expect: {{answer.mode: llm}}"
)
"""The service falls back, and this expects it not to."""

NEVER_FELT = f"- inject: {{upstream: gcs, fault: timeout}}\n{_ASK}\n  expect: {{answer.mode: llm}}"
"""A fresh copy needs no storage, so that the fault is never felt."""

WRONG_FILE = "- inject: {upstream: openai, fault: latncy, latency: 250}\n" + _ASK
"""Two mistakes."""

LIVENESS = """\
- inject: {id: outage, upstream: openai, fault: http_error, status: 503}
- ask: {question: How do I reset my password?, times: 6}
- heal: outage
- advance: 61s
- ask: How do I reset my password?
- advance: 2m
- expect:
    eventually: {answer.mode: llm, within: 2m}
    leads_to:
      when: {openai.breaker.state: open}
      then: {openai.breaker.state: closed}
      within: 3m
"""
"""What has to happen at last."""

LAWS = """\
version: 1
name: example
hypothesis: An example.
given:
  index_cache: {age: 23h50m}
method:
  - inject: {id: busy, upstream: openai, fault: rate_limit, retry_after: 5s, calls: 1}
  - ask: How do I reset my password?
  - heal: busy
  - inject: {id: refused, upstream: openai, fault: http_error, status: 400, calls: 1}
  - ask: How do I reset my password?
  - heal: refused
  - inject: {id: outage, upstream: openai, fault: http_error, status: 503}
  - ask: {question: How do I reset my password?, times: 6}
  - heal: outage
  - inject: {id: storage, upstream: gcs, fault: connection_refused, for: 30m}
  - advance: 20m
  - ask: {question: How do I reset my password?, users: 3}
  - advance: 30m
  - ask: {question: How do I reset my password?, times: 2, every: 10m}
expect:
  answers.error: 0
"""
"""Puts as many laws to the test as one short scenario can."""


def fault_example(kind: str) -> str:
    """Steps that inject the fault and make it felt."""
    upstream = "gcs" if kind in _OF_STORAGE else "openai"
    fault = starter(kind, upstream, dict(_SAID.get(kind, {})))
    inject = f"- inject: {write(fault)}"
    if kind in OF_STREAMS:
        return (
            "version: 1\nname: example\nhypothesis: An example.\n"
            "given:\n  settings: {openai.stream: true}\n"
            f"method:\n  {inject}\n  {_ASK}"
        )
    if kind in _OF_OPEN_CONNECTIONS:
        return f"{_ASK}\n{inject}\n{_ASK}\n- advance: 1m\n{_ASK}"
    if upstream == "gcs":
        # The first question installs a copy, so that there is one to refresh.
        return f"{_ASK}\n- publish_index: {{}}\n{inject}\n- refresh_index"
    return f"{inject}\n{_ASK}"
