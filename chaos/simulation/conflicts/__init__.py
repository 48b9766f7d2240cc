"""What code touches: a search need not try both orders of what has nothing to do with it."""
