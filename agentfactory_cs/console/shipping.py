"""Shipped data: what is put in place after a migration, each piece once (docs/concepts.md).

An app offers loaders in its `shipped.py`, and what its staff groups may do in its `roles.py`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import Group, Permission
from django.db import transaction

from agentfactory_cs.registry import Registry

from .models import Shipped


@dataclass(frozen=True)
class Loader:
    """Puts one kind of shipped data in place. `load` must be safe to run after every migration."""

    key: str
    load: Callable[[], None]
    order: int = 0


@dataclass(frozen=True)
class Grant:
    """What one app lets one group do: permission codenames of that app, such as `view_customer`."""

    key: str
    group: str
    app_label: str
    codenames: tuple[str, ...]


loaders: Registry[Loader] = Registry("loader of shipped data")
grants: Registry[Grant] = Registry("grant")


def grant(group: str, app_label: str, *codenames: str) -> None:
    slug = group.lower().replace(" ", "_")
    grants.register(Grant(f"{app_label}.{slug}", group, app_label, codenames))


def put_in_place(sender: object = None, **kwargs: Any) -> None:
    """Everything shipped that is not there yet; the receiver of `post_migrate` of the last app."""
    with transaction.atomic():
        for loader in loaders:
            loader.load()
        for item in grants:
            _give(item)


def _give(item: Grant) -> None:
    group, _ = Group.objects.get_or_create(name=item.group)
    keys = {f"role:{item.group}:{item.app_label}.{codename}": codename for codename in item.codenames}
    new = {keys[key] for key in Shipped.first_time(list(keys))}
    permissions = Permission.objects.filter(content_type__app_label=item.app_label, codename__in=new)
    if unknown := new - {permission.codename for permission in permissions}:
        raise LookupError(f"{item.app_label}/roles.py names permissions that do not exist: {', '.join(unknown)}")
    group.permissions.add(*permissions)
