"""The Responses API: what a request may say, the answer, its events, and what is kept of it."""
