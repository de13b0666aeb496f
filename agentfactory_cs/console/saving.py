"""Admin forms that write through an app's services, with a refusal shown on the form it came from."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import transaction
from django.db.models import Model, QuerySet
from django.forms import BaseForm, BaseInlineFormSet, ModelForm
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from unfold.admin import ModelAdmin, StackedInline, TabularInline

from .lists import FilledListAdmin

# save(thing, by=…, now=…), as every service that stores one thing is called.
Service = Callable[..., Any]


class Refused(Exception):
    """A service refused a thing; `prefix` and `place` say which form of which inline, or None for the form."""

    def __init__(self, error: ValidationError, prefix: str | None = None, place: int | None = None) -> None:
        super().__init__(error)
        self.error, self.prefix, self.place = error, prefix, place


def show_refusal(form: BaseForm, error: ValidationError) -> None:
    """Put each message beside its field, or on top of the form where the field is not on it."""
    for field, messages in getattr(error, "message_dict", {NON_FIELD_ERRORS: error.messages}).items():
        form.add_error(field if field in form.fields else None, messages)


class ServiceInlineMixin:
    """An inline whose rows are written by `service`, and removed by `removal` where that means more."""

    service: ClassVar[Service]
    removal: ClassVar[Service | None] = None

    def get_formset(self, request: HttpRequest, obj: Model | None = None, **kwargs: Any) -> type[BaseInlineFormSet]:
        formset = super().get_formset(request, obj, **kwargs)  # type: ignore[misc]
        formset.service = staticmethod(type(self).service)
        formset.removal = staticmethod(removal) if (removal := type(self).removal) else None
        return formset


class ServiceTabularInline(ServiceInlineMixin, TabularInline):
    extra = 0


class ServiceStackedInline(ServiceInlineMixin, StackedInline):
    extra = 0


class ServiceAdmin(ModelAdmin):
    """A ModelAdmin that writes by `service` (and removes by `removal`, where taking a row away means more).

    Where a service refuses, the whole request is rolled back and the form comes back with the messages.
    """

    service: ClassVar[Service | None] = None
    removal: ClassVar[Service | None] = None

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except Refused as refusal:
            # The admin's transaction is rolled back by now; a second pass renders the form as invalid.
            request.refusal = refusal  # type: ignore[attr-defined]
            return super().changeform_view(request, object_id, form_url, extra_context)

    def get_form(
        self, request: HttpRequest, obj: Model | None = None, change: bool = False, **kwargs: Any
    ) -> type[ModelForm]:
        form = super().get_form(request, obj, change=change, **kwargs)
        refusal: Refused | None = getattr(request, "refusal", None)
        if refusal is None or refusal.prefix is not None:
            return form
        error = refusal.error

        class RefusedForm(form):  # type: ignore[valid-type, misc]
            def _post_clean(self) -> None:
                super()._post_clean()
                show_refusal(self, error)

        return RefusedForm

    def _create_formsets(self, request: HttpRequest, obj: Model | None, change: bool) -> tuple[list[Any], list[Any]]:
        formsets, inlines = super()._create_formsets(request, obj, change)
        refusal: Refused | None = getattr(request, "refusal", None)
        for formset in formsets:
            if refusal and formset.prefix == refusal.prefix and refusal.place is not None and formset.is_valid():
                show_refusal(formset.forms[refusal.place], refusal.error)
        return formsets, inlines

    def save_model(self, request: HttpRequest, obj: Model, form: ModelForm, change: bool) -> None:
        if self.service is None:
            return super().save_model(request, obj, form, change)
        try:
            self.service(obj, **self.told(form), by=request.user, now=timezone.now())
        except ValidationError as error:
            raise Refused(error) from error
        return None

    def told(self, form: ModelForm) -> dict[str, Any]:
        """What else the service wants to know."""
        return {}

    def save_formset(self, request: HttpRequest, form: ModelForm, formset: BaseInlineFormSet, change: bool) -> None:
        service: Service | None = getattr(formset, "service", None)
        if service is None:
            return super().save_formset(request, form, formset, change)
        changed = formset.save(commit=False)
        for thing in formset.deleted_objects:
            _remove(request, thing, getattr(formset, "removal", None))
        for place, row in enumerate(formset.forms):
            if row.instance in changed:
                self._save_row(request, service, formset, place)
        formset.save_m2m()
        return None

    def _save_row(self, request: HttpRequest, service: Service, formset: BaseInlineFormSet, place: int) -> None:
        try:
            service(formset.forms[place].instance, by=request.user, now=timezone.now())
        except ValidationError as error:
            raise Refused(error, formset.prefix, place) from error

    def delete_model(self, request: HttpRequest, obj: Model) -> None:
        _remove(request, obj, self.removal)

    @transaction.atomic
    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for obj in queryset:
            self.delete_model(request, obj)


def _remove(request: HttpRequest, thing: Model, removal: Service | None) -> None:
    if removal is None:
        thing.delete()
    else:
        removal(thing, by=request.user, now=timezone.now())


class ReadOnlyMixin:
    """Shown, never written here."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class ReadOnlyAdmin(ReadOnlyMixin, FilledListAdmin):
    """A list and pages to read."""


class HistoryInline(ReadOnlyMixin, TabularInline):
    """The history of a thing, as rows nobody edits."""

    # Whom the rows name: read with them, not one by one.
    select_related: Sequence[str] = ()
    extra = 0
    can_delete = False
    tab = True
    per_page = 20

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        queryset = super().get_queryset(request)
        return queryset.select_related(*self.select_related) if self.select_related else queryset
