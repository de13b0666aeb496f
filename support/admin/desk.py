"""The desk: teams, the people in them and what they carry, areas, and the words of angry replies."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Field, ForeignKey, Model, Q, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.contrib.filters.admin import BooleanRadioFilter, RelatedDropdownFilter
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminTextareaWidget

from agentfactory_cs.console.saving import ServiceAdmin
from agentfactory_cs.console.templatetags.console import when
from agentfactory_cs.customers.days import utc_day
from agentfactory_cs.customers.queries import staff

from .. import assigning, staffing
from ..models import Agent, Area, StrongWords, Team, Ticket
from ..tasks import ring_for_due_times, ring_for_tickets

_LOAD = Count("user__assigned_tickets", filter=Q(user__assigned_tickets__status__in=("new", "open")), distinct=True)


@admin.register(Team)
class TeamAdmin(ServiceAdmin):
    """Teams are taken from work, not deleted: tickets keep naming them."""

    service = staticmethod(staffing.save_team)
    list_display = ("name", "show_role", "show_people", "show_waiting", "address", "is_active")
    search_fields = ("name", "key")
    fieldsets = (
        (None, {"fields": (("name", "key"), "description", "address")}),
        (_("Hours"), {"fields": ("calendar",), "description": _("Empty: the hours of the default calendar.")}),
        (
            _("Part"),
            {
                "fields": (("takes_the_rest", "is_senior", "is_active"),),
                "description": _(
                    "One team takes what no rule gives to another; one is the senior team, which hears of every "
                    "escalation."
                ),
            },
        ),
    )

    def save_model(self, request: HttpRequest, obj: Model, form: ModelForm, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if "calendar" in form.changed_data:
            ring_for_due_times()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Team]:
        people = Count("agents", filter=Q(agents__user__is_active=True), distinct=True)
        here = Count("agents", filter=_here(), distinct=True)
        return super().get_queryset(request).annotate(people=people, here=here)

    def get_readonly_fields(self, request: HttpRequest, obj: Team | None = None) -> tuple[str, ...]:
        return ("key",) if obj else ()

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        unsolved = Ticket.objects.waiting_for_us().filter(assignee=None).order_by().values_list("team")
        self.waiting = dict(unsolved.annotate(tickets=Count("pk")))
        return super().changelist_view(request, extra_context)

    @display(description=_("Part"))
    def show_role(self, team: Team) -> str:
        said = [_now("senior team")] if team.is_senior else []
        return ", ".join([*said, *([_now("takes the rest")] if team.takes_the_rest else [])]) or "–"

    @display(description=_("People here, of all"))
    def show_people(self, team: Any) -> str:
        return _now("%(here)s of %(people)s") % {"here": team.here, "people": team.people}

    @display(description=_("Open tickets that nobody has"))
    def show_waiting(self, team: Team) -> int:
        return self.waiting.get(team.pk, 0)

    def has_delete_permission(self, request: HttpRequest, obj: Team | None = None) -> bool:
        return False


def _here() -> Q:
    today = utc_day(timezone.now())
    away = Q(agents__user__staff_profile__away_until__gt=today)
    return Q(agents__user__is_active=True, agents__is_present=True) & ~away


@admin.register(Agent)
class AgentAdmin(ServiceAdmin):
    service = staticmethod(staffing.save_agent)
    list_display = ("show_name", "show_here", "show_load", "show_teams", "show_languages", "show_assigned")
    list_filter = (("teams", RelatedDropdownFilter), ("is_present", BooleanRadioFilter))
    list_filter_submit = True
    list_select_related = ("user__staff_profile",)
    list_display_links = ("show_name",)
    search_fields = ("user__username", "user__first_name", "user__last_name")
    ordering = ("user__username",)
    actions = ("be_present", "be_absent", "hand_over")
    filter_horizontal = ("teams",)

    class Media:
        css = {"all": ("support/routing.css",)}

    fieldsets = (
        (None, {"fields": ("user", "teams")}),
        (
            _("What routing gives"),
            {
                "fields": (("is_present", "capacity"),),
                "description": _(
                    "Languages and absence are on the person's own page. Who takes no tickets keeps those they have."
                ),
            },
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Agent]:
        return super().get_queryset(request).annotate(load=_LOAD).prefetch_related("teams")

    def get_readonly_fields(self, request: HttpRequest, obj: Agent | None = None) -> tuple[str, ...]:
        return ("user",) if obj else ()

    def formfield_for_foreignkey(self, db_field: ForeignKey, request: HttpRequest, **kwargs: Any) -> Any:
        return super().formfield_for_foreignkey(db_field, request, queryset=staff(), **kwargs)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        ring_for_tickets()

    @display(description=_("Name"), ordering="user__username")
    def show_name(self, agent: Agent) -> str:
        return str(agent)

    @display(description=_("Takes tickets"), label={"yes": "success", "no": "danger"})
    def show_here(self, agent: Agent) -> tuple[str, str]:
        profile = getattr(agent.user, "staff_profile", None)
        if profile and profile.away_until and profile.away_until > utc_day(timezone.now()):
            return "no", _now("away until %(day)s") % {"day": date_format(profile.away_until, "SHORT_DATE_FORMAT")}
        return ("yes", _now("yes")) if agent.is_present else ("no", _now("no"))

    @display(description=_("Open tickets, of how many at most"), ordering="load")
    def show_load(self, agent: Any) -> str:
        return format_html(
            '<span class="sr-load"><span class="af-bar"><span class="af-bar-fill {}" style="width: {}%"></span></span>'
            "{}</span>",
            "sr-full" if agent.load >= agent.capacity else "",
            min(100 * agent.load // agent.capacity, 100),
            _now("%(load)s of %(capacity)s") % {"load": agent.load, "capacity": agent.capacity},
        )

    @display(description=_("Last given a ticket"), ordering="last_assigned_at")
    def show_assigned(self, agent: Agent) -> str:
        return when(agent.last_assigned_at)

    @display(description=_("Teams"))
    def show_teams(self, agent: Agent) -> str:
        return ", ".join(team.name for team in agent.teams.all()) or "–"

    @display(description=_("Speaks"))
    def show_languages(self, agent: Agent) -> str:
        profile = getattr(agent.user, "staff_profile", None)
        return ", ".join(profile.languages) if profile and profile.languages else _now("the company's language")

    @action(description=_("Take tickets"), permissions=["change"])
    def be_present(self, request: HttpRequest, agents: QuerySet[Agent]) -> None:
        self._present(request, agents, True)

    @action(description=_("Take no tickets for now"), permissions=["change"])
    def be_absent(self, request: HttpRequest, agents: QuerySet[Agent]) -> None:
        self._present(request, agents, False)

    def _present(self, request: HttpRequest, agents: QuerySet[Agent], is_present: bool) -> None:
        pks = list(agents.order_by().values_list("pk", flat=True))
        changed = staffing.set_present(pks, is_present, by=request.user, now=timezone.now())
        if is_present:
            ring_for_tickets()
        messages.success(request, ngettext("%d person changed.", "%d people changed.", changed) % changed)

    @action(description=_("Give their tickets to others…"), permissions=["change"])
    def hand_over(self, request: HttpRequest, agents: QuerySet[Agent]) -> HttpResponse | None:
        """Asks first, saying how many; then gives those that are unsolved to others of their teams."""
        if not request.user.has_perm("support.change_ticket"):
            raise PermissionDenied
        chosen = list(agents.select_related("user"))
        held = Ticket.objects.unsolved().filter(assignee__in=[agent.user_id for agent in chosen])
        if "confirmed" not in request.POST:
            context = {"title": _now("Give their tickets to others"), "agents": chosen, "tickets": held.count()}
            frame = {**self.admin_site.each_context(request), "opts": self.opts}
            return TemplateResponse(request, "admin/support/hand_over.html", {**frame, **context})
        staffing.set_present([agent.pk for agent in chosen], False, by=request.user, now=timezone.now())
        pks = held.values_list("pk", flat=True)
        reason = request.POST.get("reason", "")[:200]
        handed = assigning.reassign(pks, by=request.user, reason=reason, now=timezone.now())
        messages.success(request, handed_words(handed))
        return None


def handed_words(handed: assigning.Handed) -> str:
    """How many found somebody, and why the others did not."""
    given = ngettext("%d ticket was given to others.", "%d tickets were given to others.", handed.given) % handed.given
    return " ".join([given, *(f"{count}: {why.rstrip('.')}." for why, count in handed.left.items())])


@admin.register(Area)
class AreaAdmin(ServiceAdmin):
    """Areas are retired, not deleted: tickets and articles keep naming them."""

    service = staticmethod(staffing.save_area)
    list_display = ("name", "key", "show_tickets", "is_active")
    search_fields = ("name", "key")
    fields = (("name", "key"), "is_active")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        unsolved = Ticket.objects.unsolved().order_by().values_list("area")
        self.tickets = dict(unsolved.annotate(tickets=Count("pk")))
        return super().changelist_view(request, extra_context)

    def get_readonly_fields(self, request: HttpRequest, obj: Area | None = None) -> tuple[str, ...]:
        return ("key",) if obj else ()

    @display(description=_("Unsolved tickets"))
    def show_tickets(self, area: Area) -> int:
        return self.tickets.get(area.pk, 0)

    def has_delete_permission(self, request: HttpRequest, obj: Area | None = None) -> bool:
        return False


@admin.register(StrongWords)
class StrongWordsAdmin(ServiceAdmin):
    service = staticmethod(staffing.save_strong_words)
    list_display = ("language", "show_words")
    fieldsets = (
        (
            None,
            {
                "fields": ("language", "words"),
                "description": _(
                    "A customer's reply that holds one of them brings its ticket before the senior team, once. The "
                    "lists of the ticket's language and of English are read."
                ),
            },
        ),
    )

    def formfield_for_dbfield(self, db_field: Field, request: HttpRequest, **kwargs: Any) -> Any:
        if isinstance(db_field, ArrayField):
            kwargs["widget"] = UnfoldAdminTextareaWidget()
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def get_readonly_fields(self, request: HttpRequest, obj: StrongWords | None = None) -> tuple[str, ...]:
        return ("language",) if obj else ()

    @display(description=_("Words"))
    def show_words(self, row: StrongWords) -> str:
        shown = ", ".join(row.words[:8])
        return f"{shown} … ({len(row.words)})" if len(row.words) > 8 else shown
