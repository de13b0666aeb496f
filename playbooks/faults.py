"""Versions that ask what cannot be asked any more: they stand still, others go on, and a person is told once."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from agentfactory_cs.customers.conditions import BadCondition
from agentfactory_cs.customers.models import Customer, Task
from agentfactory_cs.customers.services.relationship import finish_task, save_task
from agentfactory_cs.messaging.notices import write_to

from .checking import Problem, unaskable
from .models import Fault, PlaybookVersion, Run
from .people import least_busy_manager
from .telling import problem_words

NOTICE = "playbooks.fault"
# Whoever may publish can put it right.
_PUBLISH, _BACKEND = "playbooks.publish_playbookversion", "django.contrib.auth.backends.ModelBackend"
DUE_IN = timedelta(days=1)


@contextmanager
def contained(version: PlaybookVersion, *, now: datetime) -> Iterator[None]:
    """Within, what the version cannot ask any more is noted, and goes no further."""
    try:
        yield
    except BadCondition as error:
        note(version, error, now=now)


@transaction.atomic
def note(version: PlaybookVersion, error: BadCondition, *, about: Customer | None = None, now: datetime) -> Fault:
    """The open fault of the version; a new one is told to those who may publish, and becomes a task about a customer
    that is in it, where there is one (`about`, else the first that is under way)."""
    reason = problem_words(Problem.of(error), version.definition)
    fault, is_new = Fault.objects.get_or_create(
        version=version, mended_at=None, defaults={"reason": reason, "noticed_at": now}
    )
    if is_new:
        _tell(fault, now=now)
    if fault.task_id is None and (customer := about or _somebody(version)):
        fault.task = _task(fault, customer, now=now)
        fault.save(update_fields=("task",))
    return fault


def words_of(version: PlaybookVersion, error: BadCondition) -> str:
    """Why a run of the version does not go on."""
    told = {"version": version, "reason": problem_words(Problem.of(error), version.definition)}
    return _("It waits: %(version)s asks what cannot be asked any more. %(reason)s") % told


def _somebody(version: PlaybookVersion) -> Customer | None:
    run = Run.objects.under_way().filter(version=version).select_related("customer").order_by("pk").first()
    return run.customer if run else None


def _task(fault: Fault, customer: Customer, *, now: datetime) -> Task:
    task = Task(
        customer=customer,
        title=(_("Put right: %(version)s cannot go on") % {"version": fault.version})[:200],
        description=f"{fault.reason}\n\n{_what_to_do()}\n\n{_address(fault)}",
        owner=least_busy_manager(now),
        due_at=now + DUE_IN,
    )
    return save_task(task, now=now)


def _tell(fault: Fault, *, now: datetime) -> None:
    for person in User.objects.with_perm(_PUBLISH, backend=_BACKEND).order_by("pk"):
        write_to(
            person,
            kind=NOTICE,
            subject=(_("%(version)s cannot go on") % {"version": fault.version})[:200],
            text=f"{fault.reason}\n\n{_what_to_do()}\n\n{_address(fault)}\n",
            dedupe_key=f"{NOTICE}:{fault.pk}:{person.pk}",
            now=now,
        )


def _what_to_do() -> str:
    return _(
        "Until it can be asked again nobody goes on by this version, and nobody enters by it; other playbooks go on. "
        "Bring back what it names: then its runs go on within the hour. Or publish a version without it, for those "
        "who enter from then on, and stop or skip what stands still."
    )


def _address(fault: Fault) -> str:
    return settings.SITE_ADDRESS + reverse("admin:playbooks_playbook_change", args=(fault.version.playbook_id,))


def open_faults() -> QuerySet[Fault]:
    return Fault.objects.filter(mended_at=None)


def mend(*, now: datetime) -> int:
    """Close the faults of versions that can be asked again, or by which nobody goes any more; returns how many."""
    return sum(_mend(fault, now) for fault in open_faults().select_related("version__playbook", "task"))


@transaction.atomic
def _mend(fault: Fault, now: datetime) -> bool:
    if _concerns_anybody(fault.version) and any(unaskable(fault.version.plan)):
        return False
    if not Fault.objects.filter(pk=fault.pk, mended_at=None).update(mended_at=now):
        return False
    if fault.task and fault.task.status == Task.Status.OPEN:
        finish_task(fault.task, outcome=_("It can be asked again, or nobody is in this version any more."), now=now)
    return True


def _concerns_anybody(version: PlaybookVersion) -> bool:
    newer = PlaybookVersion.objects.filter(playbook=OuterRef("playbook"), number__gt=OuterRef("number"))
    inside = Run.objects.filter(version=OuterRef("pk")).filter(
        Q(state__in=("running", "paused")) | Q(goal_until__isnull=False, goal_reached_at=None, goal_closed_at=None)
    )
    return PlaybookVersion.objects.filter(~Exists(newer) | Exists(inside), pk=version.pk).exists()
