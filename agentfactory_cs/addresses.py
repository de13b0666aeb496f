"""The addresses in the environment: read for Django and Celery, and found wrong in words a person can act on."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

OLDEST_POSTGRES = 14
TIMEOUT_SECONDS = 5


def database(url: str) -> dict[str, Any]:
    """For settings.DATABASES. The address itself may hold a password, and is not repeated in errors."""
    wanted = "postgres://user:password@host:5432/name, or unset to use the embedded PostgreSQL"
    if not url.startswith(("postgres://", "postgresql://")):
        raise ImproperlyConfigured(f"DATABASE_URL must look like {wanted}.")
    try:
        config = environ.Env.db_url_config(url)
    except ValueError as error:
        raise ImproperlyConfigured(f"DATABASE_URL cannot be read ({error}); it must look like {wanted}.") from error
    if not config["NAME"]:
        raise ImproperlyConfigured(f"DATABASE_URL names no database; it must look like {wanted}.")
    return {**config, "ENGINE": "django.db.backends.postgresql"}


def broker(url: str) -> str:
    """For settings.CELERY_BROKER_URL: Celery spells the address of a socket differently from redis-py."""
    if not url.startswith(("redis://", "rediss://", "unix://")):
        raise ImproperlyConfigured(
            "REDIS_URL must look like redis://host:6379/0, or be unset to use the embedded Valkey."
        )
    if url.startswith("unix://"):
        return url.replace("unix://", "redis+socket://", 1).replace("?db=", "?virtual_host=")
    return url


def mail(url: str) -> dict[str, Any]:
    """Django's EMAIL_ settings. The address may hold a password, and is not repeated in errors."""
    wanted = "smtp+tls://user:password@host:587 (or smtp+ssl:// or smtp://), or unset to have mail written to files"
    try:
        config = environ.Env.email_url_config(url)
    except (ValueError, ImproperlyConfigured) as error:
        raise ImproperlyConfigured(f"EMAIL_URL must look like {wanted}.") from error
    if not url.startswith("smtp"):
        raise ImproperlyConfigured(f"EMAIL_URL must look like {wanted}.")
    if not config["EMAIL_HOST"]:
        raise ImproperlyConfigured(f"EMAIL_URL names no mail server; it must look like {wanted}.")
    usual = 465 if config.get("EMAIL_USE_SSL") else 587 if config.get("EMAIL_USE_TLS") else 25
    credentials = {name: config[name] or "" for name in ("EMAIL_HOST_USER", "EMAIL_HOST_PASSWORD")}
    return {**config, **credentials, "EMAIL_PORT": config["EMAIL_PORT"] or usual}


@dataclass(frozen=True)
class Mailbox:
    """Where mail is fetched from; `security` is "ssl", "starttls" or "" for neither."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    folder: str = "INBOX"
    security: str = "ssl"


_MAILBOXES = {"imaps": ("ssl", 993), "imap+ssl": ("ssl", 993), "imap+tls": ("starttls", 143), "imap": ("", 143)}


def mailbox(url: str) -> Mailbox | None:
    """None where none is given. The address holds a password, and is not repeated in errors."""
    if not url:
        return None
    wanted = "imaps://user:password@imap.example.com:993/INBOX (or imap+tls:// or imap://), or be unset"
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError as error:
        raise ImproperlyConfigured(f"IMAP_URL must look like {wanted}.") from error
    if parts.scheme not in _MAILBOXES or not parts.hostname or not parts.username:
        raise ImproperlyConfigured(f"IMAP_URL must look like {wanted}.")
    security, usual = _MAILBOXES[parts.scheme]
    return Mailbox(
        host=parts.hostname,
        port=port or usual,
        user=unquote(parts.username),
        password=unquote(parts.password or ""),
        folder=unquote(parts.path.strip("/")) or "INBOX",
        security=security,
    )


def site(address: str, host: str, port: str) -> str:
    """How people reach the site, without a slash at the end; unless given, where the web listens on this machine."""
    if not address:
        here = "localhost" if host in ("", "127.0.0.1", "0.0.0.0", "[::]") else host  # noqa: S104 - to compare with
        return f"http://{here}:{port or 8000}"
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ImproperlyConfigured(f"SITE_ADDRESS must look like https://cs.example.com, not {address!r}.")
    return address.rstrip("/")


def find_fault_with_database() -> str | None:
    """Connects once. A sentence when that fails, None when all is well."""
    import psycopg2
    from django.db import connection

    try:
        there = psycopg2.connect(**connection.get_connection_params() | {"connect_timeout": TIMEOUT_SECONDS})
    except psycopg2.Error as error:
        return (
            f"DATABASE_URL leads to no PostgreSQL ({_first_line(error)}): start that server, correct the address, or "
            f"unset it to use the embedded one."
        )
    version = there.server_version // 10_000
    there.close()
    if version < OLDEST_POSTGRES:
        return f"DATABASE_URL leads to PostgreSQL {version}: AgentFactory CS needs {OLDEST_POSTGRES} or newer."
    return None


def find_fault_with_redis(url: str) -> str | None:
    import redis

    try:
        there = redis.Redis.from_url(url, socket_connect_timeout=TIMEOUT_SECONDS, socket_timeout=TIMEOUT_SECONDS)
        there.ping()
        there.close()
    except (redis.RedisError, ValueError) as error:
        return (
            f"REDIS_URL leads to no Redis or Valkey ({_first_line(error)}): start that server, correct the address, or "
            f"unset it to use the embedded one."
        )
    return None


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n")[0].removesuffix(".")
