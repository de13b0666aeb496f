"""A ticket entered by us: who asks, by picker; what is asked."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelect
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from agentfactory_cs.console.saving import show_refusal
from agentfactory_cs.customers.models import Contact, Customer

from ..models import Area, Ticket
from ..models.ticket import Channel
from ..opening import Asked, open_ticket
from ..writing import Written
from .at_ticket import AtTicket, ticket_page
from .queue_filters import LANGUAGES

_SELECT, _INPUT = {"class": "af-select"}, {"class": "af-input"}


def _picker(field: str, words: Any, dialog: str) -> AutocompleteSelect:
    attrs = {"data-placeholder": words, "data-width": "100%"}
    if dialog:
        attrs["data-dropdown-parent"] = dialog
    return AutocompleteSelect(Ticket._meta.get_field(field), admin.site, attrs=attrs)


class WhoForm(forms.Form):
    """Who asks: a person we know, a customer, or an address."""

    contact = forms.ModelChoiceField(Contact.objects.all(), required=False, label=_("Person"))
    customer = forms.ModelChoiceField(Customer.objects.all(), required=False, label=_("Customer"))
    requester_address = forms.EmailField(
        required=False, label=_("Or an e-mail address"), widget=forms.EmailInput(attrs=_INPUT)
    )

    def __init__(self, *args: Any, dialog: str = "", **kwargs: Any) -> None:
        """`dialog` is where the form stands, if not on the page itself: what is found must show before it."""
        super().__init__(*args, **kwargs)
        for field, words in (("contact", _("Name or e-mail")), ("customer", _("Name or tenant id"))):
            self.fields[field].widget = _picker(field, words, dialog)
            self.fields[field].widget.choices = self.fields[field].choices  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """The person's customer goes without saying."""
        told = {**self.cleaned_data}
        contact, customer = told.get("contact"), told.get("customer")
        if contact and customer is None:
            told["customer"] = contact.customer
        elif contact and customer and contact.customer_id != customer.pk:
            self.add_error("contact", _("This person belongs to another customer."))
        if not (contact or customer or told.get("requester_address") or self.errors):
            self.add_error("contact", _("Say who asks: a person, a customer, or an address."))
        return told

    def who(self) -> dict[str, Any]:
        """As `editing.edit` takes it."""
        told, contact = self.cleaned_data, self.cleaned_data.get("contact")
        who = {"customer": told.get("customer"), "contact": contact}
        address = told.get("requester_address") or (contact.email if contact else "")
        return (
            {**who, "requester_address": address, "requester_name": contact.name}
            if contact
            else {**who, **({"requester_address": address} if address else {})}
        )


class NewTicketForm(WhoForm):
    subject = forms.CharField(label=_("Subject"), max_length=250, widget=forms.TextInput(attrs=_INPUT))
    text = forms.CharField(label=_("What they ask"), widget=forms.Textarea(attrs={**_INPUT, "rows": 8}))
    severity = forms.ChoiceField(
        label=_("Severity"), choices=Ticket.Severity.choices, initial="normal", widget=forms.Select(attrs=_SELECT)
    )
    area = forms.ModelChoiceField(
        Area.objects.filter(is_active=True),
        label=_("Area"),
        required=False,
        empty_label=_("not known"),
        widget=forms.Select(attrs=_SELECT),
    )
    language = forms.ChoiceField(
        label=_("Language"),
        required=False,
        choices=(("", _("found out from what they ask")), *LANGUAGES),
        widget=forms.Select(attrs=_SELECT),
    )
    tags = forms.CharField(label=_("Tags, separated by commas"), required=False, widget=forms.TextInput(attrs=_INPUT))

    def asked(self) -> Asked:
        told = self.cleaned_data
        return Asked(
            subject=told["subject"],
            written=Written(told["text"]),
            channel=Channel.STAFF,
            customer=told["customer"],
            contact=told["contact"],
            requester_address=told["requester_address"],
            area=told["area"],
            severity=told["severity"],
            language=told["language"],
            tags=[tag for part in told["tags"].split(",") if (tag := part.strip())],
        )


class NewTicket(AtTicket):
    """Mixed into the tickets' admin."""

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Open one by hand; leads to it."""
        if not request.user.has_perm("support.add_ticket"):
            raise PermissionDenied
        initial = {name: request.GET[name] for name in ("customer", "contact") if request.GET.get(name, "").isdecimal()}
        form = NewTicketForm(request.POST or None, initial=initial)
        if form.is_bound and form.is_valid():
            try:
                return HttpResponseRedirect(ticket_page(open_ticket(form.asked(), by=request.user, now=timezone.now())))
            except ValidationError as refusal:
                show_refusal(form, refusal)
        context = {**self.admin_site.each_context(request), "opts": self.opts, "title": _("New ticket"), "form": form}
        return TemplateResponse(request, "admin/support/new_ticket.html", context)
