"""A scenario as a value: its claim, the world before it, its steps and what it expects.

Everything can be built in code as well: only what a file says has a location.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Annotated, Any, Literal, get_args

from pydantic import ConfigDict, Field, InstanceOf
from pydantic.json_schema import SkipJsonSchema, WithJsonSchema

from chaos.scenario.actions import Action
from chaos.scenario.expectations import Expectation
from chaos.scenario.faults import AnyFault
from chaos.scenario.fields import (
    Isolation,
    Jump,
    Node,
    PositiveDuration,
    TimeZone,
    UnsignedDuration,
    only,
)
from chaos.scenario.laws import Law
from chaos.scenario.problems import NOWHERE, Location
from chaos.scenario.schedules import Users, mean

Expectations = Annotated[tuple[InstanceOf[Expectation], ...], WithJsonSchema({"title": "Expect"})]
"""What must hold; a file writes it as a mapping of observables to values."""


class Ask(Node):
    """Users ask ``question``: ``times`` in a row each, ``every`` so often, ``users`` at once."""

    question: str = Field(
        min_length=1, description="What they ask.", examples=["How do I reset my password?"]
    )
    times: int = Field(
        default=1, ge=1, le=100_000, description="How often each user asks.", examples=[5]
    )
    every: PositiveDuration | None = Field(
        default=None,
        description="Time between two questions of a user; if unset, none.",
        examples=["10s"],
    )
    users: int = Field(
        default=1, ge=1, le=1000, description="Users who ask at the same instant.", examples=[20]
    )

    @property
    def answers(self) -> int:
        """How many answers there will be."""
        return self.times * self.users


class Load(Node):
    """Background traffic: each of ``users`` asks ``every`` so often, ``for`` so long.

    With a schedule of users, the first so many ask and the others pause.
    """

    ask: str = Field(min_length=1, description="What they ask.", examples=["Is the VPN down?"])
    users: Users = Field(
        default=1,
        description="How many users; or how many by offset from the start of the load.",
        examples=[10, {"0s": 5, "3h": 20}],
    )
    every: PositiveDuration = Field(
        description="Time between two questions of a user.", examples=["5s"]
    )
    for_: PositiveDuration = Field(
        alias="for", description="How long they go on.", examples=["10m"]
    )
    spread: UnsignedDuration = Field(
        default=timedelta(0),
        description="Spread their first questions over this time; if unset, all ask at once.",
        examples=["60s"],
    )

    @property
    def questions(self) -> float:
        """About how many questions they ask in all."""
        return mean(self.users, self.for_.total_seconds()) * (self.for_ / self.every)


class ClockStep(Node):
    """The wall clock jumps by ``step``; monotonic time goes on as before."""

    step: Jump = Field(
        description="How far; with a minus, into the past.", examples=["-1h", "30m"]
    )


class Step(Node):
    """What every step may also say.

    Attributes:
        location: Where it stands in its file.
        path: The same as a person would say it, for example ``method[2]``.
    """

    at: UnsignedDuration | None = Field(
        default=None,
        description="Begin at this offset from the start of the method, beside the script.",
        examples=["30s"],
    )
    name: str | None = Field(
        default=None,
        min_length=1,
        description="Name of the step in reports.",
        examples=["the outage begins"],
    )
    expect: Expectations = Field(default=(), description="What must hold for this step.")
    location: SkipJsonSchema[InstanceOf[Location]] = Field(default=NOWHERE, repr=False)
    path: SkipJsonSchema[str] = Field(default="", repr=False)


class AskStep(Step):
    """Users ask a question and wait for their answers."""

    ask: Ask = Field(description="The question; or more about it.")


class LoadStep(Step):
    """Background traffic begins; the script goes on, and the run ends when both have."""

    load: Load = Field(description="Who asks what, how often, and for how long.")


class AdvanceStep(Step):
    """Nothing happens for a while."""

    advance: PositiveDuration = Field(description="How long.", examples=["60s"])


class InjectStep(Step):
    """A fault begins."""

    inject: AnyFault = Field(description="The fault.")


class HealStep(Step):
    """A fault ends."""

    heal: str = Field(min_length=1, description="Id of the fault.", examples=["outage"])


class RestartStep(Step):
    """A new process: new service objects, same files."""

    restart: Annotated[Literal[True], only(wanted=True)] = Field(
        default=True, description="Always true."
    )


class ClockJumpStep(Step):
    """The wall clock is corrected."""

    clock: ClockStep = Field(description="How the clock jumps.")


class ActStep(Step):
    """The target carries out an action of its own; a file writes it under the action's name.

    Attributes:
        means: What the target says of it.
    """

    act: str = Field(min_length=1, description="Name of the action.")
    parameters: dict[str, Any] = Field(
        default_factory=dict, description="Its parameters, as a file writes them."
    )
    means: SkipJsonSchema[InstanceOf[Action]] = Field(default=Action(), repr=False)


class ExpectStep(Step):
    """Look at the target now; only ``expect`` is given."""


AnyStep = (
    AskStep
    | LoadStep
    | AdvanceStep
    | InjectStep
    | HealStep
    | RestartStep
    | ClockJumpStep
    | ActStep
    | ExpectStep
)
"""Any step; which one is told by its action key (the loader picks the class)."""

ACTIONS: dict[str, type[Step]] = {
    next(iter(set(cls.model_fields) - set(Step.model_fields))): cls
    for cls in get_args(AnyStep)
    if cls not in {ActStep, ExpectStep}
}
"""Every step that does something with any target, by its action key."""


class Given(Node):
    """The world before the first step; a target may understand further keys.

    Example:
        ``{timezone: Europe/Berlin, settings: {openai.breaker.recovery_timeout: 60s}}``
    """

    model_config = ConfigDict(extra="allow")

    timezone: TimeZone | None = Field(
        default=None,
        description="Time zone of the run; if unset, that of the machine.",
        examples=["Europe/Berlin"],
    )
    settings: dict[str, Any] = Field(
        default_factory=dict,
        description="Dotted setting of the target to its value.",
        examples=[{"openai.breaker.recovery_timeout": "60s"}],
    )

    def world(self) -> dict[str, Any]:
        """What a target has to know of it; only what was given."""
        return self.model_dump(exclude={"settings", "timezone"}, exclude_unset=True)


class Explore(Node):
    """Play every interleaving of the target's threads, instead of the one that the seed draws."""

    preemptions: int = Field(
        default=2,
        ge=0,
        le=10,
        description=(
            "How often, at most, a user is interrupted between two lines of its code; with 0, the "
            "search covers only who goes first when several could."
        ),
        examples=[2],
    )
    users: int | None = Field(
        default=None,
        ge=1,
        le=10,
        description="Limit on users who ask at once; expectations about the others are dropped.",
        examples=[2],
    )
    choices: tuple[int, ...] = Field(
        default=(),
        description="One interleaving, as `chaos explore` found it, for `chaos replay` to repeat.",
        examples=[[0, 0, 1]],
    )


class Scenario(Node):
    """One hypothesis and the timeline that puts it to the test.

    Attributes:
        path: The file it came from; empty if it was built in code.

    Example:
        >>> question = Ask(question="Is the VPN down?")
        >>> smoke = Scenario(version=1, name="smoke", hypothesis="It answers.",
        ...     method=(AskStep(ask=question),))
        >>> smoke.target, smoke.method[0].ask.answers
        ('helpdesk', 1)
    """

    version: Annotated[Literal[1], only(wanted=1)] = Field(
        description="Version of the language.", examples=[1]
    )
    name: str = Field(
        pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$",
        max_length=100,
        description="Lower-case words joined by hyphens; the file has the same name.",
        examples=["breaker-lifecycle"],
    )
    hypothesis: str = Field(
        min_length=1,
        description="What should be true, in a sentence or two.",
        examples=["Five failed calls open the breaker."],
    )
    target: str = Field(
        default="helpdesk",
        min_length=1,
        description="The system under test: an installed target, or package.module:Class.",
        examples=["helpdesk"],
    )
    tags: tuple[str, ...] = Field(
        default=(), description="Words for selecting it.", examples=[["breaker", "openai"]]
    )
    seed: int | None = Field(
        default=None,
        ge=0,
        le=2**63 - 1,
        description="Seed of all random decisions; by default derived from the name.",
        examples=[7],
    )
    explore: Explore | None = Field(
        default=None,
        description="Search the interleavings of the code that the target names.",
        examples=[{"preemptions": 2}],
    )
    isolation: Isolation | None = Field(
        default=None,
        description=(
            "Whether it runs in a separate process, or shares one with other scenarios; by "
            "default the target decides."
        ),
        examples=["process"],
    )
    given: Given = Field(default=Given(), description="The world before the first step.")
    steady_state: tuple[AnyStep, ...] = Field(
        default=(),
        description="Must hold before any fault; if it does not, the run is inconclusive.",
    )
    method: tuple[AnyStep, ...] = Field(
        min_length=1,
        description="What happens, in order.",
        examples=[[{"ask": "Is the VPN down?"}]],
    )
    expect: Expectations = Field(default=(), description="What must hold over the whole run.")
    waive: tuple[Law, ...] = Field(
        default=(),
        description="Laws that this run may break; requires 'because'.",
        examples=[["recovers"]],
    )
    because: str | None = Field(
        default=None,
        min_length=1,
        description="Why the laws are waived.",
        examples=["The outage outlasts the run."],
    )
    path: SkipJsonSchema[str] = Field(default="", repr=False)

    @property
    def background_questions(self) -> float:
        """About how many questions its loads ask: most of what a long scenario costs to play."""
        return sum(step.load.questions for step in self.method if isinstance(step, LoadStep))

    @property
    def seed_or_default(self) -> int:
        """The seed; if none was given, the first four bytes of the SHA-256 of the name.

        Example:
            >>> step = AskStep(ask=Ask(question="Is the VPN down?"))
            >>> Scenario(version=1, name="smoke", hypothesis="It answers.",
            ...     method=(step,)).seed_or_default
            81103051
        """
        if self.seed is not None:
            return self.seed
        return int.from_bytes(hashlib.sha256(self.name.encode()).digest()[:4])
