"""What the ground can do for a playbook: mail, surveys, tasks, success managers, stages, tags, other playbooks."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from agentfactory_cs.console.registry import Words
from agentfactory_cs.customers.models import Customer, Task
from agentfactory_cs.customers.services import assign_best_manager, save_customer, save_task, set_tags

from .calling import call, webhooks
from .entering import Candidate, enter
from .fields import check_value, fields, set_field
from .mailing import send_mail, templates
from .models import Playbook, Refusal, Run
from .models.run import RunState
from .posting import channels, check_text, post
from .registry import Action, Context, Outcome, Parameter, actions, done, failed, skipped
from .services import in_force
from .steps import end_run
from .surveying import ask_survey, surveys

Params = Mapping[str, Any]


def create_task(context: Context, params: Params) -> Outcome:
    task = Task(
        customer=context.customer,
        kind=params["task_kind"],
        title=params["title"] or context.step_title,
        description=params["description"],
        owner=context.customer.success_manager,
        due_at=context.now + timedelta(days=params["due_days"]),
    )
    save_task(task, now=context.now)
    return done(f"Task for {task.owner or 'nobody yet: the customer has no success manager'}.", task=task.pk)


def assign_success_manager(context: Context, params: Params) -> Outcome:
    if context.customer.success_manager:
        manager = context.customer.success_manager
        return skipped(f"{manager.get_full_name() or manager} is its success manager already.")
    chosen = assign_best_manager(context.customer, now=context.now)
    if chosen is None:
        return failed("There is no active member of the group CSM who is here.")
    return done(f"{chosen.get_full_name() or chosen} has the fewest customers.", user=chosen.pk)


def set_stage(context: Context, params: Params) -> Outcome:
    customer = Customer.objects.get(pk=context.customer.pk)
    if customer.lifecycle_stage == params["stage"]:
        return skipped(f"It is in {customer.get_lifecycle_stage_display()} already.")
    customer.lifecycle_stage = params["stage"]
    save_customer(customer, changed={"lifecycle_stage"}, now=context.now)
    return done()


def add_tag(context: Context, params: Params) -> Outcome:
    return _change_tags(context, {params["tag"]}, set())


def remove_tag(context: Context, params: Params) -> Outcome:
    return _change_tags(context, set(), {params["tag"]})


def _change_tags(context: Context, added: set[str], removed: set[str]) -> Outcome:
    customer = Customer.objects.select_for_update().get(pk=context.customer.pk)
    now_on = {tag.name for tag in customer.tags.all()}
    wanted = (now_on | added) - removed
    if wanted == now_on:
        return skipped("Its tags are so already.")
    try:
        set_tags(customer, wanted, now=context.now)
    except ValidationError as error:
        return failed("; ".join(error.messages))
    return done()


def start_playbook(context: Context, params: Params) -> Outcome:
    playbook = Playbook.objects.get(key=params["playbook"])
    version = in_force(playbook)
    if version is None or playbook.state != Playbook.State.ACTIVE:
        return failed(f"{playbook} is not active.")
    because = f"Started by {context.playbook}."
    if entered := enter(playbook, version, [Candidate(context.customer.pk)], now=context.now, because=because):
        return done(run=entered[0].pk)
    refusal = Refusal.objects.filter(playbook=playbook, customer=context.customer).first()
    return skipped(refusal.detail if refusal else "It did not let the customer in.")


def stop_playbook(context: Context, params: Params) -> Outcome:
    runs = Run.objects.under_way().filter(customer=context.customer, playbook__key=params["playbook"])
    run = runs.select_related("customer", "playbook", "version").select_for_update(of=("self",)).first()
    if run is None:
        return skipped("The customer is not in it.")
    end_run(run, RunState.STOPPED, because=f"Stopped by {context.playbook}.", now=context.now)
    return done(run=run.pk)


def _playbooks() -> Sequence[tuple[str, Words]]:
    return list(Playbook.objects.values_list("key", "name"))


def _stages() -> Sequence[tuple[str, Words]]:
    return [(value, label) for value, label in Customer.Stage.choices if value != Customer.Stage.CHURNED]


_TAG = (Parameter("tag", _("Tag")),)
_PLAYBOOK = (Parameter("playbook", _("Playbook"), "choice", choices=_playbooks),)

for action in (
    Action(
        "playbooks.create_task",
        _("Create a task"),
        create_task,
        (
            Parameter("title", _("Title"), required=False, default="", help=_("Empty: the step's own.")),
            Parameter("description", _("What to do"), "long_text", required=False, default=""),
            Parameter("task_kind", _("Kind"), "choice", default="todo", choices=lambda: Task.Kind.choices),
            Parameter("due_days", _("Days to do it in"), "days", default=1),
        ),
        icon="task_alt",
        makes_task=True,
        order=10,
    ),
    Action(
        "messaging.send_mail",
        _("Send a mail"),
        send_mail,
        (Parameter("template", _("Mail"), "choice", choices=templates),),
        icon="mail",
        sends_mail=True,
        order=5,
    ),
    Action(
        "messaging.ask_survey",
        _("Ask a survey"),
        ask_survey,
        (Parameter("survey", _("Survey"), "choice", choices=surveys),),
        icon="rate_review",
        sends_mail=True,
        order=6,
    ),
    Action("playbooks.assign_success_manager", _("Assign a success manager"), assign_success_manager, icon="badge"),
    Action(
        "playbooks.set_stage",
        _("Move to a lifecycle stage"),
        set_stage,
        (Parameter("stage", _("Stage"), "choice", choices=_stages),),
        icon="flag",
    ),
    Action("playbooks.add_tag", _("Add a tag"), add_tag, _TAG, icon="sell"),
    Action("playbooks.remove_tag", _("Remove a tag"), remove_tag, _TAG, icon="sell"),
    Action(
        "customers.set_field",
        _("Set a field of the customer"),
        set_field,
        (
            Parameter("field", _("Field"), "choice", choices=fields),
            Parameter("value", _("Value"), required=False, default="", help=_("Empty: it is emptied.")),
        ),
        icon="edit",
        check=check_value,
    ),
    Action(
        "messaging.notify_slack",
        _("Post to Slack"),
        post,
        (
            Parameter("channel", _("Channel"), "choice", choices=channels, help=_("From Settings, Slack channels.")),
            Parameter(
                "text",
                _("Words"),
                "long_text",
                help=_("{customer}, {tier}, {stage}, {success_manager}, {playbook} and {step} are filled in."),
            ),
        ),
        icon="tag",
        check=check_text,
    ),
    Action(
        "events.call_webhook",
        _("Call a webhook"),
        call,
        (
            Parameter("webhook", _("Webhook"), "choice", choices=webhooks, help=_("From Settings, Webhooks.")),
            Parameter("note", _("Note"), required=False, default="", help=_("Sent along; for the other system.")),
        ),
        icon="webhook",
    ),
    Action("playbooks.start_playbook", _("Start a playbook"), start_playbook, _PLAYBOOK, icon="play_circle"),
    Action("playbooks.stop_playbook", _("Stop a playbook"), stop_playbook, _PLAYBOOK, icon="stop_circle"),
):
    actions.register(action)
