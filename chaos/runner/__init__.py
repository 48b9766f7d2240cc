"""The life of one run: build, steady state, method, end, verdicts."""
