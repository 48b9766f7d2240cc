"""Google's retry conformance table, played with the real client in virtual time."""
