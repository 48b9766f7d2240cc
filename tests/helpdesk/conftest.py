"""Fixtures of these tests are in ``tests/conftest.py``; their names can be had from here too."""

from tests.conftest import Clock

__all__ = ["Clock"]
