"""The two distributions: what is declared, and each installed alone."""
