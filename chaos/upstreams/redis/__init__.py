"""Stand-in for Redis and its like: keys that expire in virtual time, over RESP 2 and 3."""

from chaos.upstreams.redis.upstream import RedisUpstream

__all__ = ["RedisUpstream"]
