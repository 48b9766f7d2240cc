"""Services that are not the helpdesk, to show that the harness does not know it."""
