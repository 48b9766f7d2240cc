"""An agent that gives customers their money back, once each: a service the harness never saw."""
