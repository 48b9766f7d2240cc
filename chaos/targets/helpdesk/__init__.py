"""The helpdesk as a system under test: the only part of the harness that knows it."""
