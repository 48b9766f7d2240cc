"""No real sockets for C code: on Linux, the kernel refuses them to whoever is part of a run."""
