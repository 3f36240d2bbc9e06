"""Fixtures for every test that needs a database.

The owner migrates a template once; each worker clones it and serves as the plain role.
A test runs inside a transaction that is rolled back; a journey gets a clone of its own
(``tests/journeys``). Nothing is flushed.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.db import connection

from tests import servers as test_servers

RUN_FOLDER = "HOLDFAST_TEST_RUN"


def pytest_configure(config: pytest.Config) -> None:
    if RUN_FOLDER not in os.environ:  # the controller, or a run without workers
        os.environ[RUN_FOLDER] = tempfile.mkdtemp(prefix="holdfast-test-")
        config.stash[OWNS_FOLDER] = True


OWNS_FOLDER = pytest.StashKey[bool]()


def pytest_unconfigure(config: pytest.Config) -> None:
    if config.stash.get(OWNS_FOLDER, False):
        folder = Path(os.environ.pop(RUN_FOLDER))
        note = folder / "template"
        if note.is_file() and os.environ.get("TEST_DATABASE_OWNER_URL"):
            test_servers.drop(test_servers.find(folder), note.read_text())
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def run_folder() -> Path:
    return Path(os.environ[RUN_FOLDER])


@pytest.fixture(scope="session")
def servers(run_folder: Path) -> test_servers.TestServers:
    return test_servers.find(run_folder)


@pytest.fixture(scope="session")
def template_database(servers: test_servers.TestServers, run_folder: Path) -> str:
    return test_servers.template(servers, run_folder)


@pytest.fixture
def clone_database(servers: test_servers.TestServers, template_database: str) -> Iterator[str]:
    """The name of a database of this test's own, for tests with other processes."""
    name = test_servers.clone(servers, template_database)
    yield name
    test_servers.drop(servers, name)


@pytest.fixture(scope="session")
def django_db_setup(
    servers: test_servers.TestServers, template_database: str, django_db_blocker: pytest.FixtureRequest
) -> Iterator[None]:
    """Replaces pytest-django's: one clone a worker, served as the plain role."""
    import environ

    name = test_servers.clone(servers, template_database)
    found = environ.Env.db_url_config(servers.at(name))
    connection.close()
    connection.settings_dict.update({key: found[key] for key in ("NAME", "USER", "PASSWORD", "HOST", "PORT")})
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        yield
        connection.close()
    test_servers.drop(servers, name)


NOW = datetime(2026, 3, 3, 15, 0, tzinfo=UTC)
"""A Tuesday, 10:00 in New York, in a week without a clock change."""


@pytest.fixture
def now() -> datetime:
    """The instant at which most tests stand."""
    return NOW
