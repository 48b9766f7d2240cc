"""The reference pages, written from the models; nothing that a run needs."""
