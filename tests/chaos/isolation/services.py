"""Services that leave something behind, or end the process that they run in."""

from __future__ import annotations

import atexit
import faulthandler
import os
import random
import urllib.error
import urllib.request

from chaos.ports import Answer, Target
from chaos.upstreams.simple import JsonUpstream

CITIES = ("oslo", "bern", "rome", "kyiv", "riga", "bonn", "lima")
known: dict[str, str] = {}


class Weather(JsonUpstream):
    """Knows the weather."""

    name = "weather"
    hosts = ("weather.test",)
    routes = {"now": ("GET", "/(?P<object>.*)", {"text": "sunny"})}  # noqa: RUF012 - a constant


class Remembers(Target):
    """Keeps what it was told in its module, for ever."""

    upstreams = (Weather,)
    modes = ("told", "guessed")

    def ask(self, question: str) -> Answer:
        """From memory, or told, or guessed."""
        try:
            if question not in known:
                with urllib.request.urlopen(
                    f"http://weather.test/{question}", timeout=5
                ) as response:
                    known[question] = response.read().decode()
        except urllib.error.HTTPError:
            return Answer(mode="guessed", text="who knows")
        return Answer(mode="told", text=known[question])


class Trusting(Remembers):
    """Says of itself that it may share a process, which is not true."""

    isolation = "shared"


class Dies(Remembers):
    """Crashes, as a library in C may, when it is asked for too much."""

    def ask(self, question: str) -> Answer:
        """Crash, or answer."""
        if question == "everything":
            faulthandler._sigsegv()  # type: ignore[attr-defined]  # for tests
        return super().ask(question)


class SaysGoodbye(Remembers):
    """Ends the process a second time, when it ends."""

    @classmethod
    def make_upstreams(cls) -> list[Weather]:
        """New stand-ins, and a trap."""
        atexit.register(os._exit, 0)
        return [Weather()]


class Unseeded(Remembers):
    """Tells what no seed decides."""

    def ask(self, question: str) -> Answer:
        """Something else each time."""
        return Answer(mode="told", text=f"{random.SystemRandom().random()}")


class Unordered(Remembers):
    """Asks in the order of a set, which another process has otherwise."""

    def ask(self, question: str) -> Answer:
        """After asking for everything once."""
        for word in set(CITIES):
            super().ask(word)
        return super().ask(question)
