"""What cells share, and which faults a run is about."""

import os
from pathlib import Path

import pytest

from tests.faults import rig
from tests.servers import TestServers


@pytest.fixture(scope="session")
def world(
    servers: TestServers,
    template_database: str,
    run_folder: Path,
    django_db_setup: None,
    django_db_blocker: pytest.FixtureRequest,
) -> rig.World:
    django_db_blocker.unblock()  # type: ignore[attr-defined]
    return rig.make_world(servers, template_database, run_folder)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """FAULTS (set by ``./test --faults``) chooses faults by name; then the quick selection says nothing more."""
    if "FAULTS" not in os.environ:
        return
    chosen = os.environ["FAULTS"].split()
    known = {item.callspec.params["name"] for item in items if item.name.startswith("test_fault[")}  # type: ignore[attr-defined]
    if missing := sorted(set(chosen) - known):
        raise pytest.UsageError(f"not built: {', '.join(missing)}; docs/faults.md lists what is")
    kept, dropped = [], []
    for item in items:
        if item.name.startswith("test_quickly["):
            keep = False
        elif item.name.startswith("test_fault["):
            keep = not chosen or item.callspec.params["name"] in chosen  # type: ignore[attr-defined]
        else:
            keep = not chosen or "tests/faults" not in item.nodeid
        (kept if keep else dropped).append(item)
    items[:] = kept
    if dropped:
        config.hook.pytest_deselected(items=dropped)
