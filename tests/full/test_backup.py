"""A backup holds every row, or is seen not to (contract 6): row-level security empties a careless dump in silence."""

import os
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from config.embedded_files import wheel_program
from tests import servers as test_servers
from tests.journeys import harness
from tests.recovery.api.clinic import make_clinic

EVERY_TABLE = (
    "SELECT n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
    "WHERE n.nspname IN ('public', 'keys') AND c.relkind = 'r' ORDER BY 1"
)


def counts(url: str) -> dict[str, int]:
    with psycopg.connect(url) as owner:
        tables = [name for (name,) in owner.execute(EVERY_TABLE)]
        return {name: owner.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in tables}


def program(name: str) -> str:
    """pg_dump of the server's version or newer: the wheel's, else the machine's."""
    ours = wheel_program(name)
    found = str(ours) if ours.is_file() else shutil.which(name)
    assert found, f"{name} is in neither the wheel nor the path"
    return found


@pytest.fixture
def clinic(servers, clone_database, django_db_setup, django_db_blocker):
    with django_db_blocker.unblock(), harness.connected_to(clone_database):
        make_clinic(datetime(2026, 3, 3, 15, tzinfo=UTC))
    return clone_database


def dump(url: str, to: Path, *options: str) -> subprocess.CompletedProcess:
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C"}
    argv = [program("pg_dump"), "--format", "custom", "--file", str(to), *options, url]
    return subprocess.run(argv, capture_output=True, text=True, env=environment, timeout=300)


def test_the_owners_dump_with_row_security_comes_back_whole(servers, clinic, tmp_path):
    file = tmp_path / "holdfast.dump"
    done = dump(servers.at(clinic, owner=True), file, "--enable-row-security")
    assert done.returncode == 0, done.stderr
    before = counts(servers.at(clinic, owner=True))
    assert before["public.recovery_patient"] == 3 and before["keys.data_key"] >= 3
    name = f"{clinic}_back"
    with psycopg.connect(servers.at("postgres", owner=True), autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{name}"')
    try:
        argv = [program("pg_restore"), "--exit-on-error", "--dbname", servers.at(name, owner=True), str(file)]
        back = subprocess.run(argv, capture_output=True, text=True, timeout=300)
        assert back.returncode == 0, back.stderr
        assert counts(servers.at(name, owner=True)) == before
    finally:
        test_servers.drop(servers, name)


def test_a_dump_without_row_security_is_refused_and_not_empty(servers, clinic, tmp_path):
    """pg_dump itself refuses a FORCEd table when it may not see all of it: louder than an empty file."""
    done = dump(servers.at(clinic, owner=True), tmp_path / "none.dump")
    assert done.returncode != 0
    assert "row-level security" in done.stderr


def test_a_dump_by_the_serving_role_is_not_whole(servers, clinic, tmp_path):
    done = dump(servers.at(clinic), tmp_path / "app.dump", "--enable-row-security")
    if done.returncode:
        assert "permission denied" in done.stderr
    else:
        listed = subprocess.run(
            [program("pg_restore"), "--data-only", "--file", "-", str(tmp_path / "app.dump")],
            capture_output=True,
            text=True,
            timeout=300,
        ).stdout
        copied = listed.split("COPY public.recovery_patient ", 1)[1].split("\\.", 1)[0].splitlines()[1:]
        assert copied == []
