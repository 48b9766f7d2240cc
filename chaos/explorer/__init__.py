"""Search of everything that could happen in a scenario, up to a bound; minimal counterexamples."""
