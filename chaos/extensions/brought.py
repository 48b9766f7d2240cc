"""What a target brings along: faults, laws and expectations for its own scenarios."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chaos.extensions import finding
from chaos.extensions.kinds import Extension, ExtensionError, ExtensionKind

BRINGABLE = (ExtensionKind.FAULT, ExtensionKind.LAW, ExtensionKind.EXPECTATION)
"""What can concern the scenarios of one target only."""


def bring(brings: Sequence[Any], by: str) -> None:
    """Add what a target brings along, for its scenarios; see `of_others`.

    Args:
        brings: Classes, as `chaos.ports.Target.brings` has them.
        by: What to call the target in messages.

    Raises:
        ExtensionError: Something of it is not as it should be.
    """
    for thing in brings:
        if not _is_bringable(thing):
            words = ", ".join(kind.word for kind in BRINGABLE)
            raise ExtensionError(
                f"{by} brings {thing!r}; expected a class of one of these kinds: {words}; take it "
                "out of 'brings', or name its module under [tool.chaos] in pyproject.toml"
            )
    finding.bring(
        [
            finding.Found(thing=each, reference=f"{each.__module__}:{each.__qualname__}", by=by)
            for each in brings
        ]
    )


def _is_bringable(thing: object) -> bool:
    return isinstance(thing, type) and issubclass(thing, Extension) and thing.extends in BRINGABLE


def of_others(kind: ExtensionKind, brings: Sequence[Any]) -> frozenset[str]:
    """The names of a kind that only other targets have brought: no words of this one.

    Args:
        kind: The kind.
        brings: What this target brings.

    Example:
        >>> of_others(ExtensionKind.LAW, ())
        frozenset()
    """
    others = finding.only_brought(kind)
    return frozenset(name for name, thing in others.items() if thing not in brings)
