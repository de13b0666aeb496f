"""Customers, their contacts, their departures."""

from collections.abc import Collection
from datetime import date, datetime

from django.core.exceptions import ValidationError
from django.db import transaction

from agentfactory_cs.events.services import Actor, actor_user, record

from ..days import utc_day
from ..models import Churn, Contact, Customer, CustomerChange
from .assignment import shown_manager
from .checking import check_and_save

_EVENT_OF = {
    CustomerChange.Field.TIER: "customers.tier_changed",
    CustomerChange.Field.STAGE: "customers.stage_changed",
    CustomerChange.Field.MANAGER: "customers.manager_changed",
}


@transaction.atomic
def save_customer(
    customer: Customer, *, changed: Collection[str] | None = None, by: Actor = None, now: datetime
) -> Customer:
    """Create or change a customer, keeping what tier, stage and success manager were before.

    `changed` names the fields that the caller set on a customer it read earlier (None: all of them). The others
    are taken from the stored row, so that nobody undoes what somebody else changed in between.
    """
    stored = _stored(customer)
    if stored is not None and changed is not None:
        _take_others(customer, stored, changed)
    _refuse_churn_by_stage(customer, stored)
    if customer.signed_up_at and utc_day(customer.signed_up_at) > utc_day(now):
        raise ValidationError({"signed_up_at": "A customer is recorded once it has signed up, not before."})
    if stored is not None and _is_same(customer, stored):
        return customer
    check_and_save(customer)
    if stored is None:
        data = {"tier": customer.get_tier_display()}
        record("customers.signed_up", customer, data, by=by, now=customer.signed_up_at)
    else:
        _keep_changes(customer, stored, by=by, now=now)
    return customer


def _stored(customer: Customer) -> Customer | None:
    """The row as it stands, locked until the end of the transaction."""
    return None if customer.pk is None else Customer.objects.select_for_update().get(pk=customer.pk)


def _is_same(customer: Customer, stored: Customer) -> bool:
    """Saying again what is stored changes nothing, `updated_at` included: it is what integrations follow."""
    fields = (field for field in Customer._meta.concrete_fields if field.name not in ("created_at", "updated_at"))
    return all(getattr(customer, field.attname) == getattr(stored, field.attname) for field in fields)


def _take_others(customer: Customer, stored: Customer, changed: Collection[str]) -> None:
    for field in Customer._meta.concrete_fields:
        if field.name not in changed:
            # By column: of a foreign key that forgets the object it had loaded, and loads none.
            setattr(customer, field.attname, getattr(stored, field.attname))


def _refuse_churn_by_stage(customer: Customer, stored: Customer | None) -> None:
    was = stored.lifecycle_stage if stored else Customer.Stage.ONBOARDING
    if (customer.lifecycle_stage == Customer.Stage.CHURNED) != (was == Customer.Stage.CHURNED):
        raise ValidationError(
            {"lifecycle_stage": "Record the departure or the return, with its date, instead of setting the stage."}
        )


def _keep_changes(customer: Customer, stored: Customer, *, by: Actor, now: datetime) -> None:
    for field in CustomerChange.Field:
        old, new = _shown(stored, field), _shown(customer, field)
        if old[0] == new[0]:
            continue
        CustomerChange.objects.create(
            customer=customer, field=field, old=old[0], new=new[0], changed_at=now, changed_by=actor_user(by)
        )
        record(_EVENT_OF[field], customer, {"old": old[1], "new": new[1]}, by=by, now=now)
    if customer.external_id != stored.external_id:
        ids = {"old": stored.external_id or "none", "new": customer.external_id or "none"}
        record("customers.external_id_changed", customer, ids, by=by, now=now)


def _shown(customer: Customer, field: str) -> tuple[str, str]:
    """The value as stored in the history, and as a person reads it."""
    if field == CustomerChange.Field.MANAGER:
        return shown_manager(customer.success_manager)
    return getattr(customer, field), getattr(customer, f"get_{field}_display")()


@transaction.atomic
def record_churn(churn: Churn, *, by: Actor = None, now: datetime) -> Churn:
    """A customer left (`churn` unsaved or changed). It counts as churned until a return is recorded."""
    customer = Customer.objects.select_for_update().get(pk=churn.customer_id)
    _check_churn(churn, customer, now)
    is_new = churn.pk is None
    came_back = churn.reactivated_on and not customer.churns.filter(pk=churn.pk, reactivated_on__isnull=False).exists()
    if is_new:
        churn.recorded_at, churn.recorded_by = now, actor_user(by)
    check_and_save(churn)
    if is_new:
        data = {"reason": churn.get_reason_display(), "on": str(churn.churned_on)}
        record("customers.churned", customer, data, by=by, now=now)
    if came_back:
        record("customers.reactivated", customer, {"on": str(churn.reactivated_on)}, by=by, now=now)
    _follow_churn(customer, by=by, now=now)
    return churn


def _check_churn(churn: Churn, customer: Customer, now: datetime) -> None:
    _refuse_future("churned_on", churn.churned_on, now)
    _refuse_future("reactivated_on", churn.reactivated_on, now)
    if churn.churned_on < utc_day(customer.signed_up_at):
        signup = utc_day(customer.signed_up_at)
        raise ValidationError({"churned_on": f"{churn.churned_on} lies before the signup on {signup}."})


def _refuse_future(field: str, day: date | None, now: datetime) -> None:
    if day is not None and day > utc_day(now):
        raise ValidationError({field: f"{day} lies in the future."})


@transaction.atomic
def reactivate(customer: Customer, *, on: date, by: Actor = None, now: datetime) -> None:
    """A churned customer came back on a day; every departure still open ends then."""
    Customer.objects.select_for_update().get(pk=customer.pk)  # a departure recorded meanwhile waits, or is seen
    _refuse_future("reactivated_on", on, now)
    open_churns = customer.churns.filter(reactivated_on__isnull=True)
    if not open_churns.exists():
        raise ValidationError(f"{customer} has not churned.", code="conflict")
    for churn in open_churns:
        churn.reactivated_on = on
        check_and_save(churn, update_fields=("reactivated_on",))
    record("customers.reactivated", customer, {"on": str(on)}, by=by, now=now)
    _follow_churn(customer, by=by, now=now)


@transaction.atomic
def remove_churn(churn: Churn, *, by: Actor = None, now: datetime) -> None:
    """Take back a departure recorded by mistake; the customer's stage follows."""
    customer = Customer.objects.select_for_update().get(pk=churn.customer_id)
    churn.delete()
    _follow_churn(customer, by=by, now=now)


def _follow_churn(customer: Customer, *, by: Actor, now: datetime) -> None:
    """Stage follows the departures in force: `churned` exactly while there is one."""
    stored = _stored(customer)
    assert stored is not None
    gone = customer.churns.all().in_force_on(utc_day(now)).exists()
    if gone == (stored.lifecycle_stage == Customer.Stage.CHURNED):
        return
    customer.lifecycle_stage = Customer.Stage.CHURNED if gone else Customer.Stage.ADOPTION
    customer.success_manager = stored.success_manager
    customer.save(update_fields=("lifecycle_stage", "updated_at"))
    _keep_changes(customer, stored, by=by, now=now)


@transaction.atomic
def save_contact(contact: Contact, *, by: Actor = None, now: datetime) -> Contact:
    """Create or change a contact. A new primary contact takes over from the one before."""
    is_new = contact.pk is None
    known = None if is_new else Contact.objects.filter(pk=contact.pk).values_list("platform_user_id", flat=True).first()
    if contact.is_primary:
        Customer.objects.select_for_update().get(pk=contact.customer_id)
        others = Contact.objects.filter(customer_id=contact.customer_id, is_primary=True).exclude(pk=contact.pk)
        others.update(is_primary=False, updated_at=now)
    check_and_save(contact)
    if is_new:
        record("customers.contact_added", contact.customer, {"name": contact.name}, by=by, now=now)
    elif contact.platform_user_id and contact.platform_user_id != known:
        told = {"name": contact.name, "user": contact.platform_user_id}
        record("customers.contact_identified", contact.customer, told, by=by, now=now)
    return contact
