"""A small service that books parcels with a carrier: httpx and tenacity, no model, no cache."""
