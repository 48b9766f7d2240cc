"""A small service that keeps exchange rates in Redis: redis-py and httpx, sync and async."""
