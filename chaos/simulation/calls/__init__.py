"""What providers of every protocol have in common: calls, connections, and how answers travel."""
