"""Planted defects: what one is, and how it gets into a running service and out again."""
