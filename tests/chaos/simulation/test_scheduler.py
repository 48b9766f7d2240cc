"""Who runs when, and what is said when nobody can."""

from __future__ import annotations

import contextlib
import os
import threading

import pytest

from chaos.errors import DeadlockError, SimulationError, StuckError
from chaos.simulation.tasks.behalf import Behalf, Question, acting_for
from chaos.simulation.tasks.limits import Limits
from chaos.simulation.world import Simulation
from chaos.trace.ndjson import digest
from tests.chaos.replayed import Replayed
from tests.chaos.simulation.toys import World, nap


def test_tasks_overlap_in_virtual_time(world: World) -> None:
    """Ten sleeps of an hour beside each other take one hour."""
    world.play(*[lambda: nap(3600.0)] * 10)

    assert world.now_s == 3600


def test_tasks_wake_in_the_order_of_their_times(world: World) -> None:
    """Whoever is due first runs first, whoever was spawned first."""
    order: list[str] = []

    def sleeper(seconds: float) -> None:
        nap(seconds)
        order.append(threading.current_thread().name)

    world.play(lambda: sleeper(3.0), lambda: sleeper(1.0), lambda: sleeper(2.0))

    assert order == ["user-2", "user-3", "user-1"]


@pytest.mark.parametrize(
    ("picks", "order"),
    [
        pytest.param([0, 0], "123", id="first come"),
        pytest.param([2, 1], "321", id="last come"),
        pytest.param([1, 0], "213", id="second first"),
    ],
)
def test_ties_are_broken_by_choices(simulation: Simulation, picks: list[int], order: str) -> None:
    """Tasks that could go on at the same instant do so in the order that was chosen."""
    world = World(simulation, choices=Replayed(picks))
    went: list[str] = []

    with world.run:
        world.play(*[lambda n=n: went.append(n) for n in "123"])

    assert "".join(went) == order


@pytest.mark.parametrize(
    ("pick", "order"),
    [
        pytest.param(0, ["user-1", "user-2"], id="as due"),
        pytest.param(1, ["user-2", "user-1"], id="as chosen"),
    ],
)
def test_tie_between_sleepers_is_broken_by_choices(
    simulation: Simulation, pick: int, order: list[str]
) -> None:
    """Whoever falls asleep last has no right to go on first."""
    world = World(simulation, choices=Replayed([0, pick]))
    went: list[str] = []

    def user() -> None:
        nap(1.0)
        went.append(threading.current_thread().name)

    with world.run:
        world.play(user, user)

    assert went == order


def test_recorded_choices_that_do_not_fit_end_the_run(simulation: Simulation) -> None:
    """A recording of another program is refused, even if a service catches everything."""
    world = World(simulation, choices=Replayed([5]))

    with world.run, pytest.raises(ValueError, match="does not fit"):
        world.play(*[lambda: nap(1.0)] * 3)


def test_task_starts_at_its_time(world: World) -> None:
    """``at_s`` counts from the start of the run, whatever else goes on."""
    started: list[float] = []
    world.run.scheduler.spawn("late", lambda: started.append(world.now_s), at_s=12.5)

    world.play(lambda: nap(5.0))

    assert started == [12.5]


def test_run_does_not_wait_for_the_background(world: World) -> None:
    """A task in the background is abandoned when all others have ended; it can clean up."""
    cleaned: list[str] = []

    def forever() -> None:
        try:
            while True:
                nap(1.0)
        except Exception:  # noqa: BLE001 - it must not even be seen here
            cleaned.append("caught")
        finally:
            cleaned.append("cleaned")

    task = world.run.scheduler.spawn("refresher", forever, background=True)

    world.play(lambda: nap(2.5))

    assert task.ended
    assert task.error is None
    assert cleaned == ["cleaned"]
    assert world.now_s == 2.5


def test_abandoned_task_leaves_no_trace(world: World) -> None:
    """What a task does while it is thrown out is not part of the run."""

    def body() -> None:
        try:
            nap(100.0)
        finally:
            nap(1.0)

    world.run.scheduler.spawn("refresher", body, background=True)

    world.play(lambda: nap(1.0))

    assert sorted(world.waits) == [1.0, 100.0]


def test_task_inherits_actor_and_question(world: World) -> None:
    """What a task starts is done on behalf of the same user and question."""
    seen: list[tuple[str, int | None]] = []

    def user() -> None:
        def note() -> None:
            behalf = world.run.scheduler.behalf()
            assert behalf is not None
            seen.append((behalf.actor, behalf.ask))

        with acting_for(Behalf("user-1", Question(4))):
            thread = threading.Thread(target=note)
            thread.start()
            thread.join()
            world.run.scheduler.join(world.run.scheduler.spawn("helper", note))

    world.play(user)

    assert seen == [("user-1", 4), ("user-1", 4)]


def test_error_of_a_task_is_kept_for_its_spawner(world: World) -> None:
    """It neither ends the run nor is it lost."""
    first, second = world.play(lambda: 1 // 0, lambda: 42)

    assert isinstance(first.error, ZeroDivisionError)
    assert second.result == 42


def test_same_seed_gives_the_same_run(simulation: Simulation) -> None:
    """Ten users with ties everywhere; another seed gives another order."""

    def user() -> None:
        for _ in range(3):
            nap(1.0)

    def play(seed: int) -> str:
        world = World(simulation, seed=seed)
        with world.run:
            world.play(*[user] * 10)
        return digest(world.run.trace)

    assert play(7) == play(7)
    assert play(7) != play(8)


def test_deadlock_names_who_waits_for_whom(world: World) -> None:
    """Both users, what they wait for, since when, and where."""
    a, b = threading.Lock(), threading.Lock()

    def grab(first: threading.Lock, second: threading.Lock) -> None:
        with first:
            nap(1.0)
            with second:
                pass

    with pytest.raises(DeadlockError) as caught:
        world.play(lambda: grab(a, b), lambda: grab(b, a))

    message = str(caught.value)
    assert "at 1.000 s" in message
    assert "user-1 waits for a lock held by user-2 since 0.000 s; waiting since 1.000 s" in message
    assert "user-2 waits for a lock held by user-1 since 0.000 s" in message
    assert "test_scheduler.py" in message


def test_wait_for_a_notification_that_never_comes_is_a_deadlock(world: World) -> None:
    """An event that nobody sets is told apart from a lock."""
    with pytest.raises(DeadlockError, match="user-1 waits for a notification"):
        world.play(threading.Event().wait)


def test_lock_taken_twice_is_a_deadlock(world: World) -> None:
    """A user who waits for a lock that they hold themselves is told so."""
    lock = threading.Lock()

    def twice() -> None:
        with lock, lock:
            pass

    with pytest.raises(DeadlockError, match="user-1 waits for a lock it holds itself"):
        world.play(twice)


def test_convoy_is_reported_with_names(world: World) -> None:
    """A lock held over a wait makes users queue; who waited for whom, and how long, is kept."""
    lock = threading.Lock()

    def hold() -> None:
        with lock:
            nap(2.0)

    world.play(hold, hold, hold)

    assert world.now_s == 6
    convoy = [(entry.since_s, entry.seconds) for entry in world.run.contentions]
    assert convoy == [(0, 2), (0, 4)]
    assert {entry.holder for entry in world.run.contentions} < {"user-1", "user-2", "user-3"}
    assert "in hold" in world.run.contentions[0].place


def test_stuck_task_is_named_with_its_stack(simulation: Simulation) -> None:
    """A wait in C that never ends cannot hang the harness; the culprit line is shown."""
    world = World(simulation, limits=Limits(blocked_looks=3))
    reading_end, writing_end = os.pipe()

    def wait_in_reality() -> None:
        nap(3.0)
        os.read(reading_end, 1)

    with pytest.raises(StuckError) as caught, world.run:
        world.play(wait_in_reality)
    os.write(writing_end, b"x")

    assert "user-1 is stuck at 3.000 s" in str(caught.value)
    assert "wait_in_reality" in str(caught.value)


def test_stuck_task_cannot_disturb_the_next_run(simulation: Simulation) -> None:
    """Should it wake up after all, it is told to leave before it does anything."""
    reading_end, writing_end = os.pipe()
    left: list[bool] = []
    late = World(simulation, limits=Limits(blocked_looks=3))

    def wait_in_reality() -> None:
        os.read(reading_end, 1)
        try:
            nap(5.0)
        finally:
            left.append(True)

    with pytest.raises(StuckError), late.run:
        late.play(wait_in_reality)
    world = World(simulation)
    with world.run:
        thread = next(t for t in threading.enumerate() if t.name == "user-1")
        os.write(writing_end, b"x")
        thread.join(5.0)

    assert left == [True]
    assert world.events == []
    assert world.now_s == 0


@pytest.mark.parametrize(
    "limits",
    [
        pytest.param(Limits(max_switches=50), id="too many switches"),
        pytest.param(Limits(max_virtual_s=50.0), id="too long"),
    ],
)
@pytest.mark.parametrize("users", [1, 3])
def test_livelock_ends_the_run(simulation: Simulation, limits: Limits, users: int) -> None:
    """A user who polls for ever ends in an error, alone or in company."""

    def poll() -> None:
        while True:
            nap(1.0)

    world = World(simulation, limits=limits)

    with pytest.raises(SimulationError, match="livelock"), world.run:
        world.play(*[poll] * users)


def test_service_that_swallows_everything_cannot_survive_the_end(world: World) -> None:
    """Being thrown out is no Exception that a retry could catch."""

    def stubborn() -> None:
        while True:
            with contextlib.suppress(Exception):
                nap(1.0)

    task = world.run.scheduler.spawn("stubborn", stubborn, background=True)

    world.play(lambda: nap(5.0))

    assert task.ended
