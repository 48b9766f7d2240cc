"""``python -m chaos`` is the `chaos` command."""

from typing import NoReturn

from chaos.cli import main
from chaos.processes.leaving import leave_with_code_of


def program() -> NoReturn:
    """The `chaos` command as a whole process."""
    leave_with_code_of(main)


if __name__ == "__main__":
    program()
