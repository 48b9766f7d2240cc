"""Tests of the targets that come with the harness."""
