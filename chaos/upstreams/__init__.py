"""Stand-ins for the providers: plain ``Request -> Response`` handlers, used by both tiers."""
