"""The conversation with a patient, and the demonstration's phones, through HTTP."""

from datetime import date, timedelta

import pytest

from backend.models import AuditEvent
from backend.services import people
from recovery.models import Dose
from reminders.models import OutboxText
from reminders.providers.outbox import Outbox
from reminders.services import dispatch

pytestmark = pytest.mark.django_db
DUE = timedelta(minutes=10)


@pytest.fixture
def signed_in(client, time_machine, now):
    """A browser with the session of a staff member."""

    def sign_in(actor):
        time_machine.move_to(now + 2 * DUE, tick=False)
        client.get(people.make_sign_in_link(user_id=actor.user_id, now=now + 2 * DUE))
        client.post(people.make_sign_in_link(user_id=actor.user_id, now=now + 2 * DUE))
        return client

    return sign_in


@pytest.fixture
def sent(texted, program, plan, now):
    plan()
    dispatch.dispatch_due(program_ids=[program], now=now + DUE, provider=Outbox())
    return texted


def test_the_conversation_is_shown_and_the_read_is_audited(sent, staff, signed_in):
    browser = signed_in(staff)
    answer = browser.get(f"/care/patients/{sent.pk}/messages/", headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert b"It is time for your daily item" in answer.content
    assert b"Delivered" in answer.content
    assert b"Tue 3 Mar, 10:10" in answer.content
    assert answer["Cache-Control"] == "no-store"
    assert AuditEvent.objects.filter(action="messages.read", patient_id=sent.pk, actor_id=staff.user_id).count() == 1


def test_a_strangers_conversation_does_not_exist(sent, make_program, make_staff, signed_in):
    other = make_staff(make_program())
    assert signed_in(other).get(f"/care/patients/{sent.pk}/messages/").status_code == 404


def test_the_outbox_takes_the_answer_of_a_phone(sent, staff, signed_in):
    browser = signed_in(staff)
    page = browser.get("/outbox/")
    assert page.status_code == 200
    assert b"It is time for your daily item" in page.content
    text = OutboxText.objects.get()
    answer = browser.post("/outbox/reply", {"text": text.pk, "body": "1"})
    assert (answer.status_code, answer["Location"]) == (302, "/outbox/")
    assert Dose.objects.get(dosing_day=date(2026, 3, 3)).state == "taken"
    assert b'class="theirs"' in browser.get("/outbox/").content


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"text": "x", "body": "1"}, id="no-number"),
        pytest.param({"text": "9" * 30, "body": "1"}, id="huge-number"),
        pytest.param({"text": "999999", "body": "1"}, id="not-there"),
        pytest.param({"text": "1", "body": "  "}, id="empty"),
    ],
)
def test_an_answer_to_nothing_is_404(sent, staff, signed_in, fields):
    assert signed_in(staff).post("/outbox/reply", fields).status_code == 404


@pytest.mark.parametrize(("mode", "provider"), [("production", "outbox"), ("staging", "outbox"), ("demo", "twilio")])
def test_there_is_no_outbox_outside_demonstrations(sent, staff, signed_in, settings, mode, provider):
    browser = signed_in(staff)
    settings.MODE, settings.SMS_PROVIDER = mode, provider
    assert browser.get("/outbox/").status_code == 404
    assert browser.post("/outbox/reply", {"text": "1", "body": "1"}).status_code == 404


def test_nobody_reads_without_signing_in(sent, client):
    assert client.get("/outbox/").status_code == 302
    assert client.get(f"/care/patients/{sent.pk}/messages/").status_code == 302
