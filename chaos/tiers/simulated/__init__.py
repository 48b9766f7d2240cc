"""The simulated tier: answers travel in virtual time, without a network."""
