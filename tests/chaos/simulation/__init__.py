"""Tests of the worlds that runs happen in."""
