"""The far end of HTTP connections: requests are parsed, routed, answered and recorded."""
