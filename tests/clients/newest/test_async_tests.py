"""Async tests with the ``simulation`` fixture, run by the two plugins that run such tests."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

TESTS = """\
import asyncio

import httpx
import pytest

from tests.clients.providers import Weather

pytestmark = pytest.mark.{mark}
outside = []


@pytest.fixture
def anyio_backend():
    return "asyncio"


@{fixture}
async def client(simulation):
    simulation.serve(Weather())
    async with httpx.AsyncClient(timeout=10) as client:
        yield client


async def ask(client):
    while (answer := await client.get("https://api.weather.test/v1/now")).is_error:
        await asyncio.sleep(60)
    return answer.json()["text"]


async def test_retry_waits_in_virtual_time(simulation, client):
    simulation.inject(upstream="weather", fault="http_error", status=503, calls=1)

    assert await ask(client) == "sunny"
    assert simulation.now_s == 60.0
    assert simulation.seen("calls.weather") == 2


async def test_several_ask_at_once(simulation, client):
    simulation.inject(upstream="weather", fault="latency", latency="5s")

    assert await asyncio.gather(*[ask(client) for _ in range(3)]) == ["sunny"] * 3
    assert simulation.now_s == 5.0
    simulation.advance("1h")
    assert simulation.now_s == 3605.0


async def test_timeout_cancels(simulation, client):
    simulation.inject(upstream="weather", fault="latency", latency="8s")

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(3):
            await ask(client)
    assert simulation.now_s == 3.0
    assert simulation.seen("calls.weather") == 1


async def test_clock_of_the_loop_is_real_again():
    began = asyncio.get_running_loop().time()
    await asyncio.sleep(0.05)
    assert asyncio.get_running_loop().time() - began < 50


async def test_fails_if_it_expects_something_else(simulation, client):
    await asyncio.sleep(7)
    assert simulation.now_s == 8.0


async def test_fails_if_a_fault_is_never_felt(simulation, client):
    simulation.inject(upstream="weather", fault="timeout")
"""

FUNCTION, SESSION = "asyncio", 'asyncio(loop_scope="session")'


@pytest.mark.parametrize(
    ("plugin", "mark", "fixture"),
    [
        ("anyio", "anyio", "pytest.fixture"),
        ("pytest_asyncio", FUNCTION, "pytest_asyncio.fixture"),
        ("pytest_asyncio", SESSION, 'pytest_asyncio.fixture(loop_scope="session")'),
    ],
    ids=["anyio", "pytest-asyncio", "pytest-asyncio with one loop for all"],
)
def test_async_tests_have_the_same_world(
    plugin: str, mark: str, fixture: str, tmp_path: Path
) -> None:
    """What awaits in a test meets stand-ins and virtual time; what is wrong fails."""
    text = TESTS.format(mark=mark, fixture=fixture)
    if plugin != "anyio":
        text = text.replace("import pytest\n", "import pytest\nimport pytest_asyncio\n", 1)
    (tmp_path / "test_it.py").write_text(text)
    options = (
        *("-p", "no:cacheprovider", "-o", "asyncio_default_fixture_loop_scope=function"),
        # By its module, since here the harness is on the path without being installed.
        *("-p", "no:chaos", "-p", "chaos.pytest_plugin"),
    )
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *options, f"--rootdir={tmp_path}", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert "1 failed, 5 passed, 1 error" in done.stdout, done.stdout + done.stderr
    assert "assert 7.0 == 8.0" in done.stdout
    assert "armed but never touched a call: 'timeout'" in done.stdout
