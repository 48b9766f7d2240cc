"""Container, cluster, alerts and dashboard: they name what there is, and keep what is promised."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from ruamel.yaml import YAML

from helpdesk.errors import FailureReason
from helpdesk.metrics import Metrics
from helpdesk.settings import Settings
from helpdesk.web.server import _SLACK_S

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
OPERATE = (ROOT / "docs" / "operate.md").read_text(encoding="utf-8")
DOCKERFILE = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")


def documents(path: Path) -> list[Any]:
    """Every document of a YAML file."""
    return list(YAML(typ="safe", pure=True).load_all(path.read_text(encoding="utf-8")))


def known_metrics() -> frozenset[str]:
    """Every series that the service has, by the names that a query uses."""
    text = Metrics().exposition().decode()
    kinds = dict(re.findall(r"^# TYPE (\S+) (\w+)$", text, re.MULTILINE))
    names = set(kinds)
    for name, kind in kinds.items():
        if kind == "histogram":
            names |= {f"{name}_bucket", f"{name}_count", f"{name}_sum"}
    return frozenset(names)


def queries() -> Iterator[tuple[str, str]]:
    """Every query of alerts and dashboard, with the name of what it is for."""
    for group in documents(DEPLOY / "prometheus" / "alerts.yaml")[0]["groups"]:
        for rule in group["rules"]:
            yield rule["alert"], rule["expr"]
    dashboard = json.loads((DEPLOY / "grafana" / "helpdesk.json").read_text(encoding="utf-8"))
    for panel in dashboard["panels"]:
        for target in panel["targets"]:
            yield panel["title"], target["expr"]


@pytest.mark.parametrize(("name", "query"), list(queries()))
def test_query_asks_for_series_that_there_are(name: str, query: str) -> None:
    """An alert on a series that was renamed never fires."""
    asked = set(re.findall(r"\bhelpdesk_\w+", query)) - {"helpdesk_breaker_state"}

    assert asked <= known_metrics(), name
    assert query.count("(") == query.count(")")


def test_alerts_lead_to_a_section_that_there_is() -> None:
    """Whoever is woken up finds what to do."""
    headings = {
        re.sub(r"[^a-z0-9 -]", "", line.lower()).strip().replace(" ", "-")
        for line in re.findall(r"^#+ (.*)$", OPERATE, re.MULTILINE)
    }

    for group in documents(DEPLOY / "prometheus" / "alerts.yaml")[0]["groups"]:
        for rule in group["rules"]:
            page, _, section = rule["annotations"]["runbook"].partition("#")
            assert (ROOT / page).is_file()
            assert section in headings


def test_image_needs_no_root_and_no_writable_files() -> None:
    """By number, so that a cluster can check it; only the cache is written to."""
    assert re.search(r"^USER 10001:10001$", DOCKERFILE, re.MULTILINE)
    assert "HEALTHCHECK" in DOCKERFILE
    assert "/healthz" in DOCKERFILE
    assert "HELPDESK_INDEX__CACHE_DIR=/var/cache/helpdesk" in DOCKERFILE
    # Nothing that moves under the same name.
    assert ":latest" not in DOCKERFILE
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE)
    for path in " ".join(copied).split():
        assert (ROOT / path).exists()


def test_compose_runs_it_as_the_image_is_meant() -> None:
    """Read-only, without capabilities, and reachable from this machine only."""
    services = documents(DEPLOY / "compose.yaml")[0]["services"]
    helpdesk = services["helpdesk"]

    assert (helpdesk["read_only"], helpdesk["cap_drop"]) == (True, ["ALL"])
    assert all(port.startswith("127.0.0.1:") for port in helpdesk["ports"])
    for service in services.values():
        for variable in service.get("environment", {}):
            assert variable in OPERATE
        for other in service.get("depends_on", {}):
            assert other in services


@pytest.fixture
def deployment() -> Any:
    """What runs in the cluster."""
    kinds = {each["kind"]: each for each in documents(DEPLOY / "kubernetes" / "helpdesk.yaml")}
    return kinds["Deployment"]["spec"]["template"]["spec"]


def test_liveness_stays_green_while_the_model_is_down(deployment: Any) -> None:
    """It asks for nothing but the process; readiness asks for no provider either."""
    (container,) = deployment["containers"]

    assert container["livenessProbe"]["httpGet"]["path"] == "/healthz"
    assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"
    assert container["startupProbe"]["httpGet"]["path"] == "/readyz"


def test_pod_ends_no_sooner_than_its_answers(deployment: Any) -> None:
    """The pause before the end, the deadline and the server's own patience fit in."""
    (container,) = deployment["containers"]
    pause_s = int(container["lifecycle"]["preStop"]["exec"]["command"][1])
    deadline_s = Settings().answer_deadline.total_seconds()

    assert deployment["terminationGracePeriodSeconds"] >= pause_s + deadline_s + _SLACK_S


def test_pod_has_no_rights_that_it_does_not_need(deployment: Any) -> None:
    """Not root, nothing to write to but its volumes, no token of the cluster."""
    (container,) = deployment["containers"]
    security = container["securityContext"]

    assert deployment["securityContext"]["runAsNonRoot"] is True
    assert f"USER {deployment['securityContext']['runAsUser']}:" in DOCKERFILE
    assert security["readOnlyRootFilesystem"] is True
    assert security["capabilities"] == {"drop": ["ALL"]}
    assert deployment["automountServiceAccountToken"] is False
    mounted = {mount["mountPath"] for mount in container["volumeMounts"]}
    assert mounted == {"/var/cache/helpdesk", "/tmp"}


def test_settings_of_the_cluster_are_settings() -> None:
    """A variable that nobody reads would be refused at the start."""
    for each in documents(DEPLOY / "kubernetes" / "helpdesk.yaml"):
        if each["kind"] == "ConfigMap":
            Settings.load(each["data"])


def test_page_explains_every_setting_with_its_default() -> None:
    """None is missing, and none is out of date."""
    for key in Settings.keys().values():
        row = re.search(rf"^\| `{key.variable}`(.*)$", OPERATE, re.MULTILINE)
        assert row, key.variable
        assert key.also is None or f"`{key.also}`" in row[1]
        if key.default not in {"not set", "the user's cache folder"}:
            assert f"| `{key.default}` |" in row[1], key.variable


def test_page_explains_every_reason_and_every_metric() -> None:
    """Whatever a user is told, an operator can look up."""
    for reason in get_args(FailureReason):
        assert f"| `{reason}` |" in OPERATE
    for name in known_metrics():
        if not name.endswith(("_created", "_bucket", "_count", "_sum")):
            assert f"| `{name}` |" in OPERATE, name
