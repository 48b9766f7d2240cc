"""``helpdesk index``: what it prints and writes, and how it says no."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

import helpdesk.bucket
from helpdesk import cli, index_commands
from helpdesk.manifest import Manifest
from tests.helpdesk.stand_ins import BUCKET, FakeStorage

ARTICLE = """\
---
id: {name}
title: About the {name}
category: general
tags: [{name}]
updated: 2026-01-01
---
Fix the {name}.
"""

runner = CliRunner()


@pytest.fixture
def articles(tmp_path: Path) -> Path:
    """A folder with two articles."""
    folder = tmp_path / "articles"
    folder.mkdir()
    for name in ("printer", "password"):
        (folder / f"{name}.md").write_text(ARTICLE.format(name=name))
    return folder


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> FakeStorage:
    """What the command finds when it connects to Cloud Storage."""
    fake = FakeStorage()
    monkeypatch.setattr(helpdesk.bucket.IndexBucket, "_connect", lambda *_: fake.client())
    return fake


def run(*arguments: object, monkeypatch: pytest.MonkeyPatch) -> int:
    """The exit code of the whole ``helpdesk`` command."""
    monkeypatch.setattr("sys.argv", ["helpdesk", "index", *map(str, arguments)])
    try:
        cli.main()
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def test_build_writes_a_whole_generation(articles: Path, tmp_path: Path) -> None:
    """The folder holds a manifest and the files it names."""
    out = tmp_path / "out"

    result = runner.invoke(
        index_commands.app, ["build", "--out", str(out), "--articles", str(articles)]
    )

    assert result.exit_code == 0, result.output
    assert "2 articles, flat, " in result.output
    manifest = Manifest.parse((out / "manifest.json").read_bytes())
    manifest.verify(
        {name: (out / entry.object).read_bytes() for name, entry in manifest.files.items()}
    )


def test_publish_uploads_the_manifest_last(articles: Path, fake: FakeStorage) -> None:
    """The bucket ends up with one generation under the prefix."""
    result = runner.invoke(
        index_commands.app,
        ["publish", BUCKET, "--prefix", "p/", "--articles", str(articles)],
    )

    assert result.exit_code == 0, result.output
    assert f"gs://{BUCKET}/p/" in result.output
    assert fake.seen[-1] == "POST p/manifest.json"
    assert len(fake.objects) == 3


def test_evaluate_tells_the_rates_and_the_misses(articles: Path, tmp_path: Path) -> None:
    """The table lists what did not come first."""
    questions = tmp_path / "questions.yaml"
    questions.write_text(
        "- {question: my printer is broken, article: printer}\n"
        "- {question: the printer says no, article: password}\n"
    )
    arguments = ["evaluate", str(questions), "--articles", str(articles)]

    text = runner.invoke(index_commands.app, arguments)
    facts = runner.invoke(index_commands.app, [*arguments, "--json"])

    assert "hit@1 0.500, hit@3 1.000, false refusals 0.000 of 2 questions" in text.output
    assert "printer says no" in text.output.replace("\n", " ")
    report = json.loads(facts.output)
    assert (report["hit_at_1"], report["hit_at_3"]) == (0.5, 1.0)
    assert report["misses"][0]["rank"] == 2


def test_calibrate_chooses_on_one_half_and_measures_on_the_other(
    articles: Path, tmp_path: Path
) -> None:
    """Each half has its own questions; the floor lies between what fits and what does not."""
    questions = tmp_path / "questions.yaml"
    questions.write_text(
        "- {question: my printer is broken, article: printer}\n"
        "- {question: forgot the password, article: password}\n"
        "- {question: why is the sky blue}\n"
        "- {question: who won the match}\n"
    )
    arguments = ["calibrate", str(questions), "--articles", str(articles)]

    text = runner.invoke(index_commands.app, arguments)
    facts = json.loads(runner.invoke(index_commands.app, [*arguments, "--json"]).output)

    assert "chosen on 1 fitting and 1 others; in use is 0.25" in text.output
    assert "on the other half: hit@1 1.000" in text.output
    assert (facts["questions"], facts["off_topic"], facts["false_accepts"]) == (1, 1, 0.0)
    assert 0 < facts["floor"] < 1


def test_mistake_ends_with_two_and_no_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A missing folder or file, or an --out that is a file, is one line on stderr."""
    (tmp_path / "file").write_text("")
    mistakes = [
        ("build", "--articles", tmp_path / "missing"),
        ("build", "--out", tmp_path / "file" / "below"),
        ("evaluate", tmp_path / "missing.yaml"),
    ]

    for arguments in mistakes:
        assert run(*arguments, monkeypatch=monkeypatch) == 2
        message = capsys.readouterr().err
        assert message.startswith("helpdesk: ")
        assert "Traceback" not in message


def test_refused_upload_is_told(
    articles: Path,
    fake: FakeStorage,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Someone else publishing at the same time is a message, not a crash."""
    monkeypatch.setattr(helpdesk.bucket.IndexBucket, "generation_of", lambda *_: 7)

    assert run("publish", BUCKET, "--articles", articles, monkeypatch=monkeypatch) == 2

    assert "replaced by someone else" in capsys.readouterr().err
