"""Buttons that do something: a link may be followed by a browser on its own, so what it does is asked for first."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from .registry import Words

View = Callable[..., HttpResponse]


def asks(title: Words, question: Words) -> Callable[[View], View]:
    """For a method of an admin class: opened by a link it asks, and only the answer (a POST) does it."""

    def wrapped(view: View) -> View:
        @wraps(view)
        def asking(self: Any, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.method == "POST":
                return view(self, request, *args, **kwargs)
            context = {**self.admin_site.each_context(request), "opts": self.opts, "title": title, "question": question}
            return TemplateResponse(request, "admin/parts/ask.html", context)

        return asking

    return wrapped
