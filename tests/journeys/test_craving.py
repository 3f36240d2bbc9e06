"""A craving goes from a phone to the worklist inside one request, with no worker and no broker alive."""

import uuid
from datetime import UTC, datetime, timedelta

from backend.access import NOBODY
from backend.db import programs
from recovery.models import CravingLog, Flag
from recovery.services.cravings import log_craving
from tests.journeys.clinic import open_clinic, sign_in, the_patient
from tests.journeys.harness import Processes, until, words

TODAY = datetime(2026, 3, 10, 18, 0, tzinfo=UTC)


def test_a_craving_is_a_flag_when_the_phone_hears_201(processes: Processes) -> None:
    processes.move_to(TODAY)
    clinic = open_clinic(now=TODAY - timedelta(days=40), started_on=(TODAY - timedelta(days=40)).date())
    with programs([clinic.program_id]):
        for days_ago in range(32, 2, -2):
            felt = TODAY - timedelta(days=days_ago)
            log_craving(
                actor=NOBODY,
                patient=the_patient(clinic),
                client_id=uuid.uuid4(),
                intensity=2,
                felt_at=felt,
                now=felt,
            )
        for days_ago in (2, 1):
            felt = TODAY - timedelta(days=days_ago)
            log_craving(
                actor=NOBODY, patient=the_patient(clinic), client_id=uuid.uuid4(), intensity=4, felt_at=felt, now=felt
            )
        assert not Flag.objects.exists()
    processes.start("worker")
    processes.start("web")
    processes.kill("worker")  # the flag needs neither worker nor broker

    phone = sign_in(processes, clinic.account)
    coordinator = sign_in(processes, clinic.coordinator.user_id)
    assert coordinator.get("/api/v1/care/worklist/").json()["items"] == []

    path = f"/api/v1/me/cravings/{uuid.uuid4()}/"
    body = {"intensity": 5, "felt_at": (TODAY - timedelta(minutes=5)).isoformat()}
    first = phone.call("PUT", path, body)
    assert first.status_code == 201, first.text
    with programs([clinic.program_id]):
        flag = Flag.objects.get()  # it exists when the phone hears 201
        readings = CravingLog.objects.count()
    again = phone.call("PUT", path, body)
    assert (again.status_code, again.json()) == (200, first.json())
    other = phone.call("PUT", path, body | {"intensity": 9})
    assert other.status_code == 409

    [row] = coordinator.get("/api/v1/care/worklist/").json()["items"]
    assert row["sentence"].startswith("Craving has been 2.3 points above the usual 2.0 for 3 check-ins since")
    assert row["sentence"] in words(coordinator.get("/care/").text)

    def unchanged():
        with programs([clinic.program_id]):
            return [flag] == list(Flag.objects.all()) and CravingLog.objects.count() == readings

    until(unchanged, what="one reading, one flag")
