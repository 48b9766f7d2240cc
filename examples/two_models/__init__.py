"""A service that falls back from one provider of models to another."""
