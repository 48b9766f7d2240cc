"""Requests as declarations, apart from any provider."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import pytest
from pydantic import Field, Tag

from chaos.upstreams.declared import (
    TEXT_OR_LIST,
    Declared,
    DeclaredQuery,
    MistakenError,
    NotModelled,
    by,
    not_modelled,
    only,
    path,
    read,
)
from chaos.upstreams.unmodelled import UnmodelledError


class Cat(Declared):
    """One kind of pet."""

    type: Literal["cat"]
    lives: Annotated[int, Field(ge=1)] = 9


class Dog(Declared):
    """Another."""

    type: Literal["dog"]
    tricks: Annotated[
        Annotated[str, Tag("<text>")] | Annotated[list[str], Tag("<list>")], TEXT_OR_LIST
    ]


class Owner(Declared):
    """Who has pets."""

    role: Literal["owner"]
    pets: list[Annotated[Annotated[Cat, Tag("<cat>")] | Annotated[Dog, Tag("<dog>")], by("type")]]
    mood: Annotated[Literal["good", "bad"], only("good")] | None = None
    secret: NotModelled = None


class Guest(Declared):
    """Who has none."""

    role: Literal["guest"]


class Visit(Declared):
    """Somebody at the door."""

    who: Annotated[
        Annotated[Owner, Tag("<owner>")] | Annotated[Guest, Tag("<guest>")],
        by("role"),
        not_modelled("role", "thief"),
    ]


def visit(who: Any) -> Visit:
    """Read a visit."""
    return read(Visit, {"who": who}, upstream="doorman", operation="visit")


@pytest.mark.parametrize(
    ("who", "named"),
    [
        pytest.param({"role": "guest", "hat": 1}, ["who.hat"], id="a key"),
        pytest.param(
            {"role": "owner", "pets": [{"type": "cat", "fur": 1}, {"type": "dog", "bark": 1}]},
            ["who.pets[0].fur", "who.pets[1].bark"],
            id="keys deep inside",
        ),
        pytest.param(
            {"role": "owner", "pets": [{"type": "parrot"}]},
            ['who.pets[0].type="parrot"'],
            id="kind",
        ),
        pytest.param({"role": "thief"}, ['who.role="thief"'], id="a kind that is listed"),
        pytest.param(
            {"role": "owner", "pets": [], "mood": "bad"}, ['who.mood="bad"'], id="a value"
        ),
        pytest.param({"role": "owner", "pets": [], "secret": 3}, ["who.secret=3"], id="not null"),
        pytest.param(
            {"role": "owner", "pets": [], "secret": {"a": 1}}, ["who.secret"], id="an object"
        ),
    ],
)
def test_unmodelled_parts_are_named_all_at_once(who: Any, named: list[str]) -> None:
    """A part is named by its place, and by its value where only that is wrong."""
    with pytest.raises(UnmodelledError) as caught:
        visit(who)

    assert list(caught.value.parameters) == named
    assert caught.value.upstream == "doorman"
    assert __name__ in str(caught.value)


@pytest.mark.parametrize(
    ("who", "kind", "place"),
    [
        pytest.param({"role": "owner"}, "missing", "who.pets", id="missing"),
        pytest.param({"role": "king"}, "union_tag_invalid", "who", id="a role that is none"),
        pytest.param({}, "union_tag_invalid", "who", id="no role"),
        pytest.param({"role": "owner", "pets": [{}]}, "union_tag_invalid", "who.pets[0]", id="?"),
        pytest.param(
            {"role": "owner", "pets": [{"type": "cat", "lives": "9"}]},
            "int_type",
            "who.pets[0].lives",
            id="a number in quotes",
        ),
        pytest.param(
            {"role": "owner", "pets": [{"type": "dog", "tricks": ["sit", 3]}]},
            "string_type",
            "who.pets[0].tricks[1]",
            id="in a list",
        ),
        pytest.param(
            {"role": "owner", "pets": [{"type": "dog", "tricks": 3}]},
            "string_type",
            "who.pets[0].tricks",
            id="neither text nor list",
        ),
    ],
)
def test_mistakes_say_what_and_where(who: Any, kind: str, place: str) -> None:
    """What is declared and wrong is told by its kind and place, without names of ours."""
    with pytest.raises(MistakenError) as caught:
        visit(who)

    assert (caught.value.mistake.kind, path(caught.value.mistake.place)) == (kind, place)


def test_null_asks_for_nothing_where_nothing_is_modelled() -> None:
    """SDKs send null for what nobody has set."""
    owner = {"role": "owner", "pets": [{"type": "dog", "tricks": "sit"}], "secret": None}

    assert visit(owner).who.role == "owner"


class Page(DeclaredQuery):
    """Which part of a list."""

    limit: int = 20


def test_query_is_text_that_is_read() -> None:
    """What arrives as text is a number where a number is declared."""
    assert read(Page, {"limit": "3"}, upstream="doorman", operation="list").limit == 3
    with pytest.raises(MistakenError):
        read(Page, {"limit": "x"}, upstream="doorman", operation="list")
