"""Web applications as targets: each question becomes a request to the application."""

from chaos.targets.web.asgi import AsgiTarget
from chaos.targets.web.wsgi import WsgiTarget

__all__ = ["AsgiTarget", "WsgiTarget"]
