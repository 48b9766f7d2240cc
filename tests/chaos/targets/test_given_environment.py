"""What the environment says for OpenAI is held against what its requests carry."""

from __future__ import annotations

import pytest

from chaos.http import Request
from chaos.targets.helpdesk.environment import carried_wrongly, environment

GIVEN = {"environment": {"OPENAI_ORG_ID": "org-it", "OPENAI_CUSTOM_HEADERS": "X-Team: it\n"}}
RIGHT = {"openai-organization": "org-it", "x-team": "it"}


BASE = "https://api.openai.com/v1"


def _told(headers: dict[str, str]) -> list[str]:
    request = Request(method="POST", url=f"{BASE}/chat/completions", headers=headers)
    return list(carried_wrongly([request], environment(GIVEN)))


def test_a_request_that_carries_it_all_is_right() -> None:
    """Whatever else it carries."""
    assert _told({**RIGHT, "accept": "*/*"}) == []


@pytest.mark.parametrize(
    ("headers", "told"),
    [
        pytest.param({"x-team": "it"}, "openai-organization of a request", id="missing"),
        pytest.param({**RIGHT, "x-team": "hr"}, "x-team of a request", id="another value"),
        pytest.param({**RIGHT, "openai-project": "p"}, "openai-project of a", id="not asked for"),
    ],
)
def test_whatever_is_carried_otherwise_is_told(headers: dict[str, str], told: str) -> None:
    """Also what nobody has set: somebody would be billed for it."""
    (finding,) = _told(headers)

    assert finding.startswith(told)


def test_a_request_that_goes_elsewhere_is_told() -> None:
    """By the address that the environment has, or the provider's own."""
    request = Request(method="POST", url=f"{BASE}/chat/completions")
    gateway = {"environment": {"OPENAI_BASE_URL": "https://gateway.example/v1"}}

    assert list(carried_wrongly([request], environment({}))) == []
    (finding,) = carried_wrongly([request], environment(gateway))
    assert finding == (
        f"a request to openai went to {BASE}/chat/completions, and the environment has "
        "https://gateway.example/v1"
    )
