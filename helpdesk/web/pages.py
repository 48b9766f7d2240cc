"""What people see in a browser: the page to ask from, the articles, the interface explained."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import jinja2
import markupsafe
from fastapi import FastAPI, Request, Response
from fastapi import Path as PathParameter
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles
from markdown_it import MarkdownIt

from helpdesk.desk import MAX_QUESTION_CHARS, Helpdesk
from helpdesk.fallback import REASONS
from helpdesk.web.problems import described

_HERE = Path(__file__).parent

_TEMPLATES = jinja2.Environment(
    loader=jinja2.FileSystemLoader(_HERE / "templates"), autoescape=True
)

# Without HTML of its own: an article is text by somebody else. As the script in the page has it.
_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])


def mount_pages(app: FastAPI, desk: Helpdesk) -> None:
    """Add the pages, and the files that they need, to ``app``."""
    app.mount("/static", StaticFiles(directory=_HERE / "static"), name="static")

    def page(name: str, status: int = 200, **values: object) -> HTMLResponse:
        html = _TEMPLATES.get_template(name).render(contact=desk.settings.contact, **values)
        return HTMLResponse(html, status)

    @app.get("/", response_class=HTMLResponse, include_in_schema=False)
    async def index() -> Response:
        """Return the page to ask from."""
        return page("index.html.j2", max_chars=MAX_QUESTION_CHARS, reasons=REASONS)

    @app.get(
        "/articles/{article_id}",
        response_class=HTMLResponse,
        responses={
            **described(400, 414, 422, 431),
            404: {
                "description": "There is no article with that id.",
                "content": {"text/html": {}},
            },
        },
        tags=["questions"],
        summary="Read an article",
    )
    async def article(
        article_id: Annotated[str, PathParameter(description="As in the sources of an answer.")],
    ) -> Response:
        """As a page, from the index that is served."""
        found = desk.article(article_id)
        if found is None:
            return page("missing.html.j2", 404)
        body = _MARKDOWN.render(found.text)
        return page("article.html.j2", title=found.title, body=body)

    @app.get("/docs", response_class=HTMLResponse, include_in_schema=False)
    async def docs(request: Request) -> Response:
        """Explain the interface, with nothing from another host."""
        return page(
            "docs.html.j2",
            api=app.openapi(),
            base=str(request.base_url),
            markdown=lambda text: markupsafe.Markup(_MARKDOWN.render(text or "")),  # noqa: S704 - without HTML of its own
        )
