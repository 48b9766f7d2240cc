"""Races that frontrun has published: which of them our search finds, and in how many runs.

``python -m corpus.races`` searches for them; `docs/races.md` is what came of it.
"""
