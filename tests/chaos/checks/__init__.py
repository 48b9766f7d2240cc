"""Checks over the trace of a run."""
