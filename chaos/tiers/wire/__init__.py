"""The wire tier: the same runs over real sockets, through a real Toxiproxy."""
