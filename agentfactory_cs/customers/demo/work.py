"""Writing what we do with the customers: courses, goals, reports, talks, tasks, estimates."""

from decimal import Decimal

from .. import services
from ..models import Goal, Interaction, OutcomeReport, Task, Training
from .scripts import Aim, Course, Outcome, Talk, Todo
from .telling import Telling


def tell(telling: Telling) -> None:
    for course in telling.script.courses:
        _course(telling, course)
    for aim in telling.script.aims:
        _aim(telling, aim)
    for outcome in telling.script.outcomes:
        _outcome(telling, outcome)
    for talk in telling.while_here(telling.script.talks):
        _talk(telling, talk)
    for todo in telling.script.todos:
        _todo(telling, todo)
    _estimates(telling)


def _course(telling: Telling, told: Course) -> None:
    here, day = telling.account.here, telling.world.day
    if not here(told.assigned):
        return
    training = Training(customer=telling.customer, course=told.name, assigned_on=day(told.assigned))
    services.save_training(training, by=telling.by, now=telling.moment(told.assigned))
    if told.completed is not None and here(told.completed):
        training.completed_on = day(told.completed)
        services.save_training(training, now=telling.moment(told.completed, 15))


def _aim(telling: Telling, told: Aim) -> None:
    here, day = telling.account.here, telling.world.day
    if not here(told.set):
        return
    goal = Goal(
        customer=telling.customer,
        kind=told.kind,
        title=told.title,
        unit=told.unit,
        start_value=told.start,
        target_value=told.target,
        set_on=day(told.set),
        due_on=day(-told.due_in),
    )
    services.save_goal(goal, by=telling.by, now=telling.moment(told.set, 10))
    for days_ago, value in told.readings:
        if here(days_ago):
            on = telling.world.workday(days_ago)
            services.record_reading(goal, value=value, on=on, by=telling.by, now=telling.moment(days_ago, 11))


def _outcome(telling: Telling, told: Outcome) -> None:
    """Three months' revenue is what the period cost; value is told in months of revenue."""
    if not telling.account.here(told.ended):
        return
    day, mrr = telling.world.day, telling.script.contracts[-1].mrr
    report = OutcomeReport(
        customer=telling.customer,
        period_start=day(told.ended + 89),
        period_end=day(told.ended),
        cost=mrr * 3,
        value_delivered=mrr * Decimal(str(told.value)),
        value_expected=mrr * Decimal(str(told.expected)),
        note=told.note,
    )
    services.save_outcome_report(report, by=telling.by, now=telling.moment(told.ended - 2, 16))


def _talk(telling: Telling, told: Talk) -> None:
    hour = telling.rng(f"talk_{told.days_ago}").uniform(8.5, 16.5)
    held_at = telling.moment(told.days_ago, round(hour * 4) / 4)
    contact = telling.customer.contacts.filter(is_primary=True).first()
    interaction = Interaction(
        customer=telling.customer,
        kind=told.kind,
        direction=told.direction,
        subject=told.subject,
        body=told.body,
        contact=contact,
        staff=telling.by,
        held_at=held_at,
    )
    services.log_interaction(interaction, by=telling.by, now=held_at)


def _todo(telling: Telling, told: Todo) -> None:
    if not telling.account.here(told.done if told.done is not None else 0):
        return
    hour = telling.rng(f"todo_{told.due}_{told.title}").choice((9, 10, 11, 14, 15, 16))
    task = Task(
        customer=telling.customer,
        kind=told.kind,
        title=told.title,
        description=told.description,
        owner=telling.by,
        due_at=telling.world.moment(telling.world.workday(told.due), hour),
    )
    services.save_task(task, by=telling.by, now=telling.moment(max(told.due, told.done or 0, 0) + 7))
    if told.done is not None:
        finished = telling.moment(told.done, 17)
        services.finish_task(task, status=told.status, outcome=told.outcome, by=telling.by, now=finished)


def _estimates(telling: Telling) -> None:
    for told in telling.while_here(telling.script.estimates):
        services.estimate_renewal(
            telling.customer,
            likelihood=told.likelihood,
            on=telling.world.workday(told.days_ago),
            note=told.note,
            by=telling.by,
            now=telling.moment(told.days_ago, 12),
        )
