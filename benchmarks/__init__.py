"""Measurements of the harness; nothing here passes or fails."""
