"""PostgreSQL 18 and Valkey 9 from wheels, for a checkout without servers of its own.

Standard library and the two wheels; no Django: settings call this before Django
is configured. One checkout has at most one pair of servers, and who runs them
is decided by locks in ``var/``, which the kernel frees when their holder dies:

* a running ``./run`` (``run.lock``) has them as its children (``server_children``);
* otherwise the first command starts a *keeper* process (``keeper.lock``), which
  stops them once no command uses them any more (``servers.lock``, held shared by
  every command that is attached).

So a stale pid or state file misleads nobody, and two commands at once share.
The programs are called directly: the wheel's own ``get_server`` opens every
parent folder of its data to the world when root calls it.
"""

import atexit
import contextlib
import fcntl
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from config.db_roles import roles_sql
from config.embedded_files import (
    POSTGRES_MAJOR,
    Site,
    find_site,
    make_file,
    prepare,
    remove,
    secrets,
    wheel_program,
)
from config.supervisor import (
    Child,
    Log,
    Process,
    Refusal,
    free_port,
    lock_is_held,
    open_lock,
    port_is_free,
    read_json,
    running,
    write_private,
)

__all__ = [
    "Refusal",
    "Servers",
    "addresses",
    "attach",
    "databases",
    "secrets",
    "server_children",
    "start_for_tests",
    "wheel_program",
]

OWNER = "holdfast_owner"
APP = "holdfast_app"
DATABASE = "holdfast"

START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 60.0
POSTGRES_GRACE_S = 30.0
VALKEY_GRACE_S = 10.0
POLL_S = 0.03

POSTGRES_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "max_connections": "120",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "logging_collector": "off",
    "log_destination": "stderr",
    # A failing statement and its DETAIL hold the values it was given: names and numbers.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
}
DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_wal_size": "2GB"}


@dataclass
class Servers:
    """The addresses of two running servers, and the handle to let go of them.

    ``owner_url`` migrates, ``app_url`` serves. The pids are 0 when nothing was
    started yet (``addresses``). Its text shows no password.
    """

    owner_url: str = field(repr=False)
    app_url: str = field(repr=False)
    redis_url: str = field(repr=False)
    postgres_pid: int
    valkey_pid: int
    _release: Callable[[], None] | None = field(default=None, repr=False, compare=False)

    def stop(self) -> None:
        """Let go of the servers; they stop if nobody else uses them. Safe to repeat."""
        release, self._release = self._release, None
        if release is not None:
            release()

    def __enter__(self) -> "Servers":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


_attached: dict[Path, Servers] = {}


# For callers ----------------------------------------------------------------------------------------


def attach(var: Path, *, fast: bool = False, throwaway: bool = False) -> Servers:
    """Return running servers for ``var``, with both roles and the database made.

    Uses those of a running ``./run`` or of another command, else starts them.
    They are let go of at exit, or with ``stop()``, or at the end of a ``with``;
    the last one out stops them. ``fast`` gives up durability and ``throwaway``
    deletes the data at the end: both are for tests, and count for the first to
    attach. Calling again in one process gives the same handle. Raises Refusal,
    one line with the way out, when it cannot.
    """
    var = var.resolve()
    if var in _attached:
        return _attached[var]
    secrets(var)
    if servers := _servers_of_run(var):
        return servers

    users = open_lock(var / "servers.lock")
    try:
        fcntl.flock(users, fcntl.LOCK_SH)  # waits while a keeper is stopping
        with _mutex(var):
            # Again: a ./run may have started while we waited, and it waits for the mutex now.
            if servers := _servers_of_run(var):
                os.close(users)
                return servers
            if not _keeper_answers(var):
                _start_keeper(var, fast=fast, throwaway=throwaway)
        state = read_json(var / "servers.json")
        servers = _addresses(var, postgres_pid=state["postgres"], valkey_pid=state["valkey"])
    except BaseException:
        os.close(users)
        raise

    owner = os.getpid()

    def release() -> None:
        _attached.pop(var, None)
        atexit.unregister(servers.stop)
        if os.getpid() == owner:  # a forked child must not stop what its parent uses
            _let_go(var, users)

    servers._release = release
    _attached[var] = servers
    atexit.register(servers.stop)
    return servers


def addresses(var: Path) -> Servers:
    """Return the URLs that the servers of ``var`` have or will have; starts nothing.

    For ``manage.py up``: its settings need URLs before it starts the servers.
    """
    var = var.resolve()
    secrets(var)
    with _mutex(var):
        if running(var) is None and not lock_is_held(var / "keeper.lock"):
            _choose_ports(var)
    return _addresses(var)


def server_children(var: Path) -> list[Child]:
    """Return PostgreSQL and Valkey as children for a ``Supervisor``.

    To be called inside its ``with`` (it holds run.lock, so nobody else can
    start them); start both, then call ``databases``. Waits for other commands
    to end that use the servers already; raises Refusal when they do not.
    """
    var = var.resolve()
    if var in _attached:
        _attached[var].stop()
    with _mutex(var):
        _wait(
            lambda: not lock_is_held(var / "keeper.lock"),
            STOP_TIMEOUT_S,
            "Another manage.py command uses the database of this checkout. Let it end, then start again.",
        )
        site = find_site(var)
        _make_cluster(site)
        if not (var / "ports.json").exists():
            _choose_ports(var)
        return [_postgres(site), _valkey(site)]


def databases(var: Path) -> None:
    """Make both roles, their passwords and the database on the running server. Safe to repeat.

    Raises Refusal when the server does not know the passwords in secrets.json.
    """
    var = var.resolve()
    known = secrets(var)
    lines = roles_sql(OWNER, APP, DATABASE)
    lines += [
        f"ALTER ROLE {OWNER} PASSWORD '{known['OWNER_PASSWORD']}';",
        f"ALTER ROLE {APP} PASSWORD '{known['APP_PASSWORD']}';",
    ]
    result = _psql(var, "\n".join(lines), role="postgres", database="postgres")
    if result.returncode:
        if "password authentication failed" in result.stderr:
            raise Refusal(
                f"{var / 'secrets.json'} does not belong to the data beside it. "
                f"Put the right copy back, or remove {var} to start afresh."
            )
        raise Refusal(f"The database could not be prepared: {_last_line(result.stderr)}")


def start_for_tests(folder: Path) -> Servers:
    """Start servers without durability, for one test run; their data goes when they stop.

    For the controller of a parallel run, which hands the URLs to its workers.
    The owner role may create databases, the app role is a plain one.
    """
    return attach(folder / "var", fast=True, throwaway=True)


# Who runs them --------------------------------------------------------------------------------------


@contextlib.contextmanager
def _mutex(var: Path) -> Iterator[None]:
    """One at a time decides who starts the servers."""
    descriptor = open_lock(var / "start.lock")
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _wait(done: Callable[[], bool], timeout_s: float, otherwise: str) -> None:
    until = time.monotonic() + timeout_s
    while not done():
        if time.monotonic() > until:
            raise Refusal(otherwise)
        time.sleep(POLL_S)


def _servers_of_run(var: Path) -> Servers | None:
    """Return the servers of a running ``./run``, once they answer; None when none runs or it has none."""
    until = time.monotonic() + START_TIMEOUT_S
    while (about := running(var)) is not None:
        children = about.get("children") or {}
        if children and "postgres" not in children:
            return None  # it uses servers of its own choice
        if {"postgres", "valkey"} <= children.keys() and _answers(var):
            return _addresses(var, postgres_pid=children["postgres"], valkey_pid=children["valkey"])
        if time.monotonic() > until:
            raise Refusal(f"./run is running but its database does not answer; see {var}/log/postgres.log")
        time.sleep(0.1)
    return None


def _keeper_answers(var: Path) -> bool:
    """Say whether a keeper runs; waits while one is stopping or its servers are down."""
    until = time.monotonic() + STOP_TIMEOUT_S
    while lock_is_held(var / "keeper.lock"):
        if read_json(var / "servers.json") and _answers(var):
            return True
        if time.monotonic() > until:
            raise Refusal(f"The embedded servers do not answer; see {var}/log/postgres.log")
        time.sleep(POLL_S)
    return False


def _start_keeper(var: Path, *, fast: bool, throwaway: bool) -> None:
    lock = open_lock(var / "keeper.lock")
    told, tell = os.pipe()
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        (var / "log").mkdir(exist_ok=True)
        order = {"var": str(var), "fast": fast, "throwaway": throwaway, "tell": tell}
        code = "import sys; sys.path.insert(0, sys.argv[1]); from config.embedded import keep; keep(sys.argv[2])"
        with (var / "log" / "keeper.log").open("ab") as log:
            # The lock goes to the keeper with its descriptor: at no moment is it free.
            subprocess.Popen(
                [sys.executable, "-c", code, str(Path(__file__).resolve().parents[1]), json.dumps(order)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=(lock, tell),
                start_new_session=True,
            )
        os.close(tell)
        tell = -1
        answer = _read_all(told, START_TIMEOUT_S)
    finally:
        for descriptor in (lock, told, tell):
            if descriptor >= 0:
                os.close(descriptor)
    if answer != "ready":
        raise Refusal(answer or f"The embedded servers did not start; see {var}/log/keeper.log")


def _read_all(descriptor: int, timeout_s: float) -> str:
    text = b""
    until = time.monotonic() + timeout_s
    while select.select([descriptor], [], [], max(0.0, until - time.monotonic()))[0]:
        part = os.read(descriptor, 4096)
        if not part:
            break
        text += part
    return text.decode()


def _let_go(var: Path, users: int) -> None:
    """Give up our share; if it was the last one, see the servers stopped."""
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        # Others use them, or the keeper was quicker and is stopping them: then the lock is held exclusively.
        os.close(users)
        with contextlib.suppress(Refusal):
            _wait(lambda: not lock_is_held(var / "servers.lock"), STOP_TIMEOUT_S, "")
        return
    try:
        keeper = read_json(var / "servers.json").get("keeper")
        if keeper and lock_is_held(var / "keeper.lock"):
            with contextlib.suppress(ProcessLookupError):
                os.kill(keeper, signal.SIGTERM)
            with contextlib.suppress(Refusal):
                _wait(lambda: not lock_is_held(var / "keeper.lock"), STOP_TIMEOUT_S, "")
    finally:
        os.close(users)


# Addresses ------------------------------------------------------------------------------------------


def _choose_ports(var: Path) -> None:
    """Keep the ports of last time where they are free: URLs that somebody noted stay right."""
    kept = read_json(var / "ports.json")
    ports = {
        name: kept[name] if isinstance(kept.get(name), int) and port_is_free(kept[name]) else free_port()
        for name in ("postgres", "valkey")
    }
    if ports != kept:
        write_private(var / "ports.json", ports)


def _ports(var: Path) -> tuple[int, int]:
    kept = read_json(var / "ports.json")
    return kept["postgres"], kept["valkey"]


def _addresses(var: Path, *, postgres_pid: int = 0, valkey_pid: int = 0) -> Servers:
    known = secrets(var)
    postgres, valkey = _ports(var)
    return Servers(
        owner_url=f"postgres://{OWNER}:{known['OWNER_PASSWORD']}@127.0.0.1:{postgres}/{DATABASE}",
        app_url=f"postgres://{APP}:{known['APP_PASSWORD']}@127.0.0.1:{postgres}/{DATABASE}",
        redis_url=f"redis://:{known['VALKEY_PASSWORD']}@127.0.0.1:{valkey}/0",
        postgres_pid=postgres_pid,
        valkey_pid=valkey_pid,
    )


def _answers(var: Path) -> bool:
    """Say whether both servers do their work for our roles."""
    return _valkey_answers(var) and _psql(var, "SELECT 1;", role=OWNER, database=DATABASE).returncode == 0


def _plain_environment() -> dict[str, str]:
    """Our environment without what would redirect PostgreSQL's programs or change their language."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_"))}
    return {**kept, "LC_ALL": "C", "TZ": "UTC"}


def _psql(var: Path, script: str, *, role: str, database: str) -> "subprocess.CompletedProcess[str]":
    passwords = {OWNER: "OWNER_PASSWORD", APP: "APP_PASSWORD", "postgres": "POSTGRES_PASSWORD"}
    port, _ = _ports(var)
    where = ["-h", "127.0.0.1", "-p", str(port), "-U", role, "-d", database]
    return subprocess.run(
        [str(wheel_program("psql")), *["-X", "-q", "-A", "-t", "-w", "-v", "ON_ERROR_STOP=1", "-f", "-"], *where],
        input=script,
        env={
            **_plain_environment(),
            "PGPASSWORD": secrets(var)[passwords[role]],
            "PGCONNECT_TIMEOUT": "10",
            "PGOPTIONS": "-c client_min_messages=warning",
        },
        capture_output=True,
        text=True,
        check=False,
    )


def _postgres_accepts(var: Path) -> bool:
    port, _ = _ports(var)
    command = [str(wheel_program("pg_isready")), "-q", "-h", "127.0.0.1", "-p", str(port), "-t", "5"]
    return subprocess.run(command, env=_plain_environment(), check=False).returncode == 0


def _valkey_answers(var: Path) -> bool:
    """AUTH and PING: it may listen while it still loads its file."""
    _, port = _ports(var)
    password = secrets(var)["VALKEY_PASSWORD"]
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(f"AUTH {password}\r\nPING\r\n".encode())
        answer = b""
        while answer.count(b"\r\n") < 2 and (part := connection.recv(1024)):
            answer += part
        return answer == b"+OK\r\n+PONG\r\n"
    return False


def _last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1].strip() if lines else "no reason was given"


# The two servers as children ------------------------------------------------------------------------


def _make_cluster(site: Site, *, fast: bool = False) -> None:
    """Make PostgreSQL's data folder. It appears whole or not at all."""
    prepare(site)
    version = site.postgres_data / "PG_VERSION"
    if version.exists():
        found = version.read_text().strip()
        if found != POSTGRES_MAJOR:
            raise Refusal(
                f"{site.postgres_data} was made by PostgreSQL {found}, this is {POSTGRES_MAJOR}. "
                "Dump it with the old version and load it again, or remove it to start afresh."
            )
        return
    draft = site.home / "pgdata.new"
    password = site.home / "password.new"
    shutil.rmtree(draft, ignore_errors=True)  # half made, by a command that was killed
    make_file(password, secrets(site.var)["POSTGRES_PASSWORD"] + "\n", site)
    options = "--auth=scram-sha-256 --encoding=UTF8 --locale=C --locale-provider=builtin"
    command = [str(site.postgres_bin / "initdb"), "-D", str(draft), "-U", "postgres", f"--pwfile={password}"]
    user, group = site.account or (None, None)
    try:
        made = subprocess.run(
            [*command, *options.split(), "--builtin-locale=C.UTF-8", *(["--no-sync"] if fast else [])],
            cwd=site.home,
            env=_plain_environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            user=user,
            group=group,
            extra_groups=None if user is None else [],
        )
    finally:
        password.unlink(missing_ok=True)
    if made.returncode:
        raise Refusal(f"PostgreSQL's data folder could not be made: {_last_line(made.stderr)}")
    draft.rename(site.postgres_data)


def _postgres(site: Site, *, fast: bool = False) -> Child:
    port, _ = _ports(site.var)
    folder = site.socket_folder
    quoted = '"' + str(folder).replace('"', '""') + '"' if folder else ""
    settings = {
        **POSTGRES_SETTINGS,
        **(FAST if fast else DURABLE),
        "port": str(port),
        "unix_socket_directories": quoted,
    }
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    return Child(
        name="postgres",
        argv=[str(site.postgres_bin / "postgres"), "-D", str(site.postgres_data), *options],
        env=_plain_environment(),
        stop_signal=signal.SIGINT,  # "fast": SIGTERM would wait for every client to leave
        grace_s=POSTGRES_GRACE_S,
        ready=lambda: _postgres_accepts(site.var),
        before=lambda: _heal_postgres(site),
        user=site.account,
        cwd=site.postgres_data,
    )


def _heal_postgres(site: Site) -> None:
    """Clear what a killed server left. Whoever calls this holds the right to start it."""
    path = site.postgres_data / "postmaster.pid"
    try:
        pid = int(path.read_text().splitlines()[0])
    except FileNotFoundError:
        return
    except (ValueError, IndexError):
        path.unlink(missing_ok=True)
        return
    # After a reboot, or in a new container, that number may be anybody's.
    if _is_postgres_of(site, pid):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGINT)
        _wait(
            lambda: not _is_postgres_of(site, pid),
            STOP_TIMEOUT_S,
            f"A PostgreSQL of an earlier run does not stop. End it: kill -QUIT {pid}",
        )
    path.unlink(missing_ok=True)


def _is_postgres_of(site: Site, pid: int) -> bool:
    process = Path(f"/proc/{pid}")
    if Path("/proc/self").exists():
        with contextlib.suppress(OSError):
            return os.fsencode(site.postgres_data) in (process / "cmdline").read_bytes().split(b"\0")
        return False
    listed = subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return str(site.postgres_data) in listed.stdout


def _valkey(site: Site, *, fast: bool = False) -> Child:
    _, port = _ports(site.var)
    quoted = str(site.valkey_data).replace("\\", "\\\\").replace('"', '\\"')
    lines = [
        "bind 127.0.0.1",
        f"port {port}",
        f"requirepass {secrets(site.var)['VALKEY_PASSWORD']}",  # in a file: arguments are public
        f'dir "{quoted}"',
        "daemonize no",
        'logfile ""',
        'save ""',
        f"appendonly {'no' if fast else 'yes'}",
        "appendfsync everysec",
        # A full broker refuses new wake-ups; it must not forget old ones in silence.
        "maxmemory 256mb",
        "maxmemory-policy noeviction",
    ]
    configuration = site.valkey_data / "valkey.conf"
    make_file(configuration, "\n".join(lines) + "\n", site)
    return Child(
        name="valkey",
        argv=[str(site.valkey_server), str(configuration)],
        env=_plain_environment(),
        stop_signal=signal.SIGTERM,
        grace_s=VALKEY_GRACE_S,
        ready=lambda: _valkey_answers(site.var),
        user=site.account,
        cwd=site.valkey_data,
    )


# The keeper -----------------------------------------------------------------------------------------


class _End(Exception):
    """The keeper was asked to stop, or a server died."""


def keep(order_text: str) -> None:
    """Run both servers until nobody uses them. The body of the keeper process."""
    order = json.loads(order_text)
    var = Path(order["var"])
    tell: int = order["tell"]

    def end(number: int, _frame: object) -> None:
        signal.signal(number, signal.SIG_IGN)
        raise _End

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    started: list[Process] = []
    try:
        site = find_site(var)
        try:
            signal.signal(signal.SIGTERM, end)
            _start_both(site, fast=order["fast"], started=started)
            postgres, valkey = started
            write_private(var / "servers.json", {"keeper": os.getpid(), "postgres": postgres.pid, "valkey": valkey.pid})
            os.write(tell, b"ready")
            os.close(tell)
            signal.signal(signal.SIGCHLD, end)
            if postgres.status() is None and valkey.status() is None:
                # The one that started us holds it shared, and so does everybody who came later.
                users = open_lock(var / "servers.lock")
                fcntl.flock(users, fcntl.LOCK_EX)
        except _End:
            pass
        except Refusal as refusal:
            os.write(tell, str(refusal).encode())
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        (var / "servers.json").unlink(missing_ok=True)
        for process in reversed(started):
            process.stop()
        if order["throwaway"]:
            remove(site)
    except Refusal as refusal:
        os.write(tell, str(refusal).encode())


def _start_both(site: Site, *, fast: bool, started: list[Process]) -> None:
    """Start both and wait until they answer and the database exists."""
    _make_cluster(site, fast=fast)
    logs = {name: Log(site.var / "log" / f"{name}.log") for name in ("postgres", "valkey")}
    for attempt in range(3):
        _choose_ports(site.var)
        for child in (_postgres(site, fast=fast), _valkey(site, fast=fast)):
            if child.before is not None:
                child.before()
            started.append(Process(child, logs[child.name]))
        if _both_ready(started):
            databases(site.var)
            return
        # Somebody may have taken a port between our look and the server's: try others.
        dead = next((p for p in started if p.status() is not None), None)
        for process in reversed(started):
            process.stop()
        if attempt == 2:
            late = dead or started[0]
            said = late.log.last[-1] if late.log.last else "it said nothing"
            raise Refusal(f"{late.child.name} did not start: {said} (more in {late.log.path})")
        started.clear()
        (site.var / "ports.json").unlink(missing_ok=True)


def _both_ready(started: list[Process]) -> bool:
    until = time.monotonic() + START_TIMEOUT_S / 4
    for process in started:
        assert process.child.ready is not None
        while not process.child.ready():
            if process.status() is not None or time.monotonic() > until:
                return False
            time.sleep(POLL_S)
    return True
