"""The project's sessions; `nox -l` lists them.

`nox -s chaos` is the main job: every scenario, in virtual time, without keys or network.
"""

from __future__ import annotations

from pathlib import Path

import nox

nox.options.default_venv_backend = "uv|virtualenv"
nox.options.sessions = ["chaos", "lint", "types", "tests"]
nox.options.reuse_existing_virtualenvs = True


USUAL_TESTS = ("-n", "auto", "-m", "not wire and not slow")
"""What pytest is asked for by default: all that need nothing but Python, and not long."""

FLOOR = 93
"""Percent of lines and branches; the lowest of the laws came to 94."""

OLDER_CLIENTS = ("older", "oldest")
"""Folders of tests/clients; each has an environment of its own, and so has ``newest``."""


def _install(session: nox.Session, *groups: str) -> None:
    """Install the project at the locked versions, editable, with dependency groups."""
    project = nox.project.load_toml("pyproject.toml")
    wanted = nox.project.dependency_groups(project, *groups) if groups else ()
    session.install("-e", ".", *wanted, "-c", "requirements.txt")


@nox.session
def chaos(session: nox.Session) -> None:
    """Play the scenarios in virtual time, on every core; arguments go to `chaos run`."""
    _install(session)
    session.run("chaos", "run", *(session.posargs or ("scenarios",)))


@nox.session(default=False)
def chaos_wire(session: nox.Session) -> None:
    """Play the scenarios over sockets, through a real Toxiproxy; needs one, or Go to build it."""
    _install(session)
    session.run("chaos", "run", *(session.posargs or ("scenarios",)), "--tier", "wire")


@nox.session(default=False)
def parity(session: nox.Session) -> None:
    """Play the scenarios in both tiers, and compare what happened event for event."""
    _install(session, "tests")
    session.run("chaos", "run", *(session.posargs or ("scenarios",)), "--tier", "both")
    session.run("pytest", "-m", "wire", "tests/chaos")


@nox.session(default=False)
def gate(session: nox.Session) -> None:
    """Play the scenarios and compare with the recorded baseline; arguments go to `chaos gate`."""
    _install(session)
    session.run("chaos", "gate", *session.posargs)


@nox.session(default=False)
def prove(session: nox.Session) -> None:
    """Plant known defects one at a time, in the laws and in the helpdesk; each is noticed."""
    _install(session)
    session.run("pytest", "tests/chaos/witnesses")
    session.run("chaos", "prove", *session.posargs)


@nox.session(default=False)
def mutants(session: nox.Session) -> None:
    """Make mutants of the service by rule; the scenarios must notice each; takes an hour."""
    _install(session)
    session.run("chaos", "prove", *(session.posargs or ("--mutants", "300", "--seed", "1")))


@nox.session(default=False)
def explore(session: nox.Session) -> None:
    """Try every single fault on each workload, and every interleaving with one preemption."""
    _install(session)
    if session.posargs:
        session.run("chaos", "explore", *session.posargs)
        return
    raced = {str(path) for path in Path("scenarios/explored").glob("*interleaving*.yaml")}
    others = {str(path) for path in Path("scenarios/explored").glob("*.yaml")} - raced
    session.run("chaos", "explore", *sorted(others), "--faults", "1")
    session.run("chaos", "explore", *sorted(raced), "--preemptions", "1")


@nox.session(default=False)
def incidents(session: nox.Session) -> None:
    """Live through the incidents of the library; arguments go to `chaos incidents run`."""
    _install(session)
    session.run("chaos", "incidents", "run", *(session.posargs or ("--target", "helpdesk")))


@nox.session
def tests(session: nox.Session) -> None:
    """Run the tests that need nothing but Python; arguments go to pytest."""
    _install(session, "tests")
    session.run("pytest", *(session.posargs or USUAL_TESTS))


@nox.session(default=False)
def slow(session: nox.Session) -> None:
    """Run the tests that take long: searches, mutants, everything twice."""
    _install(session, "tests")
    session.run("pytest", *(session.posargs or ("-n", "auto", "-m", "slow and not wire")))


@nox.session(python=["3.12", "3.13"], default=False)
def pythons(session: nox.Session) -> None:
    """Run the tests on the newer Pythons that are promised; uv fetches those that are missing."""
    _install(session, "tests")
    session.run("pytest", *(session.posargs or USUAL_TESTS))


@nox.session(python=["3.11", "3.12", "3.13"], default=False)
def digests(session: nox.Session) -> None:
    """Play the scenarios on each Python, in two orders and on a busy machine; all traces agree."""
    _install(session, "tests")
    of_another = Path(session.cache_dir) / "digests.json"
    if session.python == "3.11":
        of_another.unlink(missing_ok=True)
    session.run("python", "-m", "tests.digests", "--file", str(of_another))


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
    session.run("pyright", "tests/typing")


@nox.session(default=False)
def packages(session: nox.Session) -> None:
    """Build both distributions, install each alone into a clean environment, and use it."""
    session.install("build")
    session.run("python", "-m", "tests.packages")


@nox.session(default=False)
def lowest(session: nox.Session) -> None:
    """Run the tests with the lowest version of everything that is needed directly; needs uv."""
    floors = f"{session.create_tmp()}/floors.txt"
    # With the tools of the tests: some need a later version of what we need, too.
    session.run(
        *("uv", "pip", "compile", "pyproject.toml", "--group", "tests", "--quiet"),
        *("--output-file", floors, "--resolution", "lowest-direct", "--python-version", "3.11"),
        "--upgrade",  # what an earlier session found would be kept otherwise
        external=True,
    )
    session.install("-r", floors)
    session.install("--no-deps", "-e", ".")
    # Old releases use what their own dependencies have deprecated since, and the old client that
    # schemathesis has for tests does not close its streams; that is not ours.
    session.run(
        *("pytest", "-W", "default::DeprecationWarning"),
        *("-W", "default:Unclosed <MemoryObject:ResourceWarning"),
        *(session.posargs or USUAL_TESTS),
    )


@nox.session(default=False)
def bench(session: nox.Session) -> None:
    """Measure what the harness costs, against the floor; `-- --check` compares with recorded."""
    _install(session)
    session.run("python", "-m", "benchmarks.cost", *session.posargs)


@nox.session(default=False)
def bench_policies(session: nox.Session) -> None:
    """Measure the breaker and the retry of the helpdesk beside those that can be installed."""
    _install(session)
    session.install("-r", "benchmarks/peers/policies.txt")
    session.run("python", "-m", "benchmarks.policies", *session.posargs)


@nox.session(default=False)
def bench_others(session: nox.Session) -> None:
    """Play one case beside other tools, each in an environment of its own; takes minutes."""
    _install(session)
    session.run("python", "-m", "benchmarks.beside_others", session.create_tmp())


@nox.session(default=False)
def bench_vectors(session: nox.Session) -> None:
    """Measure the index of the helpdesk with many vectors; arguments are how many of them."""
    _install(session)
    session.run("python", "-m", "benchmarks.vectors", *session.posargs)


@nox.session(default=False)
def bench_asks(session: nox.Session) -> None:
    """Measure how many asks a second the served helpdesk bears, beside a server of a constant."""
    _install(session, "tests")
    session.run("python", "-m", "benchmarks.asks", *session.posargs)


@nox.session(default=False)
def load(session: nox.Session) -> None:
    """Ask the served helpdesk more than it likes, on loopback; fails beyond the bounds it has."""
    _install(session, "tests")
    session.run("python", "-m", "benchmarks.load", *session.posargs)


@nox.session(default=False)
def coverage(session: nox.Session) -> None:
    """Show which lines and branches the tests leave dark."""
    _install(session, "tests")
    session.run("coverage", "run", "-m", "pytest", *session.posargs)
    session.run("coverage", "report", "--skip-covered", "--show-missing")


@nox.session(default=False)
def floor(session: nox.Session) -> None:
    """Fail if the laws' own tests leave more than a few lines or branches of any law dark."""
    _install(session, "tests")
    own = ("tests/chaos/checks", "tests/chaos/witnesses", "tests/chaos/extensions")
    session.run("coverage", "run", "-m", "pytest", *own, *session.posargs)
    # A line of a law that no test reaches may accuse a sound service. Each module is measured
    # alone, because a new law without tests would hardly move the total. Only tests that judge
    # laws count: scenarios reach nearly every line, and would notice little.
    for module in sorted(Path("chaos/checks/laws").glob("*.py")):
        session.run(
            "coverage", "report", f"--include={module}", f"--fail-under={FLOOR}", "--format=total"
        )


@nox.session(default=False)
@nox.parametrize("openai", ["1.109.1", "2.54.0", "3.54.0"])
def standins(session: nox.Session, openai: str) -> None:
    """Hold the stand-in for OpenAI to the strict models of three major versions of its SDK."""
    # The service needs the newest version, so the project itself cannot be installed here.
    session.install(
        f"openai=={openai}", "pydantic", "pyyaml", "ruamel.yaml", "google-crc32c", "cryptography"
    )
    session.run("python", "-m", "tests.chaos.upstreams.majors")


@nox.session(default=False)
def clients(session: nox.Session) -> None:
    """Play real clients in the world and on loopback; `-- --write-page` writes the page anew."""
    _play_clients(session, "newest")


@nox.session(default=False)
@nox.parametrize("environment", OLDER_CLIENTS)
def clients_older(session: nox.Session, environment: str) -> None:
    """The same with older majors of the SDKs, which cannot be installed beside the newest."""
    _play_clients(session, environment)


def _play_clients(session: nox.Session, environment: str) -> None:
    # Older clients cannot be installed beside the project, so it is found in the folder instead.
    session.install("-r", f"tests/clients/{environment}/requirements.txt")
    session.run("python", "-m", "tests.clients", environment, *session.posargs)


@nox.session(default=False)
def corpus(session: nox.Session) -> None:
    """Find bugs that were real, in the versions that had them; arguments are names of bugs."""
    session.install("uv")
    session.run("python", "-m", "corpus", *session.posargs)


@nox.session(default=False)
def races(session: nox.Session) -> None:
    """Search for races that others have published; arguments are names of races."""
    session.install("uv")
    session.run("python", "-m", "corpus.races", *session.posargs)


@nox.session(default=False)
def foreign(session: nox.Session) -> None:
    """Compare the stand-ins with a mock server that others have written; needs Node."""
    _install(session, "tests")
    folder = session.create_tmp()
    package = "@copilotkit/aimock@1.43.0"
    options = ("--no-audit", "--no-fund", "--prefix", folder)
    session.run("npm", "install", *options, package, external=True)
    command = f"{folder}/node_modules/.bin/llmock"
    session.run(
        "python", "-m", "tests.chaos.upstreams.foreign", command, "docs/standins-beside-others.md"
    )


@nox.session(default=False)
def conformance(session: nox.Session) -> None:
    """Play Google's table of retries with the real client; `-- PATH` is where the table is."""
    if len(session.posargs) != 1:
        session.error("say where the table is: nox -s conformance -- PATH/TO/retry_tests.json")
    _install(session, "tests")
    command = ("python", "-m", "tests.chaos.upstreams.conformance")
    session.run(*command, *session.posargs, "docs/storage-conformance.md")


@nox.session(default=False)
def lock(session: nox.Session) -> None:
    """Write requirements.txt anew from pyproject.toml, and those of clients; needs uv."""
    session.run(
        *("uv", "pip", "compile", "pyproject.toml", "--universal", "--python-version", "3.11"),
        *("--group", "dev", "--no-header", "--no-annotate", "--output-file", "requirements.txt"),
        *("--upgrade", *session.posargs),
        external=True,
    )
    for environment in ("newest", *OLDER_CLIENTS):
        wanted = f"tests/clients/{environment}/requirements"
        # Beside the newest clients there is room for the project; it cannot be with older ones.
        project = ("pyproject.toml",) if environment == "newest" else ()
        session.run(
            *("uv", "pip", "compile", f"{wanted}.in", *project, "--python-version", "3.11"),
            *("--no-header", "--no-annotate", "--output-file", f"{wanted}.txt"),
            *("--upgrade", *session.posargs),
            external=True,
        )


@nox.session(default=False)
def docs(session: nox.Session) -> None:
    """Build the site of the documentation, strictly: a link that leads nowhere is an error."""
    _install(session, "docs")
    session.run("chaos", "run", "scenarios/breaker", "--html", "docs/example-report.html")
    session.run("mkdocs", "build", "--strict", *session.posargs)


@nox.session(default=False)
def reference(session: nox.Session) -> None:
    """Write docs/reference anew from the models; its examples are played for their output."""
    _install(session)
    session.run("python", "-m", "chaos.reference.pages", "docs/reference")
