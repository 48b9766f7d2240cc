"""The served tier: stand-ins behind real ports, in real time, for services in other processes."""
