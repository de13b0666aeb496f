"""Where the servers live and how they are reached. Everything follows from VAR_DIR, so that every
process finds the same servers without asking anybody."""

import hashlib
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

APP = "agentfactory-cs"
POSTGRES, VALKEY = "postgres", "valkey"


class Unavailable(Exception):
    """One sentence for a person: what is wrong and what to do."""


def secret_key(var_dir: Path) -> str:
    """Django's SECRET_KEY where the environment gives none: made once, kept readable for us alone."""
    path = var_dir / "secret_key"
    try:
        make_folder(var_dir)
        if not path.exists():
            _write_once(path, secrets.token_urlsafe(48))
        return path.read_text().strip()
    except OSError as error:
        raise Unavailable(
            f"{path} cannot be read or made ({error.strerror}): run as the user who owns {var_dir}, or name another "
            f"folder in VAR_DIR."
        ) from error


def _write_once(path: Path, text: str) -> None:
    """Whole or not at all, and the first of several processes wins."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text + "\n")
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def make_folder(path: Path) -> None:
    """For our eyes only. Root's may be passed through, because its servers run as somebody else."""
    if not path.is_dir():
        path.mkdir(parents=True, exist_ok=True)
        path.chmod(0o711 if os.geteuid() == 0 else 0o700)


def database_url(var_dir: Path) -> str:
    # The port is part of the socket's name; said here so that a PGPORT in the environment does not count.
    return f"postgres://app@/app?host={socket_dir(var_dir)}&port=5432"


def redis_url(var_dir: Path) -> str:
    return f"unix://{socket_dir(var_dir)}/valkey.sock"


def socket_dir(var_dir: Path) -> Path:
    """Not under VAR_DIR: the path of a socket may have 107 bytes, on macOS 103."""
    return Path(f"/tmp/{APP}-{owner_id(var_dir)}-{digest(var_dir)}")


def owner_id(var_dir: Path) -> int:
    """Whoever owns VAR_DIR, so that root joins the servers of the user whose folder it is."""
    return var_dir.stat().st_uid if var_dir.exists() else os.geteuid()


def digest(var_dir: Path) -> str:
    return hashlib.sha256(os.fsencode(var_dir.resolve())).hexdigest()[:10]


@dataclass(frozen=True)
class Desk:
    """The files by which keeper and users of one server find each other."""

    var_dir: Path
    server: str

    @property
    def folder(self) -> Path:
        return self.var_dir / "embedded"

    @property
    def users(self) -> Path:
        """Locked by each user (shared), and by the keeper (exclusively) once there are none."""
        return self.folder / f"{self.server}.users.lock"

    @property
    def start(self) -> Path:
        """Held by the one user who is starting a keeper."""
        return self.folder / f"{self.server}.start.lock"

    @property
    def keeper(self) -> Path:
        """Held by the keeper while it lives."""
        return self.folder / f"{self.server}.keeper.lock"

    @property
    def ready(self) -> Path:
        """Exists while the server answers; means nothing without a living keeper."""
        return self.folder / f"{self.server}.ready"

    @property
    def log(self) -> Path:
        return self.var_dir / "log" / "embedded.log"
