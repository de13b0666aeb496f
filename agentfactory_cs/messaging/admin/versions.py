"""What a mail said before: comparing, going back, and resetting to what was shipped."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from ..comparing import differences
from ..models import MailTemplate, MailTemplateVersion
from ..rendering import Words
from ..shipped_mails import shipped_words
from ..templates import reset_to_shipped, restore, versions_in_force
from .editor import asked, require_change, words_address

_FIELDS = (("subject", _("Subject")), ("html", _("Words, as HTML")), ("text", _("Plain text")))


class Versions:
    """Mixed into the admin of mails."""

    admin_site: Any

    def version_view(self, request: HttpRequest, pk: int, number: int) -> HttpResponse:
        """An older version against the one in force; posting puts it in force again."""
        template, language = asked(request, pk), request.GET.get("language", "")
        versions = template.versions.select_related("created_by")
        version = get_object_or_404(versions, language=language, number=number)
        if request.method == "POST":
            require_change(request)
            _tell(request, restore(version, by=request.user, now=timezone.now()))
            return HttpResponseRedirect(words_address(pk, language))
        context = {"version": version, "button": _("Put version %(n)s in force again") % {"n": number}}
        return self._comparison(request, template, language, version, context)

    def reset_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What was shipped against what is in force; posting resets."""
        template, language = asked(request, pk), request.GET.get("language", "")
        shipped = shipped_words(template.key, language)
        if shipped is None:
            raise Http404
        if request.method == "POST":
            require_change(request)
            _tell(request, reset_to_shipped(template, language=language, by=request.user, now=timezone.now()))
            return HttpResponseRedirect(words_address(pk, language))
        return self._comparison(request, template, language, shipped, {"button": _("Reset to what was shipped")})

    def _comparison(
        self, request: HttpRequest, template: MailTemplate, language: str, other: Words, more: dict[str, Any]
    ) -> HttpResponse:
        in_force = versions_in_force([template.pk]).get(template.pk, {}).get(language)
        compared = [(label, differences(getattr(in_force, name, ""), getattr(other, name))) for name, label in _FIELDS]
        context = {
            **self.admin_site.each_context(request),
            "opts": MailTemplate._meta,
            "title": template.name,
            "mail": template,
            "language": language,
            "in_force": in_force,
            "compared": [(label, lines) for label, lines in compared if lines],
            "back": words_address(template.pk, language),
            "may_change": request.user.has_perm("messaging.change_mailtemplate"),
            **more,
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "admin/messaging/mailtemplate/compare.html", context)


def _tell(request: HttpRequest, version: MailTemplateVersion) -> None:
    messages.success(request, _now("Version %(n)s is in force from now on.") % {"n": version.number})
