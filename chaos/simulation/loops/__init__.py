"""Event loops in virtual time, and whatever else waits for several sockets at once."""
