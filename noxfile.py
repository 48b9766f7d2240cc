"""The project's sessions; `nox -l` lists them.

`nox -s chaos` is the main job: every scenario, in virtual time, without keys or network.
"""

from __future__ import annotations

import nox

nox.options.default_venv_backend = "uv|virtualenv"
nox.options.sessions = ["chaos", "tests", "lint", "types"]
nox.options.reuse_existing_virtualenvs = True

def _install(session: nox.Session, *groups: str) -> None:
    """Install the project at the locked versions, editable, with dependency groups."""
    project = nox.project.load_toml("pyproject.toml")
    wanted = nox.project.dependency_groups(project, *groups) if groups else ()
    session.install("-e", ".", *wanted, "-c", "requirements.txt")


@nox.session
def chaos(session: nox.Session) -> None:
    """Play every scenario in the simulated tier; arguments go to `chaos run`."""
    _install(session)
    session.run("chaos", "run", *(session.posargs or ("scenarios", "-k", "not incident")))


@nox.session
def tests(session: nox.Session) -> None:
    """Run the tests; arguments go to pytest."""
    _install(session, "tests")
    parallel = () if session.posargs else ("-n", "auto")
    session.run("pytest", *parallel, *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Check style, formatting and the layers."""
    _install(session, "lint")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("lint-imports")


@nox.session
def types(session: nox.Session) -> None:
    """Check types, strictly."""
    _install(session, "types", "tests")
    session.run("mypy")


@nox.session(default=False)
def coverage(session: nox.Session) -> None:
    """Show which lines and branches the tests leave dark."""
    _install(session, "tests")
    session.run("coverage", "run", "-m", "pytest", *session.posargs)
    session.run("coverage", "report", "--skip-covered", "--show-missing")


@nox.session(default=False)
def lock(session: nox.Session) -> None:
    """Write requirements.txt anew from pyproject.toml; needs uv."""
    session.run(
        *("uv", "pip", "compile", "pyproject.toml", "--universal", "--python-version", "3.11"),
        *("--group", "dev", "--no-header", "--no-annotate", "--output-file", "requirements.txt"),
        *("--upgrade", *session.posargs),
        external=True,
    )
