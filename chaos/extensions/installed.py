"""Everything that was added, each by itself: what works, and what is broken."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.metadata import EntryPoint, entry_points

from chaos.extensions.finding import Found, announced_as, read_module
from chaos.extensions.kinds import ExtensionError, ExtensionKind
from chaos.extensions.project import named_modules
from chaos.extensions.registry import registries

OUR_PACKAGE = "chaos."
"""What comes along is announced, too, and nothing that was added."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    """Something that was added, or could not be.

    Attributes:
        what: Its kind and its name: ``fault 'brownout'``.
        seen: Where it is and who names it; of something broken, what is wrong with it.
        is_broken: Whether it cannot be used; then no run can begin.
    """

    what: str
    seen: str
    is_broken: bool = False


def installed() -> Iterator[Installed]:
    """All that packages announce and the project names, in order of kind and name.

    Everything is imported, also the targets. One that is broken hides no other.
    """
    told: list[str] = []
    try:
        modules: Sequence[str] = sorted(named_modules())
    except ExtensionError as error:
        yield Installed(what="plug-ins", seen=str(error), is_broken=True)
        return
    for name in modules:
        yield from _tried(f"plug-in {name!r}", partial(read_module, name), told)
    for kind in ExtensionKind:
        for point in sorted(entry_points(group=kind.group)):
            if not point.value.startswith(OUR_PACKAGE):
                what = f"{kind.word} {point.name!r}"
                yield from _tried(what, partial(_announced, point, kind), told)
    # Each may be whole, and two still claim one name. Of what is broken the same is said again.
    for registry in registries():
        try:
            len(registry)
        except ExtensionError as error:
            if str(error) not in told:
                told.append(str(error))
                yield Installed(what=registry.kind.value, seen=str(error), is_broken=True)


def _announced(point: EntryPoint, kind: ExtensionKind) -> Iterator[Found]:
    yield announced_as(point, kind)


def _tried(what: str, read: Callable[[], Iterator[Found]], told: list[str]) -> Iterator[Installed]:
    try:
        found = list(read())
    except ExtensionError as error:
        told.append(str(error))
        yield Installed(what=what, seen=str(error), is_broken=True)
        return
    for each in found:
        what = f"{each.thing.extends.word} {each.thing.name!r}"
        yield Installed(what=what, seen=f"{each.reference}, named by {each.by}")
