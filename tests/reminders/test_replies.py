"""What people text to us: answers, stop in any words, crisis, and what waits for a person."""

from datetime import UTC, date, datetime, timedelta

import pytest

from backend.models import Consent
from backend.rules.roles import Role
from backend.services import people
from recovery.models import Dose, DoseReport, Flag, Task
from recovery.rules.states import FlagKind, Severity
from recovery.services.flags import raise_flag
from reminders.models import InboundMessage, Message, OptOut
from reminders.services import dispatch
from reminders.services.replies import receive_text, work_inbound
from reminders.services.senders import register_sender

pytestmark = pytest.mark.django_db
DUE = timedelta(minutes=10)
OURS = "+18005550100"


@pytest.fixture
def phone_of():
    from recovery.selectors import reminding

    return lambda person: reminding.contacts([person.pk])[person.pk].phone


@pytest.fixture
def write(program, phone_of):
    """A text from a patient's phone, or from a number."""
    register_sender(program_id=program, address=OURS, provider="fake")
    sids = iter(f"IN{number}" for number in range(1000))

    def send(who, body, at, **changes):
        sender = who if isinstance(who, str) else phone_of(who)
        values = {"sid": next(sids), "sender": sender, "addressed_to": (OURS,), "body": body, "now": at, **changes}
        return receive_text(**values)

    return send


@pytest.fixture
def asked(texted, plan, send, now):
    plan()
    send(now + DUE)
    return texted


def inbound():
    return InboundMessage.objects.latest("pk")


@pytest.mark.parametrize(
    ("body", "state"),
    [
        pytest.param("1", "taken", id="one"),
        pytest.param("Done!", "taken", id="done"),
        pytest.param("yes", "taken", id="yes"),
        pytest.param("2", "skipped", id="two"),
        pytest.param("not today", "skipped", id="not-today"),
    ],
)
def test_an_answer_reports_the_dose_that_was_asked_about(asked, write, now, body, state):
    write(asked, body, now + 2 * DUE)
    dose = Dose.objects.get(dosing_day=date(2026, 3, 3))
    assert (dose.state, dose.source, dose.taken_at, dose.timeliness) == (state, "sms", None, "unknown")
    assert DoseReport.objects.get().received_at == now + 2 * DUE
    row = inbound()
    assert row.handled_at == now + 2 * DUE
    assert row.question_id == Message.objects.get(slot_on=date(2026, 3, 3), step="1.first").pk
    again = Message.objects.get(slot_on=date(2026, 3, 3), step="1.again")
    assert (again.state, again.why) == ("suppressed", "answered")
    assert b"done" not in bytes(row.body).lower()


def test_the_same_text_twice_is_one_report(asked, write, now):
    assert write(asked, "1", now + 2 * DUE, sid="IN-same").is_new
    assert not write(asked, "1", now + 3 * DUE, sid="IN-same").is_new
    assert DoseReport.objects.count() == 1


def test_later_asks_again_in_two_hours_once(asked, write, send, company, now):
    # Only the re-prompt offers it.
    Message.objects.filter(question_open=True).update(question_open=False)
    at = now + timedelta(minutes=70)
    send(at)
    write(asked, "3", at + DUE)
    [later] = Message.objects.filter(step="1.later")
    assert (later.send_after, later.expires_at) == (
        at + DUE + timedelta(hours=2),
        at + DUE + timedelta(hours=3),
    )
    send(later.send_after)
    assert company.bodies[-1] == "You asked us to check back. Reply 1 done, 2 not today."
    write(asked, "1", later.send_after + DUE)
    assert Dose.objects.get(dosing_day=date(2026, 3, 3)).state == "taken"


def test_an_answer_that_comes_too_late_waits_for_a_person(asked, write, now):
    write(asked, "1", now + timedelta(hours=3))
    assert Dose.objects.get(dosing_day=date(2026, 3, 3)).state == "scheduled"
    assert (inbound().result, inbound().handled_at) == ("inbox", None)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("STOP", id="keyword"),
        pytest.param("STOP PLEASE", id="keyword-and-courtesy"),
        pytest.param("please stop texting me", id="sentence"),
        pytest.param("ya no me manden mensajes", id="spanish"),
        pytest.param("stop " + "x" * 100_000, id="huge"),
        pytest.param("STOP\x00", id="nul"),
    ],
)
def test_stop_in_any_words_ends_everything_at_commit(asked, write, send, company, plan, now, body):
    before = len(company.sent)
    write(asked, body, now + 2 * DUE)
    assert OptOut.objects.get(ended_at__isnull=True).source == "text"
    waiting = Message.objects.filter(patient_id=asked.pk, state__in=["planned", "claimed"])
    assert set(waiting.values_list("message_class", flat=True)) == {"opt_out_confirm"}
    plan(now + timedelta(hours=20))
    send(now + 2 * DUE)
    send(now + timedelta(hours=24, minutes=10))
    assert company.bodies[before:] == ["You will get no more texts from us. Reply START if you want them back."]


def test_exactly_one_confirmation_and_none_when_the_provider_answers(asked, write, now):
    write(asked, "STOP", now + 2 * DUE, provider_confirms=True)
    write(asked, "stop it now please", now + 3 * DUE)
    assert not Message.objects.filter(message_class="opt_out_confirm").exists()


def test_what_the_provider_still_queues_is_taken_back(asked, program, write, company, now):
    write(asked, "STOP", now + 2 * DUE)
    work_inbound(program_ids=[program], now=now + 2 * DUE, provider=company)
    first = Message.objects.get(slot_on=date(2026, 3, 3), step="1.first")
    assert company.cancelled == [first.provider_sid]
    assert (first.state, first.why) == ("suppressed", "opted_out")
    assert inbound().result == "opted_out"
    assert work_inbound(program_ids=[program], now=now + 2 * DUE, provider=company) == 0


def test_start_opens_again_only_what_stop_closed(asked, program, write, plan, send, company, now):
    write(asked, "STOP", now + 2 * DUE)
    write(asked, "START", now + 3 * DUE)
    assert not OptOut.objects.filter(ended_at__isnull=True).exists()
    plan(now + timedelta(hours=20))
    send(now + timedelta(hours=24, minutes=10))
    assert company.bodies[-1].startswith("Hello.")


def test_yes_is_an_answer_while_nobody_opted_out(asked, write, now):
    write(asked, "YES", now + 2 * DUE)
    assert Dose.objects.get(dosing_day=date(2026, 3, 3)).state == "taken"
    assert OptOut.objects.count() == 0


@pytest.mark.parametrize("body", ["I want to die", "stop, i want to kill myself"])
def test_words_of_crisis_raise_red_and_get_the_fixed_line_at_night(asked, write, send, company, now, body):
    night = now + timedelta(hours=13)  # 23:00 local
    write(asked, body, night)
    flag = Flag.objects.get(patient=asked, kind=FlagKind.SUICIDE_RISK.value)
    assert flag.severity == "red"
    before = len(company.sent)
    send(night)
    [line] = company.bodies[before:]
    assert "988" in line
    assert "911" in line
    assert inbound().handled_at is None


def test_a_number_that_nobody_knows_waits_for_a_person(asked, program, write, send, company, now):
    received = write("+13105550000", "hello who is this", now + 2 * DUE)
    row = InboundMessage.objects.get(pk=received.inbound_id)
    assert (row.patient_id, row.result, row.handled_at) == (None, "inbox", None)
    before = len(company.sent)
    send(now + 2 * DUE)
    assert len(company.sent) == before


def test_a_stranger_in_crisis_gets_the_line(program, write, send, company, now):
    write("+13105550000", "I want to die", now)
    send(now)
    [text] = company.sent
    assert text.to == "+13105550000"
    assert "988" in text.body


def test_a_number_shared_by_two_waits_for_a_person_and_stops_for_both(
    program, make_patient, agree, on_tablets, write, plan, send, now
):
    pair = [make_patient(program, phone="+12125557777") for _ in range(2)]
    for person in pair:
        agree(person)
        on_tablets(person)
    plan()
    send(now + DUE)
    write("+12125557777", "1", now + 2 * DUE)
    assert set(Dose.objects.filter(dosing_day=date(2026, 3, 3)).values_list("state", flat=True)) == {"scheduled"}
    assert (inbound().patient_id, inbound().result) == (None, "inbox")
    write("+12125557777", "STOP", now + 3 * DUE)
    assert not Message.objects.filter(patient_id__in=[one.pk for one in pair], state="planned").exclude(
        message_class="opt_out_confirm"
    )


def test_what_fits_nothing_is_answered_honestly_once(asked, write, send, company, now):
    write(asked, "can my sister drive me tomorrow?", now + 2 * DUE)
    write(asked, "or maybe the bus", now + 3 * DUE)
    assert inbound().handled_at is None
    before = len(company.sent)
    send(now + 3 * DUE)
    assert company.bodies[before:] == [
        "Thank you. A person reads this by 11:20 am. For danger call 911, or call or text 988."
    ]


def test_a_wish_for_a_call_is_a_task_and_is_promised(patient, agree, write, send, company, now):
    agree(patient)
    Message.objects.create(
        program_id=patient.program_id,
        patient_id=patient.pk,
        subject_kind="hello",
        subject_id=patient.pk,
        slot_on=date(2026, 3, 3),
        step="hello",
        channel="sms",
        message_class="hello",
        priority=90,
        template="hello.plan",
        template_version=1,
        language="es",
        is_question=True,
        due_at=now,
        send_after=now,
        expires_at=now + timedelta(hours=4),
        created_at=now,
    )
    send(now)
    write(patient, "1", now + DUE)
    assert (inbound().result, inbound().handled_at) == ("call_me", now + DUE)
    task = Task.objects.get(patient=patient)
    assert (task.kind, task.status, task.facts) == ("call_back", "open", {"reason": "call_me"})
    send(now + DUE)
    assert "We will call you" in company.bodies[-1]


def test_a_staff_member_takes_the_flag_by_text(patient, program, write, plan, send, company, now):
    user = people.create_staff(email="oncall@example.org", roles={program: [Role.NURSE]}, now=now)
    people.create_team(program_id=program, name="A", members={user.pk: ("Nurse", "+12125550199")}, now=now)
    flag = raise_flag(
        program_id=program,
        patient_id=patient.pk,
        treatment_id=None,
        kind=FlagKind.CRAVING_HIGH,
        severity=Severity.RED,
        evidence={},
        policy_version="default-1",
        now=now,
    )
    plan()
    send(now)
    write("+12125550199", "1", now + DUE)
    flag.refresh_from_db()
    assert (flag.status, flag.owner_id) == ("owned", user.pk)
    assert inbound().result == "taken_over"


def test_consent_can_be_given_by_text(patient, program, write, now):
    Message.objects.create(
        program_id=program,
        patient_id=patient.pk,
        subject_kind="enrolment",
        subject_id=patient.pk,
        slot_on=date(2026, 3, 3),
        step="ask",
        channel="sms",
        message_class="enrolment",
        priority=85,
        template="enrolment.ask",
        template_version=1,
        language="en",
        values={"name": "North"},
        is_question=True,
        question_open=True,
        due_at=now,
        send_after=now,
        expires_at=now + timedelta(hours=24),
        created_at=now,
        state="accepted",
    )
    write(patient, "YES", now + DUE)
    assert Consent.objects.filter(patient_id=patient.pk, kind="sms", revoked_at__isnull=True).exists()


def test_a_text_to_nobodys_number_finds_the_program_that_knows_the_phone(asked, program, make_program, phone_of, now):
    make_program()
    received = receive_text(sid="IN-x", sender=phone_of(asked), addressed_to=("+19990000000",), body="STOP", now=now)
    assert received.program_id == program
    assert OptOut.objects.filter(ended_at__isnull=True).count() == 1


def test_an_old_question_does_not_block_the_next_day(asked, plan, send, company, now):
    tomorrow = now + timedelta(days=1)
    plan(tomorrow)
    counts = send(tomorrow + DUE)
    assert counts.accepted == 1
    assert isinstance(counts, dispatch.Counts)
    assert datetime(2026, 3, 4, tzinfo=UTC).date() == Message.objects.get(question_open=True).slot_on


@pytest.fixture
def asked_about_a_visit(patient, agree, staff, plan, send, now):
    """A visit three days from now, and the text about it that went out."""
    from recovery.models import Appointment
    from recovery.services.visits import book_visit

    agree(patient)
    book_visit(actor=staff, patient=patient, kind="clinic", due_on=date(2026, 3, 6), now=now)
    plan()
    row = Message.objects.get(patient_id=patient.pk, step="day-3")
    send(row.send_after + timedelta(minutes=1))
    row.refresh_from_db()
    assert row.state == "accepted" and row.question_open
    return patient, Appointment.objects.get(patient_id=patient.pk), row.send_after + timedelta(minutes=5)


@pytest.mark.parametrize("body", ["1", "yes"])
def test_a_visit_is_confirmed_by_text(asked_about_a_visit, write, body):
    person, visit, at = asked_about_a_visit
    write(person, body, at)
    visit.refresh_from_db()
    assert visit.confirmed_at == at
    assert inbound().handled_at == at


def test_another_time_by_text_is_a_task_about_that_visit(asked_about_a_visit, write):
    from recovery.models import Task

    person, visit, at = asked_about_a_visit
    write(person, "2", at)
    visit.refresh_from_db()
    assert (visit.confirmed_at, visit.another_time_at) == (None, at)
    assert list(Task.objects.filter(patient_id=person.pk).values_list("kind", "status")) == [("another_time", "open")]
    assert inbound().handled_at == at


def test_an_answer_about_a_visit_that_has_ended_waits_for_a_person(asked_about_a_visit, write, staff):
    from recovery.services.visits import cancel_visit

    person, visit, at = asked_about_a_visit
    cancel_visit(actor=staff, visit_id=visit.pk, patient=person, reason="clinic_changed", now=at)
    write(person, "2", at)
    assert inbound().handled_at is None
