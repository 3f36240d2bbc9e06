"""Clients that other projects generate from ``openapi.yaml``, against a live server.

The document is only as good as what a stranger can build from it: one client in Python, one in TypeScript whose
calls are checked against the types before they are sent. Each is installed from a list with hashes, into a folder
of its own, and sees nothing of Holdfast but the document and the address.
"""

import json
import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.utils import timezone

from tests import servers as test_servers
from tests.journeys import harness
from tests.recovery.api.clinic import Clinic, make_clinic, signed_in

HERE = Path(__file__).resolve().parent / "foreign"
DOCUMENT = Path(__file__).resolve().parents[2] / "openapi.yaml"
PATIENCE_S = 600


def run(*argv: str | Path, cwd: Path) -> str:
    """Run a program without our own settings in its environment; fails with what it said."""
    kept = {name: value for name, value in os.environ.items() if name.split("_")[0] in ("PATH", "HOME", "PIP", "NPM")}
    done = subprocess.run([str(a) for a in argv], cwd=cwd, env=kept, capture_output=True, text=True, timeout=PATIENCE_S)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


@pytest.fixture(scope="module")
def clinic(
    servers: test_servers.TestServers,
    django_db_setup: None,
    template_database: str,
    django_db_blocker: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[Clinic, str, list[str]]]:
    """A committed clinic, its address, and ``session:csrf-token`` of a patient's phone and of a coordinator."""
    name = test_servers.clone(servers, template_database)
    folder = tmp_path_factory.mktemp("foreign-web")
    processes = harness.Processes(database_url=servers.at(name), redis_url="", folder=folder)
    with django_db_blocker.unblock(), harness.connected_to(name):  # type: ignore[attr-defined]
        try:
            made = make_clinic(timezone.now())
            accounts = [
                f"{signed_in(account).cookies['holdfast'].value}:{secrets.token_hex(16)}"
                for account in (made.phone, made.coordinator)
            ]
            processes.start("web")
            yield made, processes.url, accounts
        finally:
            processes.stop_all()
    test_servers.drop(servers, name)


def check(seen: dict[str, object], *, before: int) -> None:
    """A replay is the same reading, another body under its id a conflict, and nobody else's dose exists."""
    assert seen.pop("doses") == 1
    assert seen.pop("listed") == [7] * (before + 1)
    assert seen.pop("kinds") == ["ran_out"]
    assert seen == {
        "first": 201,
        "again": 200,
        "other": 409,
        "other_is_problem": True,
        "same_reading": True,
        "stranger": 404,
    }


def test_a_python_client_that_another_project_generated(clinic, tmp_path):
    made, address, accounts = clinic
    before = made.rows()["CravingLog"]
    run(sys.executable, "-m", "venv", tmp_path / "venv", cwd=tmp_path)
    python = tmp_path / "venv" / "bin" / "python"
    requirements = HERE / "requirements.txt"
    run(python, "-m", "pip", "install", "--quiet", "--require-hashes", "-r", requirements, cwd=tmp_path)
    run(
        tmp_path / "venv" / "bin" / "openapi-python-client",
        *("generate", "--path", DOCUMENT, "--output-path", tmp_path / "generated", "--meta", "none"),
        cwd=tmp_path,
    )
    shutil.copy(HERE / "client.py", tmp_path)
    check(json.loads(run(python, "client.py", address, *accounts, cwd=tmp_path)), before=before)


@pytest.mark.skipif(shutil.which("npm") is None, reason="npm is missing, and only root can install it.")
def test_a_typescript_client_is_checked_and_works(clinic, tmp_path):
    made, address, accounts = clinic
    before = made.rows()["CravingLog"]
    for name in ("package.json", "package-lock.json", "tsconfig.json", "client.ts"):
        shutil.copy(HERE / name, tmp_path)
    run("npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", cwd=tmp_path)
    # A field with a default may be left out of a request: the tool takes defaults as promises otherwise.
    options = ("--default-non-nullable=false", "-o", "generated.ts")
    run("npx", "--no-install", "openapi-typescript", DOCUMENT, *options, cwd=tmp_path)
    run("npx", "--no-install", "tsc", cwd=tmp_path)
    check(json.loads(run("node", "built/client.js", address, *accounts, cwd=tmp_path)), before=before)
