"""The simulated tier: real SDKs and real threads in virtual time, without a network."""
