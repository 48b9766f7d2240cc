"""OpenAI's words for a request that is not as it should be."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeVar

from chaos.http import Response
from chaos.upstreams.bodies import parsed
from chaos.upstreams.declared import (
    INVALID_URL,
    Declared,
    Mistake,
    MistakenError,
    path,
    read,
)
from chaos.upstreams.openai.errors import invalid_request
from chaos.upstreams.openai.item_ids import WRONG_PREFIX
from chaos.upstreams.openai.pictures import INVALID_BASE64, UNSUPPORTED_IMAGE
from chaos.upstreams.refusal import RefusalError

D = TypeVar("D", bound=Declared)

_EXPECTED = {
    "string_type": "a string",
    "bool_type": "a boolean",
    "int_type": "an integer",
    "int_from_float": "an integer",
    "float_type": "a decimal",
    "list_type": "an array",
    "dict_type": "an object",
    "model_type": "an object",
    "model_attributes_type": "an object",
}
"""What was expected, by pydantic's name of the mistake."""

_NAMES: tuple[tuple[type | tuple[type, ...], str], ...] = (
    (type(None), "null"),
    (bool, "a boolean"),
    (int, "an integer"),
    (float, "a decimal"),
    (str, "a string"),
    (list, "an array"),
    (dict, "an object"),
)

_BOUNDS = {
    "greater_than_equal": ("below minimum value", "below_min_value", ">=", "ge"),
    "greater_than": ("below minimum value", "below_min_value", ">", "gt"),
    "less_than_equal": ("above maximum value", "above_max_value", "<=", "le"),
    "less_than": ("above maximum value", "above_max_value", "<", "lt"),
}


def read_body(kind: type[D], raw: bytes, *, upstream: str, operation: str) -> D:
    """A JSON body as ``kind`` declares it.

    Raises:
        RefusalError: With the 400 that OpenAI would answer.
        UnmodelledError: Something in it is not modelled.
    """
    try:
        body = parsed(raw)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        message = "We could not parse the JSON body of your request."
        raise RefusalError(invalid_request(message))
    try:
        return read(kind, body, upstream=upstream, operation=operation)
    except MistakenError as error:
        raise RefusalError(response_to(error.mistake)) from None


def response_to(mistake: Mistake) -> Response:
    """The 400 that names the parameter, and says what is wrong with it.

    Example:
        >>> place = ("messages", 0, "role")
        >>> mistake = Mistake(kind="missing", place=place, value={}, limits={})
        >>> response_to(mistake).json()["error"]["message"]
        "Missing required parameter: 'messages[0].role'."
    """
    param = path(mistake.place)
    if param == "model" and mistake.kind in {"missing", "string_too_short"}:
        return invalid_request("you must provide a model parameter")
    if mistake.kind == "union_tag_invalid":
        mistake = _of_the_key(mistake)
        param = path(mistake.place)
    say = _WORDS.get(mistake.kind, _wrong_type)
    message, code = say(mistake, param)
    return invalid_request(message, param, code)


Words = tuple[str, str]
"""A message and its code."""


def _of_the_key(mistake: Mistake) -> Mistake:
    """The mistake of the key (``role``, ``type``) by which a thing is of no kind that there is."""
    if not isinstance(mistake.value, dict):
        return replace(mistake, kind="dict_type")
    key = mistake.limits["discriminator"].removesuffix("()")
    place = (*mistake.place, key)
    if key not in mistake.value:
        return replace(mistake, kind="missing", place=place)
    known = mistake.limits["expected_tags"].replace("<", "").replace(">", "")
    value = mistake.value[key]
    return Mistake(kind="literal_error", place=place, value=value, limits={"expected": known})


def _missing(_: Mistake, param: str) -> Words:
    return f"Missing required parameter: '{param}'.", "missing_required_parameter"


def _wrong_type(mistake: Mistake, param: str) -> Words:
    expected = _EXPECTED.get(mistake.kind, "another value")
    if mistake.kind == "string_type" and mistake.kinds[-2:] == ("content", "<text>"):
        # Each API has its own order.
        is_chat = mistake.place[0] == "messages"
        forms = ("a string or array of objects", "an array of objects or string")
        expected = f"one of {forms[not is_chat]}"
    named = (name for types, name in _NAMES if isinstance(mistake.value, types))
    got = next(named, "something else")
    wanted = f"expected {expected}, but got {got} instead"
    return f"Invalid type for '{param}': {wanted}.", "invalid_type"


def _wrong_value(mistake: Mistake, _: str) -> Words:
    value = mistake.value
    shown = f"'{value}'" if isinstance(value, str) else json.dumps(value)
    known = mistake.limits["expected"].replace(" or ", ", and ")
    return f"Invalid value: {shown}. Supported values are: {known}.", "invalid_value"


def _wrong_pattern(mistake: Mistake, param: str) -> Words:
    wanted = f"Expected a string that matches the pattern '{mistake.limits['pattern']}'."
    return f"Invalid '{param}': string does not match pattern. {wanted}", "invalid_value"


def _short(mistake: Mistake, param: str) -> Words:
    """Too short is always empty: nothing has to be longer than one."""
    kind = "array" if mistake.kind == "too_short" else "string"
    least = mistake.limits["min_length"]
    article = "an" if kind == "array" else "a"
    wanted = f"Expected {article} {kind} with minimum length {least}"
    got = f"but got an empty {kind} instead"
    return f"Invalid '{param}': empty {kind}. {wanted}, {got}.", f"empty_{kind}"


def _long(mistake: Mistake, param: str) -> Words:
    if isinstance(mistake.value, dict):
        most, has = mistake.limits["max_length"], len(mistake.value)
        wanted = f"Expected an object with at most {most} properties"
        got = f"but got an object with {has} properties instead"
        message = f"Invalid '{param}': too many properties. {wanted}, {got}."
        return message, "object_above_max_properties"
    kind = "array" if mistake.kind == "too_long" else "string"
    article = "an" if kind == "array" else "a"
    length = len(mistake.value) if isinstance(mistake.value, str | list) else 0
    wanted = f"Expected {article} {kind} with maximum length {mistake.limits['max_length']}"
    got = f"but got {article} {kind} with length {length} instead"
    if mistake.place[-1] == mistake.value:
        # It is the name of a property that is too long.
        what = f"Invalid property name in '{path(mistake.place[:-1])}': '{mistake.value}'"
        return f"{what} is too long. {wanted}, {got}.", f"{kind}_above_max_length"
    return f"Invalid '{param}': {kind} too long. {wanted}, {got}.", f"{kind}_above_max_length"


def _out_of_bounds(mistake: Mistake, param: str) -> Words:
    wrong, code, sign, limit = _BOUNDS[mistake.kind]
    bound = mistake.limits[limit]
    # The limits of whole numbers are whole numbers; those of others are not, even if they are.
    kind = "integer" if isinstance(bound, int) else "decimal"
    wanted = f"Expected a value {sign} {bound:g}, but got {mistake.value} instead"
    return f"Invalid '{param}': {kind} {wrong}. {wanted}.", f"{kind}_{code}"


def _no_url(_: Mistake, param: str) -> Words:
    wanted = "Expected a valid URL, but got a value with an invalid format."
    return f"Invalid '{param}'. {wanted}", "invalid_value"


def _wrong_prefix(mistake: Mistake, param: str) -> Words:
    wanted = f"Expected an ID that begins with '{mistake.limits['prefix']}'."
    return f"Invalid '{param}': '{mistake.value}'. {wanted}", "invalid_value"


def _no_image(_: Mistake, __: str) -> Words:
    message = "You uploaded an unsupported image. Please make sure your image has one of the "
    message += "following formats: ['png', 'jpeg', 'gif', 'webp']."
    return message, "invalid_image_format"


def _no_base64(_: Mistake, __: str) -> Words:
    return "Invalid base64 image_url.", "invalid_base64"


_WORDS: Mapping[str, Callable[[Mistake, str], Words]] = {
    "missing": _missing,
    "literal_error": _wrong_value,
    "string_pattern_mismatch": _wrong_pattern,
    "too_short": _short,
    "string_too_short": _short,
    "too_long": _long,
    "string_too_long": _long,
    INVALID_URL: _no_url,
    WRONG_PREFIX: _wrong_prefix,
    UNSUPPORTED_IMAGE: _no_image,
    INVALID_BASE64: _no_base64,
    **dict.fromkeys(_BOUNDS, _out_of_bounds),
}
