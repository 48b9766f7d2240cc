"""Proxies are honoured as a client configures them, or refused in words that help."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator

import httpx
import pytest
import requests

from chaos.errors import SimulationError
from chaos.testing import SimulatedWorld
from chaos.trace.events import RequestEvent
from chaos.upstreams.proxy import ForwardProxy
from chaos.upstreams.simple import JsonUpstream

PROXY = "http://proxy.corp:3128"


class Weather(JsonUpstream):
    """A provider."""

    name = "weather"
    hosts = ("weather.test",)
    routes = {"now": ("GET", "/now", {"text": "sunny"})}  # noqa: RUF012 - a table


class Corporate(ForwardProxy):
    """A proxy."""

    hosts = ("proxy.corp",)


class Guarded(Corporate):
    """A proxy that wants to know who asks."""

    credentials = "me:secret"


def with_httpx(url: str, proxy: str | None) -> int:
    """One request of httpx; None uses the environment."""
    with httpx.Client(proxy=proxy, timeout=5) as client:
        return client.get(url).status_code


def with_requests(url: str, proxy: str | None) -> int:
    """One request of requests."""
    proxies = None if proxy is None else {"http": proxy, "https": proxy}
    return requests.get(url, proxies=proxies, timeout=5).status_code


CLIENTS = pytest.mark.parametrize(
    "get",
    [pytest.param(with_httpx, id="httpx"), pytest.param(with_requests, id="requests")],
)
Get = Callable[[str, str | None], int]


@pytest.fixture
def world() -> Iterator[SimulatedWorld]:
    """A world with a provider and a proxy."""
    with SimulatedWorld() as world:
        world.serve(Weather(), Corporate())
        yield world


def asked(world: SimulatedWorld) -> list[str]:
    """Who was asked for what."""
    return [f"{each.upstream}.{each.operation}" for each in world.trace.of(RequestEvent)]


@CLIENTS
def test_a_tunnel_leads_to_the_provider(world: SimulatedWorld, get: Get) -> None:
    """An encrypted request asks the proxy for a tunnel first."""
    assert get("https://weather.test/now", PROXY) == 200
    assert asked(world) == ["proxy.tunnel", "weather.now"]


@CLIENTS
def test_a_plain_request_is_passed_on(world: SimulatedWorld, get: Get) -> None:
    """A plain request is sent to the proxy whole."""
    assert get("http://weather.test/now", PROXY) == 200
    assert asked(world) == ["weather.now"]


@CLIENTS
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_the_environment_is_honoured(
    world: SimulatedWorld, get: Get, scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the service puts into its environment, its clients obey; exceptions as well."""
    monkeypatch.setenv(f"{scheme.upper()}_PROXY", PROXY)
    outage = world.inject(upstream="proxy", fault="connection_refused")
    with pytest.raises((httpx.ConnectError, requests.exceptions.ProxyError)):
        get(f"{scheme}://weather.test/now", None)
    monkeypatch.setenv("NO_PROXY", "weather.test")
    assert get(f"{scheme}://weather.test/now", None) == 200
    world.heal(outage)


@CLIENTS
def test_what_befalls_the_provider_is_met_through_the_tunnel(
    world: SimulatedWorld, get: Get
) -> None:
    """A silent provider times out behind a proxy as it does without."""
    world.inject(upstream="weather", fault="timeout")

    with pytest.raises((httpx.ReadTimeout, requests.exceptions.ReadTimeout)):
        get("https://weather.test/now", PROXY)

    assert world.now_s == 5


@CLIENTS
@pytest.mark.parametrize("fault", ["connection_refused", "dns_failure"])
def test_a_proxy_that_cannot_reach_the_provider_says_so(
    world: SimulatedWorld, get: Get, fault: str
) -> None:
    """A provider that is down is the proxy's 502: an error for a tunnel, a status without."""
    world.inject(upstream="weather", fault=fault)

    with pytest.raises((httpx.ProxyError, requests.exceptions.ProxyError), match=r"502|Bad Gate"):
        get("https://weather.test/now", PROXY)
    assert get("http://weather.test/now", PROXY) == 502


@CLIENTS
def test_a_proxy_that_answers_503_opens_no_tunnel(world: SimulatedWorld, get: Get) -> None:
    """Faults strike the proxy's own answers, too."""
    world.inject(upstream="proxy", fault="http_error", status=503)

    with pytest.raises((httpx.ProxyError, requests.exceptions.ProxyError)):
        get("https://weather.test/now", PROXY)
    assert asked(world)[0] == "proxy.tunnel"


@CLIENTS
def test_credentials_are_looked_at(get: Get) -> None:
    """Who says the word is let through; who does not gets 407."""
    with SimulatedWorld() as world:
        world.serve(Weather(), Guarded())
        with pytest.raises((httpx.ProxyError, requests.exceptions.ProxyError), match=r"407|Proxy"):
            get("https://weather.test/now", PROXY)
        assert get("http://weather.test/now", PROXY) == 407
        for scheme in ("http", "https"):
            assert get(f"{scheme}://weather.test/now", "http://me:secret@proxy.corp:3128") == 200


@CLIENTS
@pytest.mark.parametrize(
    ("variable", "message"),
    [
        pytest.param("HTTPS_PROXY", "HTTPS_PROXY names the proxy 'proxy.corp'", id="environment"),
        pytest.param(None, "unknown host 'proxy.corp'.*if it is a proxy", id="option"),
    ],
)
def test_a_proxy_that_nothing_stands_for_is_refused(
    get: Get, variable: str | None, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether it comes from the environment or from an option, the message names the way out."""
    with pytest.raises(SimulationError, match=message):  # noqa: PT012, SIM117
        with SimulatedWorld() as world:
            world.serve(Weather())
            if variable is not None:
                monkeypatch.setenv(variable, PROXY)
            with contextlib.suppress(httpx.HTTPError, requests.RequestException):
                get("https://weather.test/now", None if variable else PROXY)


@CLIENTS
def test_a_provider_is_no_proxy(get: Get) -> None:
    """A request for another host at a provider that would not pass it on is refused."""

    class Other(JsonUpstream):
        name, hosts, routes = "other", ("other.test",), {"all": ("GET", "/.*", {})}

    message = r"other\.test got a proxy request for"
    with pytest.raises(SimulationError, match=message):  # noqa: PT012, SIM117
        with SimulatedWorld() as world:
            world.serve(Weather(), Other())
            with contextlib.suppress(httpx.HTTPError, requests.RequestException):
                get("http://weather.test/now", "http://other.test:80")


def test_an_event_loop_goes_through_a_tunnel(world: SimulatedWorld) -> None:
    """The asynchronous client asks for its tunnel in the loop."""

    async def get() -> int:
        async with httpx.AsyncClient(proxy=PROXY) as client:
            return (await client.get("https://weather.test/now")).status_code

    assert world.users(1, lambda: asyncio.run(get())) == [200]
    assert asked(world) == ["proxy.tunnel", "weather.now"]
