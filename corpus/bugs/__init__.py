"""A folder for each bug: what it is (``bug.toml``), a service, its target and one scenario."""
