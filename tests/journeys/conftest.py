"""Each journey has a database, a queue and processes of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from tests.journeys import harness
from tests.servers import TestServers


@pytest.fixture
def processes(
    servers: TestServers,
    django_db_setup: None,
    clone_database: str,
    django_db_blocker: pytest.FixtureRequest,
    tmp_path: Path,
    worker_id: str,
) -> Iterator[harness.Processes]:
    queue = harness.redis_database(servers.redis_url, worker_id)
    redis.Redis.from_url(queue).flushdb()
    found = harness.Processes(database_url=servers.at(clone_database), redis_url=queue, folder=tmp_path)
    with django_db_blocker.unblock(), harness.connected_to(clone_database):  # type: ignore[attr-defined]
        try:
            yield found
        except BaseException:
            print(found.logs())
            raise
        finally:
            found.stop_all()
