"""Bugs that were real: each found by a scenario of ours, and gone where it was mended.

``python -m corpus`` plays them; `docs/corpus.md` is what came of it.
"""
