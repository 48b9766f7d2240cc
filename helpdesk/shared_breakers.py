"""One breaker and one memory for each upstream in this process, shared by all services in it.

A breaker for each service object would never open: each would see a share of the failures.
Processes do not share theirs: four workers open four breakers, each after its own failures.
"""

from __future__ import annotations

import logging
import threading

from helpdesk.circuit_breaker import CircuitBreaker
from helpdesk.provider_memory import ProviderMemory
from helpdesk.settings import BreakerSettings

logger = logging.getLogger(__name__)

_lock = threading.Lock()
_breakers: dict[str, CircuitBreaker] = {}
_memories: dict[str, ProviderMemory] = {}


def shared_breaker(upstream: str, options: BreakerSettings) -> CircuitBreaker:
    """Return the breaker of ``upstream``, made on first use with ``options``.

    The first options win. Two policies for one upstream cannot both hold, and changing those
    of a breaker under way would be a surprise to whoever made it; so later, different options
    are logged as a warning and not used. A service that needs its own passes its own breaker.

    Example:
        >>> first = shared_breaker("openai", BreakerSettings())
        >>> shared_breaker("openai", BreakerSettings()) is first
        True
    """
    with _lock:
        breaker = _breakers.get(upstream)
        if breaker is None:
            breaker = _breakers[upstream] = CircuitBreaker(upstream, options)
    if breaker.options != options:
        logger.warning("breaker of %s is shared already and keeps its first options", upstream)
    return breaker


def shared_memory(upstream: str, options: BreakerSettings) -> ProviderMemory:
    """Return what this process remembers of ``upstream``, made on first use with ``options``.

    Example:
        >>> first = shared_memory("openai", BreakerSettings())
        >>> shared_memory("openai", BreakerSettings()) is first
        True
    """
    with _lock:
        return _memories.setdefault(upstream, ProviderMemory(upstream, options))


def forget_shared_breakers() -> None:
    """Let the next asker get new ones; for tests, as if the process had just started."""
    with _lock:
        _breakers.clear()
        _memories.clear()
