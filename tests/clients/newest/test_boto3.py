"""boto3, with S3."""

from __future__ import annotations

from typing import Any, Literal

import boto3
from botocore.config import Config

from tests.clients.frame.row import TIMEOUT_S, Client, Row
from tests.clients.frame.tests import ClientTests
from tests.clients.providers import OBJECT, S3


def _client(mode: Literal["legacy", "standard"]) -> Any:
    return boto3.client(
        "s3",
        region_name="us-east-1",
        aws_access_key_id="key",
        aws_secret_access_key="secret",
        config=Config(
            connect_timeout=TIMEOUT_S,
            read_timeout=TIMEOUT_S,
            retries={"mode": mode, "max_attempts": 2},
        ),
    )


def _get(mode: Literal["legacy", "standard"]) -> object:
    return _client(mode).get_object(Bucket="bucket", Key="object")["Body"].read()


def _put() -> object:
    answer = _client("standard").put_object(Bucket="bucket", Key="object", Body=OBJECT)
    return answer["ETag"]


class TestBoto3(ClientTests):
    """boto3."""

    client = Client(
        name="boto3",
        packages=("boto3", "botocore"),
        rows=(
            Row(
                name="S3, `get_object`, standard retries",
                call=lambda: _get("standard"),
                upstream=S3,
                answer=OBJECT,
            ),
            Row(
                name="S3, `get_object`, legacy retries",
                call=lambda: _get("legacy"),
                upstream=S3,
                answer=OBJECT,
            ),
            Row(name="S3, `put_object`", call=_put, upstream=S3, answer='"1"'),
        ),
    )
