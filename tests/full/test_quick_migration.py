"""Migrations whose steps share a rendering make the schema that Django makes step by step."""

import os
import subprocess
import sys
from pathlib import Path

from config.embedded_files import wheel_program
from tests import servers as test_servers

ROOT = Path(__file__).resolve().parents[2]
STEP_BY_STEP = """
import sys
from backend import quick_migration
quick_migration.together = list
from django.core.management import execute_from_command_line
execute_from_command_line(["manage.py", "migrate", "--no-input", "-v0"])
"""


def schema(servers: test_servers.TestServers, name: str) -> list[str]:
    """The lines of a dump without its random key, sorted: constraints may be made in another order."""
    argv = [str(wheel_program("pg_dump")), "--schema-only", servers.at(name, owner=True)]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return sorted(line for line in done.stdout.splitlines() if "restrict" not in line)


def test_the_schema_is_the_same(servers, template_database):
    name = f"{template_database}_slow"
    test_servers._create(servers, name)
    try:
        test_servers._grant(servers, name)
        environment = os.environ | {
            "DATABASE_URL": servers.at(name),
            "DATABASE_OWNER_URL": servers.at(name, owner=True),
            "HOLDFAST_DB_ROLE": "owner",
            "DJANGO_SETTINGS_MODULE": "config.settings",
        }
        argv = [sys.executable, "-c", STEP_BY_STEP]
        done = subprocess.run(argv, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=900)
        assert done.returncode == 0, done.stderr[-2000:]
        assert schema(servers, name) == schema(servers, template_database)
    finally:
        test_servers.drop(servers, name)
