"""Two runs side by side: what was measured, what changed for better or worse, where they part."""
