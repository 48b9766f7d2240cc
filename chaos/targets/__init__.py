"""Systems under test, found by name."""

from chaos.targets.registry import find_target, known_targets, vocabulary_of, warm_up

__all__ = ["find_target", "known_targets", "vocabulary_of", "warm_up"]
