"""One journey through HTTP: a number asked for by text, its concern on the list, and a holiday from it."""

import json
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from twilio.request_validator import RequestValidator

from backend.access import NOBODY
from backend.db import programs
from backend.rules.consent import ConsentKind
from backend.services.consents import give_consent
from recovery.selectors import reminding
from reminders.models import Message
from reminders.services import dispatch, planning
from reminders.services.senders import register_sender
from tests.recovery.api.clinic import make_clinic, send, signed_in

pytestmark = pytest.mark.django_db
OURS = "+18005550100"
EVENING = datetime(2026, 3, 3, 23, 15, tzinfo=UTC)  # 18:15 in New York
HOUR = timedelta(hours=1)


@pytest.fixture
def clinic(db, now, time_machine):
    time_machine.move_to(now, tick=False)
    return make_clinic(now)


@pytest.fixture
def texted(clinic, settings, now):
    """The patient's number; texts are agreed to, and the program has a sender."""
    settings.PUBLIC_BASE_URL, settings.TWILIO_AUTH_TOKEN = "https://care.example.org", "token-now"
    with programs([clinic.north.pk]):
        register_sender(program_id=clinic.north.pk, address=OURS, provider="twilio")
        give_consent(
            actor=NOBODY,
            program_id=clinic.north.pk,
            patient_id=clinic.patient.pk,
            kind=ConsentKind.SMS,
            wording_version="sms-1",
            now=now,
        )
        return reminding.contacts([clinic.patient.pk])[clinic.patient.pk].phone


def tick(clinic, company, at):
    planning.plan_messages(program_ids=[clinic.north.pk], now=at)
    dispatch.dispatch_due(program_ids=[clinic.north.pk], now=at, provider=company)


def answer(phone, body):
    params = {"MessageSid": "SM" + uuid.uuid4().hex, "From": phone, "To": OURS, "Body": body, "NumMedia": "0"}
    path = "/hooks/twilio/sms"
    signature = RequestValidator("token-now").compute_signature("https://care.example.org" + path, params)
    return Client().post(path, params, headers={"X-Twilio-Signature": signature})


def check_ins(clinic):
    with programs([clinic.north.pk]):
        rows = Message.objects.filter(subject_kind="check_in").order_by("slot_on")
        return list(rows.values_list("template", "state", "why"))


def test_from_the_wish_to_the_list_and_the_holiday(clinic, texted, company, time_machine):
    phone, nurse = signed_in(clinic.phone), signed_in(clinic.coordinator)
    wish = {"check_in": "text", "check_in_at": "18:00"}
    assert send(phone, "POST", "/api/v1/me/prompts/", wish).status_code == 200

    for at in (clinic.now, clinic.now + HOUR, EVENING, EVENING):
        tick(clinic, company, at)
    assert company.bodies.count("Your number for today, 0 to 10? Reply with one number.") == 1

    time_machine.move_to(EVENING + HOUR / 2, tick=False)
    before = {row["flag_id"] for row in json.loads(send(nurse, "GET", "/api/v1/care/worklist/").content)["items"]}
    assert answer(texted, "It's a 9 today").status_code == 200
    assert answer(texted, "9").status_code == 200
    rows = json.loads(send(nurse, "GET", "/api/v1/care/worklist/").content)["items"]
    [new] = [row for row in rows if row["flag_id"] not in before]
    assert new["kind"] == "craving_high"

    days = {"first_day": "2026-03-04", "last_day": "2026-03-05"}
    assert send(phone, "PUT", f"/api/v1/me/pauses/{uuid.uuid4()}/", days).status_code == 201
    tick(clinic, company, EVENING + 24 * HOUR)
    tick(clinic, company, EVENING + 72 * HOUR)
    assert check_ins(clinic) == [
        ("check_in.number", "accepted", ""),
        ("check_in.number", "suppressed", "paused"),
        ("check_in.number", "accepted", ""),
    ]
