"""Tests of the service and of the harness."""
