"""The stand-in for OpenAI, as the real SDK sees it."""
