"""The entry of the ``helpdesk`` command, also as ``python -m helpdesk``."""

from __future__ import annotations

INTERRUPTED = 130
"""What shells say of a command that Ctrl-C has ended."""


def main() -> None:
    """Run the command; Ctrl-C ends it without a traceback, however early it comes.

    Raises:
        SystemExit: With the exit code of the command.
    """
    try:
        # Late, because what the command needs takes a second or two to import.
        from helpdesk.cli import main as run  # noqa: PLC0415

        run()
    except KeyboardInterrupt:
        raise SystemExit(INTERRUPTED) from None


if __name__ == "__main__":
    main()
