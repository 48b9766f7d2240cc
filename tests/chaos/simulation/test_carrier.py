"""What each delivery looks like to the real SDKs, and when."""

from __future__ import annotations

import httpx
import httpx2
import openai
import pytest
import requests

from chaos.errors import DeadlockError
from chaos.faults.connecting import ConnectionRefusal
from chaos.faults.delivery import Delivery
from chaos.http import Response
from tests.chaos.simulation.toys import (
    ANSWER,
    OBJECT,
    REFUSED,
    SILENT,
    WORDS,
    World,
    chat,
    download,
    streamed_chat,
    travels,
)

HALF = len(OBJECT) // 2


def test_perfect_delivery_gives_the_openai_sdk_its_answer_at_once(world: World) -> None:
    """Nothing in the way: the text is whole, and no time passes."""
    assert world.result(chat) == ANSWER
    assert world.now_s == 0
    assert world.response.status == 200
    assert world.response.error is None


def test_perfect_delivery_gives_the_storage_sdk_its_object_at_once(world: World) -> None:
    """Nothing in the way: every byte is there, and no time passes."""
    assert world.result(download) == OBJECT
    assert world.now_s == 0
    assert world.response.status == 200
    assert world.response.error is None


@pytest.mark.parametrize(
    ("delivery", "cause", "at_s"),
    [
        pytest.param(REFUSED, httpx2.ConnectError, 0.0, id="refused"),
        pytest.param(SILENT, httpx2.ReadTimeout, 15.0, id="silent"),
        pytest.param(travels(latency_s=70.0), httpx2.ReadTimeout, 15.0, id="too late"),
        pytest.param(travels(end="reset"), httpx2.ReadError, 0.0, id="reset at once"),
        pytest.param(travels(end="reset", cut_after=10), httpx2.ReadError, 0.0, id="reset"),
        pytest.param(
            travels(end="fin", cut_after=10), httpx2.RemoteProtocolError, 0.0, id="ends early"
        ),
        pytest.param(travels(end="stall", cut_after=10), httpx2.ReadTimeout, 15.0, id="stalls"),
        pytest.param(
            travels(latency_s=4.0, end="stall", cut_after=0),
            httpx2.ReadTimeout,
            19.0,
            id="stalls after late headers",
        ),
        pytest.param(
            travels(slice_bytes=9, slice_delay_s=20.0), httpx2.ReadTimeout, 15.0, id="slow pieces"
        ),
        pytest.param(travels(rate=0.01), httpx2.ReadTimeout, 15.0, id="slow bytes"),
    ],
)
def test_broken_delivery_is_a_connection_error_of_the_openai_sdk(
    world: World, delivery: Delivery | ConnectionRefusal, cause: type[Exception], at_s: float
) -> None:
    """The SDK's own class, caused by its own HTTP library's, at exactly its own timeout."""
    world.injector.travel(delivery)

    error = world.error(chat)

    expected = openai.APITimeoutError if cause is httpx2.ReadTimeout else openai.APIConnectionError
    assert type(error) is expected
    assert type(error.__cause__) is cause
    assert world.now_s == at_s
    assert world.response.error == cause.__name__
    assert world.response.elapsed_s == at_s


@pytest.mark.parametrize(
    ("delivery", "raised", "traced", "at_s"),
    [
        pytest.param(
            REFUSED,
            requests.exceptions.ConnectionError,
            "ConnectError",
            0.0,
            id="refused",
        ),
        pytest.param(
            SILENT,
            requests.exceptions.ReadTimeout,
            "ReadTimeout",
            15.0,
            id="silent",
        ),
        pytest.param(
            travels(latency_s=70.0),
            requests.exceptions.ReadTimeout,
            "ReadTimeout",
            15.0,
            id="too late",
        ),
        pytest.param(
            travels(end="reset"),
            requests.exceptions.ConnectionError,
            "ReadError",
            0.0,
            id="reset at once",
        ),
        pytest.param(
            travels(end="reset", cut_after=HALF),
            requests.exceptions.ChunkedEncodingError,
            "ReadError",
            0.0,
            id="reset",
        ),
        pytest.param(
            travels(end="fin", cut_after=HALF),
            requests.exceptions.ChunkedEncodingError,
            "RemoteProtocolError",
            0.0,
            id="ends early",
        ),
        pytest.param(
            travels(end="stall", cut_after=HALF),
            requests.exceptions.ConnectionError,
            "ReadTimeout",
            15.0,
            id="stalls",
        ),
        pytest.param(
            travels(slice_bytes=9, slice_delay_s=20.0),
            requests.exceptions.ConnectionError,
            "ReadTimeout",
            15.0,
            id="slow pieces",
        ),
    ],
)
def test_broken_delivery_is_a_requests_error_of_the_storage_sdk(
    world: World,
    delivery: Delivery | ConnectionRefusal,
    raised: type[Exception],
    traced: str,
    at_s: float,
) -> None:
    """As over a network, the class tells headers from body; the trace names the cause."""
    world.injector.travel(delivery)

    error = world.error(download)

    assert type(error) is raised
    assert world.now_s == at_s
    assert world.response.error == traced


def test_short_body_reads_in_the_storage_sdk_as_it_does_over_a_network(world: World) -> None:
    """urllib3 itself finds that bytes are missing, and says how many."""
    world.injector.travels = travels(end="fin", cut_after=HALF)

    error = world.error(download)

    assert f"IncompleteRead({HALF} bytes read, {HALF} more expected)" in str(error)


def test_latency_below_the_timeout_is_only_waited_for(world: World) -> None:
    """The answer is right, and comes when it comes; no wait of the service is recorded."""
    world.injector.travels = travels(latency_s=15.0)

    assert world.result(chat) == ANSWER
    assert world.now_s == 15.0
    assert world.response.elapsed_s == 15.0
    assert world.waits == []


def test_read_timeout_starts_anew_with_each_piece(world: World) -> None:
    """As in reality, a body that trickles passes a timeout shorter than the whole."""
    world.injector.travels = travels(slice_bytes=HALF // 2, slice_delay_s=10.0)

    assert world.result(download) == OBJECT
    assert world.now_s == 30.0


def test_rate_lets_that_many_bytes_through_a_second(world: World) -> None:
    """A hundred kilobytes at ten kilobytes a second take ten seconds."""
    world.injector.travels = travels(rate=len(OBJECT) / 10)

    assert world.result(download) == OBJECT
    assert world.now_s == pytest.approx(10.0, abs=0.001)


def test_connect_timeout_of_a_pair_does_not_bound_the_read(world: World) -> None:
    """Of ``(3, 15)`` the second is the read timeout."""
    world.injector.travels = travels(latency_s=70.0)

    world.error(lambda: download((3.0, 15.0)))

    assert world.now_s == 15.0


@pytest.mark.parametrize(
    "delivery",
    [
        pytest.param(SILENT, id="silent"),
        pytest.param(travels(end="stall", cut_after=10), id="stalls"),
    ],
)
def test_silence_without_a_timeout_is_a_deadlock_with_a_name(
    world: World, delivery: Delivery
) -> None:
    """A client that would wait for ever is named, instead of hanging the run."""
    world.injector.travels = delivery

    with pytest.raises(DeadlockError) as caught:
        world.play(lambda: download(None))

    assert "user-1 waits for bytes from storage.googleapis.com:443, without a timeout" in str(
        caught.value
    )


def test_stream_arrives_word_by_word(world: World) -> None:
    """An event stream is read while it comes, and is complete at its end."""
    words: list[str] = []
    world.injector.travels = travels(slice_bytes=40, slice_delay_s=1.0)

    world.result(lambda: streamed_chat(words))

    assert words == list(WORDS)
    assert world.now_s > 5
    assert world.response.error is None
    assert dict(world.response.detail)["operation"] == "chat"


def test_stream_that_ends_early_looks_complete_to_the_sdk(world: World) -> None:
    """The SDK raises nothing at all when a stream just ends; the service has to notice."""
    words: list[str] = []
    world.injector.travels = travels(end="fin", cut_after=300)

    world.result(lambda: streamed_chat(words))

    assert words == list(WORDS[:1])


@pytest.mark.parametrize(
    ("end", "raised", "by_the_sdk", "at_s"),
    [
        pytest.param("reset", httpx2.ReadError, openai.APIConnectionError, 0.0, id="reset"),
        pytest.param("stall", httpx2.ReadTimeout, openai.APITimeoutError, 15.0, id="stall"),
    ],
)
def test_stream_that_breaks_raises_after_the_words_before(
    world: World, end: str, raised: type[Exception], by_the_sdk: type[Exception], at_s: float
) -> None:
    """What came before the break has been handed out."""
    words: list[str] = []
    world.injector.travels = travels(end=end, cut_after=300)  # type: ignore[arg-type]  # a parameter is a plain str

    error = world.error(lambda: streamed_chat(words))

    # Older versions of the SDK do not wrap what is raised while a stream is read.
    if isinstance(error, openai.OpenAIError):
        assert type(error) is by_the_sdk
        assert type(error.__cause__) is raised
    else:
        assert type(error) is raised
    assert words == list(WORDS[:1])
    assert world.now_s == at_s


def test_stream_that_stalls_after_its_last_event_keeps_the_client_waiting(world: World) -> None:
    """Without a length only the end of the stream says that nothing more will come."""
    world.injector.travels = travels(end="stall", cut_after=100_000)

    def read_to_the_end() -> None:
        httpx2.post(
            "https://api.openai.com/v1/chat/completions", json={"stream": True}, timeout=5.0
        )

    assert isinstance(world.error(read_to_the_end), httpx2.ReadTimeout)
    assert world.now_s == 5.0
    assert world.response.error == "ReadTimeout"


def test_status_of_a_fault_reaches_the_sdk_as_its_own_class(world: World) -> None:
    """A 503 is the SDK's InternalServerError."""
    world.injector.answer = Response(status=503, body=b"no")

    assert isinstance(world.error(chat), openai.InternalServerError)
    assert world.response.status == 503


def test_classic_httpx_is_answered_too(world: World) -> None:
    """A service on the older library runs in the same world, with its errors."""
    world.injector.travels = travels(latency_s=9.0)

    def call() -> None:
        with httpx.Client(timeout=5.0) as client:
            client.post("https://api.openai.com/v1/chat/completions", json={})

    assert type(world.error(call)) is httpx.ReadTimeout
    assert world.now_s == 5.0
