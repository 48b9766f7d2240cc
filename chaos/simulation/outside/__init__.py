"""No way out of the simulation: what cannot be simulated is refused, and said."""
