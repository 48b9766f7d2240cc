"""Code that type checkers read, and nobody runs: what users write against the public names."""
