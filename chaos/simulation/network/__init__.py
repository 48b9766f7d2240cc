"""A network in virtual time below every client library: sockets, names and TLS."""
