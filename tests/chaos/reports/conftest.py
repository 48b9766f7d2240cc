"""The browser of these tests is in ``tests/browser.py``; its name can be had from here too."""

from tests.browser import chromium

__all__ = ["chromium"]
