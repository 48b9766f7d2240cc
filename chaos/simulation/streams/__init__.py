"""The far end of connections that speak something else than HTTP: bytes in, bytes out."""
