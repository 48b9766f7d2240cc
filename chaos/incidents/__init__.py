"""Public incidents as scenarios: a catalogue of them, and what each way to call a provider got."""
