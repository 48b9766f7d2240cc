"""The stand-in for Anthropic, as the real SDK sees it."""
