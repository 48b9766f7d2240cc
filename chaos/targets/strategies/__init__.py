"""Three simple services to compare with: what most people write first, second and third."""

from chaos.targets.strategies.strategies import NoRetry, RetryOnly, RetryWithBreaker

__all__ = ["NoRetry", "RetryOnly", "RetryWithBreaker"]
