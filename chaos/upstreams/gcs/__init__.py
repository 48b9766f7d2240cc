"""A stand-in for Google Cloud Storage: its JSON API, version 1."""

from chaos.upstreams.gcs.upstream import GcsUpstream

__all__ = ["GcsUpstream"]
