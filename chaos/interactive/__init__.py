"""What goes on while somebody sits at the terminal: Ctrl-C, and playing again on each save."""
