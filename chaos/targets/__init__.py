"""Systems under test, found by name."""

from chaos.targets.registry import find_target, vocabulary_of, warm_up

__all__ = ["find_target", "vocabulary_of", "warm_up"]
