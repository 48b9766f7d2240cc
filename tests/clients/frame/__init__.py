"""Plays clients in the world and on loopback, and writes down what came of it."""

import pytest

# What differs is shown, as in modules of tests.
pytest.register_assert_rewrite("tests.clients.frame.played", "tests.clients.frame.tests")
