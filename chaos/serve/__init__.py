"""A scenario played for a service in another process, in real time: `chaos serve`."""
