"""Durations and sizes."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chaos.units import format_duration, parse_duration, parse_size


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("250ms", 0.25),
        ("1.5h", 5400),
        ("23h59m", 86340),
        ("1d2h3m4s5ms", 93784.005),
        ("-1h", -3600),
        ("0s", 0),
        (" 60s ", 60),
    ],
)
def test_duration_is_read(text: str, seconds: float) -> None:
    """Units follow each other, largest first; a minus goes back in time."""
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("60", "has no unit"),
        ("-1.5", "has no unit"),
        ("", "is not a duration"),
        ("-", "is not a duration"),
        ("5 s", "is not a duration"),
        ("1s1h", "is not a duration"),
        ("1h1h", "is not a duration"),
        ("1.s", "is not a duration"),
        ("٣s", "is not a duration"),
        ("1e3s", "is not a duration"),
        ("60S", "is not a duration"),
        ("99999999999999999d", "longer than ten years"),
    ],
)
def test_duration_that_is_none_is_refused(text: str, reason: str) -> None:
    """What is not clearly a duration is refused, with the reason."""
    with pytest.raises(ValueError, match=reason):
        parse_duration(text)


@settings(deadline=None, database=None)
@given(st.timedeltas(min_value=timedelta(days=-3650), max_value=timedelta(days=3650)))
def test_duration_written_is_read_back(duration: timedelta) -> None:
    """To the microsecond, and with its sign."""
    assert parse_duration(format_duration(duration.total_seconds())) == duration


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0ms"),
        (-1e-9, "0ms"),
        (0.0005, "0.5ms"),
        (0.9999999, "1s"),
        (59.999999, "59.999999s"),
        (90, "1m30s"),
        (86400, "1d"),
    ],
)
def test_duration_is_written_as_people_do(seconds: float, text: str) -> None:
    """No zero parts, no needless digits."""
    assert format_duration(seconds) == text


@pytest.mark.parametrize(
    ("text", "size"),
    [("0", 0), ("512", 512), ("512 B", 512), ("64KB", 64_000), ("2MB", 2_000_000)],
)
def test_size_is_read(text: str, size: int) -> None:
    """Units are decimal."""
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "-1", "1.5KB", "64kb", "64 KiB", "9" * 5000])
def test_size_that_is_none_is_refused(text: str) -> None:
    """What is not clearly a size is refused."""
    with pytest.raises(ValueError, match="is not a size"):
        parse_size(text)
