"""Who is behind a request that shows an API key."""

from dataclasses import dataclass

from .models import ApiKey


@dataclass(frozen=True)
class KeyHolder:
    """Stands where a view expects a user. Passed to services as `by`, it signs the timeline with its key's name."""

    key: ApiKey
    is_authenticated: bool = True
    is_anonymous: bool = False
    is_active: bool = True
    is_staff: bool = False

    @property
    def pk(self) -> str:
        return f"key-{self.key.pk}"

    def __str__(self) -> str:
        return f"API key {self.key.name}"


def principal_name(user: object) -> str:
    """The principal as throttles and stored requests know it: key-7 or user-3."""
    return user.pk if isinstance(user, KeyHolder) else f"user-{getattr(user, 'pk', None)}"
