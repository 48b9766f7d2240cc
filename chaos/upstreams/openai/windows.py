"""How much a model reads and writes at most, and the 400 for more."""

from __future__ import annotations

from chaos.upstreams.openai.errors import invalid_request
from chaos.upstreams.openai.models import Model
from chaos.upstreams.refusal import RefusalError

TOO_LONG = "context_length_exceeded"


def require_short_answer(model: Model, wanted: int | None, param: str) -> None:
    """See to it that an answer may be as long as a request allows.

    Raises:
        RefusalError: The model writes less: the provider's 400.

    Example:
        >>> model = Model(name="gpt-4o-mini", longest=16_384)
        >>> require_short_answer(model, 500, "max_tokens")
        >>> require_short_answer(model, 20_000, "max_tokens")
        Traceback (most recent call last):
            ...
        chaos.upstreams.refusal.RefusalError: 400
    """
    if wanted is not None and model.longest is not None and wanted > model.longest:
        message = (
            f"{param} is too large: {wanted}. This model supports at most {model.longest} "
            f"completion tokens, whereas you provided {wanted}."
        )
        raise RefusalError(invalid_request(message, param, "invalid_value"))


def require_short_prompt(model: Model, read: int, wanted: int | None, param: str) -> None:
    """See to it that prompt and answer fit into the window of a model.

    Raises:
        RefusalError: They do not: the provider's 400.
    """
    if model.context is None or read + (wanted or 0) <= model.context:
        return
    message = f"This model's maximum context length is {model.context} tokens. However, "
    if wanted is None:
        message += f"your {param} resulted in {read} tokens. Please reduce the length of the "
        message += f"{param}."
    else:
        message += f"you requested {read + wanted} tokens ({read} in the {param}, {wanted} in the "
        message += f"completion). Please reduce the length of the {param} or completion."
    raise RefusalError(invalid_request(message, param, TOO_LONG))
