"""`chaos prove`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Sized
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chaos.commands.common import Jobs, Paths, places
from chaos.commands.executing import ExecutorOption, executor_of
from chaos.commands.outputs import console_beside, write
from chaos.commands.sharing import ShardFileOption, ShardOption, Sharing
from chaos.errors import ChaosError
from chaos.interactive.interruption import stopped_at, telling_how_far, this_command

if TYPE_CHECKING:
    from rich.console import Console

    from chaos.defects.defect import Defect
    from chaos.ports import Target
    from chaos.processes.executor import Executor
    from chaos.prove.gate import Case
    from chaos.prove.mutants.campaign import MutantPlan
    from chaos.scenario.loader import LoadedScenario

Expression = Annotated[
    str,
    typer.Option("-k", metavar="EXPR", help="Only defects matching, e.g. 'breaker and not late'."),
]
Matrix = Annotated[
    bool, typer.Option("--matrix", help="Play every scenario against every defect.")
]
Scenarios = Annotated[
    str,
    typer.Option(
        metavar="EXPR",
        help="Only scenarios matching. Incidents last for hours and repeat what others show.",
    ),
]
JsonFile = Annotated[
    Path | None, typer.Option("--json", help="Write the proof as JSON; - is standard output.")
]
Mutants = Annotated[
    int | None,
    typer.Option(metavar="N", min=1, help="Generate N mutants instead of planting known defects."),
]
Seed = Annotated[int, typer.Option(metavar="S", help="Seed for choosing the mutants.")]
MutantId = Annotated[
    str | None, typer.Option("--mutant", metavar="ID", help="Play this mutant only.")
]


def prove(  # noqa: PLR0913, PLR0917 - one parameter for each option
    paths: Paths = None,
    expression: Expression = "",
    scenarios: Scenarios = "interleaved or not incident",
    matrix: Matrix = False,  # noqa: FBT002 - typer calls with keywords
    mutants: Mutants = None,
    seed: Seed = 1,
    mutant: MutantId = None,
    jobs: Jobs = None,
    json_file: JsonFile = None,
    executor: ExecutorOption = None,
    shard: ShardOption = None,
    shard_file: ShardFileOption = None,
) -> None:
    """Plant known defects in the service, one at a time, and check that a scenario fails for each.

    The service itself must pass first. The exit code is 1 if some defect makes no scenario fail,
    and 2 if a defect no longer applies to the service. With --mutants, defects are generated from
    the modules that the target names: each mutant changes or removes one comparison, arithmetic or
    boolean operator, constant, returned value, statement or error handler.
    """
    from chaos import session
    from chaos.processes.pool import usable_cores
    from chaos.prove.kept import dump_proof, load_proof
    from chaos.prove.proof import prove
    from chaos.prove.report import ProofReport, dump
    from chaos.targets import find_target
    from chaos.targets.here import importable_here

    options = {
        "paths": list(map(str, paths or ())),
        "expression": expression,
        "scenarios": scenarios,
        "matrix": matrix,
        "mutants": mutants,
        "seed": seed,
    }
    sharing = Sharing(command="prove", options=options, shard=shard, file=shard_file)
    sharing.refuse("--mutant", "one mutant cannot be divided", is_given=mutant)
    sharing.refuse("--executor", "its workers share the work already", is_given=executor)
    is_about_mutants = mutants is not None or mutant is not None
    if executor and not is_about_mutants:
        raise ChaosError(
            "--executor works only with --mutants: known defects are planted in processes of this "
            "machine; expected --mutants N as well; add that, or leave --executor out"
        )
    loaded = session.load(places(paths), scenarios)
    if not loaded:
        raise ChaosError(f"no scenario matches {scenarios!r}; see them with: chaos list")
    console = console_beside(
        {"--json": json_file, "--shard-file": sharing.output},
        inputs=[*(each.source.path for each in loaded), *sharing.inputs],
    )
    if is_about_mutants:
        plays = executor_of(executor, jobs, (each.scenario.target for each in loaded))
        raise typer.Exit(
            _mutate(loaded, mutants or 1, seed, mutant, plays, console, json_file, sharing)
        )
    with importable_here():
        suite = [(each, find_target(each.scenario.target)) for each in loaded]
        defects = _defects(list(dict.fromkeys(target for _, target in suite)), expression)
    planted_in = {target for _, targets in defects for target in targets}
    about = [(each, target) for each, target in suite if target in planted_in]
    files = [each.source.path for each in loaded]
    names = [each.scenario.target for each in loaded]
    mine = sharing.mine(defects, lambda each: each[0].name)
    examined: list[Case] = []

    def on_case(case: Case) -> None:
        examined.append(case)
        report.on_case(case)

    with (
        telling_how_far(
            lambda: stopped_at(
                len(examined),
                len(mine),
                "defects",
                next_command=f"a proof needs every defect; start again with: {this_command()}",
            )
        ),
        ProofReport(console, defects=len(mine)) as report,
    ):
        if sharing.parts:
            proof = load_proof(
                sharing.taken(lambda part: part.results, files, names),
                [defect for defect, _ in defects],
                [each for each, _ in about],
                is_matrix=matrix,
            )
            for case in proof.cases:
                report.on_case(case)
        else:
            proof = prove(
                about, mine, is_matrix=matrix, at_once=jobs or usable_cores(), on_case=on_case
            )
    sharing.keep(console, dump_proof(proof), files, names)
    if not mine and shard is not None:
        raise typer.Exit  # There may be more machines than defects.
    report.on_end(proof)
    if json_file:
        write(json_file, dump(proof))
    raise typer.Exit(proof.exit_code)


def _mutate(  # noqa: PLR0913, PLR0917 - what the command was told
    loaded: list[LoadedScenario],
    sample: int,
    seed: int,
    only: str | None,
    executor: Executor,
    console: Console,
    json_file: Path | None,
    sharing: Sharing,
) -> int:
    """Play the mutants; returns the exit code."""
    from chaos.prove.kept import dump_campaign, load_campaign
    from chaos.prove.mutants.campaign import mutate
    from chaos.prove.mutants.report import MutantReport, dump
    from chaos.prove.mutants.reviewed import equivalents_of
    from chaos.targets.here import find_here, importable_here

    targets = {each.scenario.target: find_here(each.scenario.target) for each in loaded}
    with_service = {name: target for name, target in targets.items() if target.service}
    if len({target.service for target in with_service.values()}) != 1:
        about = ", ".join(sorted(targets))
        raise ChaosError(
            f"mutants are made of one service at a time, but these scenarios test {about}; "
            "expected targets with the same 'service'; name fewer scenarios"
        )
    (service,) = {target.service for target in with_service.values()}
    suite = [each for each in loaded if each.scenario.target in with_service]
    catalogues = dict.fromkeys(target.defects for target in with_service.values())
    with importable_here():
        reviewed = [each for name in catalogues for each in equivalents_of(name)]
    files = [each.source.path for each in loaded]
    names = list(targets)
    plans: list[MutantPlan] = []
    examined: list[Case] = []

    def on_plan(planned: MutantPlan) -> None:
        plans.append(planned)
        report.on_plan(planned)

    def on_case(case: Case) -> None:
        examined.append(case)
        report.on_case(case)

    with _telling_loss(examined, plans), MutantReport(console, seed=seed) as report:
        if sharing.parts:
            parts = sharing.taken(lambda part: part.results, files, names)
            campaign = load_campaign(parts, service)
            report.on_plan(campaign.plan)
            for case in campaign.cases:
                report.on_case(case)
        else:
            campaign = mutate(
                suite,
                service,
                sample=sample,
                seed=seed,
                only=only,
                reviewed=reviewed,
                executor=executor,
                mine=lambda mutants: sharing.mine(mutants, lambda mutant: mutant.id),
                on_plan=on_plan,
                on_case=on_case,
            )
    if sharing.shard is not None:
        sharing.keep(console, dump_campaign(campaign, plans[0]), files, names)
        if not campaign.plan.chosen:
            return 0  # There may be more machines than mutants.
    if only is not None:
        report.on_one(campaign)
    report.on_end(campaign)
    if json_file:
        write(json_file, dump(campaign))
    return campaign.exit_code


@contextmanager
def _telling_loss(examined: Sized, plans: Sequence[MutantPlan]) -> Iterator[None]:
    """Say how far the mutants came, where those who play them are lost."""
    from chaos.processes.executor import ExecutorLostError

    try:
        yield
    except ExecutorLostError as lost:
        many = len(plans[0].chosen) if plans else 0
        raise ExecutorLostError(
            f"{lost}; {len(examined)} of {many} mutants were examined; a sample needs them all; "
            f"start again with: {this_command()}"
        ) from None


def _defects(
    targets: list[type[Target]], expression: str
) -> list[tuple[Defect, tuple[type[Target], ...]]]:
    """The defects of these targets that match, each with all the targets that have it."""
    from chaos.defects.catalogue import defects_of

    known = defects_of(targets)
    if not known:
        names = ", ".join(target.name for target in targets)
        raise ChaosError(
            f"no defects are known for {names}; expected a tuple DEFECTS in a module 'defects' "
            "beside the target"
        )
    chosen = [each for each in known if each[0].matches(expression)]
    if not chosen:
        raise ChaosError(f"none of {len(known)} defects matches -k {expression!r}")
    return chosen
