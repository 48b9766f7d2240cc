"""Rules over a finished run: expectations of one file, laws of every run."""
