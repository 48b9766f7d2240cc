"""Deeds: what is the same, what is alike, and what a key is."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chaos.http import Request
from chaos.ports import Operation
from chaos.trace.said import ALIKE, UNDER_KEY
from chaos.upstreams.said import deed_of


def deed(body: Any, object_: str | None = None) -> str:
    """The deed that such a payment is."""
    raw = json.dumps(body).encode()
    request = Request(method="POST", url="https://pay.test/", body=raw)
    found = deed_of(Operation("pay", object_), request)
    assert found is not None
    return found


def mark(body: Any, object_: str | None = None) -> str:
    """What it shares with those that are alike; empty if nothing in it is made anew."""
    return deed(body, object_).partition(ALIKE)[2]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param(
            "6fa459ea-ee8a-4ca4-894e-db77e160355e",
            "16fd2706-8baf-433b-82eb-8c7fada847da",
            id="UUID",
        ),
        pytest.param("9f86d081884c7d65", "0a1b2c3d4e5f6071", id="random bytes"),
        pytest.param("01ARZ3NDEKTSV4RRFFQ69G5FAV", "01BX5ZZKBKACTAV9WEVGEMMVRZ", id="ULID"),
        pytest.param("2026-01-01T12:00:00Z", "2026-01-01T12:00:02.5Z", id="date"),
        pytest.param(1767268800.25, 1767268802.5, id="seconds"),
        pytest.param(1767268800250, 1767268802500, id="milliseconds"),
    ],
)
def test_deeds_are_alike_that_differ_in_what_is_made_anew(one: object, other: object) -> None:
    """They are two deeds, and bear one mark."""
    assert deed({"at": one}) != deed({"at": other})
    assert mark({"at": one}) == mark({"at": other}) != ""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param("anna", "berta", id="names"),
        pytest.param(5, 7, id="amounts"),
        pytest.param("order-17", "order-18", id="numbers"),
        pytest.param("1234567", "7654321", id="accounts"),
    ],
)
def test_deeds_are_not_alike_that_differ_in_what_was_asked_for(one: object, other: object) -> None:
    """An account is no id that a program makes."""
    assert mark({"at": one}) == mark({"at": other}) == ""


def test_deeds_on_objects_with_ids_made_anew_are_alike() -> None:
    """Some providers have the client name what is to be made."""
    one, other = "6fa459ea-ee8a-4ca4-894e-db77e160355e", "16fd2706-8baf-433b-82eb-8c7fada847da"

    assert mark({}, one) == mark({}, other) != ""


@pytest.mark.parametrize("name", ["idempotency_key", "idempotencyKey", "clientToken"])
def test_key_may_stand_in_the_body(name: str) -> None:
    """Under one key the deed is done once; under another it is the same deed, done again."""
    one, same, other = (deed({"amount": 5, name: key}) for key in ("a", "a", "b"))

    assert one == same != other
    assert one.partition(UNDER_KEY)[0] == other.partition(UNDER_KEY)[0]
