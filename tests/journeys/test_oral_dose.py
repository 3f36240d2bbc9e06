"""An oral dose falls due, is asked about, answered; then days without a word reach the coordinator."""

import uuid
from datetime import UTC, date, datetime, timedelta

import requests
from twilio.request_validator import RequestValidator

from backend.db import programs
from recovery.models import Dose, DoseReport, Flag
from reminders.models import InboundMessage, Message, OutboxText
from tests.journeys.clinic import HOOK_TOKEN, OUR_NUMBER, PATIENT_PHONE, open_clinic, sign_in, start
from tests.journeys.harness import Processes, until, words

DAY = date(2026, 3, 3)  # a Tuesday; New York is UTC-5
EIGHT = datetime(2026, 3, 3, 13, 0, tzinfo=UTC)


def text_from_phone(url: str, body: str) -> requests.Response:
    """What the provider posts when the patient texts, signed as it signs."""
    address = f"{url}/hooks/twilio/sms"
    form = {"MessageSid": f"SM{uuid.uuid4().hex}", "From": PATIENT_PHONE, "To": OUR_NUMBER, "Body": body}
    signature = RequestValidator(HOOK_TOKEN).compute_signature(address, form)
    return requests.post(address, data=form, headers={"X-Twilio-Signature": signature}, timeout=30)


def test_a_dose_is_asked_about_answered_and_silence_reaches_the_coordinator(processes: Processes) -> None:
    processes.environment.update(TWILIO_AUTH_TOKEN=HOOK_TOKEN, ALLOW_REAL_SENDING="true")
    processes.move_to(EIGHT - timedelta(hours=2))
    clinic = open_clinic(now=processes.now(), started_on=DAY)
    start(clinic, kind="oral_daily", starts_on=DAY, times=["08:00"], now=processes.now())
    processes.start("worker")
    processes.start("web")

    def seen(ask):
        def in_scope():
            with programs([clinic.program_id]):
                return ask()

        return in_scope

    planned = until(seen(lambda: Message.objects.filter(slot_on=DAY).first()), what="the planned text")
    assert planned.state == "planned"
    processes.kill("worker")

    processes.move_to(EIGHT + timedelta(minutes=12))
    processes.start("worker")
    text = until(seen(lambda: OutboxText.objects.first()), what="the text in the outbox")
    assert text.last_two == PATIENT_PHONE[-2:]

    assert text_from_phone(processes.url, "1").ok
    report = until(seen(lambda: DoseReport.objects.first()), what="the report")
    assert (report.statement, report.source, report.on_day) == ("taken", "sms", DAY)
    with programs([clinic.program_id]):
        assert Dose.objects.get(pk=report.dose_id).state == "taken"
        assert OutboxText.objects.count() == 1
        assert InboundMessage.objects.get().handled_at is not None

    for later in (1, 2, 3):
        day = DAY + timedelta(days=later)
        processes.move_to(EIGHT + timedelta(days=later, minutes=12))
        until(seen(lambda day=day: Message.objects.filter(slot_on=day, provider_sid__gt="").first()), what="its text")
        processes.move_to(EIGHT + timedelta(days=later, hours=21))
        until(
            seen(lambda day=day: Dose.objects.filter(dosing_day=day, state="not_reported").first()),
            what=f"the dose of day {later} closed without a word",
        )
    flag = until(seen(lambda: Flag.objects.filter(kind="silence", severity="amber_plus").first()), what="the flag")

    coordinator = sign_in(processes, clinic.coordinator.user_id)
    page = words(coordinator.get("/care/").text)
    [row] = [r for r in coordinator.get("/api/v1/care/worklist/").json()["items"] if r["flag_id"] == flag.pk]
    assert row["sentence"] in page
    assert "3 doses" in row["sentence"]
    assert "missed" not in row["sentence"]

    with programs([clinic.program_id]):
        dose_id = Dose.objects.get(dosing_day=DAY + timedelta(days=3)).pk
    owned = coordinator.call("POST", f"/api/v1/care/flags/{flag.pk}/own/", {})
    assert owned.status_code == 200, owned.text
    # They reach the patient by phone and record what happened; the reason is gone, so the flag closes.
    answer = coordinator.call(
        "PUT",
        f"/api/v1/care/patients/{clinic.patient_id}/dose-reports/{uuid.uuid4()}/",
        {"dose_id": dose_id, "statement": "taken"},
    )
    assert answer.status_code == 201, answer.text
    done = until(seen(lambda: Flag.objects.filter(pk=flag.pk, status="closed").first()), what="the closed flag")
    assert (done.owner_id, done.outcome) == (clinic.coordinator.user_id, "reason_ended")
    assert coordinator.get("/api/v1/care/worklist/").json()["items"] == []
    with programs([clinic.program_id]):
        dose = Dose.objects.get(pk=dose_id)
        assert (dose.state, dose.source, dose.backfilled) == ("taken", "staff", True)
        # Every text that fell due has its one outcome; none went out twice.
        assert Message.objects.filter(state__in=["claimed", "sending", "unknown"]).count() == 0
        assert OutboxText.objects.values("token_digest").distinct().count() == OutboxText.objects.count()
