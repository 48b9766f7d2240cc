"""How extensions are found; what is not as it should be is one message that names it."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import EntryPoint, entry_points

import pytest

from chaos import extensions, session
from chaos.errors import ChaosError
from chaos.extensions import ExtensionKind, finding, found
from chaos.faults.registry import load
from chaos.ports import STAND_INS, StandIn, stand_in
from chaos.targets import find_target, known_targets
from chaos.testing import SimulatedWorld
from chaos.tiers.registry import worlds
from tests.chaos.extensions.conftest import FAULT, LAW, OBSERVABLE, SERVICE, Project

TIER = '''
from chaos.tiers.simulated.world import SimulatedTier


class Near(SimulatedTier):
    """As simulated."""

    name = "near"
'''

STAND_IN = '''
from chaos.upstreams.simple import JsonUpstream


class Umbrellas(JsonUpstream):
    """Rents them."""

    name = "umbrellas"
    hosts = ("umbrellas.test",)
    routes = {"get": ("GET", "/", {"left": 3})}
'''


@pytest.fixture
def announce(project: Project, monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """Return what packages announce, by group, as a test fills it."""
    announced: dict[str, list[str]] = {}

    def points(*, group: str) -> list[EntryPoint]:
        said = [
            EntryPoint(each.partition(":")[2], each, group) for each in announced.get(group, ())
        ]
        return [*said, *entry_points(group=group)]

    monkeypatch.setattr(finding, "entry_points", points)
    monkeypatch.syspath_prepend(str(project.folder))
    return announced


def test_module_may_define_extensions_of_several_kinds(project: Project) -> None:
    """One name in the project is enough for all that a team has."""
    project.add(ours=f"{FAULT}\n{LAW}\n{OBSERVABLE}\n{TIER}\n{STAND_IN}\n{SERVICE}")

    names = {kind: [*found(kind)] for kind in ExtensionKind}

    assert names == {
        ExtensionKind.FAULT: ["brownout"],
        ExtensionKind.LAW: ["something-is-said"],
        ExtensionKind.EXPECTATION: ["refusals"],
        ExtensionKind.TIER: ["near"],
        ExtensionKind.UPSTREAM: ["umbrellas"],
        ExtensionKind.TARGET: ["weather"],
        ExtensionKind.FORMAT: [],
    }


def test_target_of_a_plug_in_has_a_name(project: Project) -> None:
    """A scenario need not say where it is."""
    project.add(service=SERVICE)

    assert find_target("weather").__module__ == "service"
    assert "weather" in known_targets()


def test_stand_in_is_named_in_tests_and_targets(project: Project) -> None:
    """Whether it comes along or was added."""
    project.add(umbrellas=STAND_IN)

    with SimulatedWorld() as world:
        world.serve("umbrellas", "openai")

    assert stand_in("umbrellas").hosts == ("umbrellas.test",)
    with pytest.raises(ChaosError, match=r"unknown upstream 'umbrela'.* did you mean 'umbrellas'"):
        stand_in("umbrela")


def test_tier_is_found_by_its_name(project: Project) -> None:
    """Beside those of the harness."""
    project.add(near=TIER)

    assert [world.name for world in worlds("near")] == ["near"]
    with pytest.raises(ChaosError, match="expected one of: simulated, wire, near, both"):
        worlds("far")


def test_every_stand_in_of_the_harness_has_its_name() -> None:
    """What is in `chaos.upstreams` can be named, under the name that scenarios use."""

    def below(kind: type[StandIn]) -> Iterator[type[StandIn]]:
        for each in kind.__subclasses__():
            yield each
            yield from below(each)

    named = {name: stand_in(name) for name in STAND_INS}
    own = {
        each
        for each in below(StandIn)
        if each.__module__.startswith("chaos.upstreams.") and hasattr(each, "name")
    }

    assert {name: each.name for name, each in named.items()} == {name: name for name in named}
    assert own == {*named.values()}


def test_package_announces_what_it_has(project: Project, announce: dict[str, list[str]]) -> None:
    """Each kind in a group of its own; a project that names the same module changes nothing."""
    project.add(brownout=FAULT)
    announce["chaos.faults"] = ["brownout:Brownout"]
    extensions.forget()

    assert [*found(ExtensionKind.FAULT)] == ["brownout"]


def test_extension_of_another_group_is_refused(
    project: Project, announce: dict[str, list[str]]
) -> None:
    """A law that is announced as a fault would judge nothing."""
    project.add(said=LAW)
    announce["chaos.faults"] = ["said:SomethingIsSaid"]
    extensions.forget()

    with pytest.raises(ChaosError, match=r"expected a fault, as the group 'chaos\.faults' says"):
        found(ExtensionKind.FAULT)


def test_two_packages_cannot_have_one_name(
    project: Project, announce: dict[str, list[str]]
) -> None:
    """Which of them would count, nobody could tell."""
    project.add(one=FAULT, two=FAULT)

    with pytest.raises(ChaosError) as raised:
        load()

    assert "fault 'two:Brownout', named by pyproject.toml:2, is called 'brownout', and so is " in (
        str(raised.value)
    )
    assert "'one:Brownout', named by pyproject.toml:2; expected a name of its own" in str(
        raised.value
    )
    announce["chaos.faults"] = ["one:Brownout", "two:Brownout"]
    project.settings("")
    with pytest.raises(ChaosError, match="'Brownout' is announced twice: as 'one:Brownout'"):
        load()


WRONG = {
    "no such module": (
        "",
        "",
        "plug-in 'gone', named by pyproject.toml:2: no module named 'gone'",
    ),
    "broken module": ("1 / 0", "", "importing ours failed: ZeroDivisionError: division by zero"),
    "module that exits": ("raise SystemExit(0)", "", "importing ours ended the process"),
    "empty module": (
        "",
        "",
        "'ours', named by pyproject.toml:2 defines nothing that can be added",
    ),
    "name of the harness": (FAULT, '"brownout"|"timeout"', "is called 'timeout', and so is one"),
    "name with a hyphen": (FAULT, '"brownout"|"brown-out"', "write 'brown_out'"),
    "no model": (FAULT, "    model = BrownoutFault\n|", "has None as its 'model'; expected a sub"),
    "no name in the model": (
        FAULT,
        'Literal["brownout"]|str',
        "expected a subclass of chaos.scen",
    ),
    "no words": (
        FAULT,
        '    """The provider sheds load: its answers leave a key out."""\n|',
        ("has no words in BrownoutFault"),
    ),
    "no HTTP": (FAULT, "    needs_http = True\n|", "set needs_http = True in BrownoutFault"),
    "menu that is none": (FAULT, '{"without": "text"}|{"what": 1}', "on its menu, where"),
    "no alter": (FAULT, "def alter|def change", "is incomplete; expected it to define: alter"),
    "does not say where it acts": (
        FAULT,
        "AlteringFault|Behaviour",
        "expected a subclass of one of: Replac",
    ),
    "law without a sentence": (LAW, "says nothing.|says nothing", "expected the law in one sent"),
    "law without a basis": (LAW, "    rests_on = ANSWERS\n|", "has no 'rests_on'"),
    "law with spaces": (
        LAW,
        '"something-is-said"|"is said"',
        "lower-case words joined by hyphens",
    ),
    "key of the harness": (
        OBSERVABLE,
        '"refusals"|"calls.refused"',
        "does not begin with one of amplif",
    ),
    "no kind": (OBSERVABLE, "    kind = Kind.COUNT\n|", "has no 'kind'"),
    "tier in capitals": (TIER, '"near"|"Near"', "has 'Near' as its 'name'"),
    "stand-in without hosts": (STAND_IN, '    hosts = ("umbrellas.test",)\n|', "as its 'hosts'"),
}


@pytest.mark.parametrize(("text", "change", "message"), WRONG.values(), ids=WRONG)
def test_plug_in_that_is_wrong_is_one_message(
    text: str, change: str, message: str, project: Project
) -> None:
    """It is never passed over, says who names it, and comes before anything is read or played."""
    before, _, after = change.partition("|")
    assert before in text
    project.add(ours=text.replace(before, after) if before else text)
    if "gone" in message:
        project.settings('plugins = ["gone"]')

    with pytest.raises(ChaosError) as raised:
        project.load("- ask: Why?")

    assert message in str(raised.value)
    assert "pyproject.toml:2" in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            'plugin = ["ours"]',
            "unknown key 'plugin' in [tool.chaos]; expected one of: plugins; did",
        ),
        ('plugins = "ours"', "pyproject.toml:2: 'plugins' is 'ours'; expected a list of modules"),
        ('plugins = ["our module"]', "expected a list of modules"),
        ("plugins = [", "pyproject.toml is not TOML"),
    ],
    ids=["unknown key", "no list", "no module", "no TOML"],
)
def test_settings_that_are_wrong_are_one_message(
    settings: str, message: str, project: Project
) -> None:
    """With the line, where there is one."""
    project.settings(settings)

    with pytest.raises(ChaosError, match=re.escape(message)):
        project.load("- ask: Why?")


def test_settings_of_a_folder_above_count(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As tools do: chaos may run in any folder of the project."""
    project.add(brownout=FAULT)
    below = project.folder / "scenarios"
    below.mkdir()
    (below / "pyproject.toml").write_text("[tool.other]\n", encoding="utf-8")

    monkeypatch.chdir(below)
    project.forget()

    assert [*found(ExtensionKind.FAULT)] == ["brownout"]


def test_base_class_of_others_is_no_extension(project: Project) -> None:
    """What others of the module derive from need not be whole; what nobody needs must be."""
    base = "class Base(Law):\n    def words(self):\n        return 'x'\n\n\n"
    text = LAW.replace("class SomethingIsSaid(Law)", f"{base}class SomethingIsSaid(Base)")

    project.add(said=text)
    assert [*found(ExtensionKind.LAW)] == ["something-is-said"]

    base = (
        "class Base(AlteringFault):\n    def alter(self, response):\n        return response\n\n\n"
    )
    text = FAULT.replace(
        "class Brownout(AlteringFault[BrownoutFault])", f"{base}class Brownout(Base)"
    )
    project.add(brownout=text)
    assert [*found(ExtensionKind.FAULT)] == ["brownout"]


def test_order_is_that_of_names(project: Project) -> None:
    """Whatever their modules are called: reports are the same on every machine."""
    project.add(z_first=LAW.replace("something-", "a-"), a_last=LAW.replace("something-", "z-"))

    assert [*found(ExtensionKind.LAW)] == ["a-is-said", "z-is-said"]


def test_key_of_target_and_plug_in_cannot_be_the_same(project: Project) -> None:
    """Who measured it would be anybody's guess."""
    project.add(
        guesses=OBSERVABLE.replace('"refusals"', '"index.state"').replace("index.", "guesses.")
    )
    shown = SERVICE + (
        "\n    @classmethod\n    def vocabulary(cls):\n"
        "        from dataclasses import replace\n        from chaos.ports import Observable\n"
        "        seen = {'guesses.state': Observable(type=int, doc='x')}\n"
        "        return replace(super().vocabulary(), observables=seen)\n"
    )
    (project.folder / "service.py").write_text(shown, encoding="utf-8")

    with pytest.raises(ChaosError, match="and so is an observable of the target"):
        project.load("- ask: Why?", rest="expect: {guesses.state: 0}")


def test_no_import_runs_no_code(project: Project) -> None:
    """Not even that of plug-ins: their words are left alone, and all others are checked."""
    project.add(ours=FAULT + "\nopen('was-imported', 'w').close()\n")
    inject = "- inject: {upstream: weather, fault: brownout, without: text}"
    path = project.scenario(inject, "- ask: {question: Why?, tims: 3}")
    command = [sys.executable, "-m", "chaos", "validate", "--no-import", str(path)]

    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 2
    assert "unknown key 'tims'" in done.stderr
    assert "brownout" not in done.stderr.partition("unknown key")[0]
    assert not (project.folder / "was-imported").exists()


def test_broken_plug_in_is_a_message_of_the_command(project: Project) -> None:
    """For every command that meets it, and without a stack trace."""
    project.add(ours="1 / 0")
    path = project.scenario("- ask: Why?")

    for words in (["run", str(path)], ["list", "--faults"], ["schema"], ["run", "--help"]):
        done = subprocess.run(
            [sys.executable, "-m", "chaos", *words], capture_output=True, text=True, check=False
        )
        assert done.returncode == 2, words
        assert done.stderr.startswith(
            "chaos: plug-in 'ours', named by pyproject.toml:2: importing"
        )
        assert "Traceback" not in done.stderr


def test_starting_the_command_imports_no_extension() -> None:
    """`chaos --help` is quick, and safe in anybody's folder."""
    program = (
        "import chaos.cli, chaos.session, chaos.extensions.finding as e\n"
        "print(e.found.cache_info().currsize, e._read_modules.cache_info().currsize)"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert done.stdout.split() == ["0", "0"]


def test_plug_ins_are_found_by_other_processes(project: Project) -> None:
    """Scenarios are played with them by as many processes as there are."""
    project.add(brownout=FAULT, said=LAW)
    inject = "- inject: {upstream: weather, fault: brownout, without: text}"
    loaded = [project.load(inject, "- ask: Why?") for _ in range(2)]

    suite = session.run(loaded, processes=2)

    laws = {each.check for result in suite.results for each in result.problems}
    assert "something-is-said" in laws
