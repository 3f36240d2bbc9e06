"""An injection is recorded; the next is due 28 days on; reminders, bands, and "returned, confirm"."""

import uuid
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from backend.db import programs
from recovery.models import Appointment, CoverEvent, Flag
from reminders.models import Message, OutboxText
from tests.journeys.clinic import ZONE, open_clinic, sign_in, start
from tests.journeys.harness import Processes, until, words

GIVEN = date(2026, 4, 7)  # no clock change in the weeks after
BANDS = {21: "due_soon", 28: "due", 29: "overdue_1", 32: "overdue_4", 36: "overdue_8"}


def at(day: date, hour: int) -> datetime:
    return datetime.combine(day, time(hour), tzinfo=ZoneInfo(ZONE)).astimezone(UTC)


def test_an_injection_its_reminders_its_bands_and_a_late_return(processes: Processes) -> None:
    processes.move_to(at(GIVEN, 11))
    clinic = open_clinic(now=processes.now(), started_on=GIVEN)
    start(clinic, kind="xr_im_28d", starts_on=GIVEN, now=processes.now())
    processes.start("worker")
    processes.start("web")

    def seen(ask):
        def in_scope():
            with programs([clinic.program_id]):
                return ask()

        return in_scope

    def record(day: date, site: str) -> dict:
        coordinator = sign_in(processes, clinic.coordinator.user_id)
        answer = coordinator.call(
            "PUT",
            f"/api/v1/care/patients/{clinic.patient_id}/injections/{uuid.uuid4()}/",
            {
                "given_on": day.isoformat(),
                "medicine": "naltrexone_injection",
                "dose_mg": 380,
                "site": site,
                "lot": "T-1",
            },
        )
        assert answer.status_code == 201, answer.text
        return answer.json()

    first = record(GIVEN, "left")
    assert first["next_due_on"] == (GIVEN + timedelta(days=28)).isoformat()
    visit = until(seen(lambda: Appointment.objects.filter(status="planned").first()), what="the next visit")
    assert visit.due_on == GIVEN + timedelta(days=28)

    for days_before in (7, 3, 1, 0):
        day = visit.due_on - timedelta(days=days_before)
        processes.move_to(at(day, 12))
        until(
            seen(lambda day=day: Message.objects.filter(slot_on=day, provider_sid__gt="").first()),
            what=f"the text {days_before} days before",
        )
        if days_before == 3:
            processes.kill("worker")
            processes.start("worker")
    with programs([clinic.program_id]):
        assert OutboxText.objects.filter(patient_id=clinic.patient_id).count() == 4

    for dsl, band in BANDS.items():
        processes.move_to(at(GIVEN + timedelta(days=dsl), 6))
        event = until(
            seen(lambda band=band: CoverEvent.objects.filter(band=band, cause="time").first()), what=f"band {band}"
        )
        assert (event.dsl, event.on_day) == (dsl, GIVEN + timedelta(days=dsl))
    flag = until(seen(lambda: Flag.objects.filter(kind="injection_late", severity="red").first()), what="the red flag")

    late = GIVEN + timedelta(days=38)
    processes.move_to(at(late, 11))
    second = record(late, "right")
    assert second["next_due_on"] == (late + timedelta(days=28)).isoformat()
    returned = until(seen(lambda: Flag.objects.filter(pk=flag.pk, status="returned").first()), what="returned")
    assert returned.returned_at is not None
    with programs([clinic.program_id]):
        back = CoverEvent.objects.get(cause="given", returned_from="overdue_8")
        assert (back.band, back.dsl) == ("covered", 38)
    coordinator = sign_in(processes, clinic.coordinator.user_id)
    assert "confirm" in words(coordinator.get("/care/").text).lower()
    done = coordinator.call("POST", f"/api/v1/care/flags/{flag.pk}/confirm/", {})
    assert done.status_code == 200, done.text
    until(seen(lambda: Flag.objects.filter(pk=flag.pk, status="closed").first()), what="confirmed and closed")
