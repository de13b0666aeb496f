"""Placeholder until the embedded servers land: addresses come from the environment."""

import os
from pathlib import Path


def secret_key(var_dir: Path) -> str:
    return os.environ.get("SECRET_KEY", "development")


def database_url(var_dir: Path) -> str:
    return os.environ["DATABASE_URL"]


def redis_url(var_dir: Path) -> str:
    return os.environ["REDIS_URL"]
