"""`chaos doctor` holds what is installed to what is required, and to nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError

import pytest

from chaos import doctor


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> Mapping[str, str]:
    """Return what is installed, as a test fills it; the harness requires two packages."""
    found = {"freezegun": "1.5.5", "rich": "15.0.0"}

    def requires(distribution: str) -> list[str]:
        if distribution != "chaos-harness":
            raise PackageNotFoundError(distribution)
        return ["freezegun==1.5.5", "rich>=13.9", 'openai>=3; extra == "incidents"']

    def version(name: str) -> str:
        if name not in found:
            raise PackageNotFoundError(name)
        return found[name]

    monkeypatch.setattr(doctor, "requires", requires)
    monkeypatch.setattr(doctor, "version", version)
    monkeypatch.setattr(doctor, "_simulate", lambda: "skipped")
    return found


def findings() -> dict[str, doctor.Diagnosis]:
    """Return what is found, by name."""
    return {each.name: each for each in doctor.examine()}


def test_harness_alone_is_well(installed: dict[str, str]) -> None:
    """An SDK that no service here needs is no fault, nor is what an extra would bring."""
    found = findings()

    assert found["requirements"].seen == "all 2 are as required"
    assert found["openai"].ok


@pytest.mark.parametrize(
    ("name", "version", "seen"),
    [
        ("freezegun", "1.5.6", "1.5.6; required: ==1.5.5"),
        ("rich", "13.0.0", "13.0.0; required: >=13.9"),
        ("rich", None, "missing; required: >=13.9"),
    ],
    ids=["other than pinned", "too old", "missing"],
)
def test_requirement_that_is_not_met_is_told_with_its_remedy(
    name: str, version: str | None, seen: str, installed: dict[str, str]
) -> None:
    """Found, required, and the command that mends it."""
    del installed[name]
    if version:
        installed[name] = version

    found = findings()

    assert not found[name].ok
    assert found[name].seen == seen
    assert found[name].fix.startswith(f"python3 -m pip install '{name}")
    assert "requirements" not in found
