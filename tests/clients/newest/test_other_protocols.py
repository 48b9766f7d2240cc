"""What does not speak HTTP, or not through Python."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import grpc
import grpc.aio
import psycopg
import pycurl

from tests.clients.frame.row import Client, Row
from tests.clients.frame.tests import ClientTests
from tests.clients.providers import URL, Weather

_HOST = "api.weather.test"


def _pycurl() -> object:
    curl = pycurl.Curl()
    curl.setopt(pycurl.URL, URL)
    return curl.perform()


def _grpc() -> object:
    with grpc.secure_channel(f"{_HOST}:443", grpc.ssl_channel_credentials()) as channel:
        return channel.unary_unary("/weather/Now")(b"", timeout=1)


def _grpc_later() -> object:
    async def call() -> object:
        credentials = grpc.ssl_channel_credentials()
        async with grpc.aio.secure_channel(f"{_HOST}:443", credentials) as channel:
            return await channel.unary_unary("/weather/Now")(b"", timeout=1)

    return asyncio.run(call())


def _psycopg() -> object:
    return psycopg.connect(f"host={_HOST} connect_timeout=2")


def _psycopg_later() -> object:
    return asyncio.run(psycopg.AsyncConnection.connect(f"host={_HOST} connect_timeout=2"))


def _udp() -> object:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        return sock.sendto(b"", (_HOST, 53))


def _row(name: str, call: Any, refused: str) -> Row:
    return Row(name=name, call=call, upstream=Weather, refused=refused)


class TestOtherProtocols(ClientTests):
    """pycurl, gRPC, psycopg, UDP."""

    client = Client(
        name="Other protocols",
        packages=("pycurl", "grpcio", "psycopg"),
        rows=(
            _row("pycurl", _pycurl, "pycurl.Curl was used"),
            _row("gRPC", _grpc, "grpc.secure_channel was used"),
            _row("gRPC, async", _grpc_later, "grpc.aio.secure_channel was used"),
            _row("psycopg", _psycopg, "psycopg.connect was used"),
            _row("psycopg, async", _psycopg_later, "psycopg.AsyncConnection.connect was used"),
            _row("UDP", _udp, "expected TCP"),
        ),
    )
