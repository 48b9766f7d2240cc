"""A stand-in for Anthropic's API."""

from chaos.upstreams.anthropic.upstream import AnthropicUpstream

__all__ = ["AnthropicUpstream"]
