"""The comparison that is kept in the documentation: its file, its picture, and their age."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from chaos.errors import ChaosError
from chaos.incidents import saved
from chaos.incidents.catalogue import FOLDER, read_catalogue
from chaos.incidents.measures import Row
from chaos.incidents.picture import as_svg
from chaos.incidents.totals import HEADINGS, totals

ROOT = Path(__file__).parents[3]
NUMBERS, PICTURE = ROOT / "docs" / "incidents.json", ROOT / "docs" / "images" / "incidents.svg"
LIBRARY = read_catalogue(ROOT / FOLDER)
RENEW = (
    "write it anew: chaos incidents run --json docs/incidents.json --svg docs/images/incidents.svg"
)


def row(target: str, *, best: int = 0, fallback: int = 0, error: int = 0) -> Row:
    """A row of so many answers, with two calls a question."""
    asks = best + fallback + error
    return Row(
        incident="that-day",
        target=target,
        outcome="passed",
        asks=asks,
        best=best,
        fallback=fallback,
        error=error,
        stale=0,
        calls=2 * asks,
        slowest_s=1.0,
        opened_after_s=None,
        recovered_after_s=3.5,
        virtual_s=60.0,
        real_s=0.0,
    )


def test_kept_numbers_are_about_the_library_as_it_is() -> None:
    """No incident was changed, added or removed since they were measured."""
    assert saved.outdated(NUMBERS, LIBRARY) == [], RENEW


def test_kept_numbers_are_of_claims_that_hold() -> None:
    """The helpdesk did in every incident what its file claims."""
    rows = saved.load(NUMBERS)

    assert {row.outcome for row in rows if row.target == "helpdesk"} == {"passed"}
    assert {row.error for row in rows if row.target == "helpdesk"} == {0}


def test_kept_picture_is_drawn_from_the_kept_numbers() -> None:
    """Byte for byte."""
    assert PICTURE.read_text(encoding="utf-8") == as_svg(saved.load(NUMBERS)), RENEW


def test_page_tells_the_kept_numbers() -> None:
    """Its table is the one that the numbers make, and it names every incident."""
    page = (ROOT / "docs" / "incidents.md").read_text(encoding="utf-8")

    lines = [f"| service | {' | '.join(HEADINGS)} |", "| --- | ---: | ---: | ---: | ---: |"]
    lines += [
        f"| {each.target} | {' | '.join(each.cells())} |" for each in totals(saved.load(NUMBERS))
    ]
    assert "\n".join(lines) + "\n" in page
    assert [each.name for each in LIBRARY if f"`{each.name}`" not in page] == []


def test_rows_are_read_as_they_were_written(tmp_path: Path) -> None:
    """All but the real time, which is left out so that the file is the same everywhere."""
    path, rows = tmp_path / "rows.json", [row("helpdesk", best=3), row("no-retry", error=3)]

    path.write_text(saved.dump(LIBRARY, rows), encoding="utf-8")

    assert saved.load(path) == rows
    assert saved.outdated(path, LIBRARY) == []


def test_changed_incident_is_noticed(tmp_path: Path) -> None:
    """A file that is not as it was, and one that was not there, are both named."""
    path, first = tmp_path / "rows.json", LIBRARY[0]
    text = saved.dump(LIBRARY[:-1], []).replace(f'"{first.name}": "', f'"{first.name}": "0')

    path.write_text(text, encoding="utf-8")

    assert saved.outdated(path, LIBRARY) == sorted([first.name, LIBRARY[-1].name])


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"format": 0}'])
def test_other_file_is_no_comparison(tmp_path: Path, text: str) -> None:
    """The message says how to write one."""
    path = tmp_path / "rows.json"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(ChaosError, match="chaos incidents run --json"):
        saved.load(path)


def test_picture_draws_shares() -> None:
    """Each bar is whole, parted as the answers were; the number behind it is calls a question."""
    drawn = ET.fromstring(as_svg([row("a", best=50, fallback=25, error=25), row("b", error=4)]))

    svg = "{http://www.w3.org/2000/svg}"
    widths = [int(rect.attrib["width"]) for rect in drawn.iter(f"{svg}rect")][3:]
    calls = [text.text for text in drawn.iter(f"{svg}text") if text.get("class") == "calls"]
    assert widths == [60, 30, 30, 120]
    assert calls == ["2.00", "2.00"]
    assert (
        drawn.attrib["aria-label"] == "a answered 75 of 100 questions; b answered 0 of 4 questions"
    )


def test_numbers_do_not_age_with_what_is_written_about_an_incident(tmp_path: Path) -> None:
    """A better source changes no number; a line that is played may."""
    (incident, *_) = LIBRARY
    copy = replace(incident, path=tmp_path / incident.path.name)
    text = incident.path.read_text(encoding="utf-8")
    copy.path.write_text(text, encoding="utf-8")
    path = tmp_path / "numbers.json"
    path.write_text(saved.dump([copy], []), encoding="utf-8")

    copy.path.write_text(f"# source: another\n{text}", encoding="utf-8")
    assert saved.outdated(path, [copy]) == []

    copy.path.write_text(text.replace("method:", "seed: 5\nmethod:"), encoding="utf-8")
    assert saved.outdated(path, [copy]) == [incident.name]
