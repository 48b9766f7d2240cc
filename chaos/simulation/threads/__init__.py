"""The threading toolbox of the standard library in virtual time."""
