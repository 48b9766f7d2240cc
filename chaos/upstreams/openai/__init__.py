"""A stand-in for OpenAI's API."""

from chaos.upstreams.openai.upstream import OpenAIUpstream

__all__ = ["OpenAIUpstream"]
