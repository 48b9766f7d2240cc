"""Tests of planted defects and of the kill matrix."""
