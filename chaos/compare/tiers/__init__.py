"""Whether the two tiers agree: their traces of one scenario, event for event."""
