"""Tests of the comparison of the two tiers."""
