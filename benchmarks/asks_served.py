"""What `benchmarks.asks` asks: a constant, or a helpdesk that refreshes its index all the time.

``python -m benchmarks.asks_served PORT constant|refreshing``
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Sequence

import uvicorn
from fastapi import FastAPI

from helpdesk.answers import Answer
from helpdesk.app import create_app
from helpdesk.desk import Helpdesk
from helpdesk.events import Listener
from helpdesk.faiss_helpdesk_service import FAISSHelpdeskService
from helpdesk.settings import Settings
from helpdesk.web.questions import Question

BETWEEN_REFRESHES_S = 0.25


def constant() -> FastAPI:
    """The same framework, the same question and the same kind of answer, and nothing between."""
    app = FastAPI()
    answer = Answer(mode="llm", text="Restart.", sources=(), index_state="fresh")

    @app.post("/ask")
    async def ask(body: Question) -> Answer:
        del body
        return answer

    @app.get("/readyz")
    async def readyz() -> dict[str, str]:
        return {"status": "ok"}

    return app


def refreshing() -> FastAPI:
    """The helpdesk, whose index is compared with storage four times a second."""
    settings = Settings.load()

    def make(listeners: Sequence[Listener]) -> Helpdesk:
        index = FAISSHelpdeskService(settings, listeners=listeners)
        threading.Thread(target=_refresh, args=(index,), daemon=True).start()
        return Helpdesk(settings, index=index, listeners=listeners)

    return create_app(settings, make_desk=make)


def _refresh(index: FAISSHelpdeskService) -> None:
    while True:
        index.refresh()
        time.sleep(BETWEEN_REFRESHES_S)


if __name__ == "__main__":
    port, what = sys.argv[1:]
    app = {"constant": constant, "refreshing": refreshing}[what]()
    uvicorn.run(app, port=int(port), http="h11", ws="none", log_config=None, access_log=False)
