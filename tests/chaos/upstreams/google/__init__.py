"""Tokens and the metadata server, as the real libraries see them."""
