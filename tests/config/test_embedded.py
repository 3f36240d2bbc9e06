"""The embedded servers, really started and killed: who shares them, who stops them, what heals."""

import json
import os
import shutil
import signal
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import psycopg
import pytest
import redis

from config import embedded, embedded_files
from config.db_roles import grants_sql, roles_sql
from config.supervisor import Refusal, lock_is_held, read_json, write_private
from tests.config.processes import alive, gone, python, until

USER = """
from pathlib import Path
from config import embedded
servers = embedded.attach(Path(sys.argv[1]), fast=True)
print(servers.postgres_pid, servers.valkey_pid, flush=True)
sys.stdin.readline()
import psycopg
with psycopg.connect(servers.app_url) as connection:
    connection.execute("SELECT 1")
print("still answers", flush=True)
"""

UP = """
from pathlib import Path
from config import embedded
from config.supervisor import Supervisor
var = Path(sys.argv[1])
urls = embedded.addresses(var)
with Supervisor(var=var, url="http://localhost:1") as run:
    run.start(*embedded.server_children(var))
    embedded.databases(var)
    print(urls.app_url, flush=True)
    run.wait()
sys.exit(run.exit_code)
"""

Start = Callable[[str, Path], "subprocess.Popen[str]"]


@pytest.fixture
def make_var(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """Give folders for servers, and see to it that nothing of them is left."""
    made: list[Path] = []

    def make(name: str = "checkout") -> Path:
        made.append(tmp_path / name / "var")
        return made[-1]

    yield make
    for var in made:
        if var in embedded._attached:
            embedded._attached[var].stop()
        until(lambda var=var: not lock_is_held(var / "keeper.lock"), "the end of the keeper")
        embedded_files.remove(embedded_files.find_site(var))


@pytest.fixture
def var(make_var: Callable[[str], Path]) -> Path:
    return make_var("checkout")


@pytest.fixture
def start(make_var: object) -> Iterator[Start]:
    started: list[subprocess.Popen[str]] = []

    def run(code: str, var: Path) -> "subprocess.Popen[str]":
        started.append(python(code, str(var)))
        return started[-1]

    yield run
    for process in started:
        process.terminate()
        process.communicate()


def attach(var: Path) -> embedded.Servers:
    """Without durability, which none of these tests need: nobody pulls the plug."""
    return embedded.attach(var, fast=True)


def say(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def ask(process: "subprocess.Popen[str]") -> str:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()
    return say(process)


def one(url: str, sql: str) -> object:
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(sql).fetchone()  # type: ignore[call-overload]
    assert row is not None
    return row[0]


def do(url: str, sql: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(sql)  # type: ignore[call-overload]


# What they are --------------------------------------------------------------------------------------


def test_both_servers_and_both_roles(var: Path) -> None:
    """One start, many looks: what a start costs is paid once."""
    with embedded.attach(var) as servers:
        assert str(one(servers.app_url, "SHOW server_version")).startswith("18")
        assert redis.from_url(servers.redis_url).info("server")["server_name"] == "valkey"

        roles = "SELECT rolcreatedb::text || rolsuper || rolbypassrls || rolcreaterole || rolcanlogin FROM pg_roles"
        assert one(servers.app_url, f"{roles} WHERE rolname = 'holdfast_owner'") == "truefalsefalsefalsetrue"
        assert one(servers.app_url, f"{roles} WHERE rolname = current_user") == "falsefalsefalsefalsetrue"
        assert one(servers.app_url, "SELECT pg_has_role(current_user, 'holdfast_owner', 'MEMBER')") is False
        assert one(servers.app_url, "SELECT current_user || '@' || current_database()") == "holdfast_app@holdfast"

        # Later tables of the owner, in any schema: rows yes, structure no.
        do(servers.owner_url, "CREATE TABLE a (id bigserial PRIMARY KEY, x int)")
        do(servers.owner_url, "CREATE SCHEMA keys; CREATE TABLE keys.b (x int)")
        do(servers.app_url, "INSERT INTO a (x) VALUES (1); UPDATE a SET x = 2; INSERT INTO keys.b VALUES (1)")
        do(servers.app_url, "CREATE TEMPORARY TABLE t (x int); DELETE FROM a")
        for refused in ("TRUNCATE a", "ALTER TABLE a ADD y int", "CREATE TABLE c (x int)", "CREATE SCHEMA mine"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                do(servers.app_url, refused)

        # An owner clones databases for tests, and gives the app its rights there by itself.
        do(servers.owner_url, "CREATE DATABASE copy TEMPLATE template0")
        copy = servers.owner_url.rsplit("/", 1)[0] + "/copy"
        do(copy, ";".join(grants_sql(embedded.OWNER, embedded.APP)))
        do(copy, "CREATE TABLE a (x int)")
        do(servers.app_url.rsplit("/", 1)[0] + "/copy", "INSERT INTO a VALUES (1)")

        for setting, value in {"fsync": "on", "synchronous_commit": "on", "TimeZone": "UTC"}.items():
            assert one(servers.app_url, f"SHOW {setting}") == value
        assert int(str(one(servers.app_url, "SHOW max_connections"))) >= 100
        client = redis.from_url(servers.redis_url)
        assert client.config_get("appendonly", "maxmemory-policy") == {
            "appendonly": "yes",
            "maxmemory-policy": "noeviction",
        }

        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(servers.app_url.replace("holdfast_app:", "holdfast_app:x"))
        with pytest.raises(redis.AuthenticationError):
            redis.from_url("redis://" + servers.redis_url.rsplit("@", 1)[1]).ping()
        assert "@" not in repr(servers)

        embedded.databases(var)  # again: nothing changes, nothing fails
        assert one(servers.app_url, "SELECT count(*) FROM a") == 0

        # What a failing statement held must not reach the log: it may be a name.
        with pytest.raises(psycopg.errors.CheckViolation):
            do(servers.owner_url, "CREATE TABLE p (n text CHECK (n = '')); INSERT INTO p VALUES ('Ada Lovelace')")
        assert "Lovelace" not in (var / "log" / "postgres.log").read_text()


def test_root_changes_nothing_outside_its_own_folder(make_var: Callable[[str], Path], tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    before = {path: path.stat().st_mode for path in (closed, *closed.parents)}
    var = make_var("closed/checkout")

    with embedded.attach(var) as servers:
        site = embedded_files.find_site(var)
        running_as = site.postgres_data.stat().st_uid
        both = (servers.postgres_pid, servers.valkey_pid)
        assert {psutil.Process(pid).uids().effective for pid in both} == {running_as}
        assert running_as != 0
        assert site.postgres_data.stat().st_mode & 0o777 == 0o700
        if os.geteuid() == 0:
            assert (var / "pgdata").read_text().strip() == str(site.home)
            assert site.home.parent == Path("/var/lib") and site.home.name.startswith("holdfast-")
        else:
            assert site.home == var

    assert {path: path.stat().st_mode for path in before} == before


# Who shares them, who stops them --------------------------------------------------------------------


def test_data_outlives_the_servers(var: Path) -> None:
    with embedded.attach(var) as servers:
        do(servers.owner_url, "CREATE TABLE a (x int); INSERT INTO a VALUES (7)")
        redis.from_url(servers.redis_url).set("a", "8")
        first = servers
    gone(first.postgres_pid, first.valkey_pid)

    with embedded.attach(var) as servers:
        assert servers.postgres_pid != first.postgres_pid
        assert (servers.owner_url, servers.redis_url) == (first.owner_url, first.redis_url)
        assert one(servers.app_url, "SELECT x FROM a") == 7
        assert redis.from_url(servers.redis_url).get("a") == b"8"


def test_a_second_command_shares_them_and_the_last_one_stops_them(var: Path, start: Start) -> None:
    with attach(var) as mine:
        assert attach(var) is mine
        other = start(USER, var)
        assert say(other) == f"{mine.postgres_pid} {mine.valkey_pid}"

    assert alive(mine.postgres_pid) and alive(mine.valkey_pid)
    assert ask(other) == "still answers"
    other.communicate()
    gone(mine.postgres_pid, mine.valkey_pid)
    assert not (var / "servers.json").exists()


def test_commands_at_the_same_moment_start_one_pair(var: Path, start: Start) -> None:
    users = [start(USER, var) for _ in range(4)]
    assert len({say(user) for user in users}) == 1
    assert {ask(user) for user in users} == {"still answers"}


def test_a_killed_command_leaves_no_server(var: Path, start: Start) -> None:
    user = start(USER, var)
    postgres, valkey = (int(pid) for pid in say(user).split())

    user.kill()

    gone(postgres, valkey)


def test_after_a_killed_keeper_everything_starts_again_with_its_data(var: Path) -> None:
    first = attach(var)
    do(first.owner_url, "CREATE TABLE a (x int); INSERT INTO a VALUES (7)")
    os.kill(read_json(var / "servers.json")["keeper"], signal.SIGKILL)
    gone(first.postgres_pid, first.valkey_pid)
    first.stop()

    with attach(var) as second:
        assert one(second.app_url, "SELECT x FROM a") == 7


def test_after_a_killed_server_the_next_command_starts_both(var: Path, start: Start) -> None:
    first = attach(var)
    os.kill(first.postgres_pid, signal.SIGKILL)
    gone(first.valkey_pid)

    user = start(USER, var)

    assert str(first.postgres_pid) not in say(user).split()
    assert ask(user) == "still answers"
    first.stop()


def test_a_stale_pid_file_with_somebody_elses_number(var: Path) -> None:
    with attach(var):
        pass
    site = embedded_files.find_site(var)
    pid_file = site.postgres_data / "postmaster.pid"
    # As after a reboot: the number in the file now belongs to a stranger (one of the same user).
    stranger = subprocess.Popen(["sleep", "600"], **({"user": site.account[0]} if site.account else {}))
    try:
        pid_file.write_text(f"{stranger.pid}\n{site.postgres_data}\n1\n5432\n\n127.0.0.1\n")
        write_private(var / "servers.json", {"keeper": stranger.pid, "postgres": stranger.pid, "valkey": stranger.pid})
        with attach(var) as servers:
            assert one(servers.app_url, "SELECT 1") == 1
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_data_folder_that_was_half_made_is_made_anew(var: Path) -> None:
    embedded.secrets(var)
    site = embedded_files.find_site(var)
    embedded_files.prepare(site)
    (site.home / "pgdata.new").mkdir()
    (site.home / "pgdata.new" / "PG_VERSION").write_text("18\n")
    with attach(var) as servers:
        assert one(servers.app_url, "SELECT 1") == 1


def test_servers_for_tests_leave_nothing(tmp_path: Path) -> None:
    with embedded.start_for_tests(tmp_path) as servers:
        assert one(servers.app_url, "SHOW fsync") == "off"
        site = embedded_files.find_site(tmp_path / "var")
        assert site.postgres_data.is_dir()
    gone(servers.postgres_pid)
    assert not site.postgres_data.exists() and not site.valkey_data.exists()


# Under ./run ----------------------------------------------------------------------------------------


def test_commands_use_the_servers_of_a_run(var: Path, start: Start) -> None:
    run = start(UP, var)
    url = say(run)
    assert one(url, "SELECT 1") == 1
    children = read_json(var / "run.json")["children"]

    with attach(var) as servers:
        assert servers.app_url == url
        assert {"postgres": servers.postgres_pid, "valkey": servers.valkey_pid} == children
        assert not lock_is_held(var / "keeper.lock")
    assert alive(servers.postgres_pid)  # letting go of a run's servers stops nothing

    os.kill(servers.postgres_pid, signal.SIGKILL)
    until(lambda: read_json(var / "run.json")["children"].get("postgres", servers.postgres_pid) != servers.postgres_pid)
    with attach(var) as restarted:
        assert restarted.postgres_pid != servers.postgres_pid
        assert one(url, "SELECT 1") == 1

    run.terminate()
    run.communicate()
    assert run.returncode == 0
    gone(restarted.postgres_pid, restarted.valkey_pid)


def test_a_run_takes_over_what_its_own_settings_started(var: Path, start: Start) -> None:
    run = start(UP.replace("urls = embedded.addresses(var)", "urls = embedded.attach(var)"), var)
    assert one(say(run), "SELECT 1") == 1
    assert not lock_is_held(var / "keeper.lock")


def test_a_run_waits_for_a_command_that_uses_the_servers(var: Path, start: Start) -> None:
    user = start(USER, var)
    say(user)
    run = start(UP, var)
    until(lambda: lock_is_held(var / "run.lock"))

    assert ask(user) == "still answers"
    user.communicate()

    assert one(say(run), "SELECT 1") == 1


# Keys, ports, places --------------------------------------------------------------------------------


def test_secrets_are_made_once_and_private(tmp_path: Path) -> None:
    found: list[dict[str, str]] = []
    threads = [threading.Thread(target=lambda: found.append(embedded.secrets(tmp_path / "var"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(found) == 8
    assert all(other == found[0] for other in found)
    assert len(set(found[0].values())) == len(found[0])
    assert (tmp_path / "var" / "secrets.json").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in (tmp_path / "var").iterdir()] == ["secrets.json"]


@pytest.mark.parametrize("content", ["", "{", "[]", json.dumps({"SECRET_KEY": "x"})])
def test_damaged_secrets_are_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "secrets.json").write_text(content)
    with pytest.raises(Refusal, match=r"secrets\.json is damaged"):
        embedded.secrets(tmp_path)


def test_lost_or_foreign_secrets_are_refused_and_the_data_is_left_alone(var: Path) -> None:
    with attach(var):
        pass
    kept = (var / "secrets.json").read_text()

    (var / "secrets.json").unlink()
    with pytest.raises(Refusal, match="sealed with its keys"):
        attach(var)

    other = json.loads(kept)
    other["POSTGRES_PASSWORD"] = "another"
    (var / "secrets.json").write_text(json.dumps(other))
    with pytest.raises(Refusal, match="does not belong to the data"):
        attach(var)

    (var / "secrets.json").write_text(kept)
    with attach(var) as servers:
        assert one(servers.app_url, "SELECT 1") == 1


def test_data_of_another_version_is_refused(var: Path) -> None:
    embedded.secrets(var)
    site = embedded_files.find_site(var)
    embedded_files.prepare(site)
    embedded_files.make_folder(site.postgres_data, site)
    (site.postgres_data / "PG_VERSION").write_text("17\n")
    with pytest.raises(Refusal, match=r"made by PostgreSQL 17, this is 18"):
        attach(var)


def test_a_taken_port_is_changed_before_the_start(var: Path) -> None:
    first = embedded.addresses(var)
    assert embedded.addresses(var) == first
    kept = read_json(var / "ports.json")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", kept["postgres"]))
        taken.listen()
        with attach(var) as servers:
            assert one(servers.app_url, "SELECT 1") == 1
            assert servers.redis_url == first.redis_url
    assert read_json(var / "ports.json")["postgres"] != kept["postgres"]


def test_a_long_path_gets_a_short_socket(make_var: Callable[[str], Path]) -> None:
    var = make_var("checkout with a name, " + 9 * "very " + 'long "indeed"/' + 60 * "x")
    with attach(var) as servers:
        folder = str(one(servers.owner_url, "SELECT current_setting('port')"))
        socket_folder = embedded_files.find_site(var).socket_folder
        assert socket_folder is not None and (socket_folder / f".s.PGSQL.{folder}").is_socket()


@pytest.mark.parametrize("name", ["", "Owner", "o-1", 'o"; DROP', "1o", "x" * 64])
def test_role_names_that_need_quoting_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="no plain PostgreSQL name"):
        roles_sql(owner=name, app="a", database="b")


@pytest.mark.skipif(os.geteuid() != 0, reason="Only root keeps its data outside the checkout.")
def test_a_moved_checkout_keeps_its_data_and_a_copied_one_gets_its_own(
    make_var: Callable[[str], Path], tmp_path: Path
) -> None:
    first = make_var("first")
    with attach(first) as servers:
        do(servers.owner_url, "CREATE TABLE a (x int)")
        home = embedded_files.find_site(first).home

    shutil.copytree(first.parent, tmp_path / "copy")
    copy = make_var("copy")
    assert embedded_files.find_site(copy).home != home

    first.parent.rename(tmp_path / "moved")
    moved = make_var("moved")
    assert embedded_files.find_site(moved).home == home
    with attach(moved) as servers:
        assert one(servers.app_url, "SELECT count(*) FROM a") == 0
