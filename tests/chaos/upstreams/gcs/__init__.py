"""The stand-in for Cloud Storage, as the real SDK sees it."""
