"""A resilient retrieval-augmented helpdesk service."""
