"""The description of the interface is true: whatever it allows works, and nothing else does."""

from __future__ import annotations

import json
import re
from typing import Any

import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    positive_data_acceptance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from helpdesk.app import create_app
from helpdesk.desk import Helpdesk
from helpdesk.settings import Settings
from tests.helpdesk.test_desk import FakeIndex, FakeRag

APP = create_app(make_desk=lambda _: Helpdesk(Settings(), rag=FakeRag(), index=FakeIndex()))

schema = schemathesis.openapi.from_dict(APP.openapi())
# Read by a request, it would leave a thread behind in every process that collects tests.
schema.app = APP

CHECKS = [
    schemathesis.checks.not_a_server_error,
    content_type_conformance,
    negative_data_rejection,
    positive_data_acceptance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
]


def test_whatever_the_description_refers_to_is_in_it() -> None:
    """A reference that leads nowhere breaks the clients that are generated from it."""
    described = APP.openapi()
    named = set(re.findall(r'"\$ref": "#/components/schemas/(\w+)"', json.dumps(described)))

    assert "Problem" in named
    assert sorted(named - set(described["components"]["schemas"])) == []


@schema.parametrize()
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_interface_is_what_it_says(case: schemathesis.Case[Any]) -> None:
    """No request ends in a failure of ours, or in something that is not described."""
    case.call_and_validate(checks=CHECKS)
