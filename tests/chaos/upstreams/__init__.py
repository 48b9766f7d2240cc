"""The stand-ins, as the real SDKs see them."""
