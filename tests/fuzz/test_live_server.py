"""Schemathesis against a live gunicorn on loopback: the same document, a real socket, real commits."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import schemathesis
from django.utils import timezone

from tests.fuzz.test_schemathesis import ACCOUNTS, CALM, RANDOM, Door
from tests.journeys import harness
from tests.recovery.api.clinic import make_clinic, signed_in
from tests.servers import TestServers

pytestmark = pytest.mark.timeout(1800)  # for one operation, and for the server of all of them


class LiveDoor(Door):
    """Knocks over HTTP; the clinic and its sessions are committed in a database of their own."""

    def __init__(self, clinic, url: str) -> None:
        super().__init__(clinic)
        self.url = url

    def _call(self, case: schemathesis.Case, session: str, token: str, checks: list):
        return case.call_and_validate(
            base_url=self.url,
            cookies={"holdfast": session, "csrftoken": token},
            headers={"X-CSRFToken": token, "Referer": self.url + "/"},
            excluded_checks=checks,
            timeout=30,
        )


@pytest.fixture(scope="module")
def live(
    servers: TestServers,
    django_db_setup: None,
    template_database: str,
    django_db_blocker: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[LiveDoor]:
    from tests import servers as test_servers

    folder: Path = tmp_path_factory.mktemp("live")
    name = test_servers.clone(servers, template_database)
    processes = harness.Processes(database_url=servers.at(name), redis_url="", folder=folder)
    with django_db_blocker.unblock(), harness.connected_to(name):  # type: ignore[attr-defined]
        try:
            clinic = make_clinic(timezone.now())
            door = LiveDoor(clinic, processes.url)
            for account in (*(getattr(clinic, who) for who in ACCOUNTS), door.director):
                door.sessions[account.pk] = signed_in(account).cookies["holdfast"].value
            processes.start("web")
            yield door
        finally:
            processes.stop_all()
    test_servers.drop(servers, name)


@RANDOM.parametrize()
@CALM
def test_each_operation_over_a_real_socket(case, live):
    assert live.knock(case, live.account_for(case)) != 403
    for who in ACCOUNTS:
        live.knock(case, getattr(live.clinic, who))


def test_the_server_is_really_there(live):
    import requests

    assert requests.get(f"{live.url}/healthz", timeout=10).json() == {"ok": True}
    assert requests.get(f"{live.url}/api/v1/me/today/", timeout=10).status_code == 401
