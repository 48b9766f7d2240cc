"""What is deployed says what it should."""
