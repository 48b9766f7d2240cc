"""The comparison as an SVG: what each service gave its users, and what it asked of providers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from chaos.incidents.comparison import grouped
from chaos.incidents.measures import Row

LABEL, BAR, CALLS, ROW, TOP = 190, 120, 52, 26, 64
_LEGEND = 150
_COLOURS = {"best": "#2f9e6e", "fallback": "#e3b341", "error": "#d1495b"}
_MEANING = {"best": "in the best mode", "fallback": "in a lesser one", "error": "not at all"}

_STYLE = (
    "text{font:12px system-ui,sans-serif;fill:#57606a}"
    ".calls{text-anchor:end;font-size:10px}.head{font-weight:600}"
)


def as_svg(rows: Sequence[Row]) -> str:
    """A line for each incident and a column for each service.

    The bar is the questions asked while it lasted, by who answered them; the number behind it is
    how many requests the providers in trouble got for each. The same rows give the same text.
    """
    targets = list(dict.fromkeys(row.target for row in rows))
    groups = list(grouped(rows))
    width = LABEL + len(targets) * (BAR + CALLS)
    height = TOP + ROW * len(groups) + 8
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" '
        f'aria-label="{escape(_summary(rows))}"><style>{_STYLE}</style>\n'
        + "\n".join(
            [
                *_legend(),
                *(
                    f'<text class="head" x="{_left(column)}" y="52">{escape(target)}</text>'
                    for column, target in enumerate(targets)
                ),
                *(
                    line
                    for index, (name, group) in enumerate(groups)
                    for line in _incident(name, group, targets, TOP + ROW * index)
                ),
            ]
        )
        + "\n</svg>\n"
    )


def _legend() -> Iterator[str]:
    yield '<text x="0" y="20">questions, answered</text>'
    left = LABEL
    for field, colour in _COLOURS.items():
        yield f'<rect x="{left}" y="10" width="12" height="12" fill="{colour}"/>'
        yield f'<text x="{left + 18}" y="20">{_MEANING[field]}</text>'
        left += _LEGEND
    yield f'<text x="{left}" y="20">behind each bar: calls per question</text>'


def _incident(name: str, group: Sequence[Row], targets: Sequence[str], top: int) -> Iterator[str]:
    yield f'<text x="0" y="{top + 13}">{escape(name)}</text>'
    for row in group:
        left = _left(targets.index(row.target))
        drawn = so_far = 0
        for field, colour in _COLOURS.items():
            so_far += getattr(row, field)
            end = round(BAR * so_far / row.asks) if row.asks else 0
            if end > drawn:
                yield (
                    f'<rect x="{left + drawn}" y="{top + 2}" width="{end - drawn}" height="14" '
                    f'fill="{colour}"/>'
                )
            drawn = end
        yield (
            f'<text class="calls" x="{left + BAR + 34}" y="{top + 13}">'
            f"{row.amplification:.2f}</text>"
        )


def _left(column: int) -> int:
    return LABEL + column * (BAR + CALLS)


def _summary(rows: Sequence[Row]) -> str:
    """The picture in words, for whoever cannot see it."""
    shares = []
    for target in dict.fromkeys(row.target for row in rows):
        of_it = [row for row in rows if row.target == target]
        asks = sum(row.asks for row in of_it)
        answered = sum(row.best + row.fallback for row in of_it)
        shares.append(f"{target} answered {answered} of {asks} questions")
    return "; ".join(shares)
