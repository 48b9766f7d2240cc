"""Makes ``python -m helpdesk`` the same as ``helpdesk``."""

from helpdesk.cli import main

if __name__ == "__main__":
    main()
