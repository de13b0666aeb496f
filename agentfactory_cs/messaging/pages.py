"""What the pages that customers' readers see have in common."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from agentfactory_cs.customers.models import Company, Contact

from .languages import best_language

# Those in which the pages are written (locale/).
LANGUAGES = ("en", "de")


def page_language(contact: Contact) -> str:
    """The reader's own, where the pages are written in it."""
    return best_language(contact.language, LANGUAGES, Company.get().default_language) or LANGUAGES[0]


def page(request: HttpRequest, template: str, status: int = 200, **context: Any) -> HttpResponse:
    answer = render(request, f"pages/{template}", {"company": Company.get(), **context}, status=status)
    # The address itself is the key: it must not travel on, nor stand in a search engine.
    answer["Referrer-Policy"] = "no-referrer"
    answer["X-Robots-Tag"] = "noindex"
    answer["Cache-Control"] = "no-store"
    return answer
