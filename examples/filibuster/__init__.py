"""Four services that Filibuster has published as examples, written anew for this harness."""
