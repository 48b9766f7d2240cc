"""A run for a service outside: steps, signals, verdicts; asked by real clients."""

from __future__ import annotations

from urllib.error import HTTPError
from urllib.request import urlopen

import openai
import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage

from chaos.scenario.problems import ScenarioError
from chaos.trace.events import AnswerEvent, FaultEvent, RequestEvent, ResponseEvent
from chaos.verdict import Outcome
from tests.chaos.serve.playing import Playing, playing

OUTAGE = """\
method:
  - ask: Is all well?
    expect: {calls.openai: 1}
  - inject: {id: outage, upstream: openai, fault: http_error, status: 503}
  - ask: And now?
    expect: {calls.openai: 1}
  - heal: outage
  - ask: And after that?
    expect: {calls.openai: 1}
expect: {calls.openai.chat.completions: 3}
"""
ONE_QUESTION = """\
method:
  - ask: Is all well?
    expect: {EXPECT}
"""


def client(run: Playing) -> openai.OpenAI:
    """The real SDK."""
    return openai.OpenAI(api_key="sk-x", base_url=f"{run.url('openai')}/v1", max_retries=0)


def say_hello(sdk: openai.OpenAI) -> str:
    """One question."""
    completion = sdk.chat.completions.create(
        model="gpt-4o-mini", messages=[{"role": "user", "content": "Is the VPN down?"}]
    )
    return str(completion.choices[0].message.content)


def ask(run: Playing) -> str:
    """A question, or the error that it came to."""
    try:
        return say_hello(client(run))
    except openai.APIError as error:
        return type(error).__name__


def test_faults_begin_and_end_at_their_place() -> None:
    """A step that asks ends with a signal; what comes after it is in force when that returns."""
    with playing(OUTAGE) as run:
        answers = []
        for _ in range(3):
            answers.append(ask(run))
            assert run.post("/next")[0] == 200

    assert "VPN" in answers[0]
    assert answers[1] == "InternalServerError"
    assert "VPN" in answers[2]
    (result,) = run.results
    assert result.outcome is Outcome.PASSED, result.problems
    assert [event.what for event in result.trace.of(FaultEvent)] == [
        *("injected", "touched", "healed"),
    ]
    assert [event.status for event in result.trace.of(ResponseEvent)] == [200, 503, 200]


def test_expectation_of_calls_can_fail() -> None:
    """What requests show is judged: one that asks twice is found out."""
    with playing(ONE_QUESTION.replace("EXPECT", "calls.openai: 1")) as run:
        ask(run)
        ask(run)
        run.post("/next")

    (result,) = run.results
    assert result.outcome is Outcome.FAILED
    assert [verdict.check for verdict in result.problems] == ["method[0] calls.openai"]


def test_expectation_of_answers_proves_nothing_if_nobody_tells() -> None:
    """A skip must not look like a pass."""
    with playing(ONE_QUESTION.replace("EXPECT", "answer.mode: llm")) as run:
        ask(run)
        run.post("/next")

    (result,) = run.results
    assert result.outcome is Outcome.INCONCLUSIVE
    assert "was not judged" in result.problems[0].reason


@pytest.mark.parametrize(
    ("mode", "outcome"), [("llm", Outcome.PASSED), ("fallback", Outcome.FAILED)]
)
def test_told_answers_are_judged(mode: str, outcome: Outcome) -> None:
    """Whoever asks may tell what came of it, and is believed."""
    with playing(ONE_QUESTION.replace("EXPECT", "answer.mode: llm")) as run:
        ask(run)
        assert run.post("/next", {"answers": [{"mode": mode}]})[0] == 200

    (result,) = run.results
    assert result.outcome is outcome
    assert [event.mode for event in result.trace.of(AnswerEvent)] == [mode]


def test_times_of_answers_are_judged_only_where_they_were_told() -> None:
    """An answer without a time has none, and not the time until somebody signalled."""
    text = ONE_QUESTION.replace("EXPECT", "answer.elapsed: {at_most: 1s}")
    with playing(text) as untimed:
        untimed.post("/next", {"answers": [{"mode": "llm"}]})
    with playing(text) as timed:
        timed.post("/next", {"answers": [{"mode": "llm", "elapsed_s": 2.0}]})

    assert untimed.results[0].outcome is Outcome.INCONCLUSIVE
    assert timed.results[0].outcome is Outcome.FAILED


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"answers": []}, "0 answers were sent; expected 1"),
        ({"answers": [{"mode": "llama"}]}, "mode 'llama'; expected one of: error, fallback, llm"),
        ({"answers": [{}]}, "answers.0.mode is wrong: Field required"),
        ({"answer": "llm"}, "the body tells no answers"),
    ],
    ids=["too few", "unknown mode", "no mode", "another key"],
)
def test_wrong_answers_are_refused_and_the_step_waits_on(body: object, said: str) -> None:
    """A driver with a mistake gets one message, and may try again."""
    with playing(ONE_QUESTION.replace("EXPECT", "answer.mode: llm")) as run:
        status, told = run.post("/next", body)

        assert (status, len(told["waiting"])) == (400, 1)
        assert said in told["error"]


def test_run_that_ends_early_proves_nothing() -> None:
    """A step that was never played is told by its place."""
    with playing(OUTAGE) as run:
        ask(run)
        run.post("/next")

    (result,) = run.results
    assert result.outcome is Outcome.INCONCLUSIVE
    assert "step method[2]" in [verdict.check for verdict in result.problems]


def test_signal_that_nobody_waits_for_is_refused() -> None:
    """It must not let the next step go on before its time."""
    with playing(ONE_QUESTION.replace("EXPECT", "calls.openai: 0")) as run:
        run.post("/next")
        status, told = run.post("/next")

    assert (status, told["error"]) == (409, "no step waits for a signal")


@pytest.mark.parametrize(
    "headers", [{"Host": "evil.example"}, {"Origin": "http://evil.example"}], ids=["name", "page"]
)
def test_control_listens_to_no_page(headers: dict[str, str]) -> None:
    """A page in somebody's browser must not steer a run."""
    with playing(OUTAGE) as run:
        assert run.post("/end", headers=headers)[0] == 403
        assert run.post("/status")[1]["waiting"]


def test_request_that_no_stand_in_knows_proves_nothing() -> None:
    """A stand-in that does not know what was asked must not look like a provider in trouble."""
    with playing(OUTAGE) as run, pytest.raises((HTTPError, OSError)):
        urlopen(f"{run.url('openai')}/v1/no/such/thing", timeout=10)

    (result,) = run.results
    assert result.outcome is Outcome.INCONCLUSIVE
    assert "has no operation for GET" in result.problems[0].reason


def test_storage_client_finds_its_way() -> None:
    """The real SDK uploads to, and downloads from, the address that is printed for it."""
    with playing(ONE_QUESTION.replace("EXPECT", "calls.gcs: {at_least: 2}")) as run:
        gcs = storage.Client(
            project="x",
            credentials=AnonymousCredentials(),  # type: ignore[no-untyped-call] # google-auth's
            client_options={"api_endpoint": run.url("gcs")},
        )
        bucket = gcs.create_bucket("shelf")
        bucket.blob("a.txt").upload_from_string("hello", checksum="crc32c")
        with bucket.blob("b.bin", chunk_size=256 * 1024).open("wb") as resumable:
            resumable.write(b"x" * 600_000)
        assert bucket.blob("a.txt").download_as_bytes() == b"hello"
        assert len(bucket.get_blob("b.bin").download_as_bytes()) == 600_000
        run.post("/next")

    assert run.results[0].outcome is Outcome.PASSED, run.results[0].problems


@pytest.mark.parametrize(("waits", "outcome"), [(True, Outcome.PASSED), (False, Outcome.FAILED)])
def test_pause_that_a_provider_asks_for_is_judged(waits: bool, outcome: Outcome) -> None:  # noqa: FBT001 - a case
    """Who comes back at once, on the connection on which it was told to wait, breaks the law."""
    text = """\
method:
  - inject: {upstream: openai, fault: rate_limit, retry_after: 300ms, calls: 1}
  - ask: Is all well?
    expect: {calls.openai: 2}
"""
    with playing(text) as run:
        sdk = client(run)
        with pytest.raises(openai.RateLimitError):
            say_hello(sdk)
        if waits:
            run.served.signals.over.wait(0.4)
        say_hello(sdk)
        run.post("/next")

    (result,) = run.results
    law = next(law for law in result.laws if law.check == "pauses-kept")
    assert law.outcome is outcome, law.reason
    assert result.outcome is outcome


def test_laws_that_need_more_than_requests_are_not_exercised() -> None:
    """No request of the server's tells whether its client would wait for ever."""
    with playing(OUTAGE) as run:
        ask(run)

    outcomes = {law.check: law.outcome for law in run.results[0].laws}
    assert outcomes["no-endless-wait"] is Outcome.INCONCLUSIVE
    assert run.results[0].trace.of(RequestEvent)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "method:\n  - inject: {upstream: openai, fault: dns_failure}\n  - ask: Hello?\n",
            "6:5: fault 'dns_failure' cannot strike: the service reaches the stand-in by an",
        ),
        (
            "method:\n  - inject: {upstream: openai, fault: tls_failure}\n  - ask: Hello?\n",
            "6:5: fault 'tls_failure' cannot strike: the stand-in is reached without TLS",
        ),
        (
            "method:\n  - clock: {step: 1h}\n  - ask: Hello?\n",
            "6:5: the clock of another process cannot be moved",
        ),
        (
            "given: {timezone: Europe/Berlin}\nmethod:\n  - ask: Hello?\n",
            "'timezone' is prepared by a target",
        ),
        (
            "explore: {preemptions: 1}\nmethod:\n  - ask: Hello?\n",
            "interleavings are not searched in another process",
        ),
    ],
    ids=["name", "certificate", "clock", "given", "interleavings"],
)
def test_what_cannot_be_meant_is_refused(text: str, said: str) -> None:
    """One message, with its place, before anything listens."""
    with pytest.raises(ScenarioError, match=r"served\.yaml") as refused, playing(text):
        pass

    assert said in str(refused.value)
