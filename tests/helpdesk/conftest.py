"""Fixtures of these tests are elsewhere; their names can be had from here too."""

from tests.browser import chromium
from tests.conftest import Clock

__all__ = ["Clock", "chromium"]
