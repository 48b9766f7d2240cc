"""A real browser for the tests of pages, or a clear word on why there is none."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service

_HINT = "the page's tests need Chromium and its driver: apt-get install chromium chromium-driver"
_QUIET = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--hide-scrollbars", "--window-size=1440,1000"),
)


def _find(*names: str) -> str:
    """Return the first of these programs there is. CI must have one; a person may not."""
    for name in names:
        if path := shutil.which(name):
            return path
    if os.environ.get("CI") == "true":
        pytest.fail(_HINT)
    pytest.skip(_HINT)


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    """Return a headless Chromium with a profile of its own."""
    options = ChromeOptions()
    options.binary_location = _find("chromium", "chromium-browser", "google-chrome")
    profile: Path = tmp_path_factory.mktemp("profile")
    for argument in (*_QUIET, f"--user-data-dir={profile}"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    browser = Chrome(options, Service(_find("chromedriver")))
    yield browser
    browser.quit()
