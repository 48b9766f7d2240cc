"""What each fault does, and when."""
