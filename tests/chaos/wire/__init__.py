"""Tests of the wire tier; most need a real Toxiproxy."""
