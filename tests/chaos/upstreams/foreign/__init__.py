"""Our stand-ins beside a mock server that we have not written."""
