"""What each fault does: to a response (in the provider) or to its delivery (on the wire)."""
