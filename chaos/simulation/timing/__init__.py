"""Virtual time, and everything that asks for it: clocks, dates, randomness."""
