"""The ``helpdesk`` command."""

from __future__ import annotations

import io
import json
import sys
from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markdown import Markdown
from rich.markup import escape

from helpdesk import __version__, index_commands
from helpdesk.answers import Answer
from helpdesk.desk import MAX_QUESTION_CHARS, Helpdesk, checked_question
from helpdesk.environment import OPENAI_CERTIFICATES, PROXIES, STORAGE_CERTIFICATES
from helpdesk.errors import HelpdeskError, QuestionError
from helpdesk.logs import set_up_logging
from helpdesk.remote_status import status_of
from helpdesk.settings import Settings

EXIT_USAGE = 2

_NOT_OURS = f"""\
The SDKs read variables of their own. Those for proxies and certificates have to be right, or the
service says at its start what is wrong with them, and does not start:
  {", ".join((*PROXIES, "NO_PROXY"))}
  {", ".join(OPENAI_CERTIFICATES)}, for OpenAI, if there is a key
  {", ".join(STORAGE_CERTIFICATES)}, for Cloud Storage, if there is a bucket
OPENAI_LOG=debug makes OpenAI's SDK log requests in full, the questions in them."""

_OF_A_NEW_PROCESS = """\
This is what a server started now would begin with. To ask one that runs: helpdesk status --url \
http://127.0.0.1:8000"""

app = typer.Typer(
    name="helpdesk",
    help="An IT help desk that answers, whatever its providers are doing.\n\n"
    "It needs no key and no bucket: without a key it quotes the best articles, without a "
    "bucket it uses the articles it came with.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(index_commands.app, name="index")


def _tell_version(is_asked: bool) -> None:  # noqa: FBT001 - typer calls it
    if is_asked:
        typer.echo(f"helpdesk {__version__}")
        raise typer.Exit


Version = Annotated[
    bool,
    typer.Option(
        "--version", callback=_tell_version, is_eager=True, help="Show the version, and stop."
    ),
]


@app.callback()
def _options(_: Version = False) -> None:  # noqa: FBT002 - typer calls with keywords
    """Options of no command; what they do is in their callbacks."""


Verbose = Annotated[
    int,
    typer.Option(
        "--verbose",
        "-v",
        count=True,
        help="Say what happens; -vv says everything.",
        show_default=False,
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]


@app.command(epilog='Example: `helpdesk ask "How do I reset my password?"`')
def ask(
    question: Annotated[
        str,
        typer.Argument(
            help="What you need help with. A dash (-) reads it from stdin.", show_default=False
        ),
    ],
    *,
    as_json: AsJson = False,
    verbose: Verbose = 0,
) -> None:
    """Answer a question."""
    set_up_logging(verbose)
    checked = checked_question(_from_stdin() if question == "-" else question)
    answer = Helpdesk().ask(checked)
    if as_json:
        _print_json(asdict(answer))
    else:
        _print_answer(answer)


@app.command(epilog="Example: `helpdesk status --url http://127.0.0.1:8000 --json | jq .index`")
def status(
    *,
    url: Annotated[
        str | None,
        typer.Option(
            help="Address of a running server to ask.",
            show_default="none: what a server started now would begin with",
        ),
    ] = None,
    as_json: AsJson = False,
    verbose: Verbose = 0,
) -> None:
    """Show the state of the language model, its breaker and the index.

    Only a running server knows what happened since its start: name it with `--url`.
    """
    set_up_logging(verbose)
    found = Helpdesk().get_status() if url is None else status_of(url)
    if as_json:
        _print_json({"process": url or "new", **found})
        return
    if url is None:
        typer.echo(f"{_OF_A_NEW_PROCESS}\n")
    console, rows = Console(), _flat(found)
    width = max(len(name) for name, _ in rows)
    for name, value in rows:
        line = f"[bold]{escape(f'{name:{width}}')}[/bold]  {escape(_plain(value))}"
        console.print(line, highlight=False, soft_wrap=True)


@app.command(epilog="Example: `HELPDESK_OPENAI__TIMEOUT=5s helpdesk settings`")
def settings() -> None:
    """List all settings: the variable, what it may be, its default, and what it is set to."""
    given = Settings.load()
    console = Console()
    for key in Settings.keys().values():
        console.print(f"[bold]{key.variable}[/bold]", highlight=False, soft_wrap=True)
        lines = [key.description, f"Expected: {key.expected}. Default: {key.default}."]
        if key.also:
            lines.append(f"If it is unset, {key.also} is read.")
        if (shown := given.shown(key.name)) != key.default:
            lines.append(f"Set to: {shown}")
        for line in lines:
            console.print(f"  {line}", markup=False, highlight=False, soft_wrap=True)
    console.print(f"\n{_NOT_OURS}", markup=False, highlight=False, soft_wrap=True)


@app.command(epilog="Example: `helpdesk serve --port 8080`, then open <http://127.0.0.1:8080/>")
def serve(
    *,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.", min=1, max=65535)] = 8000,
    workers: Annotated[
        int, typer.Option(help="Processes, each with a breaker of its own.", min=1, max=64)
    ] = 1,
    verbose: Verbose = 1,
) -> None:
    """Serve the page, the JSON interface and the metrics."""
    # Late, because the other commands need no web server.
    from helpdesk.web import server  # noqa: PLC0415

    server.run(host=host, port=port, workers=workers, verbosity=verbose)


def main() -> None:
    """Run the command; a mistake of the user is one message and exit code 2."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal that lacks a letter shows its number; it is no reason to show nothing.
            stream.reconfigure(errors="backslashreplace")
    try:
        app()
    except HelpdeskError as error:
        print(f"helpdesk: {error}", file=sys.stderr)  # noqa: T201 - this is a command
        raise SystemExit(EXIT_USAGE) from None


def _from_stdin() -> str:
    """Return what is piped or typed in; no more is read than tells that it is too long.

    Raises:
        QuestionError: It is no text, or far too long.
    """
    if sys.stdin is None:
        raise QuestionError("there is no stdin to read the question from; write it instead of -")
    raw = sys.stdin.buffer.read(_TOO_MANY_BYTES)
    if len(raw) == _TOO_MANY_BYTES:
        raise QuestionError(
            f"the question on stdin is longer than {MAX_QUESTION_CHARS} characters; ask for one "
            "thing and leave out logs"
        )
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        message = "the question on stdin is not text; expected UTF-8; convert it"
        raise QuestionError(message) from None


_TOO_MANY_BYTES = 8 * MAX_QUESTION_CHARS
"""No letter has more than four."""


def _print_json(value: Any) -> None:  # noqa: ANN401 - whatever JSON can say
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False, default=str))


def _print_answer(answer: Answer) -> None:
    console = Console()
    # Markdown is made for terminals here; into a pipe it goes as it is.
    if console.is_terminal:
        console.print(Markdown(answer.text))
        console.print()
    else:
        typer.echo(f"{answer.text}\n")
    console.print(f"Mode: {_mode(answer)}", style="dim", highlight=False, soft_wrap=True)
    if answer.sources:
        sources = ", ".join(answer.sources)
        console.print(f"Articles: {sources}", style="dim", highlight=False, soft_wrap=True)


def _mode(answer: Answer) -> str:
    notes = [
        *([answer.reason] if answer.reason else []),
        *(["stale articles"] if answer.stale else []),
        *(["cut at the token limit"] if answer.truncated else []),
    ]
    return answer.mode + (f" ({', '.join(notes)})" if notes else "")


def _flat(value: dict[str, Any], prefix: str = "") -> list[tuple[str, object]]:
    rows: list[tuple[str, object]] = []
    for name, inner in value.items():
        if isinstance(inner, dict):
            rows += _flat(inner, f"{prefix}{name}.")
        else:
            rows.append((prefix + name, inner))
    return rows


def _plain(value: object) -> str:
    words = {None: "-", True: "yes", False: "no"}
    if value is None or isinstance(value, bool):
        return words[value]
    text = f"{value:.1f}" if isinstance(value, float) else str(value)
    # What another process says is shown, and not obeyed by the terminal.
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)
