"""The life of one run: build, canary, steady state, method, end, verdicts."""
