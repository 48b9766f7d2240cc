"""Helps people write scenarios: explains them, drafts new ones, plays them again on each save."""
