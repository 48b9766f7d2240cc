"""What happened in a run: typed events, written as NDJSON, summed up in a digest."""
