"""A drill: the real helpdesk with embedded stand-ins, and a page to break and heal them from."""
