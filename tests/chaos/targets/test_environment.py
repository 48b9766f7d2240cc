"""What the shell of whoever plays a scenario has to do with its verdict: nothing."""

from __future__ import annotations

import pytest

from chaos.runner.life import play
from chaos.runner.result import RunResult
from chaos.scenario.loader import load_text
from chaos.targets.helpdesk import target
from chaos.tiers.simulated.world import SimulatedTier
from chaos.verdict import Outcome

_SCENARIO = """
version: 1
name: helpdesk
hypothesis: A question is answered by the model, from an index that was just fetched.
given: {index_cache: absent}
method:
  - inject: {upstream: openai, fault: http_error, status: 503, calls: 1}
  - ask: How do I reset my password?
    expect: {answer.mode: llm, index.state: fresh, calls.openai: 2, calls.gcs: {at_least: 2}}
"""


def _played() -> RunResult:
    # The clients of the helpdesk are made once a process; here they have to see the environment.
    target._openai_client.cache_clear()
    target._storage_client.cache_clear()
    load = load_text(_SCENARIO, "helpdesk.yaml", lambda _: target.HelpdeskTarget.vocabulary())
    with SimulatedTier() as simulation:
        return play(load, target.HelpdeskTarget, simulation, seed=1)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("HTTPS_PROXY", "foo://proxy.invalid"),
        ("all_proxy", "socks5://127.0.0.1:1"),
        ("SSL_CERT_FILE", "/nowhere/certificates.pem"),
        ("REQUESTS_CA_BUNDLE", "/nowhere/certificates.pem"),
        ("OPENAI_BASE_URL", "https://eu.api.openai.com/v1"),
        ("OPENAI_ORG_ID", "Bärenbude"),
        ("OPENAI_PROJECT_ID", "Bärenbude"),
        ("OPENAI_CUSTOM_HEADERS", "X-Who: Bärenbude"),
        ("STORAGE_EMULATOR_HOST", "http://localhost:1"),
        ("API_ENDPOINT_OVERRIDE", "http://localhost:1"),
        ("GOOGLE_API_USE_CLIENT_CERTIFICATE", "true"),
        ("GOOGLE_API_USE_MTLS_ENDPOINT", "always"),
        ("HELPDESK_TOP_K", "99"),
        ("HELPDESK_OPENAI__RETRY__ATTEMPTS", "1"),
    ],
)
def test_verdict_does_not_depend_on_the_callers_environment(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    """The same run, event for event, whatever the caller's shell says to SDKs and service."""
    plain = _played()
    monkeypatch.setenv(variable, value)

    result = _played()

    assert result.outcome is Outcome.PASSED, result.problems
    assert result.digest == plain.digest
