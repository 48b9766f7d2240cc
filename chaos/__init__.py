"""A harness that proves, in virtual time, that a service survives its providers."""
