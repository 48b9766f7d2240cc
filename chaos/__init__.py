"""A harness that proves, in virtual time, that a service survives its providers."""

__version__ = "0.1.0"
"""The version of both packages; they are released together."""
