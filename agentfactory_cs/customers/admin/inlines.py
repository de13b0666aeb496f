"""What stands on a customer's form besides the customer."""

from collections.abc import Mapping
from typing import Any

from django.db.models import Model
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from agentfactory_cs.console.saving import HistoryInline, ServiceTabularInline

from ..models import Churn, Contact, Customer, CustomerChange, Subscription
from ..queries import manager_names
from ..services import remove_record, save_contact, save_subscription


class ContactInline(ServiceTabularInline):
    model = Contact
    service = staticmethod(save_contact)
    removal = staticmethod(remove_record)
    fields = ("name", "email", "role", "is_primary", "mail_status")
    tab = True
    show_change_link = True


class SubscriptionInline(ServiceTabularInline):
    model = Subscription
    service = staticmethod(save_subscription)
    fields = ("plan", "seats", "mrr", "currency", "starts_on", "renews_on", "payment_status")
    tab = True
    show_change_link = True

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        # A contract that was signed is ended with a date.
        return False


class ChangeInline(HistoryInline):
    model = CustomerChange
    select_related = ("changed_by",)
    fields = ("changed_at", "field", "before", "after", "changed_by")
    readonly_fields = fields
    verbose_name_plural = _("history")
    _names: Mapping[str, str] | None = None

    def before(self, change: CustomerChange) -> Any:
        return self._shown(change, change.old)

    def after(self, change: CustomerChange) -> Any:
        return self._shown(change, change.new)

    def _shown(self, change: CustomerChange, stored: str) -> Any:
        """A stored value as people read it: a manager's name, a tier's label."""
        if change.field == CustomerChange.Field.MANAGER:
            return self._manager_name(change, stored)
        choices = Customer.Tier.choices if change.field == CustomerChange.Field.TIER else Customer.Stage.choices
        return dict(choices).get(stored, stored)

    def _manager_name(self, change: CustomerChange, stored: str) -> Any:
        if not stored:
            return _("nobody")
        if self._names is None:  # the first such row asks for all; an inline lives as long as a request
            self._names = manager_names(change.customer_id)
        return self._names.get(stored, stored)


class ChurnInline(HistoryInline):
    model = Churn
    select_related = ("recorded_by",)
    fields = ("churned_on", "reason", "note", "reactivated_on", "recorded_by")
    readonly_fields = fields
    verbose_name_plural = _("departures")
