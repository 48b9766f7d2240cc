"""``helpdesk index``: build the index, publish it, and measure how well it finds."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from helpdesk.articles import PACKAGED_ARTICLES, load_articles
from helpdesk.embedding import Embedder, MultilingualEmbedder
from helpdesk.errors import HelpdeskError
from helpdesk.evaluation import (
    HitRate,
    LabelledQuestion,
    best_floor,
    halves,
    load_questions,
    measure,
)
from helpdesk.index_builder import BuiltIndex, build_index, content_key
from helpdesk.knowledge_index import KnowledgeIndex
from helpdesk.settings import Settings

app = typer.Typer(help="Build, publish and measure the index.", no_args_is_help=True)

ArticlesFolder = Annotated[
    Path,
    typer.Option("--articles", help="Folder of the articles.", show_default="the packaged ones"),
]


@app.command(epilog="Example: `helpdesk index build --out dist/index`")
def build(
    *,
    out: Annotated[
        Path, typer.Option(help="Folder for the result; laid out as in a bucket.")
    ] = Path("helpdesk-index"),
    articles: ArticlesFolder = PACKAGED_ARTICLES,
) -> None:
    """Embed the articles into an index with its manifest."""
    index = _built(articles)
    try:
        index.write(out)
    except OSError as error:
        raise HelpdeskError(f"cannot write the index: {error}; choose another --out") from error
    typer.echo(f"{_summary(index)}, written to {out}")


@app.command(epilog="Example: `helpdesk index publish my-bucket`")
def publish(
    bucket: Annotated[str, typer.Argument(help="Cloud Storage bucket.", show_default=False)],
    *,
    prefix: Annotated[
        str | None,
        typer.Option(
            help="Start of all object names.", show_default="the one of HELPDESK_INDEX__PREFIX"
        ),
    ] = None,
    articles: ArticlesFolder = PACKAGED_ARTICLES,
) -> None:
    """Build the index and upload it; services pick it up when their copy expires."""
    # Late, because it takes half a second that the other commands need not wait.
    from helpdesk.bucket import IndexBucket  # noqa: PLC0415

    options = Settings.load().index
    target = IndexBucket(
        bucket,
        timeout_s=options.timeout.total_seconds(),
        emulator=options.emulator,
        credentials=options.credentials,
    )
    index = _built(articles)
    where = options.prefix if prefix is None else prefix
    index.publish(target, where)
    typer.echo(f"{_summary(index)}, published to gs://{bucket}/{where}")


Questions = Annotated[
    list[Path],
    typer.Argument(
        help="YAML lists of `question` and `article`; without `article` where none fits.",
        show_default=False,
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]


@app.command(epilog="Example: `helpdesk index evaluate questions.yaml off-topic.yaml`")
def evaluate(
    questions: Questions,
    *,
    articles: ArticlesFolder = PACKAGED_ARTICLES,
    as_json: AsJson = False,
) -> None:
    """Measure how often the right article comes first, and nothing where nothing fits."""
    labelled = [item for path in questions for item in load_questions(path)]
    rate = _measured(labelled, articles, MultilingualEmbedder())
    if as_json:
        typer.echo(json.dumps(asdict(rate), indent=2, ensure_ascii=False))
        return
    table = Table("Question", "Expected", "Rank", "Found first", title="Not first")
    for miss in rate.misses:
        rank = "-" if miss.rank is None else str(miss.rank)
        found = miss.found[0] if miss.found else "-"
        table.add_row(miss.question, miss.expected or "-", rank, found)
    if rate.misses:
        Console().print(table)
    typer.echo(_rates(rate))


@app.command(epilog="Example: `helpdesk index calibrate questions.yaml off-topic.yaml`")
def calibrate(
    questions: Questions,
    *,
    articles: ArticlesFolder = PACKAGED_ARTICLES,
    as_json: AsJson = False,
) -> None:
    """Choose the likeness below which nothing fits, on one half of the questions.

    What is told of it is measured on the other half.
    """
    split = [halves(load_questions(path)) for path in questions]
    embedder = MultilingualEmbedder()
    index = _searchable(articles, embedder)
    likeness: dict[bool, list[float]] = {True: [], False: []}
    for chosen_on, _ in split:
        for item in chosen_on:
            likeness[item.article is not None].append(index.likeness(item.question))
    floor = best_floor(likeness[True], likeness[False])
    held_out = [item for _, rest in split for item in rest]
    rate = _measured(held_out, articles, _WithFloor(embedder, floor))
    if as_json:
        typer.echo(json.dumps({"floor": floor, **asdict(rate)}, indent=2, ensure_ascii=False))
        return
    told = f"chosen on {len(likeness[True])} fitting and {len(likeness[False])} others"
    typer.echo(f"floor {floor:.2f}, {told}; in use is {embedder.floor:.2f}")
    typer.echo(f"on the other half: {_rates(rate)}")


class _WithFloor:
    """An embedder with another floor."""

    def __init__(self, embedder: Embedder, floor: float) -> None:
        self.model, self.dimensions, self.embed = (
            embedder.model,
            embedder.dimensions,
            embedder.embed,
        )
        self.floor = floor


def _measured(labelled: Sequence[LabelledQuestion], folder: Path, embedder: Embedder) -> HitRate:
    searchable = _searchable(folder, embedder)
    return measure(
        labelled,
        lambda question: searchable.search(question, 10),
        known_articles=frozenset(article.id for article in load_articles(folder)),
    )


def _searchable(folder: Path, embedder: Embedder) -> KnowledgeIndex:
    index = _built(folder)
    return KnowledgeIndex.load(index.manifest, index.files, embedder)


def _rates(rate: HitRate) -> str:
    found = f"hit@1 {rate.hit_at_1:.3f}, hit@3 {rate.hit_at_3:.3f}"
    refused = f"false refusals {rate.false_refusals:.3f} of {rate.questions} questions"
    return f"{found}, {refused}; false accepts {rate.false_accepts:.3f} of {rate.off_topic}"


def _built(folder: Path) -> BuiltIndex:
    articles, embedder = load_articles(folder), MultilingualEmbedder()
    now = dt.datetime.now(dt.UTC)
    # Sorts by time; the hash tells two builds of the same second apart.
    generation = f"{now:%Y%m%dT%H%M%SZ}-{content_key(folder, embedder)[:8]}"
    return build_index(articles, embedder, generation=generation, created_at=now)


def _summary(index: BuiltIndex) -> str:
    size = sum(map(len, index.files.values()))
    manifest = index.manifest
    kind = manifest.kind.replace("_", "-")
    return f"index {manifest.generation}: {manifest.articles} articles, {kind}, {size:,} bytes"
