"""Tests of `chaos drill`: the real service, real sockets, a real browser."""
