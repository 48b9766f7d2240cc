"""Requests as declarations: an operation takes what its class declares, and nothing else.

A class names each parameter that the stand-in models, the values it may have, and (as its
description) what the stand-in does with it. Whatever is not declared raises `UnmodelledError`;
what is declared and wrong becomes a `Mistake`, which each provider puts into words of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    ValidationError,
)
from pydantic_core import ErrorDetails, PydanticCustomError

from chaos.upstreams.unmodelled import UnmodelledError

Place = tuple[str | int, ...]
"""Keys and positions that lead to a part of a request."""

INVALID_URL = "invalid_url"
"""Our name in pydantic for a text that is to be a URL, and is none."""

_UNMODELLED = "unmodelled"
"""Our own type of error in pydantic, for a value that the provider knows and we do not."""


class Declared(BaseModel):
    """A part of a request in which every parameter is declared.

    Values are taken as they are: a number in quotes is no number, as for the providers.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, protected_namespaces=())


class DeclaredQuery(Declared):
    """The query of a request, in which every value arrives as text."""

    model_config = ConfigDict(strict=False)


D = TypeVar("D", bound=Declared)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """What is wrong with a declared parameter.

    Attributes:
        kind: Pydantic's name for it: ``missing``, ``string_type``, ``too_short``, …
        place: Where it is; empty for the whole body.
        value: What stands there.
        limits: What pydantic knows of what was expected.
        kinds: ``place`` with the kinds of things on the way, in angle brackets: ``<text>``.
    """

    kind: str
    place: Place
    value: object
    limits: Mapping[str, Any]
    kinds: Place = ()


class MistakenError(Exception):
    """A request is not as its operation declares it; ``mistake`` is the first that was found."""

    def __init__(self, mistake: Mistake) -> None:
        self.mistake = mistake
        super().__init__(f"{path(mistake.place) or 'the body'}: {mistake.kind}")


def read(kind: type[D], body: object, *, upstream: str, operation: str) -> D:
    """A request as its operation declares it.

    Args:
        kind: What the operation declares.
        body: A parsed body, or a query.
        upstream: Name of the stand-in, for messages.
        operation: Name of the operation, for messages.

    Raises:
        UnmodelledError: Something is not declared. This comes first: what the provider would say
            to the rest of such a request cannot be known.
        MistakenError: Something is declared, and wrong.

    Example:
        >>> class Greeting(Declared):
        ...     name: str
        >>> read(Greeting, {"name": "Ada"}, upstream="doorman", operation="greet").name
        'Ada'
        >>> read(Greeting, {"name": "Ada", "hat": True}, upstream="doorman", operation="greet")
        Traceback (most recent call last):
            ...
        chaos.upstreams.unmodelled.UnmodelledError: doorman does not model 'hat' of greet; \
expected only what the operation declares; leave it out, or declare it in chaos.upstreams.declared
        >>> read(Greeting, {}, upstream="doorman", operation="greet")
        Traceback (most recent call last):
            ...
        chaos.upstreams.declared.MistakenError: name: missing
    """
    try:
        return kind.model_validate(body)
    except ValidationError as error:
        found = error.errors(include_url=False)
    unmodelled = dict.fromkeys(_name(each) for each in found if _is_unmodelled(each))
    if unmodelled:
        raise UnmodelledError(upstream, operation, unmodelled, taught_in=kind.__module__)
    first = found[0]
    raise MistakenError(
        Mistake(
            kind=first["type"],
            place=_place(first["loc"]),
            value=first["input"],
            limits=first.get("ctx", {}),
            kinds=tuple(step for step in first["loc"] if not str(step).startswith("[")),
        )
    )


def path(place: Place) -> str:
    """A place as OpenAI writes it.

    Example:
        >>> path(("messages", 0, "role"))
        'messages[0].role'
    """
    text = ""
    for step in place:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def only(*modelled: object) -> AfterValidator:
    """Of the values that the provider takes, the ones that are modelled.

    Example:
        >>> from typing import Annotated, Literal
        >>> from pydantic import create_model
        >>> tone = Annotated[Literal["warm", "cold"], only("warm")]
        >>> Greeting = create_model("Greeting", __base__=Declared, tone=tone)
        >>> try:
        ...     read(Greeting, {"tone": "cold"}, upstream="doorman", operation="greet")
        ... except UnmodelledError as error:
        ...     error.parameters
        ('tone="cold"',)
    """

    def check(value: object) -> object:
        if value not in modelled:
            raise _unmodelled_value(value)
        return value

    return AfterValidator(check)


def not_modelled_value(*values: object) -> AfterValidator:
    """Of the values that the provider takes, the ones that are not modelled."""

    def check(value: object) -> object:
        if value in values:
            raise _unmodelled_value(value)
        return value

    return AfterValidator(check)


NotModelled = Annotated[object, only(None)]
"""A parameter that clients send as null, and that means something only if it is not."""


def not_modelled(key: str, *values: str) -> BeforeValidator:
    """Of the kinds of a thing that ``key`` tells apart, those that the stand-in does not model."""

    def check(thing: object) -> object:
        value = thing.get(key) if isinstance(thing, dict) else None
        if value in values:
            raise _unmodelled_value(value, key)
        return thing

    return BeforeValidator(check)


KIND = "type"
"""The key by which providers tell most things apart. They add kinds all the time, so one that is
not declared is unmodelled; of another key (``role``), it is a mistake."""


def by(key: str) -> Discriminator:
    """Tell the members of a union apart by a key; member ``x`` has the tag ``<x>``.

    Tags are in angle brackets because pydantic puts them among the keys that lead to a mistake:
    no parameter is called so.
    """

    def tag(thing: object) -> str:
        value = thing.get(key) if isinstance(thing, dict) else getattr(thing, key, None)
        return f"<{value}>"

    # Pydantic names the function in its errors, and that is how the key gets into a `Mistake`.
    tag.__name__ = key
    return Discriminator(tag)


def _tag_of_text(thing: object) -> str:
    return "<list>" if isinstance(thing, list) else "<text>"


def _tag_of_word(thing: object) -> str:
    return "<object>" if isinstance(thing, dict) else "<text>"


TEXT_OR_OBJECT = Discriminator(_tag_of_word)
"""Tells a text (``<text>``) from an object (``<object>``), in the same way."""

TEXT_OR_LIST = Discriminator(_tag_of_text)
"""Tells a text (``<text>``) from a list (``<list>``); anything else is a text that is wrong."""


def _is_unmodelled(error: ErrorDetails) -> bool:
    if error["type"] != "union_tag_invalid":
        return error["type"] in {"extra_forbidden", _UNMODELLED}
    has_kind = isinstance(error["input"], dict) and _kind_of(error) != str(None)
    return has_kind and error["ctx"]["discriminator"] == f"{KIND}()"


def _kind_of(error: ErrorDetails) -> str:
    """The kind that a thing says it is of, without the brackets of its tag."""
    return str(error["ctx"]["tag"])[1:-1]


def _unmodelled_value(value: object, key: str = "") -> PydanticCustomError:
    return PydanticCustomError(_UNMODELLED, "not modelled", {"value": value, "key": key})


def _place(location: tuple[str | int, ...]) -> Place:
    # Tags are in angle brackets, and pydantic marks the name of a key in brackets of its own.
    own = ("<", "[")
    return tuple(step for step in location if not (isinstance(step, str) and step[:1] in own))


def _name(error: ErrorDetails) -> str:
    place = _place(error["loc"])
    if error["type"] == "extra_forbidden":
        return path(place)
    if error["type"] == _UNMODELLED:
        key, value = error["ctx"]["key"], error["ctx"]["value"]
    else:
        key, value = KIND, _kind_of(error)
    place = (*place, key) if key else place
    if isinstance(value, dict | list):
        return path(place)
    return f"{path(place)}=" + (f'"{value}"' if isinstance(value, str) else repr(value))
