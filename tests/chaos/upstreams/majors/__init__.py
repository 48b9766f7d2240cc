"""The stand-in for OpenAI, held to the strict models of several major versions of its SDK."""
