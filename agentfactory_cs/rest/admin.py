"""API keys in the console."""

from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from unfold.admin import ModelAdmin
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import action, display
from unfold.forms import BaseDialogForm

from .models import ApiKey
from .services import create_key, revoke_key


class ApiKeyForm(ModelForm):
    """Name, scope and expiry: the only things a person chooses."""

    class Meta:
        model = ApiKey
        fields = ("name", "scope", "expires_at")

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if ApiKey.objects.filter(name=name, revoked_at__isnull=True).exists():
            raise ValidationError("A key of that name is in force; revoke it first.")
        return name

    def clean_expires_at(self) -> Any:
        expires_at = self.cleaned_data["expires_at"]
        if expires_at and expires_at <= timezone.now():
            raise ValidationError("The key would have expired already.")
        return expires_at


@admin.register(ApiKey)
class ApiKeyAdmin(ModelAdmin):
    """A key is made and revoked, never changed: another scope is another key."""

    form = ApiKeyForm
    list_display = ("name", "show_state", "scope", "prefix", "last_used_at", "expires_at", "created_at", "created_by")
    list_filter = (("scope", ChoicesDropdownFilter),)
    list_select_related = ("created_by",)
    search_fields = ("name", "prefix")
    show_full_result_count = False
    actions_detail = ("revoke",)
    readonly_fields = ("prefix", "created_at", "created_by", "last_used_at", "revoked_at")

    def get_fields(self, request: HttpRequest, obj: ApiKey | None = None) -> tuple[str, ...]:
        return ("name", "scope", "expires_at", *(self.readonly_fields if obj else ()))

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    @display(description="State", label={"In force": "success", "Expired": "warning", "Revoked": "danger"})
    def show_state(self, key: ApiKey) -> str:
        if key.revoked_at:
            return "Revoked"
        return "Expired" if key.expires_at and key.expires_at <= timezone.now() else "In force"

    def save_model(self, request: HttpRequest, obj: ApiKey, form: ApiKeyForm, change: bool) -> None:
        key, secret = create_key(
            name=obj.name, scope=obj.scope, expires_at=obj.expires_at, by=cast(User, request.user), now=timezone.now()
        )
        obj.__dict__.update(key.__dict__)
        obj.secret = secret

    def response_add(self, request: HttpRequest, obj: ApiKey, post_url_continue: str | None = None) -> HttpResponse:
        """The secret goes straight onto a page: a message would leave it in the session or a cookie."""
        context = {
            **self.admin_site.each_context(request),
            "title": "API key created",
            "opts": self.opts,
            "key": obj,
            "secret": obj.secret,
        }
        headers = {"Cache-Control": "no-store"}
        return TemplateResponse(request, "admin/rest/apikey/created.html", context, headers=headers)

    def has_revoke_permission(self, request: HttpRequest, object_id: str | int | None = None) -> bool:
        return request.user.has_perm("rest.change_apikey")

    @action(
        description="Revoke",
        permissions=["revoke"],
        dialog={
            "title": "Revoke this key?",
            "description": "Whatever uses it stops working at once. A revoked key cannot be brought back.",
            "form_class": BaseDialogForm,
            "form_submit_text": "Revoke",
        },
    )
    def revoke(self, request: HttpRequest, form: BaseDialogForm, object_id: int) -> HttpResponse:
        key = ApiKey.objects.get(pk=object_id)
        if revoke_key(key, now=timezone.now()):
            messages.success(request, f"{key.name} is revoked.")
        else:
            messages.info(request, f"{key.name} was revoked before.")
        return HttpResponse(headers={"HX-Redirect": reverse("admin:rest_apikey_changelist")})
