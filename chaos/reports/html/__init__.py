"""The HTML report: one file that needs no network, for people who read a red build at night."""

from chaos.reports.html.page import render

__all__ = ["render"]
