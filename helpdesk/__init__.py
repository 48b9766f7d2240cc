"""A resilient retrieval-augmented helpdesk service."""

__version__ = "0.1.0"
"""The version of both packages; they are released together."""
