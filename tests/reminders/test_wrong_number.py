"""A number that is somebody else's, and one that two people read (N21)."""

from datetime import timedelta

import pytest

from backend.access import NOBODY
from backend.errors import Conflict
from recovery.models import Dose, Flag, Task
from recovery.selectors import reminding
from recovery.services.patients import set_phone
from recovery.services.regimens import extend_doses
from reminders.models import BadNumber, InboundMessage, Message, OptOut
from reminders.services import numbers
from reminders.services.replies import receive_text, work_inbound
from reminders.services.senders import register_sender

pytestmark = pytest.mark.django_db
OURS = "+18005550100"
DUE = timedelta(minutes=10)
DAY = timedelta(days=1)


@pytest.fixture
def write(program):
    register_sender(program_id=program, address=OURS, provider="fake")
    sids = iter(f"IN{number}" for number in range(100))

    def send(who, body, at):
        phone = who if isinstance(who, str) else reminding.contacts([who.pk])[who.pk].phone
        return receive_text(sid=next(sids), sender=phone, addressed_to=(OURS,), body=body, now=at)

    return send


@pytest.fixture
def asked(texted, plan, send, now):
    plan()
    send(now + DUE)
    return texted


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("Wrong number", id="en"),
        pytest.param("you have the wrong person", id="en-person"),
        pytest.param("número equivocado", id="es"),
        pytest.param("aquí no hay ninguna Ana", id="es-nobody-here"),
    ],
)
def test_at_commit_nothing_goes_there_any_more(asked, write, plan, send, company, now, body):
    before = len(company.sent)
    write(asked, body, now + 2 * DUE)
    waiting = Message.objects.filter(state__in=["planned", "claimed"]).exclude(message_class="opt_out_confirm")
    assert not waiting.filter(patient_id=asked.pk).exists()
    assert BadNumber.objects.get(ended_at__isnull=True).code == "wrong_person"
    assert OptOut.objects.get(ended_at__isnull=True).source == "wrong_person"
    plan(now + DAY)
    send(now + 2 * DUE)
    send(now + DAY + DUE)
    [answer] = company.bodies[before:]
    assert answer == "Sorry. We will not text this number."
    assert set(Message.objects.filter(slot_on__gt=now.date(), state="suppressed").values_list("why", flat=True)) <= {
        "wrong_person"
    }


def test_a_person_gets_a_task_and_the_text_is_in_nobodys_record(asked, write, now):
    write(asked, "wrong number", now + 2 * DUE)
    work_inbound(program_ids=[asked.program_id], now=now + 2 * DUE)
    task = Task.objects.get(patient=asked)
    assert (task.kind, task.role, task.status) == ("check_number", "coordinator", "open")
    row = InboundMessage.objects.get()
    assert (row.patient_id, row.classified, row.result, row.handled_at) == (
        None,
        "wrong_person",
        "wrong_person",
        now + 2 * DUE,
    )


@pytest.mark.parametrize("body", ["1", "START", "yes", "HELP", "Done"])
def test_what_a_stranger_writes_then_answers_and_opens_nothing(asked, write, plan, send, company, now, body):
    write(asked, "wrong number", now + 2 * DUE)
    write(asked, body, now + 3 * DUE)
    send(now + 3 * DUE)
    sent = len(company.sent)
    plan(now + DAY)
    send(now + DAY + DUE)
    assert len(company.sent) == sent
    assert Dose.objects.order_by("dosing_day").first().state == "scheduled"
    row = InboundMessage.objects.latest("pk")
    assert (row.patient_id, row.result, row.handled_at) == (None, "inbox:wrong_person", None)


def test_words_of_crisis_are_heard_all_the_same(asked, write, send, company, now):
    write(asked, "wrong number, but I want to die", now + 2 * DUE)
    send(now + 2 * DUE)
    assert "988" in company.bodies[-1]
    assert Flag.objects.filter(kind="suicide_risk").exists()
    assert InboundMessage.objects.get().handled_at is None


def test_only_a_person_opens_it_again(asked, staff, write, plan, send, company, now):
    with pytest.raises(Conflict):
        numbers.verify(actor=staff, patient=asked, now=now)
    write(asked, "wrong number", now + 2 * DUE)
    asked.refresh_from_db()
    numbers.verify(actor=staff, patient=asked, now=now + 3 * DUE)
    assert not BadNumber.objects.filter(ended_at__isnull=True).exists()
    assert not OptOut.objects.filter(ended_at__isnull=True).exists()
    assert Task.objects.get(kind="check_number").status == "done"
    extend_doses(program_ids=[asked.program_id], now=now + 2 * DAY)
    plan(now + 2 * DAY - DUE)
    sent = len(company.sent)
    send(now + 2 * DAY + DUE)
    assert len(company.sent) == sent + 1


def test_a_stop_outlives_the_check(asked, staff, write, now):
    write(asked, "wrong number", now + 2 * DUE)
    write(asked, "STOP", now + 3 * DUE)
    numbers.verify(actor=staff, patient=asked, now=now + 4 * DUE)
    assert OptOut.objects.get(ended_at__isnull=True).source == "text"


def test_a_new_number_works_at_once_and_ends_the_task(asked, staff, write, plan, send, company, now):
    write(asked, "wrong number", now + 2 * DUE)
    set_phone(actor=staff, patient=asked, phone="+12125559876", now=now + 3 * DUE)
    task = Task.objects.get(kind="check_number")
    assert (task.status, task.outcome) == ("done", "number_corrected")
    extend_doses(program_ids=[asked.program_id], now=now + 2 * DAY)
    plan(now + 2 * DAY - DUE)
    send(now + 2 * DAY + DUE)
    assert company.sent[-1].to == "+12125559876"


def test_a_receipt_or_a_text_does_not_open_it(asked, program, now):
    index = bytes(asked.phone_index)
    assert numbers.doubt(program_id=program, phone_index=index, now=now)
    assert not numbers.doubt(program_id=program, phone_index=index, now=now)
    assert not numbers.works_again(program_id=program, phone_index=index, now=now)
    assert numbers.is_doubted(program_id=program, phone_index=index)


class TestTwoOnOnePhone:
    def test_nothing_is_asked_on_it(self, program, make_patient, agree, on_tablets, write, plan, send, company, now):
        pair = [make_patient(program, phone="+12125557777") for _ in range(2)]
        for person in pair:
            agree(person)
            on_tablets(person)
        plan()
        send(now + DUE)
        send(now + 2 * DUE)
        assert set(company.bodies) == {"Hello. This is your reminder for today. No need to answer."}
        assert not Message.objects.filter(is_question=True, audience="patient").exists()
        write("+12125557777", "1", now + 3 * DUE)
        assert not Dose.objects.exclude(state="scheduled").exists()

    def test_a_question_that_was_planned_before_is_not_put_to_two(
        self, texted, program, make_patient, plan, send, company, now
    ):
        plan()
        make_patient(program, phone=reminding.contacts([texted.pk])[texted.pk].phone)
        send(now + DUE)
        first = Message.objects.get(step="1.first", slot_on=now.date())
        assert (first.state, first.why) == ("suppressed", "shared_number")
        assert company.sent == []

    def test_who_asks_for_one_number_by_text_is_left_alone(self, patient, agree, plan, now):
        from datetime import time

        from recovery.models import Patient
        from recovery.rules.states import ReportSource
        from recovery.services.prompts import wish_check_in

        agree(patient)
        wish_check_in(actor=NOBODY, patient=patient, how="text", at=time(18), source=ReportSource.STAFF, now=now)
        Patient.objects.update(phone_shared=True)
        plan()
        assert list(Message.objects.values_list("state", "why")) == [("suppressed", "shared_number")]


class TestThePage:
    """Through HTTP: what staff see and do about a number."""

    @pytest.fixture
    def client(self, staff):
        from django.test import Client

        from backend.models import User

        client = Client()
        client.force_login(User.objects.get(pk=staff.user_id))
        return client

    def test_the_number_is_verified_once_the_patient_was_asked(self, asked, write, client, now):
        page = f"/care/patients/{asked.pk}/texts/"
        assert b"Texts may go to this number." in client.get(page).content
        write(asked, "wrong number", now + 2 * DUE)
        assert b"it is the wrong one" in client.get(page).content
        refused = client.post(page + "verified/", {})
        assert refused.status_code == 422
        assert b"Ask the patient first" in refused.content
        assert client.post(page + "verified/", {"asked": "on"}).status_code == 302
        assert not BadNumber.objects.filter(ended_at__isnull=True).exists()

    def test_the_same_by_api(self, asked, write, client, now):
        path = f"/api/v1/care/patients/{asked.pk}/number-verified/"
        assert client.post(path, {}, content_type="application/json").status_code == 409
        write(asked, "wrong number", now + 2 * DUE)
        assert client.post(path, {}, content_type="application/json").status_code == 204
        assert (
            client.post(
                "/api/v1/care/patients/999999/number-verified/", {}, content_type="application/json"
            ).status_code
            == 404
        )

    def test_days_without_prompts_and_the_check_in_are_kept_with_what_was_typed(self, asked, client, time_machine, now):
        import uuid

        time_machine.move_to(now, tick=False)
        page = f"/care/patients/{asked.pk}/texts/"
        days = {"client_id": str(uuid.uuid4()), "first_day": "2026-03-05", "last_day": "2026-03-04"}
        refused = client.post(page + "pause/", days)
        assert refused.status_code == 422
        assert b"The last day comes after the first." in refused.content
        assert b'value="2026-03-05"' in refused.content
        assert client.post(page + "pause/", days | {"last_day": "2026-03-08"}).status_code == 302
        shown = client.get(page).content
        assert b"both included" in shown
        assert client.post(page + "resume/", {"client_id": days["client_id"]}).status_code == 302
        assert b"both included" not in client.get(page).content
        wish = {"check_in": "text", "check_in_at": "07:00"}
        assert b"Choose a time from 08:00 to 20:30." in client.post(page + "check-in/", wish).content
        assert client.post(page + "check-in/", wish | {"check_in_at": "09:15"}).status_code == 302
        assert b"A text asks for one number, at 09:15." in client.get(page).content
