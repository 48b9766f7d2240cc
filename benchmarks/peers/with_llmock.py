"""LLMock: a real server on loopback that says what it thinks of its client; the waits are real."""

import openai
from llmock.pytest_plugin import LLMock
from llmock.testing import LLMockServer

from benchmarks.peers import case


def _main() -> None:
    with LLMockServer() as server:
        handle = LLMock(server)

        def run() -> str:
            handle.reset()
            handle.rate_limit(times=2, retry_after=case.RETRY_AFTER_S)
            environment = handle.env()
            client = openai.OpenAI(
                api_key="sk-bench", base_url=environment["OPENAI_BASE_URL"], max_retries=0
            )
            case.ask(client)
            return "passed" if handle.verdict().passed else "failed"

        case.tell(run)


if __name__ == "__main__":
    _main()
