import os
import signal
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest
import redis

from agentfactory_cs import embedded
from agentfactory_cs.embedded.places import APP, Desk, digest, socket_dir
from agentfactory_cs.tests.machine import User, processes_of, var_folder, wait_until

SERVERS = ["postgres", "valkey"]


@pytest.fixture
def var_dir() -> Iterator[Path]:
    with var_folder() as folder:
        yield folder


def query(var_dir: Path, sql: str) -> str:
    connection = psycopg2.connect(embedded.database_url(var_dir))
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(sql)
            return str(cursor.fetchone()[0])
    finally:
        connection.close()


def answers(var_dir: Path) -> bool:
    with redis.Redis.from_url(embedded.redis_url(var_dir)) as client:
        try:
            return bool(client.ping())
        except redis.ConnectionError:
            return False


def keeper_of(var_dir: Path, server: str) -> int:
    return next(pid for pid, command in processes_of(var_dir).items() if f"keep {server}" in command)


def server_pid(var_dir: Path, server: str) -> int:
    file = {"postgres": "postgres/data/postmaster.pid", "valkey": "valkey/pid"}[server]
    return int((var_dir / "embedded/data" / file).read_text().split()[0])


def test_both_servers_answer_and_stop_with_their_last_user(var_dir: Path) -> None:
    with User(var_dir, *SERVERS) as first, User(var_dir, *SERVERS) as second:
        assert first.is_ready()
        assert second.is_ready()
        assert query(var_dir, "SHOW server_encoding") == "UTF8"

        first.leave()
        assert answers(var_dir)
        assert query(var_dir, "SELECT 1") == "1"

        second.leave()
        wait_until(lambda: not processes_of(var_dir))
        assert not list(socket_dir(var_dir).glob("*"))


def test_data_is_still_there_at_the_next_start(var_dir: Path) -> None:
    with User(var_dir, "postgres") as user:
        assert user.is_ready()
        query(var_dir, "CREATE TABLE kept AS SELECT 42 AS n; SELECT n FROM kept")

    with User(var_dir, "postgres") as user:
        assert user.is_ready()
        assert query(var_dir, "SELECT n FROM kept") == "42"


def test_only_the_server_without_an_address_is_started(var_dir: Path) -> None:
    with User(var_dir, "valkey") as user:
        assert user.is_ready()
        assert answers(var_dir)
        assert not any("postgres" in command for command in processes_of(var_dir).values() if "keep" in command)


def test_nothing_is_started_when_both_addresses_are_given(var_dir: Path) -> None:
    embedded.ensure_running(var_dir, "postgres://db/app", "redis://broker")

    assert not list(var_dir.iterdir())


def test_many_who_arrive_at_once_share_one_server(var_dir: Path) -> None:
    users = [User(var_dir, "valkey") for _ in range(5)]

    assert all(user.is_ready() for user in users)
    assert sum("keep valkey" in command for command in processes_of(var_dir).values()) == 1

    for user in users:
        user.leave()


def test_one_who_arrives_while_the_server_stops_gets_a_new_one(var_dir: Path) -> None:
    for _ in range(5):
        with User(var_dir, "valkey") as user:
            assert user.is_ready()
            assert answers(var_dir)


@pytest.mark.parametrize("server", SERVERS)
def test_a_killed_keeper_takes_its_server_along_and_the_next_user_starts_anew(var_dir: Path, server: str) -> None:
    with User(var_dir, server) as user:
        assert user.is_ready()
        pid = server_pid(var_dir, server)

        os.kill(keeper_of(var_dir, server), signal.SIGKILL)
        wait_until(lambda: pid not in processes_of(var_dir))

        with User(var_dir, server) as another:
            assert another.is_ready()
            assert server_pid(var_dir, server) != pid


def test_a_killed_server_ends_its_keeper_and_the_next_user_gets_the_data_back(var_dir: Path) -> None:
    with User(var_dir, "postgres", EMBEDDED_UNSAFE="0") as user:
        assert user.is_ready()
        query(var_dir, "CREATE TABLE kept AS SELECT 42 AS n; SELECT n FROM kept")
        keeper = keeper_of(var_dir, "postgres")

        os.kill(server_pid(var_dir, "postgres"), signal.SIGKILL)
        wait_until(lambda: keeper not in processes_of(var_dir))

        with User(var_dir, "postgres", EMBEDDED_UNSAFE="0") as another:
            assert another.is_ready()
            assert query(var_dir, "SELECT n FROM kept") == "42"


def test_a_killed_user_is_not_counted_any_more(var_dir: Path) -> None:
    with User(var_dir, *SERVERS) as user:
        assert user.is_ready()

        user.kill()

        wait_until(lambda: not processes_of(var_dir))


def test_a_record_of_a_process_that_is_somebody_elses_by_now_does_no_harm(var_dir: Path) -> None:
    with User(var_dir, "postgres") as user:
        assert user.is_ready()
    wait_until(lambda: not processes_of(var_dir))
    (var_dir / "embedded/data/postgres/data/postmaster.pid").write_text(f"{os.getpid()}\n")

    with User(var_dir, "postgres") as user:
        assert user.is_ready()


def test_data_of_another_postgresql_is_refused_with_a_sentence(var_dir: Path) -> None:
    with User(var_dir, "postgres") as user:
        assert user.is_ready()
    wait_until(lambda: not processes_of(var_dir))
    (var_dir / "embedded/data/postgres/data/PG_VERSION").write_text("12\n")

    with User(var_dir, "postgres") as user:
        complaint = user.complaint()

    assert "made by PostgreSQL 12" in complaint
    assert complaint.count("\n") == 1


def test_a_server_that_cannot_start_says_why_in_its_own_words(var_dir: Path) -> None:
    with User(var_dir, "postgres") as user:
        assert user.is_ready()
    wait_until(lambda: not processes_of(var_dir))
    with (var_dir / "embedded/data/postgres/data/postgresql.conf").open("a") as file:
        file.write("no_such_setting = 1\n")

    with User(var_dir, "postgres") as user:
        complaint = user.complaint()

    assert "no_such_setting" in complaint or "configuration file" in complaint
    assert str(Desk(var_dir, "postgres").log) in complaint


def test_programs_that_are_not_there_are_named(var_dir: Path) -> None:
    with User(var_dir, "postgres", PG_BIN=str(var_dir)) as user:
        assert "correct PG_BIN" in user.complaint()


def test_a_path_of_any_length_with_spaces_will_do() -> None:
    with var_folder() as folder:
        var_dir = folder / "a folder with spaces" / ("very-long-name-" * 10)
        var_dir.mkdir(parents=True)

        with User(var_dir, *SERVERS) as user:
            assert user.is_ready()
            assert answers(var_dir)
            assert query(var_dir, "SELECT 1") == "1"

        wait_until(lambda: not processes_of(var_dir))
        socket_dir(var_dir).rmdir()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's servers run as somebody else")
def test_roots_data_moves_out_of_a_folder_the_servers_cannot_enter() -> None:
    with var_folder() as var_dir:
        var_dir.chmod(0o700)

        with User(var_dir, "postgres") as user:
            assert user.is_ready()
            outside = Path("/var/lib") / f"{APP}-{digest(var_dir)}"
            assert (outside / "postgres" / "data").stat().st_uid != 0
            assert query(var_dir, "SELECT 1") == "1"


def test_a_socket_folder_of_somebody_else_is_not_used(var_dir: Path) -> None:
    socket_dir(var_dir).symlink_to(var_dir)

    with User(var_dir, "valkey") as user:
        assert "belongs to somebody else" in user.complaint()

    socket_dir(var_dir).unlink()


def test_the_secret_key_is_made_once_and_is_nobody_elses_business(var_dir: Path) -> None:
    first = embedded.secret_key(var_dir)

    assert embedded.secret_key(var_dir) == first
    assert len(first) > 50
    assert (var_dir / "secret_key").stat().st_mode & 0o777 == 0o600
