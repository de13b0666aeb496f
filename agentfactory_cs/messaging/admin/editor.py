"""Writing a mail: its words in one language beside what a certain customer would get."""

from dataclasses import dataclass
from typing import Any, cast

from django import forms
from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from agentfactory_cs.console.saving import show_refusal
from agentfactory_cs.customers.console.search import matching
from agentfactory_cs.customers.models import Company, Contact, Customer
from agentfactory_cs.customers.models.fields import validate_language

from .. import notices
from ..catalogue import groups
from ..models import MailTemplate, MailTemplateVersion
from ..previewing import Preview, a_reader, preview
from ..rendering import FILTERS, TAGS
from ..template_queries import differs_from_shipped
from ..templates import save_version, versions_in_force

READERS = 8
VERSIONS = 10


@dataclass(frozen=True)
class Draft:
    """Words as they stand in the form."""

    language: str
    subject: str
    html: str
    text: str


class WordsForm(forms.Form):
    """A mail in one language. `based_on` is the version it was opened with."""

    subject = forms.CharField(label=_("Subject"), max_length=200, widget=UnfoldAdminTextInputWidget())
    html = forms.CharField(
        label=_("Words, as HTML"), widget=UnfoldAdminTextareaWidget(attrs={"rows": 22, "spellcheck": "true"})
    )
    text = forms.CharField(
        label=_("Plain text"), required=False, widget=UnfoldAdminTextareaWidget(attrs={"rows": 8, "spellcheck": "true"})
    )
    reason = forms.CharField(
        label=_("Why the change?"), required=False, max_length=200, widget=UnfoldAdminTextInputWidget()
    )
    based_on = forms.IntegerField(widget=forms.HiddenInput(), min_value=0)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            css = "af-code" if name in ("html", "text") else ""
            field.widget.attrs["class"] = f"{field.widget.attrs.get('class', '')} {css} max-w-none"


class Editor:
    """Mixed into the admin of mails."""

    admin_site: Any

    def words_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What the mail says in the language of the address; saving makes a version."""
        template, language = asked(request, pk), _language(request)
        in_force = versions_in_force([pk], with_authors=True).get(pk, {})
        language = language or _first_language(in_force)
        version = in_force.get(language)
        form = WordsForm(request.POST or None, initial=_initial(version, in_force))
        if request.method == "POST":
            require_change(request)
            if form.is_valid() and _save(request, form, template, language):
                return HttpResponseRedirect(words_address(pk, language))
        return self._editor_page(request, template, language, in_force, form)

    def _editor_page(
        self,
        request: HttpRequest,
        template: MailTemplate,
        language: str,
        in_force: dict[str, MailTemplateVersion],
        form: WordsForm,
    ) -> HttpResponse:
        version = in_force.get(language)
        context = {
            **self.admin_site.each_context(request),
            "opts": MailTemplate._meta,
            "title": template.name,
            "original": template,
            "mail": template,
            "is_fullwidth": "1",
            "language": language,
            "languages": sorted({*in_force, language}),
            "version": version,
            "versions": list(_versions(template, language)[:VERSIONS]),
            "may_reset": differs_from_shipped(template, version, language),
            "may_change": request.user.has_perm("messaging.change_mailtemplate"),
            "form": form,
            "groups": list(groups),
            "tags": TAGS,
            "filters": FILTERS,
            "reader": a_reader(language),
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "admin/messaging/mailtemplate/words.html", context)

    def preview_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The words of the form as one contact would get them, with what is wrong beside each field."""
        if request.method != "POST":
            return HttpResponseRedirect(words_address(pk))
        template, draft, contact = asked(request, pk), _draft(request), _reader(request)
        shown = preview(template, draft, contact, timezone.now())
        context = {"preview": shown, "reader": contact, "mail": template, "company": Company.get(), "draft": draft}
        return render(request, "admin/messaging/mailtemplate/preview.html", {**context, "fields": _by_field(shown)})

    def readers_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Contacts to try the mail on, by name, address or company (`q`)."""
        asked(request, pk)
        words = request.GET.get("q", "").strip()
        found = Contact.objects.filter(matching(words, "name", "email") | Q(customer__in=_customers(words)))
        readers = found.select_related("customer").order_by("name", "pk")[:READERS] if words else []
        return render(
            request, "admin/messaging/mailtemplate/readers.html", {"readers": readers, "words": words, "pk": pk}
        )

    def test_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Send the words of the form to whoever asks, as the chosen contact would get them."""
        if request.method != "POST":
            return HttpResponseRedirect(words_address(pk))
        template, draft, contact = asked(request, pk), _draft(request), _reader(request)
        shown = preview(template, draft, contact, timezone.now())
        return HttpResponse(_send_test(request, template, draft, shown))


def words_address(pk: int, language: str = "") -> str:
    address = reverse("admin:messaging_mailtemplate_words", args=(pk,))
    return f"{address}?language={language}" if language else address


def asked(request: HttpRequest, pk: int) -> MailTemplate:
    if not request.user.has_perm("messaging.view_mailtemplate"):
        raise PermissionDenied
    return get_object_or_404(MailTemplate.objects.select_related("topic"), pk=pk)


def require_change(request: HttpRequest) -> None:
    if not request.user.has_perm("messaging.change_mailtemplate"):
        raise PermissionDenied


def _language(request: HttpRequest) -> str:
    """The language in the address; none where it is no language code."""
    code = request.GET.get("language") or request.POST.get("language", "")
    try:
        validate_language(code)
    except ValidationError:
        return ""
    return code


def _first_language(in_force: dict[str, MailTemplateVersion]) -> str:
    default = Company.get().default_language
    return default if default in in_force or not in_force else sorted(in_force)[0]


def _initial(version: MailTemplateVersion | None, in_force: dict[str, MailTemplateVersion]) -> dict[str, Any]:
    """What stands in the form at first: a new language begins with the words of another, to be translated."""
    begin = version or next(iter(in_force.values()), None)
    words = {"subject": begin.subject, "html": begin.html, "text": begin.text} if begin else {}
    return {**words, "based_on": version.number if version else 0}


def _versions(template: MailTemplate, language: str) -> Any:
    return template.versions.filter(language=language).select_related("created_by").order_by("-number")


def _save(request: HttpRequest, form: WordsForm, template: MailTemplate, language: str) -> bool:
    try:
        version = save_version(template, language=language, by=request.user, now=timezone.now(), **form.cleaned_data)
    except ValidationError as refusal:
        show_refusal(form, refusal)
        return False
    if version.number == form.cleaned_data["based_on"]:
        messages.info(request, _now("Nothing was changed: version %(n)s stays in force.") % {"n": version.number})
    else:
        messages.success(request, _now("Version %(n)s is in force from now on.") % {"n": version.number})
    return True


def _draft(request: HttpRequest) -> Draft:
    told = request.POST
    return Draft(_language(request) or "en", told.get("subject", ""), told.get("html", ""), told.get("text", ""))


def _reader(request: HttpRequest) -> Contact | None:
    """The contact to show the mail for; what is no contact's id shows example values."""
    chosen = request.POST.get("reader", "")
    readers = Contact.objects.select_related("customer__success_manager")
    return readers.filter(pk=int(chosen)).first() if chosen.isdecimal() and len(chosen) < 19 else None


def _customers(words: str) -> Any:
    return Customer.objects.filter(matching(words, "name")).order_by("name").values("pk")[:READERS]


def _by_field(shown: Preview) -> list[tuple[str, list[str]]]:
    faults = shown.faults or {}
    return [(name, faults.get(name, [])) for name in ("subject", "html", "text")]


def _send_test(request: HttpRequest, template: MailTemplate, draft: Draft, shown: Preview) -> str:
    """What came of it, in a sentence."""
    good, bad = '<span class="af-good">{}</span>', '<span class="af-bad">{}</span>'
    mail, user, now = shown.rendered, cast(User, request.user), timezone.now()
    if mail is None:
        return format_html(bad, shown.hole or _now("Mend what is wrong with the words first."))
    if not user.email:
        return format_html(bad, _now("Your account has no e-mail address to send to."))
    notices.write_to(
        user,
        kind="messaging.test",
        subject=f"[{_now('Test')}] {mail.subject}"[:200],
        text=mail.text,
        html=mail.html,
        dedupe_key=f"mail-test:{template.pk}:{draft.language}:{user.pk}:{now.isoformat()}",
        now=now,
    )
    return format_html(good, _now("On its way to %(address)s.") % {"address": user.email})
