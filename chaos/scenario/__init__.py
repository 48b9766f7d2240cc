"""What a scenario file may say: frozen data with positions. What it does is written elsewhere."""
