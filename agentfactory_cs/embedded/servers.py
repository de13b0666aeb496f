"""The two servers: how each is prepared, started, found ready and stopped."""

import os
import pwd
import signal
import socket
import subprocess
import time
from pathlib import Path

from agentfactory_cs.embedded.account import hand_over, identity, server_account, state_dir
from agentfactory_cs.embedded.kernel import command_line, die_with_parent
from agentfactory_cs.embedded.places import POSTGRES, VALKEY, Desk, Unavailable, socket_dir
from agentfactory_cs.embedded.programs import postgres_programs, valkey_program

# Enough for a big crash recovery; a server that fails ends, and is not waited for.
START_SECONDS = 15 * 60
STOP_SECONDS = 60


class Server:
    """One server process, child of the keeper."""

    name: str
    title: str
    stop_signal: signal.Signals
    kill_signal: signal.Signals

    def __init__(self, var_dir: Path) -> None:
        self.desk = Desk(var_dir, self.name)
        self.account: pwd.struct_passwd | None = server_account(var_dir)
        self.state = state_dir(var_dir, self.account)
        self.home = self.state / self.name
        self.sockets = socket_dir(var_dir)
        self.unsafe = os.environ.get("EMBEDDED_UNSAFE") == "1"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Returns when the server answers; raises Unavailable with the server's own last words."""
        hand_over(self.home, self.account)
        self._open_socket_dir()
        self._end_orphan()
        self.prepare()
        for _ in range(40):
            log_size = self.desk.log.stat().st_size if self.desk.log.exists() else 0
            if self._started():
                return
            said = self.desk.log.read_bytes()[log_size:].decode(errors="replace")
            # Children of a killed PostgreSQL need a moment to notice that it is gone.
            if "shared memory block" not in said:
                raise Unavailable(f"The embedded {self.title} did not start ({last_words(said)}): see {self.desk.log}.")
            time.sleep(0.25)
        raise Unavailable(f"The embedded {self.title} did not start: processes of an earlier one are still there.")

    def _started(self) -> bool:
        self.process = self._run_in_background(self.command())
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            if self.ready():
                return True
            time.sleep(0.01)
        return False

    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def stop(self) -> None:
        if self.process is None or not self.running():
            return
        self.process.send_signal(self.stop_signal)
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.send_signal(self.kill_signal)
            self.process.wait()

    def _run_in_background(self, command: list[str]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            cwd="/",
            env=self.environment(),
            start_new_session=True,
            preexec_fn=die_with_parent(self.stop_signal),
            **identity(self.account),
        )

    @staticmethod
    def environment() -> dict[str, str]:
        """Ours without what would talk a server or initdb into something else."""
        ours = {key: value for key, value in os.environ.items() if not key.startswith(("PG", "LC_"))}
        return ours | {"LC_ALL": "C", "TZ": "UTC"}

    def _open_socket_dir(self) -> None:
        """The name can be guessed, so somebody else may have made it first."""
        us = self.account.pw_uid if self.account else os.geteuid()
        if self.sockets.is_symlink() or (
            self.sockets.exists() and self.sockets.stat().st_uid not in (us, os.geteuid())
        ):
            raise Unavailable(f"{self.sockets} belongs to somebody else: have it removed.")
        hand_over(self.sockets, self.account)

    def _end_orphan(self) -> None:
        """Ends a server whose keeper is gone: on its way out already, or left over where no death signal exists."""
        deadline = time.monotonic() + STOP_SECONDS
        pid = self._recorded_pid()
        while pid and str(self.home) in command_line(pid):
            os.kill(pid, self.stop_signal if time.monotonic() < deadline else self.kill_signal)
            time.sleep(0.1)
        # Whatever has that number now is not ours; PostgreSQL would refuse to start because of it.
        for path in (self.pid_file(), *self.sockets.glob(self.socket_pattern())):
            path.unlink(missing_ok=True)

    def _recorded_pid(self) -> int | None:
        try:
            return int(self.pid_file().read_text().split("\n")[0])
        except (OSError, ValueError):
            return None

    def prepare(self) -> None: ...

    def pid_file(self) -> Path:
        raise NotImplementedError

    def socket_pattern(self) -> str:
        raise NotImplementedError

    def command(self) -> list[str]:
        raise NotImplementedError

    def ready(self) -> bool:
        raise NotImplementedError


class Postgres(Server):
    name, title = POSTGRES, "PostgreSQL"
    stop_signal = signal.SIGINT  # "fast": open transactions are rolled back, nobody is waited for
    kill_signal = signal.SIGQUIT  # "immediate": recovers at the next start

    def __init__(self, var_dir: Path) -> None:
        super().__init__(var_dir)
        self.programs = postgres_programs(self.state, self.account)
        self.data = self.home / "data"

    def prepare(self) -> None:
        if not self.data.exists():
            self._make_cluster()
            return
        there = (self.data / "PG_VERSION").read_text().strip()
        if there != self._version():
            raise Unavailable(
                f"{self.data} was made by PostgreSQL {there} and the one installed is {self._version()}: set PG_BIN to "
                f"the programs of PostgreSQL {there} and `pg_dump` the database `app`, or move the folder away to "
                f"start empty."
            )

    def _version(self) -> str:
        said = subprocess.run([self.programs / "postgres", "--version"], capture_output=True, text=True, check=True)
        return said.stdout.split()[2].split(".")[0]

    def _make_cluster(self) -> None:
        """Into a folder of another name first: a half-made cluster must not look like a whole one."""
        draft = self.home / "data.new"
        self._run(["rm", "-rf", str(draft)])
        self._run([str(self.programs / "initdb"), "-D", str(draft), "-U", "app", *self._initdb_options()])
        single = [str(self.programs / "postgres"), "--single", "-D", str(draft), *self._options(), "postgres"]
        self._run(single, "CREATE DATABASE app\n")
        draft.rename(self.data)

    def _initdb_options(self) -> list[str]:
        # Collation built into the server: the same order everywhere, whatever the machine's C library says.
        builtin = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        locale = builtin if int(self._version()) >= 17 else ["--locale=C.UTF-8"]
        return ["--encoding=UTF8", "--auth=trust", *locale, *(["--no-sync"] if self.unsafe else [])]

    def _run(self, command: list[str], text: str = "") -> None:
        done = subprocess.run(
            command,
            input=text,
            capture_output=True,
            text=True,
            cwd="/",
            env=self.environment(),
            check=False,
            **identity(self.account),
        )
        if done.returncode:
            print(done.stdout, done.stderr, flush=True)
            raise Unavailable(f"{Path(command[0]).name} failed ({last_words(done.stderr)}): see {self.desk.log}.")

    def _options(self) -> list[str]:
        values = {
            "listen_addresses": "",
            "port": "5432",
            "unix_socket_directories": str(self.sockets),
            "unix_socket_permissions": "0700",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "shared_buffers": "256MB",
            "work_mem": "32MB",
            "maintenance_work_mem": "128MB",
            "max_wal_size": "4GB",
            "random_page_cost": "1.1",
            "jit": "off",
            "log_checkpoints": "off",
        }
        if self.unsafe:
            values |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        if _is_small(Path("/dev/shm")):  # noqa: S108 - asked about, not used
            values["dynamic_shared_memory_type"] = "mmap"
        return [word for key, value in values.items() for word in ("-c", f"{key}={value}")]

    def pid_file(self) -> Path:
        return self.data / "postmaster.pid"

    def socket_pattern(self) -> str:
        return ".s.PGSQL.*"

    def command(self) -> list[str]:
        return [str(self.programs / "postgres"), "-D", str(self.data), *self._options()]

    def ready(self) -> bool:
        """The eighth line of its pid file is its state."""
        try:
            lines = self.pid_file().read_text().splitlines()
        except OSError:
            return False
        return len(lines) > 7 and lines[7].strip() == "ready"


class Valkey(Server):
    name, title = VALKEY, "Valkey"
    stop_signal = signal.SIGTERM
    kill_signal = signal.SIGKILL

    def __init__(self, var_dir: Path) -> None:
        super().__init__(var_dir)
        self.program = valkey_program(self.state, self.account)
        self.socket = self.sockets / "valkey.sock"

    def pid_file(self) -> Path:
        return self.home / "pid"

    def socket_pattern(self) -> str:
        return "valkey.sock"

    def command(self) -> list[str]:
        values = {
            "dir": str(self.home),
            "pidfile": str(self.pid_file()),
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "appendonly": "no" if self.unsafe else "yes",
            "save": "",
            "set-proc-title": "no",
            "loglevel": "warning",
        }
        return [str(self.program), *(word for key, value in values.items() for word in (f"--{key}", value))]

    def ready(self) -> bool:
        with socket.socket(socket.AF_UNIX) as connection:
            try:
                connection.connect(str(self.socket))
                connection.sendall(b"PING\r\n")
                return connection.recv(16).startswith(b"+PONG")
            except OSError:
                return False


SERVERS: dict[str, type[Server]] = {POSTGRES: Postgres, VALKEY: Valkey}


def last_words(said: str) -> str:
    """The line that says what went wrong, out of all a program has said."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    loud = [line for line in lines if "FATAL" in line or "rror" in line]
    return (loud or lines or ["it said nothing"])[-1].removesuffix(".")


def _is_small(folder: Path) -> bool:
    """Containers often have 64 MB of shared memory, which one parallel query can fill."""
    try:
        status = os.statvfs(folder)
    except OSError:
        return False
    return status.f_blocks * status.f_frsize < 256 * 1024 * 1024
