"""Where tests find PostgreSQL and Valkey: the environment's, or the embedded ones, shared by all workers."""

import fcntl
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg

ROOT = Path(__file__).resolve().parent.parent
DROP_TRIES = 40


@dataclass(frozen=True)
class TestServers:
    owner_url: str  # CREATEDB
    app_url: str  # a plain role
    redis_url: str

    __test__ = False

    def at(self, database: str, *, owner: bool = False) -> str:
        """The URL of one database, as the serving role or as the owner."""
        parts = urlsplit(self.owner_url if owner else self.app_url)
        return urlunsplit(parts._replace(path=f"/{database}"))


def find(folder: Path) -> TestServers:
    """The servers of this run; ``folder`` is shared by its workers."""
    owner, app, redis = (
        os.environ.get(name, "") for name in ("TEST_DATABASE_OWNER_URL", "TEST_DATABASE_URL", "TEST_REDIS_URL")
    )
    if owner or app:
        if not (owner and app and redis):
            raise RuntimeError("Set TEST_DATABASE_OWNER_URL, TEST_DATABASE_URL and TEST_REDIS_URL, all three or none.")
        return TestServers(owner, app, redis)
    from config import embedded

    started = embedded.start_for_tests(folder)
    return TestServers(started.owner_url, started.app_url, started.redis_url)


@contextmanager
def _only_one(folder: Path) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "template.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def template(servers: TestServers, folder: Path) -> str:
    """The migrated template database of this run, made once by the owner."""
    with _only_one(folder):
        note = folder / "template"
        if note.is_file():
            return note.read_text()
        name = f"hf_template_{secrets.token_hex(4)}"
        _create(servers, name)
        _grant(servers, name)
        migrate(servers, name)
        note.write_text(name)
        return name


def _create(servers: TestServers, name: str, template_name: str = "template0") -> None:
    with psycopg.connect(servers.owner_url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template_name}"')


def _grant(servers: TestServers, name: str) -> None:
    from config.db_roles import grants_sql

    owner, app = urlsplit(servers.owner_url).username or "", urlsplit(servers.app_url).username or ""
    with psycopg.connect(servers.at(name, owner=True), autocommit=True) as connection:
        for statement in grants_sql(owner, app):
            connection.execute(statement)


def migrate(servers: TestServers, name: str, *arguments: str) -> None:
    """Run ``migrate`` as the owner, in a process of its own."""
    environment = os.environ | {
        "DATABASE_URL": servers.at(name),
        "DATABASE_OWNER_URL": servers.at(name, owner=True),
        "HOLDFAST_DB_ROLE": "owner",
    }
    done = subprocess.run(
        [sys.executable, "manage.py", "migrate", "--no-input", "-v0", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"migrate failed:\n{done.stdout}\n{done.stderr}")


def clone(servers: TestServers, template_name: str) -> str:
    """A fresh copy of the template; returns its name."""
    name = f"hf_{secrets.token_hex(6)}"
    _create(servers, name, template_name)
    return name


def drop(servers: TestServers, name: str) -> None:
    with psycopg.connect(servers.owner_url, autocommit=True) as connection:
        for left in reversed(range(DROP_TRIES)):
            try:
                connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
                return
            except psycopg.errors.InsufficientPrivilege:
                # The server's own vacuum is in there; only a superuser may end it, and it leaves by itself.
                if not left:
                    raise
                connection.execute("SELECT pg_sleep(0.5)")
