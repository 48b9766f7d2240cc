"""Who runs when: users and threads as tasks, of which exactly one runs at a time."""
