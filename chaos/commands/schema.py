"""`chaos schema`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from chaos import inputs
from chaos.commands.common import output
from chaos.commands.outputs import STDOUT, write

_STALE = 1

SchemaFile = Annotated[
    Path | None, typer.Argument(help="Where to write it.", show_default="standard output")
]
Check = Annotated[
    bool,
    typer.Option("--check", help="Write nothing; fail if the file is not up to date."),
]
TargetName = Annotated[
    str,
    typer.Option(
        "--target",
        help="Include the vocabulary of this target: its steps, observables and 'given'.",
    ),
]


def schema(
    file: SchemaFile = None,
    check: Check = False,  # noqa: FBT002 - typer calls with keywords
    target: TargetName = "",
) -> None:
    """Write the JSON Schema of scenario files, for completion and hover in editors.

    Name it in the first line of a scenario:
    `# yaml-language-server: $schema=scenario.schema.json`
    """
    from chaos.scenario.schema import SCHEMA_FILE, json_schema, schema_text
    from chaos.targets.here import find_here

    text = schema_text()
    if target:
        found = json_schema(find_here(target).vocabulary())
        text = json.dumps(found, indent=2, ensure_ascii=False) + "\n"
    if check:
        _compare(file or SCHEMA_FILE, text)
    elif file is None or file == STDOUT:
        write(STDOUT, text)
    else:
        write(file, text)
        output().print(f"wrote {file}", soft_wrap=True)


def _compare(file: Path, text: str) -> None:
    try:
        written = inputs.read_text(file)
    except inputs.UnreadableError as error:
        if not error.is_missing:
            raise
        written = None
    if written == text:
        output().print(f"{file} is up to date", soft_wrap=True)
        return
    state = "does not exist" if written is None else "is stale"
    output(stderr=True).print(
        f"chaos: {file} {state}; write it with: chaos schema {file}", soft_wrap=True
    )
    raise typer.Exit(_STALE)
