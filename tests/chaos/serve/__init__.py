"""Tests of `chaos serve`: real clients, over real loopback."""
