"""Stand-ins for what says who somebody is on Google's cloud: tokens, and the metadata server."""

from chaos.upstreams.google.boundaries import IamCredentialsUpstream
from chaos.upstreams.google.identity import GoogleIdentity
from chaos.upstreams.google.metadata import MetadataUpstream
from chaos.upstreams.google.tokens import TokenUpstream

__all__ = ["GoogleIdentity", "IamCredentialsUpstream", "MetadataUpstream", "TokenUpstream"]
