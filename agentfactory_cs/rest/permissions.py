"""What a request may do: a key by its scope, a person by the permissions of the staff groups."""

from typing import TYPE_CHECKING

from django.db.models import Model
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from .models import ApiKey
from .principals import KeyHolder

if TYPE_CHECKING:  # REST framework's views import this module by settings
    from rest_framework.views import APIView

_SCOPES = {
    "GET": ApiKey.Scope.READ,
    "HEAD": ApiKey.Scope.READ,
    "OPTIONS": ApiKey.Scope.READ,
    "POST": ApiKey.Scope.WRITE,
    "PUT": ApiKey.Scope.WRITE,
    "PATCH": ApiKey.Scope.WRITE,
    "DELETE": ApiKey.Scope.ADMIN,
}
_VERBS = {"GET": "view", "HEAD": "view", "OPTIONS": "view", "POST": "add", "DELETE": "delete"}


class ScopeOrStaffPermission(BasePermission):
    """A key needs the scope of the method; a signed-in member of staff the permission on the view's model.

    The model is that of the view's `queryset`. Where an action needs something else, the view says so:
    `staff_permissions = {"churn": "customers.add_churn"}`. What decides for everybody needs a key with the scope
    admin, whatever its method: `admin_actions = ("publish",)`.
    """

    def has_permission(self, request: Request, view: "APIView") -> bool:
        user = request.user
        if isinstance(user, KeyHolder):
            return self._key_may(user.key, str(request.method), view)
        return bool(user and user.is_active and user.is_staff and user.has_perm(_permission(request, view)))

    def _key_may(self, key: ApiKey, method: str, view: "APIView") -> bool:
        for_admins = getattr(view, "action", None) in getattr(view, "admin_actions", ())
        needed = ApiKey.Scope.ADMIN if for_admins else _SCOPES.get(method, ApiKey.Scope.ADMIN)
        self.message = f"{method} needs a key with the scope {needed.value}; this one has {key.scope}."
        return key.allows(needed)


def _permission(request: Request, view: "APIView") -> str:
    action = getattr(view, "action", None)
    named: dict[str | None, str] = getattr(view, "staff_permissions", {})
    if action in named:
        return named[action]
    model: type[Model] = view.queryset.model  # type: ignore[attr-defined]
    # A POST to one thing (`tasks/7/finish/`) changes it; a POST to a list adds to it.
    verb = "change" if getattr(view, "detail", False) and request.method == "POST" else None
    verb = verb or _VERBS.get(str(request.method), "change")
    return f"{model._meta.app_label}.{verb}_{model._meta.model_name}"
