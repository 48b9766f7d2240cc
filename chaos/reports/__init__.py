"""Readers of traces and verdicts: for a terminal, for CI, for programs."""
