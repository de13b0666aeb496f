"""Whom the servers run as. PostgreSQL refuses root, so root's servers run as somebody with fewer rights."""

import os
import pwd
import subprocess
from pathlib import Path
from typing import Any

from agentfactory_cs.embedded.places import APP, Unavailable, digest, make_folder, owner_id


def server_account(var_dir: Path) -> pwd.struct_passwd | None:
    """None: as ourselves. Otherwise the owner of VAR_DIR, `postgres` or `nobody`, whoever comes first.

    An id without a name is no use: initdb wants to know its user's name.
    """
    if os.geteuid() != 0:
        return None
    people = {person.pw_name: person for person in pwd.getpwall()}
    owner = next((person for person in people.values() if person.pw_uid == owner_id(var_dir) != 0), None)
    account = owner or people.get("postgres") or people.get("nobody")
    if account is None:
        raise Unavailable(
            "PostgreSQL does not run as root, and there is no user `postgres` or `nobody` to run it as: start "
            "AgentFactory CS as an ordinary user, or set DATABASE_URL."
        )
    return account


def identity(account: pwd.struct_passwd | None) -> dict[str, Any]:
    """Arguments for subprocess."""
    if account is None:
        return {}
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def can(account: pwd.struct_passwd | None, right: str, path: Path) -> bool:
    """May the account read (`r`), write (`w`) or pass through or execute (`x`) this? Asked of the kernel."""
    if account is None:
        return os.access(path, {"r": os.R_OK, "w": os.W_OK, "x": os.X_OK}[right])
    test = ["/bin/sh", "-c", f'test -{right} "$0"', str(path)]
    return subprocess.run(test, cwd="/", check=False, **identity(account)).returncode == 0


def state_dir(var_dir: Path, account: pwd.struct_passwd | None) -> Path:
    """Where the data is: under VAR_DIR, or under /var/lib where root's VAR_DIR is closed to the account.

    What exists decides, so that data is found again when somebody changes the rights of a folder above.
    """
    inside = var_dir / "embedded" / "data"
    if account is None:
        make_folder(inside)
        return inside
    outside = Path("/var/lib") / f"{APP}-{digest(var_dir)}"
    make_folder(var_dir / "embedded")
    if inside.exists() or (not outside.exists() and can(account, "x", var_dir / "embedded")):
        make_folder(inside)
        return inside
    make_folder(outside)
    return outside


def hand_over(path: Path, account: pwd.struct_passwd | None) -> None:
    """Make a folder that belongs to the account and is closed to all others."""
    path.mkdir(parents=True, exist_ok=True)
    status = path.stat()
    if account is not None and status.st_uid != account.pw_uid:
        os.chown(path, account.pw_uid, account.pw_gid)
    if status.st_mode & 0o777 != 0o700:
        path.chmod(0o700)
