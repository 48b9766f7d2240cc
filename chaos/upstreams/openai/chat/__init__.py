"""Chat completions: what a request may say, the answer to it, and how that travels."""
